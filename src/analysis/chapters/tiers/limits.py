"""Who sits near a limit of the scheme, and whether customers gather just above one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import ibis
import numpy as np
import pandas as pd

from analysis.methods.concentration import count_near
from analysis.states.rating.criteria import Criterion, criteria_of
from analysis.states.rating.engine_criteria import EngineCriterion
from analysis.states.rating.engine_rating import HeldRatings
from analysis.states.rating.periods import RatedPeriods

NEAR_POINTS = 2.0
"""Points of a score (of 100) that count as near."""
NEAR_SHARE = 0.1
"""Share of the lowest limit that counts as near, for a quantity of its own."""
BINS = 8
NO_LIMITS, UNKNOWN_LIMITS = "no_limits", "unknown_limits"
EDGE = 1e-9
"""Of a width: what lies on a limit to the last digits lies above it."""


@dataclass(frozen=True, slots=True, eq=False)
class NearLimits:
    """Customers near each limit at the latest rating.

    Attributes
    ----------
    table : DataFrame of shape (limits, 12)
        `quantity, tier` (that begins at the limit)`, limit, width, below, above` (share of
        customers within `width`)`, excess` with its interval (how many more sit just above than a
        smooth density leads one to expect; only of a quantity that a customer can steer)`,
        p_value, n, note`.
    near : float
        Share of all customers near some limit.
    customers : int
        Customers rated.
    note : str
        Why nothing is told ('no_limits', 'unknown_limits'), or empty.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    near: float
    customers: int
    note: str = ""


def near_limits(rated: RatedPeriods, *, conf_level: float = 0.95) -> NearLimits:
    """Count customers within a small width of each limit of the scheme, at the latest rating.

    Parameters
    ----------
    rated : RatedPeriods
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    NearLimits
    """
    columns = ["quantity", "tier", "limit", "width", "below", "above", "excess", "excess_conf_low"]
    columns += ["excess_conf_high", "p_value", "n", "note"]
    scheme = rated.scheme
    if scheme is None or scheme.clusters is not None:
        why = UNKNOWN_LIMITS if scheme is None else NO_LIMITS
        return NearLimits(pd.DataFrame(columns=columns), np.nan, rated.present.customers, why)
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
    return NearLimits(pd.DataFrame(rows, columns=columns), near, rated.present.customers)


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
    places, near = _count_around(rated.held, rated.present.rated_at, wide, bins=BINS)

    def around(k: int, j: int) -> tuple[np.ndarray, np.ndarray]:
        criterion, width = wide[k]
        cut = criterion.cuts[np.isfinite(criterion.cuts)][j]
        middle = cut + (places[k][f"place_{j}"].to_numpy() + 0.5) * width
        return middle, places[k]["count"].to_numpy()

    return around, near


def _count_around(
    held: HeldRatings, day: date, wide: Sequence[tuple[EngineCriterion, float]], *, bins: int
) -> tuple[list[pd.DataFrame], float]:
    """Count customers by how many widths they are from each limit of each criterion.

    Parameters
    ----------
    wide : sequence of (criterion, width)
    bins : int
        Places are told up to so many widths below and above; what lies further out is one place.

    Returns
    -------
    places : list of DataFrame
        One a criterion: `place_0, place_1, …` (of its finite limits)`, count`.
    near : float
        Share of all customers in the place next to some limit.
    """
    rows, names, near = held.days[day], [], ibis.literal(False)
    for k, (criterion, width) in enumerate(wide):
        value, own = rows[criterion.column], {}
        for j, cut in enumerate(criterion.cuts[np.isfinite(criterion.cuts)]):
            place = ((value - float(cut)) / float(width) + EDGE).floor().cast("int64")
            own[f"place_{k}_{j}"] = ibis.least(ibis.greatest(place, -bins - 1), bins)
            near = near | ((place == 0) | (place == -1)).fill_null(False)
        rows = rows.mutate(**own)
        names.append(list(own))
    places = []
    for (criterion, _), own in zip(wide, names, strict=True):
        known = rows.filter(rows[criterion.column].notnull())
        found = held.tables.fetch(known.group_by(own).agg(count=known.count()))
        plain = {name: f"place_{j}" for j, name in enumerate(own)}
        places.append(found.rename(columns=plain))
    share = rows.aggregate(near=ibis.ifelse(near, 1, 0).cast("float64").mean())
    return places, float(held.tables.fetch(share)["near"].iloc[0])


def _row(criterion, tier, cut, width, of, own) -> tuple:
    excess = of.loc["excess_above"]
    told = excess[["estimate", "conf_low", "conf_high", "p_value"]] if own else [np.nan] * 4
    shares = of.loc["just_below", "estimate"], of.loc["just_above", "estimate"]
    note = excess["note"] if own else ""
    head = (criterion.name, tier, criterion.sign * cut, width, *shares)
    return (*head, *told, of.loc["just_below", "n"], note)
