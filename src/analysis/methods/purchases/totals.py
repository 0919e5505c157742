"""What groups of customers will buy, and what that is worth, with intervals.

A total is uncertain twice: the parameters are estimated, and customers with the same parameters
still differ. The first is taken by the delta method, the second by simulating each customer's
future given her history. No interval is given for one person: it would be as wide as the model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods.intervals import critical_value
from analysis.methods.purchases._rows import HISTORY, check_columns, check_history
from analysis.methods.purchases.bgnbd import BGNBD
from analysis.methods.purchases.discounting import UNDISCOUNTED, Discounting
from analysis.methods.purchases.gammagamma import SPEND, GammaGamma
from analysis.methods.purchases.paretonbd import ParetoNBD
from analysis.notes import Note, joined, note

PurchaseModel = BGNBD | ParetoNBD
ALL, SQUARE = "all", "monetary_square"
DELTA = 1e-4
"""Step of the delta method's central difference on the log parameters."""
LEAST_FOR_INTERVAL = 2


@dataclass(frozen=True, slots=True, eq=False)
class GroupTotals:
    """Expected totals of groups over the time to come.

    Attributes
    ----------
    table : DataFrame
        `group, term` ('purchases', then 'revenue' or 'margin')`, estimate, std_error, conf_low,
        conf_high, n, note`.
    time : float
        Length of the horizon.
    discounting : Discounting
        As it was applied.
    """

    table: pd.DataFrame
    time: float
    discounting: Discounting


def group_totals(
    model: PurchaseModel,
    customers: pd.DataFrame,
    *,
    time: float,
    rng: np.random.Generator,
    by: str | None = None,
    spend: GammaGamma | None = None,
    margin: float | None = None,
    net: float = 1.0,
    discounting: Discounting = UNDISCOUNTED,
    conf_level: float = 0.95,
    draws: int = 20,
) -> GroupTotals:
    """Forecast what the present customers will still buy: their residual value.

    Both the number of purchases and its value are discounted.

    Parameters
    ----------
    model : BGNBD or ParetoNBD
    customers : DataFrame
        `frequency, recency, age`; `monetary_value` with `spend`; `by`; optional `count`, and with
        it `monetary_square`: where a row stands for customers of unlike spend, `monetary_value` is
        their mean and this the mean of its square, all that totals and their variance need.
    time : float
        The horizon, above 0, in the unit of the model.
    rng : Generator
        Random numbers.
    by : str, optional
        Column of groups known at the end of observation.
    spend : GammaGamma, optional
        Without it purchases only are told.
    margin : float, optional
        Share of (net) revenue that is kept, above 0: without it the value is *revenue*, not
        lifetime value.
    net : float
        Share of what is spent on purchases that later returns leave, above 0, as if so many
        purchases came back whole: the value is net of them, the number of purchases is not.
    discounting : Discounting
    conf_level : float
        Level of the intervals, in (0, 1).
    draws : int
        Futures of each customer, which measure how much totals vary.

    Returns
    -------
    GroupTotals

    Raises
    ------
    DataError, ParamsError
        Impossible histories, an absent column, a horizon, margin or net share not above 0.
    """
    _check_request(customers, time, by, spend)
    keep = _kept(margin, net)
    rows = _grouped_rows(customers, by, spend)
    asked = (model, rows, time, discounting, draws, rng)
    parts = [_total_table("purchases", None, 1.0, 1.0, *asked)]
    parts += [_total_table(_money_term(margin), spend, keep, net, *asked)] if spend else []
    table = pd.concat(parts, ignore_index=True)
    table = _with_intervals(table, conf_level)
    table["note"] = [_note(model, spend, time, n) for n in table["n"]]
    table = table.sort_values("group", kind="stable", ignore_index=True)
    return GroupTotals(table, time, discounting)


@dataclass(frozen=True, slots=True, eq=False)
class AcquisitionValue:
    """What a new customer is worth over a horizon, from her first purchase on.

    Attributes
    ----------
    table : DataFrame
        `term` ('purchases', 'revenue' or 'margin', and 'value_to_cost' with a cost)`, estimate,
        std_error, conf_low, conf_high, n, note`. Parameter uncertainty only: it is a mean.
    time : float
        Length of the horizon.
    discounting : Discounting
        As it was applied.
    """

    table: pd.DataFrame
    time: float
    discounting: Discounting


