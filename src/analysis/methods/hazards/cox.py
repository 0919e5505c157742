"""Cox regression: which covariates go with a higher or lower rate of ending.

The hazard of a relationship is a common baseline times exp(covariates x coefficients); the baseline
is left free. Coefficients are logarithms of hazard ratios: associations, not causes.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2 as chi_squared

from analysis.methods._concordance import Concordance, count_concordance
from analysis.methods.hazards._clusters import cluster_scores
from analysis.methods.hazards._coefficients import coefficient_table
from analysis.methods.hazards._maximum import Likelihood, maximise
from analysis.methods.hazards._partial_likelihood import RiskRows, arrange_rows, sum_risk_sets
from analysis.methods.hazards._sample import CoxSample, read_sample
from analysis.methods.hazards.proportionality import (
    ProportionalHazardsTest,
    check_proportional_hazards,
)
from analysis.methods.intervals import check_level
from analysis.notes import Note, note

THIN = 10  # ends a coefficient (Peduzzi et al. 1995)


@dataclass(frozen=True, slots=True, eq=False)
class CoxMaximum:
    """The maximum of the partial likelihood, on standardised covariates (mean 0, spread 1).

    Attributes
    ----------
    rows : RiskRows
        The sample as the likelihood walks through it.
    center, scale : ndarray, (p,)
        Mean and spread of each covariate, in its units.
    coefficients : ndarray, (p,)
        Log hazard ratios per spread of the covariate.
    null, final : Likelihood
        With all coefficients 0, and at the maximum.
    naive_covariance, covariance : ndarray, (p, p)
        Of the coefficients: the inverse information, and the robust one where clustered (else the
        same).
    """

    rows: RiskRows
    center: np.ndarray
    scale: np.ndarray
    coefficients: np.ndarray
    null: Likelihood
    final: Likelihood
    naive_covariance: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class CoxRegression:
    """Proportional hazards regression.

    Attributes
    ----------
    table : DataFrame
        One row a term: `term, estimate` (log hazard ratio per unit of the covariate), `std_error`
        (robust if clustered), `conf_low, conf_high, hazard_ratio, ratio_low, ratio_high, z,
        p_value, n, events, note`.
    tests : DataFrame
        `term` (likelihood ratio, Wald, score), `chi2, dof, p_value` that all coefficients are 0.
        Wald's is robust where clustered; the others take rows as independent, as in R.
    proportional_hazards : ProportionalHazardsTest
        Score test of each term and of all.
    notes : tuple of Note
        Violated proportionality, few ends a term, covariates that change over time.
    sample : CoxSample
        The relationships it was fitted to.
    maximum : CoxMaximum
        What prediction needs of the fit.
    """

    table: pd.DataFrame
    tests: pd.DataFrame
    proportional_hazards: ProportionalHazardsTest
    notes: tuple[Note, ...]
    sample: CoxSample
    maximum: CoxMaximum

    @property
    def coefficients(self) -> np.ndarray:
        """Log hazard ratios, (p,)."""
        return self.table["estimate"].to_numpy()

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the coefficients, (p, p); robust where clustered."""
        return self.maximum.covariance / np.outer(self.maximum.scale, self.maximum.scale)

    @property
    def n(self) -> int:
        """Relationships, or spells of them."""
        return self.sample.n

    @property
    def events(self) -> int:
        """Relationships that ended."""
        return int(self.maximum.rows.ends.sum())

    def concordance(self) -> Concordance:
        """Harrell's C of the fitted risk on the data of the fit, within strata; ties count half.

        Its standard error is by cluster where the fit is.

        Returns
        -------
        Concordance
        """
        sample = self.sample
        risk = np.round(sample.design.matrix @ self.coefficients, 12)
        clusters = sample.cluster and sample.cluster.codes
        return count_concordance(
            sample.columns, risk, strata=sample.strata.codes, clusters=clusters
        )


