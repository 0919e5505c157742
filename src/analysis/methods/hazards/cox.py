"""Cox regression: which covariates go with a higher or lower rate of ending.

The hazard of a relationship is a common baseline times exp(covariates x coefficients); the baseline
is left free. Coefficients are logarithms of hazard ratios: associations, not causes.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2 as chi_squared

from analysis.errors import DataError
from analysis.methods._concordance import Concordance, count_concordance
from analysis.methods._durations import (
    Durations,
    check_level,
    drop_uncounted,
    read_durations,
    read_groups,
)
from analysis.methods.hazards.clusters import cluster_scores
from analysis.methods.hazards.coefficients import coefficient_table
from analysis.methods.hazards.design import Design, read_design, refuse_constant
from analysis.methods.hazards.maximum import Likelihood, maximise
from analysis.methods.hazards.partial_likelihood import (
    RiskRows,
    arrange_rows,
    sum_risk_sets,
)
from analysis.methods.hazards.proportionality import (
    ProportionalHazardsTest,
    check_proportional_hazards,
)
from analysis.methods.hazards.spells import check_spells, varies_within
from analysis.notes import Note, note

THIN = 10  # ends a coefficient (Peduzzi et al. 1995)


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
    covariance, naive_covariance : ndarray, (p, p)
        Robust where clustered, and the inverse information.
    log_likelihood, log_likelihood_null : float
        At the estimate and at zero.
    n, events : int
        Relationships (or spells) and ends.
    strata, cluster : str or None
    cluster_codes : ndarray of int, (n,), or None
    notes : tuple of Note
        Violated proportionality, few ends a term, covariates that change over time.
    design, columns, stratum_codes, stratum_labels, rows, center, scale, time_varying, conf_level
        What prediction and concordance need.
    """

    table: pd.DataFrame
    tests: pd.DataFrame
    proportional_hazards: ProportionalHazardsTest
    covariance: np.ndarray
    naive_covariance: np.ndarray
    log_likelihood: float
    log_likelihood_null: float
    n: int
    events: int
    strata: str | None
    cluster: str | None
    cluster_codes: np.ndarray | None
    notes: tuple[Note, ...]
    design: Design
    columns: Durations
    stratum_codes: np.ndarray
    stratum_labels: list[str]
    rows: RiskRows
    center: np.ndarray
    scale: np.ndarray
    time_varying: bool
    conf_level: float

    @property
    def coefficients(self) -> np.ndarray:
        """Log hazard ratios, (p,)."""
        return self.table["estimate"].to_numpy()

    def concordance(self) -> Concordance:
        """Harrell's C of the fitted risk on the data of the fit, within strata; ties count half.

        Its standard error is by cluster where the fit is.
        """
        risk = np.round(self.design.matrix @ self.coefficients, 12)
        return count_concordance(
            self.columns, risk, strata=self.stratum_codes, clusters=self.cluster_codes
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
    counted = drop_uncounted(durations)
    columns, by_spell = _read_time(counted)
    design = read_design(counted, covariates)
    refuse_constant(design)
    if not columns.event.any():
        raise DataError("event must be 1 somewhere, but no relationship ended; look further ahead")
    codes, labels = read_groups(counted, strata)
    groups = None if cluster is None else read_groups(counted, cluster)[0]
    time_varying = by_spell and varies_within(counted, covariates)

    center, scale = design.matrix.mean(axis=0), design.matrix.std(axis=0)
    rows = arrange_rows(columns, (design.matrix - center) / scale, codes)
    beta, null, final = maximise(rows, design.terms)
    naive = np.linalg.inv(final.information)
    covariance = naive if cluster is None else _robust(rows, beta, naive, groups)
    test = check_proportional_hazards(
        rows, beta, columns, design, scale=scale, covariance=naive, transform=transform
    )
    events = int(rows.ends.sum())
    unscale = np.outer(1 / scale, 1 / scale)
    notes = _notes(test, events, design, time_varying)
    return CoxRegression(
        table=coefficient_table(
            design.terms,
            beta / scale,
            np.sqrt(np.diag(covariance)) / scale,
            conf_level,
            n=columns.n,
            events=events,
        ),
        tests=_global_tests(beta, covariance, null, final),
        proportional_hazards=test,
        covariance=covariance * unscale,
        naive_covariance=naive * unscale,
        log_likelihood=final.log_likelihood,
        log_likelihood_null=null.log_likelihood,
        n=columns.n,
        events=events,
        strata=strata,
        cluster=cluster,
        cluster_codes=groups,
        notes=notes,
        design=design,
        columns=columns,
        stratum_codes=codes,
        stratum_labels=labels,
        rows=rows,
        center=center,
        scale=scale,
        time_varying=time_varying,
        conf_level=conf_level,
    )


def _read_time(frame: pd.DataFrame) -> tuple[Durations, bool]:
    if isinstance(frame, pd.DataFrame) and {"start", "stop"} <= set(frame.columns):
        if "duration" in frame.columns:
            raise DataError("a table must have duration, or start and stop, but it has all three")
        check_spells(frame)
        renamed = frame.rename(columns={"stop": "duration", "start": "entry"})
        return read_durations(renamed), True
    return read_durations(frame), False


def _robust(rows: RiskRows, beta: np.ndarray, naive: np.ndarray, groups: np.ndarray) -> np.ndarray:
    shifts = naive @ cluster_scores(rows, sum_risk_sets(rows, beta), groups)
    return shifts @ shifts.T


def _global_tests(
    beta: np.ndarray, covariance: np.ndarray, null: Likelihood, final: Likelihood
) -> pd.DataFrame:
    chi2 = [
        2 * (final.log_likelihood - null.log_likelihood),
        beta @ np.linalg.lstsq(covariance, beta, rcond=None)[0],
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


def _notes(
    test: ProportionalHazardsTest, events: int, design: Design, time_varying: bool
) -> tuple[Note, ...]:
    notes = list(test.notes)
    if events < THIN * len(design.terms):
        numbers = {"events": events, "terms": len(design.terms), "least": THIN}
        notes.append(note("hazards.few_ends", **numbers))
    if time_varying:
        notes.append(note("hazards.time_varying"))
    return tuple(notes)