def acquisition_value(
    model: PurchaseModel,
    *,
    time: float,
    spend: GammaGamma | None = None,
    margin: float | None = None,
    net: float = 1.0,
    cost: float | None = None,
    discounting: Discounting = UNDISCOUNTED,
    conf_level: float = 0.95,
) -> AcquisitionValue:
    """Value a customer who is about to make her first purchase; compare it with her cost.

    The first purchase is counted, undiscounted.

    Parameters
    ----------
    model : BGNBD or ParetoNBD
    time : float
        The horizon, above 0, in the unit of the model.
    spend : GammaGamma, optional
        Without it purchases only are told.
    margin : float, optional
        As in `group_totals`.
    net : float
        As in `group_totals`.
    cost : float, optional
        Acquisition cost of one customer, currency, 0 or more; where it is 0 the ratio is not
        estimable and says so.
    discounting : Discounting
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    AcquisitionValue

    Raises
    ------
    ParamsError
        The horizon is not above 0, or the cost is below 0.
    """
    if not time > 0:
        raise ParamsError(f"the horizon must be above 0, but {time} came")
    if cost is not None and not (np.isfinite(cost) and cost >= 0):
        raise ParamsError(f"the acquisition cost must be 0 or more, but {cost} came")
    keep = _kept(margin, net)

    def bought(m, _) -> np.ndarray:
        return np.atleast_1d(1 + discounting.sum(m.expected, time))

    def worth(m, s) -> np.ndarray:
        return bought(m, s) * s.mean * keep

    lines = [("purchases", *_delta(bought, model, spend))]
    if spend is not None:
        lines.append((_money_term(margin), *_delta(worth, model, spend)))
        if cost is not None:
            value, error = lines[-1][1:]
            ratio = 1 / cost if cost > 0 else np.nan
            lines.append(("value_to_cost", value * ratio, error * ratio))
    table = pd.DataFrame(
        [(term, value[0], error[0], model.customers) for term, value, error in lines],
        columns=["term", "estimate", "std_error", "n"],
    )
    table = _with_intervals(table, conf_level)
    free = (table["term"] == "value_to_cost") & (cost == 0)
    told = _note(model, spend, time, model.customers)
    table["note"] = np.where(free, note("purchases.won_for_nothing"), told)
    return AcquisitionValue(table, time, discounting)


def _check_request(customers, time, by, spend) -> None:
    check_history(customers)
    if spend is not None:
        check_columns(customers, SPEND)
    if by is not None and by not in customers:
        raise DataError(f"customers must have the column '{by}' to group by, but it is absent")
    if not (np.isfinite(time) and time > 0):
        raise ParamsError(f"the horizon must be above 0, but {time} came")


def _kept(margin: float | None, net: float) -> float:
    """What is left of an amount spent on a purchase."""
    if margin is not None and not 0 < margin <= 1:
        raise ParamsError(
            f"margin must be a share of revenue above 0, at most 1, but {margin} came"
        )
    if not 0 < net <= 1:
        raise ParamsError(
            f"net must be the share above 0, at most 1, that returns leave, but {net} came"
        )
    return net * (1.0 if margin is None else margin)


def _grouped_rows(customers: pd.DataFrame, by: str | None, spend: object) -> pd.DataFrame:
    keys = [*HISTORY, *(["monetary_value"] if spend is not None else [])]
    keys += [name for name in (SQUARE,) if spend is not None and name in customers]
    rows = customers[keys].assign(
        group=customers[by].astype("string").fillna("unknown") if by else ALL,
        count=customers.get("count", 1.0),
    )
    return rows.groupby(["group", *keys], as_index=False, sort=True)["count"].sum()


def _money_term(margin: float | None) -> str:
    return "revenue" if margin is None else "margin"