def cox_regression(
    durations: pd.DataFrame,
    *,
    covariates: list[str],
    strata: str | None = None,
    cluster: str | None = None,
    transform: str = "km",
    conf_level: float = 0.95,
) -> CoxRegression:
    """Estimate hazard ratios from durations of which some are open.

    Parameters
    ----------
    durations : DataFrame
        `duration` (>= 0) and `event` (1 ended, 0 open), optional `entry`, `count`; or, for
        covariates that change, one row a spell: `start`, `stop`, `event` (covariates as known on
        (start, stop]), with `customer_id` spells of one customer are checked for overlap.
    covariates : list of str
        Numbers as they are; text and categories as indicators against their first level.
    strata : str, optional
        Column with a baseline hazard of its own for each value.
    cluster : str, optional
        Column whose rows belong together (`customer_id`): robust standard errors.
    transform : {"km", "identity", "rank", "log"}
        Of time, in the test of proportional hazards.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    CoxRegression

    Raises
    ------
    DataError
        If a column is wrong, nothing ended, covariates are constant or combinations of each other,
        or one separates those that ended from those that did not; the sentence names the column.

    References
    ----------
    Cox (1972), JRSS B 34, 187-220; Efron (1977), JASA 72, 557-565 (ties); Lin & Wei (1989), JASA
    84, 1074-1078 (robust); Grambsch & Therneau (1994), Biometrika 81, 515-526 (proportionality).
    """
    check_level(conf_level)
    sample = read_sample(durations, covariates, strata=strata, cluster=cluster)
    maximum = maximise_likelihood(sample)
    test = check_proportional_hazards(
        maximum.rows,
        maximum.coefficients,
        sample.columns,
        sample.design,
        scale=maximum.scale,
        covariance=maximum.naive_covariance,
        transform=transform,
    )
    events = int(maximum.rows.ends.sum())
    table = coefficient_table(
        sample.design.terms,
        maximum.coefficients / maximum.scale,
        np.sqrt(np.diag(maximum.covariance)) / maximum.scale,
        conf_level,
        n=sample.n,
        events=events,
    )
    notes = (*test.notes, *_notes(events, sample))
    return CoxRegression(table, _global_tests(maximum), test, notes, sample, maximum)


def maximise_likelihood(sample: CoxSample) -> CoxMaximum:
    """Find the maximum on standardised covariates: no unit of a covariate decides how near it is.

    Parameters
    ----------
    sample : CoxSample

    Returns
    -------
    CoxMaximum

    Raises
    ------
    DataError
        If covariates are combinations of each other, or one separates those that ended.
    """
    matrix = sample.design.matrix
    center, scale = matrix.mean(axis=0), matrix.std(axis=0)
    rows = arrange_rows(sample.columns, (matrix - center) / scale, sample.strata.codes)
    beta, null, final = maximise(rows, sample.design.terms)
    naive = np.linalg.inv(final.information)
    robust = naive
    if sample.cluster is not None:
        shifts = naive @ cluster_scores(rows, sum_risk_sets(rows, beta), sample.cluster.codes)
        robust = shifts @ shifts.T
    return CoxMaximum(rows, center, scale, beta, null, final, naive, robust)


def _global_tests(maximum: CoxMaximum) -> pd.DataFrame:
    beta, null, final = maximum.coefficients, maximum.null, maximum.final
    chi2 = [
        2 * (final.log_likelihood - null.log_likelihood),
        beta @ np.linalg.lstsq(maximum.covariance, beta, rcond=None)[0],
        null.score @ np.linalg.solve(null.information, null.score),
    ]
    return pd.DataFrame(
        {
            "term": ["likelihood ratio", "Wald", "score"],
            "chi2": chi2,
            "dof": len(beta),
            "p_value": chi_squared.sf(chi2, len(beta)),
        }
    )


def _notes(events: int, sample: CoxSample) -> list[Note]:
    notes, terms = [], len(sample.design.terms)
    if events < THIN * terms:
        notes.append(note("hazards.few_ends", events=events, terms=terms, least=THIN))
    if sample.time_varying:
        notes.append(note("hazards.time_varying"))
    return notes
