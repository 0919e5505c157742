"""Gamma-Gamma: what customers spend on a purchase.

1. A customer's spend on a purchase varies as Gamma(p, nu) around her own mean p / nu.
2. nu differs between customers as Gamma(q, gamma).
3. The mean spend is independent of how often, and how long, she buys (see `check_spend`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import digamma, gammaln

from analysis.errors import DataError
from analysis.methods.purchases._fit import Maximum, maximise, not_estimable, params_table, weigh
from analysis.methods.purchases._rows import check_columns, counted_rows, per_customer
from analysis.notes import Note, note

TERMS = ("p", "q", "gamma")
SPEND = ("frequency", "monetary_value")


@dataclass(frozen=True, slots=True, eq=False)
class GammaGamma:
    """A fitted Gamma-Gamma model of spend, in the currency of the frame.

    Attributes
    ----------
    table : DataFrame
        One row a parameter: `term, estimate, std_error, conf_low, conf_high, n, note`.
    params : ndarray, (3,)
        p, q, gamma.
    covariance : ndarray, (3, 3)
        Of the log parameters; NaN where not estimable, 0 for a parameter that is taken as fixed.
    log_likelihood : float
        At the maximum.
    customers : int
        Counted: who bought again and spent.
    left_out : int
        Repeat buyers whose mean spend is 0 or less: no gamma variable.
    rows : int
        Distinct pairs.
    note : Note or str
        Why it is not estimable, or what warns of it; empty: all is well.
    """

    table: pd.DataFrame
    params: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    customers: int
    left_out: int
    rows: int
    note: Note | str

    @property
    def mean(self) -> float:
        """E[Z], the mean spend over all customers; infinite (NaN) when q is 1 or less."""
        p, q, gamma = self.params
        return p * gamma / (q - 1) if q > 1 else np.nan

    def conditional(self, customers: pd.DataFrame) -> np.ndarray:
        """E[Z | mean spend so far, frequency]: each customer's expected spend on a purchase."""
        check_columns(customers, SPEND)
        return per_customer(customers, SPEND, self.conditional_rows)

    def conditional_rows(self, x, spend) -> np.ndarray:
        """`conditional` for arrays; the mean of all for who has not bought again or spent."""
        p, q, gamma = self.params
        x = np.where(spend > 0, x, 0)
        below = p * x + q - 1
        with np.errstate(divide="ignore"):
            return np.where(below > 0, p * (gamma + x * np.maximum(spend, 0)) / below, np.nan)

    def simulate_rows(self, x, spend, purchases, rng) -> np.ndarray:
        """One draw of what each customer spends on so many purchases, given her history."""
        p, q, gamma = self.params
        x = np.where(spend > 0, x, 0)
        nu = rng.gamma(q + p * x) / (gamma + x * np.maximum(spend, 0))
        return rng.gamma(p * np.maximum(purchases, 1e-12)) * (purchases > 0) / nu


def fit_gammagamma(customers: pd.DataFrame, *, conf_level: float = 0.95) -> GammaGamma:
    """Fit the Gamma-Gamma model by maximum likelihood.

    Customers without a repeat purchase say nothing here; those whose mean is 0 or less are left
    out and counted. Nobody left: NaN and a note.

    Parameters
    ----------
    customers : DataFrame
        `frequency` (repeat purchases) and `monetary_value` (mean spend on those, in currency);
        optional `count`.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    GammaGamma

    Raises
    ------
    DataError
        An absent column or a value that is no number.

    References
    ----------
    Fader & Hardie (2013), note 025, eq. 1a; Colombo & Jiang (1999); gradients: own, closed.
    """
    check_columns(customers, SPEND)
    if (customers["frequency"] < 0).any():
        raise DataError("frequency must be 0 or more, but is negative; rebuild the customer frame")
    x, spend, counts = counted_rows(customers, SPEND)
    usable = (x > 0) & (spend > 0)
    left_out = counts[(x > 0) & ~usable].sum()
    x, spend, counts = x[usable], spend[usable], counts[usable]
    n = counts.sum()
    if reason := _thin(spend, counts):
        found = not_estimable(3, reason)
    else:
        found = _maximise(x, spend, counts)
    return GammaGamma(
        params_table(TERMS, found, n, conf_level), found.params, found.covariance,
        found.log_likelihood, round(n), round(left_out), len(x), found.note,
    )  # fmt: skip


def _maximise(x: np.ndarray, spend: np.ndarray, counts: np.ndarray) -> Maximum:
    """The maximum in units of the mean spend, then in those of the currency."""
    n = counts.sum()
    typical = weigh(spend, counts) / n
    found = maximise(lambda t: _likelihood(t, x, spend / typical, counts), (3.0, 3.0, 0.5), n)
    log_likelihood = found.log_likelihood - n * np.log(typical)
    return replace(found, params=found.params * [1.0, 1.0, typical], log_likelihood=log_likelihood)


def _likelihood(params, x, z, counts) -> tuple[float, np.ndarray]:
    p, q, gamma = params
    px, log_pool = p * x, np.log(gamma + x * z)
    value = (
        gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(gamma)
        + (px - 1) * np.log(z) + px * np.log(x) - (px + q) * log_pool
    )  # fmt: skip
    slopes = np.array(
        [
            x * (digamma(px + q) - digamma(px) + np.log(z) + np.log(x) - log_pool),
            digamma(px + q) - digamma(q) + np.log(gamma) - log_pool,
            q / gamma - (px + q) / (gamma + x * z),
        ]
    )
    return weigh(value, counts), weigh(slopes, counts)


def _thin(spend: np.ndarray, counts: np.ndarray) -> Note | str:
    if counts.sum() < 3:
        return note("purchases.too_few_spenders", customers=counts.sum())
    if np.ptp(spend) == 0:
        return note("purchases.same_spend")
    return ""
