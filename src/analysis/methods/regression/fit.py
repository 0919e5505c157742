"""A fitted regression: coefficients, their covariance, and predictions with their gradient."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from analysis.methods._rows import sums_by_unit
from analysis.methods.regression._sample import Sample
from analysis.methods.regression.design import Design
from analysis.notes import Note

Errors = Literal["robust", "model"]
Link = Literal["identity", "logit", "log"]
FEW_CUSTOMERS = 20


@dataclass(frozen=True, slots=True, eq=False)
class RegressionFit:
    """A regression of one outcome.

    Attributes
    ----------
    outcome : str
    family : {"linear", "logit", "poisson", "negative_binomial", "gamma"}
    link : {"identity", "logit", "log"}
    table : DataFrame
        `term, estimate, std_error, conf_low, conf_high, n, p_value, note`; on the scale of the link
        (log odds for logit, log for counts and spend).
    parameters : ndarray, (k,)
    covariance : ndarray, (k, k)
        Of the parameters, robust or of the model.
    influence : ndarray, (rows, k)
        Each answer's pull on the parameters; their cross-product is the robust covariance before
        its small-sample factor.
    fitted : ndarray, (rows,)
        Means in the outcome's unit.
    sample : Sample
        The rows used.
    exposure : str or None
        Column whose logarithm enters with coefficient one.
    log_likelihood : float
        NaN where the family is only a working one.
    dispersion : float
        Pearson chi-squared over its degrees of freedom.
    overdispersion : float
        Alpha of the negative binomial, else NaN.
    n_clusters : int
        Customers, where errors are clustered, else the answers.
    conf_level : float
        Of the intervals.
    notes : tuple of Note
        Answers left out, too few customers.
    """

    outcome: str
    family: str
    link: Link
    table: pd.DataFrame
    parameters: np.ndarray
    covariance: np.ndarray
    influence: np.ndarray
    fitted: np.ndarray
    sample: Sample
    exposure: str | None
    log_likelihood: float
    dispersion: float
    overdispersion: float
    n_clusters: int
    conf_level: float
    notes: tuple[Note, ...]

    @property
    def n(self) -> int:
        """Answers used."""
        return self.sample.n

    @property
    def design(self) -> Design:
        """The terms of the model."""
        return self.sample.design

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """(rows,) expected outcome, in its own unit."""
        return mean_of(self.link, self.linear_predictor(frame))

    def gradient(self, frame: pd.DataFrame) -> np.ndarray:
        """(rows, k) how the expected outcome moves with each parameter."""
        slope = mean_slope(self.link, self.linear_predictor(frame))
        return slope[:, None] * self.design.matrix(frame)

    def linear_predictor(self, frame: pd.DataFrame) -> np.ndarray:
        """(rows,) x'b and the log exposure, on the scale of the link."""
        predictor = self.design.matrix(frame) @ np.nan_to_num(self.parameters)
        if self.exposure is not None:
            predictor = predictor + np.log(frame[self.exposure].to_numpy(float))
        return predictor


def mean_of(link: Link, predictor: np.ndarray) -> np.ndarray:
    """The mean at a linear predictor.

    Parameters
    ----------
    link : {"identity", "log", "logit"}
    predictor : array, (n,)

    Returns
    -------
    array, (n,)
    """
    if link == "identity":
        return predictor
    if link == "log":
        with np.errstate(over="ignore"):  # a mean beyond all numbers is infinite
            return np.exp(predictor)
    return expit(predictor)


def mean_slope(link: Link, predictor: np.ndarray) -> np.ndarray:
    """The derivative of the mean by the linear predictor.

    Parameters
    ----------
    link : {"identity", "log", "logit"}
    predictor : array, (n,)

    Returns
    -------
    array, (n,)
    """
    if link == "identity":
        return np.ones_like(predictor)
    mean = mean_of(link, predictor)
    return mean if link == "log" else mean * (1 - mean)


def sandwich(influence: np.ndarray, sample: Sample, *, n_parameters: int) -> tuple[np.ndarray, int]:
    """Robust covariance from each answer's influence, and the number of independent units.

    Without clusters n/(n-k) (HC1), with them G/(G-1) (n-1)/(n-k), as Stata and statsmodels have
    it; with sampling weights G/(G-1), the linearised variance of R's survey package.

    Parameters
    ----------
    influence : array, (rows, k)
    sample : Sample
    n_parameters : int

    Returns
    -------
    covariance : array, (k, k)
    units : int
    """
    if sample.units is None:
        meat = (influence * sample.counts[:, None]).T @ influence
        n_units = sample.n
        factor = n_units / (n_units - n_parameters)
    else:
        totals = sums_by_unit(sample.units, influence * sample.counts[:, None])
        meat, n_units = totals.T @ totals, len(totals)
        factor = n_units / (n_units - 1) * (sample.n - 1) / (sample.n - n_parameters)
    if sample.weighted:
        factor = n_units / (n_units - 1)
    return factor * meat, n_units


def coefficient_table(
    names: list[str],
    parameters: np.ndarray,
    covariance: np.ndarray,
    *,
    n: int,
    conf_level: float,
    degrees: float = np.inf,
    not_estimable: dict[str, Note] | None = None,
) -> pd.DataFrame:
    """The table of estimates; t quantiles where `degrees` are finite, else normal.

    Parameters
    ----------
    names : list of str
    parameters : array, (k,)
    covariance : array, (k, k)
    n : int
    conf_level : float
        Between 0 and 1.
    degrees : float
    not_estimable : dict of str to Note, optional
        Term to why it has no estimate.

    Returns
    -------
    DataFrame
        `term, estimate, std_error, conf_low, conf_high, p_value, n, note`.
    """
    errors = np.sqrt(np.clip(np.diag(covariance), 0, None))
    law = stats.norm if np.isinf(degrees) else stats.t(degrees)
    reach = law.ppf(0.5 + conf_level / 2) * errors
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = 2 * law.sf(np.abs(parameters / errors))
    table = pd.DataFrame(
        {
            "term": names,
            "estimate": parameters,
            "std_error": errors,
            "conf_low": parameters - reach,
            "conf_high": parameters + reach,
            "n": n,
            "p_value": p_value,
            "note": [(not_estimable or {}).get(name, "") for name in names],
        }
    )
    unknown = table["note"].ne("")
    table.loc[unknown, ["estimate", "std_error", "conf_low", "conf_high", "p_value"]] = np.nan
    return table
