"""The one form that every rule takes: numbers, higher being better, cut at rising limits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.notes import Note, note
from analysis.params.tiers import Rfm, Scheme, Score
from analysis.states.rating.quantities import MONEY

MORE_IS_BETTER = (
    "tiers.more_is_better.lowest",
    "tiers.more_is_better.between",
    "tiers.more_is_better.highest",
)
LESS_IS_BETTER = (
    "tiers.less_is_better.lowest",
    "tiers.less_is_better.between",
    "tiers.less_is_better.highest",
)
SCORE_DIGITS = 9
"""Scores that differ later are the same but for the order in which they were added up."""
NEAR = 1e-14
"""Relative: what misses a limit by so little reaches it. A limit less a share of it has a last
digit that nobody wrote (600 less 15% of it); one that is written into a query may lose its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Criterion:
    """name : the quantity. values : one a customer, times `sign`, so that more is better; NaN where
    unknown. cuts : rising limits on that scale. sign : -1 where less of the quantity is better.
    """

    name: str
    values: np.ndarray
    cuts: np.ndarray
    sign: float = 1.0


def criteria_of(customers: pd.DataFrame, scheme: Scheme) -> tuple[list[Criterion], list[Note]]:
    """The criteria of a scheme on these customers, and what is to be said about them."""
    notes: list[Note] = []
    if scheme.thresholds:
        limits = scheme.thresholds.limits
        _require(customers, list(limits))
        criteria = [_criterion(customers, name, cuts) for name, cuts in limits.items()]
    elif scheme.bands:
        _require(customers, [scheme.bands.quantity])
        criteria = [_criterion(customers, scheme.bands.quantity, scheme.bands.cuts)]
    elif scheme.quantiles:
        criteria = [_quantile_criterion(customers, scheme, notes)]
    elif scheme.rfm:
        points = _rfm_points(customers, scheme.rfm)
        criteria = [Criterion("rfm_points", points, np.array(scheme.rfm.cuts))]
    else:
        score = _score(customers, scheme.score, notes)
        criteria = [Criterion("score", score, _score_cuts(score, scheme.score))]
    for criterion in criteria:
        if unknown := int(np.isnan(criterion.values).sum()):
            of = {"quantity": criterion.name, "customers": unknown}
            notes.append(note("tiers.unknown_of_some", **of))
    return criteria, notes


