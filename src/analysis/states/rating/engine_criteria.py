"""The criteria of a scheme in the engine: as `criteria`, for customers too many to bring back.

What a customer reaches depends on others only by the cuts and by the share of customers below her,
and both follow from how many have each value. So values are counted, cumulated and joined back: no
window runs over all customers.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import numpy as np

from analysis.data import Tables
from analysis.errors import DataError
from analysis.frames.counted import nearest
from analysis.params.tiers import Rfm, Scheme, Score
from analysis.states.rating.criteria import SCORE_DIGITS

NEAR = 1e-13
"""Relative: a cut that was found is written into the query, which may lose its last digit."""
SHARE_SLACK = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class EngineCriterion:
    """name : the quantity. column : of the table, times `sign`, so that more is better; null where
    unknown. cuts : rising limits on that scale. found : whether they come from the data. sign : -1
    where less is better.
    """

    name: str
    column: str
    cuts: np.ndarray
    found: bool = False
    sign: float = 1.0

    def level(self, rows: ibis.Table, slack: float = 0.0) -> ibis.Value:
        """How many cuts a customer reaches; `slack` lowers them."""
        finite = np.where(np.isfinite(self.cuts), self.cuts, 0.0)
        cuts = np.maximum.accumulate(self.cuts - slack * np.abs(finite))
        value, level = rows[self.column], ibis.literal(0)
        for cut in cuts[np.isfinite(cuts)]:
            limit = float(cut - NEAR * abs(cut) if self.found else cut)
            level = level + ibis.ifelse(value >= limit, 1, 0)
        return level


def engine_criteria(
    tables: Tables, rows: ibis.Table, scheme: Scheme
) -> tuple[ibis.Table, list[EngineCriterion], list[str]]:
    """The criteria of a scheme on these customers, as columns of a table, and what is to be said.

    Parameters
    ----------
    rows : ibis.Table
        One row a customer, kept in the engine: the quantities that the scheme names.

    Raises
    ------
    DataError
        A quantity of the scheme that the customers do not have.
    """
    notes: list[str] = []
    if scheme.thresholds:
        rows, criteria = _limits(rows, scheme.thresholds.limits)
    elif scheme.bands:
        rows, criteria = _limits(rows, {scheme.bands.quantity: scheme.bands.cuts})
    elif scheme.quantiles:
        rows, criteria = _quantiles(tables, rows, scheme, notes)
    elif scheme.rfm:
        rows = _with_points(rows, scheme.rfm).cache()
        criteria = [EngineCriterion("rfm_points", "points", np.array(scheme.rfm.cuts))]
    else:
        rows, criteria = _score(tables, rows, scheme.score, notes)
    unknown = {one.column: rows[one.column].isnull().sum() for one in criteria}
    counted = tables.fetch(rows.aggregate(**unknown)).iloc[0].fillna(0)
    notes += [
        f"{one.name} is unknown for {int(counted[one.column]):,} customers, who do not reach it"
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
        name, sign = _plain(quantity)
        rows = rows.mutate(**{f"criterion_{k}": _value(rows, quantity)})
        criteria.append(EngineCriterion(name, f"criterion_{k}", sign * np.array(cuts), sign=sign))
    return rows, criteria


def _quantiles(tables, rows, scheme: Scheme, notes) -> tuple[ibis.Table, list[EngineCriterion]]:
    rule = scheme.quantiles
    _require(rows, [rule.quantity])
    name, sign = _plain(rule.quantity)
    rows = rows.mutate(criterion_0=_value(rows, rule.quantity))
    cuts = cuts_at_shares(tables, rows, "criterion_0", rule.cuts)
    if cuts is None:
        raise DataError(f"{rule.quantity} must be known of somebody, but is missing in every row")
    if len(np.unique(cuts)) < len(cuts):
        notes.append(f"{rule.quantity} is so often the same that some tiers coincide")
    return rows, [EngineCriterion(name, "criterion_0", cuts, found=True, sign=sign)]


def cuts_at_shares(
    tables: Tables, rows: ibis.Table, column: str, shares: tuple[float, ...]
) -> np.ndarray | None:
    """The least value with at least such a share of customers below it; infinite where none has.

    None where the column is null in every row.
    """
    held = _held(rows, column)
    below = (held.reached - held.size) / held.known
    least = {
        f"cut_{k}": held.value.min(where=below >= share - SHARE_SLACK)
        for k, share in enumerate(shares)
    }
    found = tables.fetch(held.aggregate(known=held.known.max(), **least)).iloc[0]
    if not found["known"] > 0:
        return None
    return found.drop("known").fillna(np.inf).to_numpy(float)


def _held(rows: ibis.Table, column: str) -> ibis.Table:
    """`value, size` (customers who have it)`, reached` (up to it)`, known` (of all)."""
    known = rows.filter(rows[column].notnull())
    held = known.group_by(value=known[column]).agg(size=known.count().cast("float64"))
    up_to = ibis.cumulative_window(order_by="value")
    return held.mutate(reached=held.size.sum().over(up_to), known=held.size.sum().over())


def _with_percent(rows: ibis.Table, base: ibis.Table, quantity: str, column: str) -> ibis.Table:
    """Add the percentage of customers of `base` below in a quantity, ties half; null if unknown."""
    held = _held(base.select(ranked=_value(base, quantity)), "ranked")
    percent = held.select(
        ranked="value", **{column: 100 * (held.reached - held.size / 2) / held.known}
    )
    rows = rows.mutate(ranked=_value(rows, quantity))
    return rows.left_join(percent, "ranked").drop("ranked", "ranked_right")


def _with_points(rows: ibis.Table, rule: Rfm) -> ibis.Table:
    _require(rows, list(rule.quantities))
    points, base = ibis.literal(0.0), rows
    for k, quantity in enumerate(rule.quantities):
        rows = _with_percent(rows, base, quantity, f"percent_{k}")
        share = rule.groups * (rows[f"percent_{k}"] / 100)
        own = ibis.least(ibis.greatest(share.ceil().cast("float64"), 1.0), float(rule.groups))
        rows = rows.mutate(**{f"points_{k}": own.fill_null(1.0)})
    for k in range(len(rule.quantities)):
        points = points + rows[f"points_{k}"]
    added = [f"{part}_{k}" for part in ("percent", "points") for k in range(len(rule.quantities))]
    return rows.mutate(points=points).drop(*added)


def _score(tables, rows, rule: Score, notes) -> tuple[ibis.Table, list[EngineCriterion]]:
    has = known_quantities(tables, rows, rule)
    parts, base = [], rows
    for name, dimension in rule.dimensions.items():
        present = [q for q in dimension.quantities if _plain(q)[0] in has]
        missing = [q for q in dimension.quantities if q not in present]
        if not present:
            notes.append(f"the {name} dimension is missing; its weight is shared out")
            continue
        if missing:
            notes.append(f"the {name} dimension is without {', '.join(missing)}")
        columns = [f"{name}_{k}" for k in range(len(present))]
        for quantity, column in zip(present, columns, strict=True):
            rows = _with_percent(rows, base, quantity, column)
        parts.append((name, dimension.weight, columns))
    if not parts:
        wanted = [q for dimension in rule.dimensions.values() for q in dimension.quantities]
        raise DataError(
            f"customers must have a quantity of the scheme ({', '.join(wanted)}), but have none"
        )
    rows = _weighed(rows, parts).cache()
    gaps = {f"gaps_{name}": rows[f"has_{name}"].isnull().sum() for name, *_ in parts}
    for name, gap in tables.fetch(rows.aggregate(**gaps)).iloc[0].items():
        if gap:
            notes.append(
                f"the {name.removeprefix('gaps_')} dimension is missing for {int(gap):,} customers;"
                " their other dimensions count in its place"
            )
    rows, cuts = rows.select(*base.columns, "score"), np.array(rule.cuts)
    if rule.cut_at == "share":
        cuts = cuts_at_shares(tables, rows, "score", rule.cuts)
    found = rule.cut_at == "share"
    return rows, [EngineCriterion("score", "score", cuts, found=found)]


def _weighed(rows: ibis.Table, parts) -> ibis.Table:
    """Add the score: the weighted mean of the dimensions' means, over those that are known."""
    total, weight, has = ibis.literal(0.0), ibis.literal(0.0), {}
    for name, of_all, columns in parts:
        summed, known = ibis.literal(0.0), ibis.literal(0)
        for column in columns:
            summed = summed + rows[column].fill_null(0.0)
            known = known + ibis.ifelse(rows[column].notnull(), 1, 0)
        mean = summed / known.nullif(0)
        total = total + (of_all * mean).fill_null(0.0)
        weight = weight + ibis.ifelse(known > 0, float(of_all), 0.0)
        has[f"has_{name}"] = mean
    units = nearest(total / weight.nullif(0.0) * 10.0**SCORE_DIGITS)
    return rows.mutate(score=units.cast("float64") / 10.0**SCORE_DIGITS, **has)


def known_quantities(tables: Tables, rows: ibis.Table, rule: Score) -> set[str]:
    """The quantities of a score, without their signs, that are known of somebody."""
    wanted = (q for dimension in rule.dimensions.values() for q in dimension.quantities)
    present = {name for q in wanted if (name := _plain(q)[0]) in rows.columns}
    if not present:
        return set()
    counts = {name: rows[name].count() for name in sorted(present)}
    found = tables.fetch(rows.aggregate(**counts)).iloc[0]
    return {name for name in present if found[name] > 0}


def _plain(quantity: str) -> tuple[str, float]:
    return quantity.removeprefix("-"), -1.0 if quantity.startswith("-") else 1.0


def _value(rows: ibis.Table, quantity: str) -> ibis.Value:
    name, sign = _plain(quantity)
    return sign * rows[name].cast("float64")


def _require(rows: ibis.Table, quantities: list[str]) -> None:
    absent = [name for name in quantities if name.removeprefix("-") not in rows.columns]
    if absent:
        known = ", ".join(name for name in rows.columns if rows[name].type().is_numeric())
        raise DataError(
            f"customers must have the quantities of the scheme, but {', '.join(absent)} is absent; "
            f"there are: {known}"
        )
