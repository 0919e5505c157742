"""Does the model forecast? Fitted on the first part of the data, judged on the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods.intervals import critical_value
from analysis.methods.purchases._rows import check_columns, check_history
from analysis.methods.purchases.totals import PurchaseModel, group_totals
from analysis.notes import note

LEAST_EXPECTED = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Tracking:
    """Repeat purchases of a cohort, period by period, made and expected.

    Attributes
    ----------
    table : DataFrame
        One row a period: `time` (its end)`, actual, expected, cumulative_actual,
        cumulative_expected, holdout` (True after `split`).
    split : float
        Where the fit ended.
    made, forecast : float
        Purchases in the holdout.
    shortfall : float
        1 - forecast / made, the share that the forecast missed (negative: too many; NaN when none
        were made).
    """

    table: pd.DataFrame
    split: float
    made: float
    forecast: float
    shortfall: float


def track_purchases(
    model: PurchaseModel,
    starts: pd.DataFrame,
    repeats: pd.DataFrame,
    *,
    split: float,
    until: float,
    observed_until: float,
    period: float = 1.0,
) -> Tracking:
    """Compare repeat purchases by calendar time with what the model expects of such a cohort.

    Made and expected purchases are those in (0, until]; the model saw those up to `split`.

    Parameters
    ----------
    model : BGNBD or ParetoNBD
    starts : DataFrame
        `start` (each customer's first purchase), in model time units since one common origin,
        optional `count`.
    repeats : DataFrame
        `time` (each repeat purchase), from the same origin, optional `count`.
    split : float
        Where the fit ended.
    until : float
        Where the tracking ends.
    observed_until : float
        Where the data end.
    period : float
        Length of the periods that are told, above 0.

    Returns
    -------
    Tracking

    Raises
    ------
    ParamsError
        split, until and observed_until not in order: a horizon past the data cannot be judged.
    """
    if not 0 < split < until <= observed_until:
        raise ParamsError(
            "0 < split < until <= observed_until must hold, but "
            f"{split:g}, {until:g}, {observed_until:g} came; end the holdout where the data end"
        )
    check_columns(starts, ("start",))
    if len(repeats):
        check_columns(repeats, ("time",))
    ends = np.append(np.arange(period, until - 1e-9, period), until)
    actual = _made_by(repeats, ends)
    expected = _expected_by(model, starts, ends)
    table = pd.DataFrame(
        {
            "time": ends,
            "actual": np.diff(actual, prepend=0.0),
            "expected": np.diff(expected, prepend=0.0),
            "cumulative_actual": actual,
            "cumulative_expected": expected,
            "holdout": ends > split + 1e-9,
        }
    )
    after = table.loc[table["holdout"], ["actual", "expected"]].sum()
    return Tracking(table, split, after["actual"], after["expected"], _missed(*after))


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Purchases in the holdout by group of customers, made and forecast from their history.

    Attributes
    ----------
    table : DataFrame
        `group, n, actual` and `expected` (means a customer)`, std_error, conf_low, conf_high` (of
        the actual mean)`, note`.
    forecast : DataFrame
        The total with its predictive interval (one row).
    made : float
        Purchases in the holdout.
    shortfall : float
        1 - forecast / made.
    correlation : float
        Spearman's, between forecast and made.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    forecast: pd.DataFrame
    made: float
    shortfall: float
    correlation: float


def check_holdout(
    model: PurchaseModel,
    customers: pd.DataFrame,
    *,
    time: float,
    rng: np.random.Generator,
    by: Literal["frequency", "decile"] = "frequency",
    most: int = 7,
    conf_level: float = 0.95,
) -> Calibration:
    """Compare each group's purchases in the `time` after the fit with the forecast.

    Groups: repeat purchases so far (`most` and more together), or tenths of the customers by their
    forecast, ties kept together.

    Parameters
    ----------
    model : BGNBD or ParetoNBD
    customers : DataFrame
        `frequency, recency, age` up to the end of the fit, `holdout` (purchases in the `time` after
        it); optional `count`.
    time : float
        Length of the holdout, in the unit of the model.
    rng : Generator
        Random numbers.
    by : {"frequency", "decile"}
        How groups are formed.
    most : int
        Repeat purchases from which customers are taken together.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    Calibration

    Raises
    ------
    ParamsError
        Another `by`.
    DataError
        Impossible histories, or a holdout below 0.
    """
    if by not in ("frequency", "decile"):
        raise ParamsError(f"by must be 'frequency' or 'decile', but '{by}' came")
    check_history(customers)
    check_columns(customers, ("holdout",))
    if (customers["holdout"] < 0).any():
        raise DataError("holdout must be 0 or more purchases, but is negative; count them again")
    expected = model.conditional(customers, time)
    counts = customers["count"].to_numpy(float) if "count" in customers else np.ones(len(customers))
    made = customers["holdout"].to_numpy(float)
    if by == "frequency":
        code = np.minimum(customers["frequency"].to_numpy(float), most).astype(int)
        names = {k: f"{k}" if k < most else f"{most}+" for k in range(most + 1)}
    else:
        code = _tenth(expected, counts)
        names = {k: f"{k}" for k in range(1, 11)}
    table = _means(code, names, made, expected, counts, conf_level)
    forecast = group_totals(model, customers, time=time, rng=rng, conf_level=conf_level).table
    total = counts @ made
    return Calibration(
        table, forecast, total, _missed(total, counts @ expected), _spearman(expected, made, counts)
    )


def _made_by(repeats: pd.DataFrame, ends: np.ndarray) -> np.ndarray:
    if not len(repeats):
        return np.zeros(len(ends))
    time = repeats["time"].to_numpy(float)
    counts = repeats["count"].to_numpy(float) if "count" in repeats else np.ones(len(time))
    order = np.argsort(time, kind="stable")
    running = np.append(0.0, np.cumsum(counts[order]))
    return running[np.searchsorted(time[order], ends + 1e-9)]


def _expected_by(model: PurchaseModel, starts: pd.DataFrame, ends: np.ndarray) -> np.ndarray:
    counts = starts["count"] if "count" in starts else pd.Series(1.0, index=starts.index)
    born = counts.groupby(starts["start"].to_numpy(float)).sum()
    age = np.maximum(ends[:, None] - born.index.to_numpy()[None, :], 0.0)
    known, code = np.unique(age.round(9), return_inverse=True)
    return model.expected(known)[code].reshape(age.shape) @ born.to_numpy(float)


def _missed(made: float, forecast: float) -> float:
    return float(1 - forecast / made) if made > 0 else float("nan")


def _tenth(expected: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """1 for the tenth with the highest forecast, … 10; equal forecasts share a tenth."""
    levels, code = np.unique(-expected, return_inverse=True)
    size = np.bincount(code, counts, minlength=len(levels))
    middle = (np.cumsum(size) - size / 2) / size.sum()
    return np.minimum(np.ceil(10 * middle), 10).astype(int)[code]


def _means(code, names, made, expected, counts, conf_level) -> pd.DataFrame:
    reach = critical_value(conf_level)
    rows = []
    for group in np.unique(code):
        of = code == group
        n = counts[of].sum()
        mean = counts[of] @ made[of] / n
        spread = counts[of] @ (made[of] - mean) ** 2
        error = np.sqrt(spread / (n - 1) / n) if n > 1 else np.nan
        low, high = max(mean - reach * error, 0.0), mean + reach * error
        why = "" if n > 1 else note("purchases.one_customer")
        forecast = counts[of] @ expected[of] / n
        rows.append((names[group], round(n), mean, forecast, error, low, high, why))
    columns = ["group", "n", "actual", "expected", "std_error", "conf_low", "conf_high", "note"]
    return pd.DataFrame(rows, columns=columns)


def _spearman(expected: np.ndarray, made: np.ndarray, counts: np.ndarray) -> float:
    if np.isnan(expected).any():
        return float("nan")
    ranks = []
    for values in (expected, made):
        levels, code = np.unique(values, return_inverse=True)
        size = np.bincount(code, counts, minlength=len(levels))
        ranks.append((np.cumsum(size) - size / 2)[code])
    a, b = (rank - np.average(rank, weights=counts) for rank in ranks)
    scale = np.sqrt((counts @ a**2) * (counts @ b**2))
    return float(counts @ (a * b) / scale) if scale > 0 else float("nan")
