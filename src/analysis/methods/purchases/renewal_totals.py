"""What the renewals to come of open contracts are worth, as totals of groups, with intervals.

A total is uncertain twice: the parameters are estimated, and of customers alike in them some leave
at the next renewal and others stay for years. With J renewals still to be made and v = 1 / (1 + d),
a fee of 1 brings D = (1 - v^J) / (1 - v), and the mean of v^J is 1 - (1 - v) DERL. So the variance
of D follows from DERL at the rate d and at the rate (1 + d)^2 - 1, for any model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods.purchases._renewals import discounted_lives
from analysis.methods.purchases._rows import check_columns
from analysis.methods.purchases.bdw import BdW
from analysis.methods.purchases.sbg import SBG

DRAWS = 1000
ALL = "all"


@dataclass(frozen=True, slots=True, eq=False)
class RenewalTotals:
    """Expected fees of the renewals to come.

    Attributes
    ----------
    table : DataFrame
        `group` (renewals behind a customer, then 'all')`, n, periods` (mean discounted renewals to
        come, DERL)`, estimate` (total of the group)`, std_error, conf_low, conf_high, note`. The
        interval is one for what will be paid: it holds the uncertainty of the parameters and of who
        stays.
    rate : float
        Discount rate of one period.
    """

    table: pd.DataFrame
    rate: float


def renewal_totals(
    model: SBG | BdW,
    customers: pd.DataFrame,
    *,
    rate: float,
    rng: np.random.Generator,
    conf_level: float = 0.95,
    draws: int = DRAWS,
) -> RenewalTotals:
    """Forecast the discounted fees of the renewals still to come.

    The next renewal is not discounted.

    Parameters
    ----------
    model : SBG or BdW
    customers : DataFrame
        `renewals` (made so far, whole), `fee` (of one period, in currency, 0 or more).
    rate : float
        Discount rate of one period, above 0.
    rng : Generator
        Random numbers.
    conf_level : float
        Level of the intervals, in (0, 1).
    draws : int
        Draws of the parameters.

    Returns
    -------
    RenewalTotals

    Raises
    ------
    DataError, ParamsError
        An absent column, a fee below 0, half a renewal, a rate that is not above 0.

    References
    ----------
    Fader & Hardie (2010), Marketing Science 29, 85-93 (the mean); the variance: own, closed.
    """
    check_columns(customers, ("renewals", "fee"))
    if (customers["fee"] < 0).any():
        raise DataError("fee must be 0 or more, but is negative; leave out contracts that cost")
    if not rate > 0:
        raise ParamsError(f"the discount rate of a period must be above 0, but {rate} came")
    groups = customers.assign(square=customers["fee"].astype(float) ** 2).groupby("renewals")
    sums = groups.agg(n=("fee", "size"), fees=("fee", "sum"), squares=("square", "sum"))
    made, fees = sums.index.to_numpy(float), sums["fees"].to_numpy(float)
    lives = discounted_lives(model.survival, made, rate)
    drawn = _drawn_lives(model, made, rate, rng, draws) * fees
    variance = _variance_of_one(model, made, rate) * sums["squares"].to_numpy(float)
    total = lives * fees
    names = [*(f"{int(k)}" for k in made), ALL]
    number = np.append(sums["n"], sums["n"].sum())
    estimate = np.append(total, total.sum())
    spread = np.sqrt(np.append(variance, variance.sum()))
    drawn = np.column_stack([drawn, drawn.sum(axis=1)])
    table = pd.DataFrame(
        {
            "group": names, "n": number, "estimate": estimate,
            "periods": np.append(lives, lives @ sums["n"] / sums["n"].sum()),
            **_interval(estimate, drawn, spread, conf_level, rng),
            "note": model.note,
        }
    )  # fmt: skip
    return RenewalTotals(table, rate)


def _drawn_lives(model, made, rate, rng, draws) -> np.ndarray:
    """DERL at parameters drawn from their normal approximation on the log scale."""
    if not np.isfinite(model.covariance).all():
        return np.full((2, len(made)), np.nan)
    logs = rng.multivariate_normal(np.log(model.params), model.covariance, draws)
    models = (replace(model, params=np.exp(row)) for row in logs)
    return np.array([discounted_lives(each.survival, made, rate) for each in models])


def _variance_of_one(model, made, rate) -> np.ndarray:
    """Variance of what a fee of 1 a period still brings, given the renewals made."""
    v = 1 / (1 + rate)
    first, second = (
        1 - (1 - factor) * discounted_lives(model.survival, made, 1 / factor - 1)
        for factor in (v, v**2)
    )
    return np.maximum(second - first**2, 0.0) / (1 - v) ** 2


def _interval(estimate, drawn, spread, conf_level, rng) -> dict[str, np.ndarray]:
    """Quantiles of totals at drawn parameters, each with a draw of who stays (log-normal)."""
    share = spread / np.maximum(estimate, 1e-300)
    width = np.sqrt(np.log1p(share**2))
    outcome = drawn * np.exp(width * rng.standard_normal(drawn.shape) - width**2 / 2)
    ends = [(1 - conf_level) / 2, (1 + conf_level) / 2]
    low, high = np.quantile(outcome, ends, axis=0)
    return {"std_error": outcome.std(axis=0, ddof=1), "conf_low": low, "conf_high": high}
