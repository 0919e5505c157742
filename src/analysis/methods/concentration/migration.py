"""How customers move between tiers from one rating to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods.concentration._values import weights
from analysis.methods.intervals import check_level, critical_value, wilson
from analysis.notes import note

ALL = "all"
MOVES = ("up", "stay", "down")


@dataclass(frozen=True, slots=True, eq=False)
class Migration:
    """Moves between two ratings of the same customers.

    Attributes
    ----------
    table : DataFrame
        One row a pair of tiers: `from, to, count, estimate` (share of `from`)`, std_error,
        conf_low, conf_high` (Wilson, cell by cell)`, n` (customers in `from`)`, note`.
    rates : DataFrame
        `group` (tier, then 'all')`, term` ('up', 'stay', 'down') and the same columns.
    mobility : DataFrame
        One row, Shorrocks' (k - trace) / (k - 1) over the tiers that anybody held: `term, estimate,
        std_error, conf_low, conf_high, n, note`.
    tiers : tuple of str
        Low to high.
    left, joined : int
        Customers with only one of the two ratings.
    """

    table: pd.DataFrame
    rates: pd.DataFrame
    mobility: pd.DataFrame
    tiers: tuple[str, ...]
    left: int
    joined: int

    def matrix(self, column: str = "estimate") -> pd.DataFrame:
        """A column of `table` as a square, from low to high; rows: before."""
        wide = self.table.pivot(index="from", columns="to", values=column)
        return wide.reindex(index=list(self.tiers), columns=list(self.tiers))


def measure_migration(
    before: pd.Series | np.ndarray,
    after: pd.Series | np.ndarray,
    *,
    tiers: Sequence[str],
    counts: np.ndarray | None = None,
    conf_level: float = 0.95,
) -> Migration:
    """Count moves between tiers.

    Parameters
    ----------
    before : array, (n,)
        Tier of each customer at the first rating; missing where she was not rated.
    after : array, (n,)
        At the second rating, in the same order.
    tiers : sequence of str
        All tiers, low to high, two or more.
    counts : array, optional
        Frequency weights, above 0, one a row; 1 by default.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    Migration

    Raises
    ------
    DataError, ParamsError
        Unequal lengths, a tier that is not in `tiers`, fewer than two tiers.

    References
    ----------
    Shorrocks (1978), Econometrica 46, 1013-1024; Wilson (1927), JASA 22, 209-212.
    """
    check_level(conf_level)
    tiers = _check_tiers(tiers)
    start, end = _codes(before, tiers, "before"), _codes(after, tiers, "after")
    if start.shape != end.shape:
        raise DataError(
            f"before and after must be of one length, but have {start.size:,} and {end.size:,} rows"
        )
    count = weights(counts, start.size)
    k = len(tiers)
    both = (start >= 0) & (end >= 0)
    cells = np.bincount(start[both] * k + end[both], count[both], minlength=k * k).reshape(k, k)
    left = round(count[(start >= 0) & (end < 0)].sum())
    joined = round(count[(start < 0) & (end >= 0)].sum())
    reach = critical_value(conf_level)
    mobility = pd.DataFrame([_shorrocks(cells, reach)])
    return Migration(
        _cells_table(cells, tiers, reach),
        _rates(cells, tiers, reach),
        mobility,
        tiers,
        left,
        joined,
    )


@dataclass(frozen=True, slots=True, eq=False)
class NoChange:
    """The moves that chance alone would give: the benchmark of regression to the mean.

    Attributes
    ----------
    table, rates, mobility : DataFrame
        As in `Migration`, where `estimate` is the mean over the draws and `conf_low, conf_high` are
        the range that holds `conf_level` of them.
    tiers : tuple of str
        Low to high.
    draws : int
        Simulated worlds.
    """

    table: pd.DataFrame
    rates: pd.DataFrame
    mobility: pd.DataFrame
    tiers: tuple[str, ...]
    draws: int


def simulate_no_change(
    purchases: pd.DataFrame,
    rate: Callable[[pd.DataFrame], np.ndarray],
    *,
    tiers: Sequence[str],
    rng: np.random.Generator,
    draws: int = 100,
    conf_level: float = 0.95,
    measure: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
) -> NoChange:
    """Simulate migration in a world in which no customer changes.

    If each customer buys at her own constant rate, each of her purchases is as likely to fall into
    the one of two equally long periods as into the other. So the purchases of both periods are
    dealt anew between them, and both halves are rated: whoever was rated high by luck falls back in
    such a world too. Moves beyond it are change.

    Parameters
    ----------
    purchases : DataFrame
        `customer_id`, `amount`; one row a purchase of either period.
    rate : callable
        Turns a frame with `amount` and `purchases` (sums of one period, 0 where nothing was bought)
        into a tier for each row.
    tiers : sequence of str
        All tiers, low to high.
    rng : Generator
        Random numbers.
    draws : int
        Simulated worlds, 2 or more.
    conf_level : float
        Level of the intervals, in (0, 1).
    measure : callable, optional
        Makes the frame that is rated out of the rows of `purchases` dealt to a period: one row a
        customer, always in the same order.

    Returns
    -------
    NoChange

    Raises
    ------
    DataError
        A column is absent.
    ParamsError
        Fewer than two draws.
    """
    check_level(conf_level)
    tiers = _check_tiers(tiers)
    for name in ("customer_id", "amount"):
        if name not in purchases:
            raise DataError(f"purchases must have the column {name}, but it is absent")
    if draws < 2:
        raise ParamsError(f"draws must be 2 or more, but {draws} came")
    customer, names = pd.factorize(purchases["customer_id"])
    amount = purchases["amount"].to_numpy(float)
    made = []
    for _ in range(draws):
        second = rng.random(len(amount)) < 0.5
        if measure is not None:
            halves = [np.asarray(rate(measure(purchases[of]))) for of in (~second, second)]
        else:
            halves = [
                _rated(rate, customer[of], amount[of], len(names)) for of in (~second, second)
            ]
        made.append(measure_migration(*halves, tiers=tiers, conf_level=conf_level))
    ends = (1 - conf_level) / 2, (1 + conf_level) / 2
    tables = [
        _summary([getattr(one, name) for one in made], ends)
        for name in ("table", "rates", "mobility")
    ]
    return NoChange(*tables, tiers, draws)


def _rated(rate, customer, amount, size) -> np.ndarray:
    sums = pd.DataFrame(
        {
            "amount": np.bincount(customer, amount, minlength=size),
            "purchases": np.bincount(customer, minlength=size),
        }
    )
    return np.asarray(rate(sums))


def _summary(tables: list[pd.DataFrame], ends: tuple[float, float]) -> pd.DataFrame:
    found = np.array([table["estimate"].to_numpy(float) for table in tables])
    summary = tables[0].drop(columns=["count"], errors="ignore")
    known = ~np.isnan(found).all(axis=0)
    filled = np.where(known, found, 0.0)
    for column, values in [
        ("estimate", np.nanmean(filled, axis=0)),
        ("std_error", np.nanstd(filled, axis=0, ddof=1)),
        ("conf_low", np.nanquantile(filled, ends[0], axis=0)),
        ("conf_high", np.nanquantile(filled, ends[1], axis=0)),
        ("n", np.mean([table["n"] for table in tables], axis=0).round()),
    ]:
        summary[column] = np.where(known, values, np.nan)
    return summary


def _check_tiers(tiers: Sequence[str]) -> tuple[str, ...]:
    tiers = tuple(tiers)
    if len(tiers) < 2 or len(set(tiers)) != len(tiers):
        raise ParamsError(f"tiers must be two or more different names, but {tiers} came")
    return tiers


def _codes(labels: object, tiers: tuple[str, ...], name: str) -> np.ndarray:
    labels = pd.Series(labels).astype(object)
    code = pd.Index(tiers).get_indexer(labels)
    unknown = labels[(code < 0) & labels.notna().to_numpy()]
    if len(unknown):
        raise DataError(
            f"{name} must hold only the tiers {', '.join(tiers)}, but {len(unknown):,} rows hold "
            f"others (first: '{unknown.iloc[0]}')"
        )
    return code


def _share_columns(hits: np.ndarray, n: np.ndarray, reach: float) -> dict[str, np.ndarray]:
    with np.errstate(divide="ignore", invalid="ignore"):
        share = hits / n
        error = np.sqrt(share * (1 - share) / n)
    low, high = wilson(share, n, reach)
    why = np.where(n > 0, "", note("concentration.tier_not_held"))
    return {
        "estimate": share, "std_error": error, "conf_low": low, "conf_high": high,
        "n": n.round().astype(int), "note": why,
    }  # fmt: skip


def _cells_table(cells: np.ndarray, tiers: tuple[str, ...], reach: float) -> pd.DataFrame:
    k = len(tiers)
    held = np.repeat(cells.sum(axis=1), k)
    place = {"from": np.repeat(tiers, k), "to": np.tile(tiers, k), "count": cells.ravel()}
    return pd.DataFrame(place | _share_columns(cells.ravel(), held, reach))


def _rates(cells: np.ndarray, tiers: tuple[str, ...], reach: float) -> pd.DataFrame:
    k = len(tiers)
    step = np.sign(np.arange(k)[None, :] - np.arange(k)[:, None])
    moved = np.array([(cells * (step == way)).sum(axis=1) for way in (1, 0, -1)]).T
    moved = np.vstack([moved, moved.sum(axis=0)])
    held = np.repeat(moved.sum(axis=1), 3)
    place = {"group": np.repeat([*tiers, ALL], 3), "term": np.tile(MOVES, k + 1)}
    return pd.DataFrame(place | _share_columns(moved.ravel(), held, reach))


def _shorrocks(cells: np.ndarray, reach: float) -> dict[str, object]:
    held = cells.sum(axis=1)
    known = held > 0
    k = known.sum()
    line = {"term": "mobility", "n": round(held.sum())}
    if k < 2:
        nothing = dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high"), np.nan)
        return line | nothing | {"note": note("concentration.too_few_tiers")}
    stay = np.diag(cells)[known] / held[known]
    mobility = (k - stay.sum()) / (k - 1)
    error = np.sqrt((stay * (1 - stay) / held[known]).sum()) / (k - 1)
    over = note("concentration.over_tiers", held=int(k), all=len(held)) if k < len(held) else ""
    return line | {
        "estimate": mobility, "std_error": error, "conf_low": max(mobility - reach * error, 0.0),
        "conf_high": min(mobility + reach * error, k / (k - 1)), "note": over,
    }  # fmt: skip