def levels_of(
    criteria: list[Criterion], scheme: Scheme, *, slack: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Level of each customer and which criterion decided it; `slack` lowers the limits."""
    each = np.array([_levels(criterion, slack) for criterion in criteria])
    any_one = scheme.thresholds is not None and scheme.thresholds.combine == "any"
    deciding = each.argmax(axis=0) if any_one else each.argmin(axis=0)
    return each[deciding, np.arange(each.shape[1])], deciding


def reasons_of(criteria: list[Criterion], deciding: np.ndarray) -> np.ndarray:
    """As notes: the deciding quantity, its value, and the limits on either side of it."""
    reasons = np.empty(len(deciding), dtype=object)
    for k, criterion in enumerate(criteria):
        of = np.flatnonzero(deciding == k)
        form = ".15g" if criterion.name in MONEY else ".6g"  # to the last cent
        limits = _limits(criterion, form)
        unknown = note("tiers.unknown", quantity=criterion.name)
        values = criterion.sign * criterion.values[of]
        reasons[of] = [
            unknown
            if np.isnan(value)
            else note(
                "tiers.reached", quantity=criterion.name, value=f"{value:{form}}", limits=limits[i]
            )
            for value, i in zip(values, _levels(criterion, 0.0)[of], strict=True)
        ]
    return reasons


def _limits(criterion: Criterion, form: str) -> list[Note]:
    """What a customer of each level, low to high, has reached and has not."""
    lowest, between, highest = LESS_IS_BETTER if criterion.sign < 0 else MORE_IS_BETTER
    cuts = [
        f"{criterion.sign * cut:{form}}" if np.isfinite(cut) else note("tiers.what_anybody_reached")
        for cut in criterion.cuts
    ]
    middle = [note(between, reached=one, short=following) for one, following in pairwise(cuts)]
    return [note(lowest, short=cuts[0]), *middle, note(highest, reached=cuts[-1])]


def lowered(cuts: np.ndarray, slack: float) -> np.ndarray:
    """Rising limits less a share `slack` of each, rising still; reached by what is `NEAR` them."""
    size = np.abs(np.where(np.isfinite(cuts), cuts, 0.0))
    return np.maximum.accumulate(cuts - slack * size) - NEAR * size


def _levels(criterion: Criterion, slack: float) -> np.ndarray:
    known = np.nan_to_num(criterion.values, nan=-np.inf)
    return np.searchsorted(lowered(criterion.cuts, slack), known, side="right")


def _require(customers: pd.DataFrame, quantities: list[str]) -> None:
    absent = [name for name in quantities if name.removeprefix("-") not in customers]
    if absent:
        known = ", ".join(c for c in customers if pd.api.types.is_numeric_dtype(customers[c]))
        raise DataError(
            f"customers must have the quantities of the scheme, but {', '.join(absent)} is absent; "
            f"there are: {known}"
        )


def _values(customers: pd.DataFrame, quantity: str) -> tuple[np.ndarray, float]:
    sign = -1.0 if quantity.startswith("-") else 1.0
    column = customers[quantity.removeprefix("-")]
    try:
        values = column.to_numpy(float, na_value=np.nan)
    except (TypeError, ValueError):
        raise DataError(f"{quantity} must be a number, but is {column.dtype}") from None
    return sign * values, sign


def _criterion(customers: pd.DataFrame, quantity: str, cuts: tuple[float, ...]) -> Criterion:
    values, sign = _values(customers, quantity)
    return Criterion(quantity.removeprefix("-"), values, sign * np.array(cuts), sign)


def _quantile_criterion(customers: pd.DataFrame, scheme: Scheme, notes: list[Note]) -> Criterion:
    rule = scheme.quantiles
    _require(customers, [rule.quantity])
    values, sign = _values(customers, rule.quantity)
    known = values[~np.isnan(values)]
    if not known.size:
        raise DataError(f"{rule.quantity} must be known of somebody, but is missing in every row")
    cuts = _cuts_at_shares(known, rule.cuts)
    if len(np.unique(cuts)) < len(cuts):
        notes.append(note("tiers.coincide", quantity=rule.quantity))
    return Criterion(rule.quantity.removeprefix("-"), values, cuts, sign)


def _cuts_at_shares(values: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """The least value with at least such a share of customers below it; infinite where none has.

    So equal customers share the lower tier: the many who bought nothing are not lifted by a tie.
    """
    levels, size = np.unique(values, return_counts=True)
    below = (np.cumsum(size) - size) / max(values.size, 1)
    at = np.searchsorted(below, np.array(shares) - 1e-12)
    return np.append(levels, np.inf)[at]


def _percent_below(values: np.ndarray) -> np.ndarray:
    """Percentage of customers below, ties half; NaN stays."""
    known = ~np.isnan(values)
    levels, code, size = np.unique(values[known], return_inverse=True, return_counts=True)
    result = np.full(values.shape, np.nan)
    if levels.size:
        result[known] = 100 * (np.cumsum(size) - size / 2)[code] / known.sum()
    return result


def _rfm_points(customers: pd.DataFrame, rule: Rfm) -> np.ndarray:
    _require(customers, list(rule.quantities))
    points = np.zeros(len(customers))
    for quantity in rule.quantities:
        share = _percent_below(_values(customers, quantity)[0]) / 100
        points += np.nan_to_num(np.clip(np.ceil(rule.groups * share), 1, rule.groups), nan=1.0)
    return points


def _score(customers: pd.DataFrame, rule: Score, notes: list[Note]) -> np.ndarray:
    total, weight = np.zeros(len(customers)), np.zeros(len(customers))
    absent = []
    for name, dimension in rule.dimensions.items():
        present = [q for q in dimension.quantities if _known(customers, q)]
        missing = [q for q in dimension.quantities if q not in present]
        if not present:
            absent.append(name)
            notes.append(note("tiers.no_dimension", dimension=name))
            continue
        if missing:
            notes.append(note("tiers.without", dimension=name, quantities=tuple(missing)))
        ranks = np.array([_percent_below(_values(customers, q)[0]) for q in present])
        known = ~np.isnan(ranks)
        has = known.any(axis=0)
        mean = np.nansum(ranks, axis=0) / np.maximum(known.sum(axis=0), 1)
        total += np.where(has, dimension.weight * mean, 0.0)
        weight += np.where(has, dimension.weight, 0.0)
        if not has.all():
            lacking = int((~has).sum())
            notes.append(note("tiers.not_of_all", dimension=name, customers=lacking))
    if len(absent) == len(rule.dimensions):
        wanted = [q for dimension in rule.dimensions.values() for q in dimension.quantities]
        raise DataError(
            f"customers must have a quantity of the scheme ({', '.join(wanted)}), but have none"
        )
    with np.errstate(invalid="ignore"):
        return np.round(total / np.where(weight > 0, weight, np.nan), SCORE_DIGITS)


def _score_cuts(score: np.ndarray, rule: Score) -> np.ndarray:
    if rule.cut_at == "score":
        return np.array(rule.cuts)
    return _cuts_at_shares(score[~np.isnan(score)], rule.cuts)


def _known(customers: pd.DataFrame, quantity: str) -> bool:
    name = quantity.removeprefix("-")
    return name in customers and customers[name].notna().any()
