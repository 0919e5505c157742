"""The criteria of a scheme in the engine: as `criteria`, for customers too many to bring back.

What a customer reaches depends on others only by the cuts and by the share of customers below her
(`engine_ranks`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import ibis
import numpy as np

from analysis.data import Tables
from analysis.errors import DataError
from analysis.frames.counted import nearest
from analysis.notes import Note, note
from analysis.params.tiers import Rfm, Scheme, Score
from analysis.states.rating.criteria import SCORE_DIGITS, lowered
from analysis.states.rating.engine_ranks import (
    cuts_at_shares,
    percent_column,
    plain_quantity,
    score_cuts,
    signed_value,
)


@dataclass(frozen=True, slots=True, eq=False)
class EngineCriterion:
    """name : the quantity. column : of the table, times `sign`, so that more is better; null where
    unknown. cuts : rising limits on that scale. sign : -1 where less is better.
    """

    name: str
    column: str
    cuts: np.ndarray
    sign: float = 1.0

    def level(self, rows: ibis.Table, slack: float = 0.0) -> ibis.Value:
        """How many cuts a customer reaches; `slack` lowers them."""
        cuts = lowered(self.cuts, slack)
        value, level = rows[self.column], ibis.literal(0)
        for cut in cuts[np.isfinite(cuts)]:
            level = level + ibis.ifelse(value >= float(cut), 1, 0)
        return level


def engine_criteria(
    tables: Tables, rows: ibis.Table, scheme: Scheme
) -> tuple[ibis.Table, list[EngineCriterion], list[Note]]:
    """The criteria of a scheme on these customers, as columns of a table, and what is to be said.

    Parameters
    ----------
    rows : ibis.Table
        One row a customer, kept in the engine: the quantities that the scheme names, and what it
        ranks by (`with_percents`).

    Raises
    ------
    DataError
        A quantity of the scheme that the customers do not have.
    """
    notes: list[Note] = []
    if scheme.thresholds:
        rows, criteria = _limits(rows, scheme.thresholds.limits)
    elif scheme.bands:
        rows, criteria = _limits(rows, {scheme.bands.quantity: scheme.bands.cuts})
    elif scheme.quantiles:
        rows, criteria = _quantiles(tables, rows, scheme, notes)
    elif scheme.rfm:
        rows = _with_points(rows, scheme.rfm)
        criteria = [EngineCriterion("rfm_points", "points", np.array(scheme.rfm.cuts))]
    else:
        rows, criteria = _score(tables, rows, scheme.score, notes)
    unknown = {one.column: rows[one.column].isnull().sum() for one in criteria}
    counted = tables.fetch(rows.aggregate(**unknown)).iloc[0].fillna(0)
    notes += [
        note("tiers.unknown_of_some", quantity=one.name, customers=int(counted[one.column]))
        for one in criteria
        if counted[one.column]
    ]
    return rows, criteria, notes


def engine_level(
    rows: ibis.Table, criteria: list[EngineCriterion], scheme: Scheme, *, slack: float = 0.0
) -> ibis.Value:
    """Level of each customer: the least of all criteria, or the greatest where any will do."""
    each = [criterion.level(rows, slack) for criterion in criteria]
    any_one = scheme.thresholds is not None and scheme.thresholds.combine == "any"
    return (ibis.greatest if any_one else ibis.least)(*each) if len(each) > 1 else each[0]


def _limits(rows: ibis.Table, limits) -> tuple[ibis.Table, list[EngineCriterion]]:
    _require(rows, list(limits))
    criteria = []
    for k, (quantity, cuts) in enumerate(limits.items()):
        name, sign = plain_quantity(quantity)
        rows = rows.mutate(**{f"criterion_{k}": signed_value(rows, quantity)})
        criteria.append(EngineCriterion(name, f"criterion_{k}", sign * np.array(cuts), sign=sign))
    return rows, criteria


def _quantiles(tables, rows, scheme: Scheme, notes) -> tuple[ibis.Table, list[EngineCriterion]]:
    rule = scheme.quantiles
    _require(rows, [rule.quantity])
    name, sign = plain_quantity(rule.quantity)
    rows = rows.mutate(criterion_0=signed_value(rows, rule.quantity))
    cuts = cuts_at_shares(tables, rows, "criterion_0", rule.cuts)
    if cuts is None:
        raise DataError(f"{rule.quantity} must be known of somebody, but is missing in every row")
    if len(np.unique(cuts)) < len(cuts):
        notes.append(note("tiers.coincide", quantity=rule.quantity))
    return rows, [EngineCriterion(name, "criterion_0", cuts, sign=sign)]


def _with_points(rows: ibis.Table, rule: Rfm) -> ibis.Table:
    _require(rows, list(rule.quantities))
    points = ibis.literal(0.0)
    for quantity in rule.quantities:
        share = rule.groups * (rows[percent_column(quantity)] / 100)
        own = ibis.least(ibis.greatest(share.ceil().cast("float64"), 1.0), float(rule.groups))
        points = points + own.fill_null(1.0)
    return rows.mutate(points=points)


def _score(tables, rows, rule: Score, notes) -> tuple[ibis.Table, list[EngineCriterion]]:
    has = known_quantities(tables, rows, rule)
    parts = []
    for name, dimension in rule.dimensions.items():
        present = [q for q in dimension.quantities if plain_quantity(q)[0] in has]
        missing = [q for q in dimension.quantities if q not in present]
        if not present:
            notes.append(note("tiers.no_dimension", dimension=name))
            continue
        if missing:
            notes.append(note("tiers.without", dimension=name, quantities=tuple(missing)))
        parts.append((name, dimension.weight, [percent_column(quantity) for quantity in present]))
    if not parts:
        wanted = [q for dimension in rule.dimensions.values() for q in dimension.quantities]
        raise DataError(
            f"customers must have a quantity of the scheme ({', '.join(wanted)}), but have none"
        )
    rows, means = _weighed(rows, parts)
    gaps = {f"gaps_{name}": mean.isnull().sum() for name, mean in means.items()}
    for name, gap in tables.fetch(rows.aggregate(**gaps)).iloc[0].items():
        if gap:
            dimension = name.removeprefix("gaps_")
            notes.append(note("tiers.not_of_all", dimension=dimension, customers=int(gap)))
    cuts = np.array(rule.cuts)
    if rule.cut_at == "share":
        cuts = score_cuts(tables, rows, rule.cuts)
    return rows, [EngineCriterion("score", "score", cuts)]


def _weighed(rows: ibis.Table, parts) -> tuple[ibis.Table, dict[str, ibis.Value]]:
    """Add the score, the weighted mean of the dimensions' means; and return those means."""
    total, weight, means = ibis.literal(0.0), ibis.literal(0.0), {}
    for name, of_all, columns in parts:
        summed, known = ibis.literal(0.0), ibis.literal(0)
        for column in columns:
            summed = summed + rows[column].fill_null(0.0)
            known = known + ibis.ifelse(rows[column].notnull(), 1, 0)
        mean = summed / known.nullif(0)
        total = total + (of_all * mean).fill_null(0.0)
        weight = weight + ibis.ifelse(known > 0, float(of_all), 0.0)
        means[name] = mean
    units = nearest(total / weight.nullif(0.0) * 10.0**SCORE_DIGITS)
    return rows.mutate(score=units.cast("float64") / 10.0**SCORE_DIGITS), means


def known_quantities(tables: Tables, rows: ibis.Table, rule: Score) -> set[str]:
    """The quantities of a score, without their signs, that are known of somebody."""
    wanted = (q for dimension in rule.dimensions.values() for q in dimension.quantities)
    return known_of_somebody(tables, rows, [plain_quantity(quantity)[0] for quantity in wanted])


def known_of_somebody(tables: Tables, rows: ibis.Table, names: Iterable[str]) -> set[str]:
    """Those of the named columns that are there and not empty."""
    present = {name for name in names if name in rows.columns}
    if not present:
        return set()
    counts = {name: rows[name].count() for name in sorted(present)}
    found = tables.fetch(rows.aggregate(**counts)).iloc[0]
    return {name for name in present if found[name] > 0}


def _require(rows: ibis.Table, quantities: list[str]) -> None:
    absent = [name for name in quantities if name.removeprefix("-") not in rows.columns]
    if absent:
        known = ", ".join(name for name in rows.columns if rows[name].type().is_numeric())
        raise DataError(
            f"customers must have the quantities of the scheme, but {', '.join(absent)} is absent; "
            f"there are: {known}"
        )