def _total_table(
    term, spend, keep, net, model, rows, time, discounting, draws, rng
) -> pd.DataFrame:
    counts = rows["count"].to_numpy(float)
    code, groups = pd.factorize(rows["group"], sort=True)
    past = [rows[name].to_numpy(float) for name in HISTORY]

    def per_row(m, s) -> np.ndarray:
        bought = discounting.sum(lambda t: m.conditional_rows(*past, t), time)
        return bought if s is None else bought * _spent(s, rows) * keep

    def per_group(m, s) -> np.ndarray:
        return np.bincount(code, counts * per_row(m, s), minlength=len(groups))

    total, error = _delta(per_group, model, spend)
    variance = np.zeros(len(groups))
    if np.isfinite(error).all():
        plain = model.conditional_rows(*past, time) * net
        plain = plain if spend is None else plain * _spent(spend, rows)
        spread = _process_variance(model, spend, rows, net, plain, time, draws, rng)
        shrink = per_row(model, spend) / np.maximum(plain, 1e-300)
        variance = np.bincount(code, counts * spread * shrink**2, minlength=len(groups))
    return pd.DataFrame(
        {
            "group": groups,
            "term": term,
            "estimate": total,
            "std_error": np.sqrt(error**2 + variance),
            "n": np.bincount(code, counts, minlength=len(groups)).round().astype(int),
        }
    )


def _spent(spend: GammaGamma, rows: pd.DataFrame) -> np.ndarray:
    """What each customer is expected to spend on a purchase."""
    so_far = (rows[name].to_numpy(float) for name in SPEND)
    return spend.conditional_rows(*so_far)


def _process_variance(model, spend, rows, net, expected, time, draws, rng) -> np.ndarray:
    """Variance of one customer's undiscounted future given her history, by simulation."""
    past = [rows[name].to_numpy(float) for name in HISTORY]
    squares = np.zeros(len(rows))
    for _ in range(draws):
        future = model.simulate_rows(*past, time, rng).astype(float)
        if net < 1:
            future = rng.binomial(future.astype(np.int64), net).astype(float)
        if spend is not None:
            value = rows["monetary_value"].to_numpy(float)
            future = spend.simulate_rows(past[0], value, future, rng)
        squares += (future - expected) ** 2
    return squares / draws * (1.0 if spend is None else _unlike(spend, rows))


def _unlike(spend: GammaGamma, rows: pd.DataFrame) -> np.ndarray | float:
    """How much more futures vary where the customers of a row have not spent the same.

    Given her purchases, what a customer will spend is (gamma + x z) times a variable that does not
    depend on her mean spend z, so that its variance goes with the mean of (gamma + x z)^2.
    """
    if SQUARE not in rows:
        return 1.0
    z, square = (rows[name].to_numpy(float) for name in ("monetary_value", SQUARE))
    x, gamma = np.where(z > 0, rows["frequency"].to_numpy(float), 0.0), spend.params[2]
    return (gamma**2 + 2 * gamma * x * z + x**2 * square) / (gamma + x * z) ** 2


def _delta(statistic, model, spend) -> tuple[np.ndarray, np.ndarray]:
    """A statistic of one or two models, and its standard error from theirs."""
    value = statistic(model, spend)
    variance = np.zeros_like(value)
    for which in (model, spend):
        if which is None:
            continue
        slopes = []
        for k in range(len(which.params)):
            step = np.exp(DELTA * (np.arange(len(which.params)) == k))
            up, down = (replace(which, params=which.params * factor) for factor in (step, 1 / step))
            pair = [(m, spend) if which is model else (model, m) for m in (up, down)]
            slopes.append((statistic(*pair[0]) - statistic(*pair[1])) / (2 * DELTA))
        slopes = np.array(slopes)
        variance = variance + np.einsum("kg,kl,lg->g", slopes, which.covariance, slopes)
    return value, np.sqrt(variance)


def _with_intervals(table: pd.DataFrame, conf_level: float) -> pd.DataFrame:
    """Log-scale intervals: a total is never negative."""
    reach = critical_value(conf_level) * table["std_error"] / table["estimate"]
    table.insert(table.columns.get_loc("n"), "conf_low", table["estimate"] * np.exp(-reach))
    table.insert(table.columns.get_loc("n"), "conf_high", table["estimate"] * np.exp(reach))
    few = table["n"] < LEAST_FOR_INTERVAL
    table.loc[few, ["std_error", "conf_low", "conf_high"]] = np.nan
    return table


def _note(model, spend, time, n) -> Note | str:
    notes = [m.note for m in (model, spend) if m is not None and m.note]
    if spend is not None and not np.isfinite(spend.mean) and not spend.note:
        notes.append(note("purchases.infinite_spend"))
    if n < LEAST_FOR_INTERVAL:
        notes.append(note("purchases.one_customer"))
    if time > model.longest_age:
        notes.append(note("purchases.extrapolates", time=time, longest=model.longest_age))
    return joined(notes)
