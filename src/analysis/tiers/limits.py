"""Who sits near a limit of the scheme, and whether customers gather just above one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods.concentration import count_near
from analysis.params.tiers import Scheme
from analysis.tiers.criteria import Criterion, criteria_of
from analysis.tiers.engine_counts import count_around
from analysis.tiers.engine_criteria import EngineCriterion
from analysis.tiers.periods import RatedPeriods

NEAR_POINTS = 2.0
"""Points of a score (of 100) that count as near."""
NEAR_SHARE = 0.1
"""Share of the lowest limit that counts as near, for a quantity of its own."""
BINS = 8
NO_LIMITS = "groups found by clustering have no limits"


@dataclass(frozen=True, slots=True, eq=False)
class NearLimits:
    """Customers near each limit at the latest rating.

    table : quantity, tier (that begins at the limit), limit, below and above (share of customers
    within `width`), excess with excess_conf_low and excess_conf_high (how many more sit just above
    than a smooth density leads one to expect; only of a quantity that a customer can steer),
    p_value, n, note. near : share of all customers near some limit. note : why nothing is told.
    """

    table: pd.DataFrame
    near: float
    note: str


def near_limits(rated: RatedPeriods, scheme: Scheme, *, conf_level: float = 0.95) -> NearLimits:
    """Count customers within a small width of each limit of the scheme, at the latest rating."""
    columns = ["quantity", "tier", "limit", "width", "below", "above", "excess", "excess_conf_low"]
    columns += ["excess_conf_high", "p_value", "n", "note"]
    if scheme.clusters is not None:
        return NearLimits(pd.DataFrame(columns=columns), np.nan, NO_LIMITS)
    if rated.held is None:
        criteria, _ = criteria_of(rated.present_frame, scheme)
    else:
        criteria = rated.held.criteria[rated.present.rated_at]
    wide = [(criterion, width) for criterion in criteria if (width := _width(criterion, rated)) > 0]
    around, near = (_each if rated.held is None else _counted)(rated, wide)
    rows = []
    for k, (criterion, width) in enumerate(wide):
        finite = np.isfinite(criterion.cuts)
        cuts = zip(np.array(scheme.tiers[1:])[finite], criterion.cuts[finite], strict=True)
        for j, (tier, cut) in enumerate(cuts):
            values, counts = around(k, j)
            options = {"counts": counts, "width": width, "conf_level": conf_level}
            of = count_near(values, {tier: cut}, bins=BINS, **options).table.set_index("term")
            rows.append(_row(criterion, tier, cut, width, of, criterion.name in rated.quantities))
    return NearLimits(pd.DataFrame(rows, columns=columns), near, "")


def _width(criterion: Criterion | EngineCriterion, rated: RatedPeriods) -> float:
    """How near is near; 0 where a criterion has no limits, or nobody's value is known."""
    finite = criterion.cuts[np.isfinite(criterion.cuts)]
    if not finite.size or (rated.held is None and np.isnan(criterion.values).all()):
        return 0.0
    own = criterion.name in rated.quantities
    return NEAR_SHARE * np.abs(finite).min() if own else NEAR_POINTS


def _each(_, wide) -> tuple[Callable, float]:
    """The values around each limit, one a customer, and the share near some limit."""
    near = np.zeros(len(wide[0][0].values) if wide else 1, bool)
    for criterion, width in wide:
        for cut in criterion.cuts[np.isfinite(criterion.cuts)]:
            with np.errstate(invalid="ignore"):
                place = np.floor((criterion.values - cut) / width + 1e-9)
            near |= (place == 0) | (place == -1)

    def around(k: int, _) -> tuple[np.ndarray, None]:
        values = wide[k][0].values
        return values[~np.isnan(values)], None

    return around, float(near.mean())


def _counted(rated: RatedPeriods, wide) -> tuple[Callable, float]:
    """The same, counted in the engine: a value stands for all in its place."""
    places, near = count_around(rated.held, rated.present.rated_at, wide, bins=BINS)

    def around(k: int, j: int) -> tuple[np.ndarray, np.ndarray]:
        criterion, width = wide[k]
        cut = criterion.cuts[np.isfinite(criterion.cuts)][j]
        middle = cut + (places[k][f"place_{j}"].to_numpy() + 0.5) * width
        return middle, places[k]["count"].to_numpy()

    return around, near


def _row(criterion, tier, cut, width, of, own) -> tuple:
    excess = of.loc["excess_above"]
    told = excess[["estimate", "conf_low", "conf_high", "p_value"]] if own else [np.nan] * 4
    shares = of.loc["just_below", "estimate"], of.loc["just_above", "estimate"]
    note = excess["note"] if own else ""
    head = (criterion.name, tier, criterion.sign * cut, width, *shares)
    return (*head, *told, of.loc["just_below", "n"], note)
