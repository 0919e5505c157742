"""Do hazard ratios stay the same over time? The exact score test and the residuals to look at.

Each covariate is joined by its product with a function g of time; the score of that product at the
fitted model, set against the full information of both, tests whether its coefficient is zero. This
is the test of R's cox.zph since survival 3.0, not the older approximation.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2 as chi_squared
from scipy.stats import rankdata

from analysis.errors import ParamsError
from analysis.methods._durations import Durations, check_choice
from analysis.methods._risksets import count_risk_sets
from analysis.methods.hazards._partial_likelihood import (
    RiskRows,
    score_and_information,
    sum_risk_sets,
)
from analysis.methods.hazards.design import Design
from analysis.notes import Note, note

TRANSFORMS = ("km", "identity", "rank", "log")
ALARM = 0.05
GLOBAL = "global"


@dataclass(frozen=True, slots=True, eq=False)
class ProportionalHazardsTest:
    """Score test that coefficients are constant over time.

    Attributes
    ----------
    table : DataFrame
        `term` (a covariate, categories whole; last row `global`), `chi2, dof, p_value`.
    residuals : DataFrame
        For the plot, one row a term (column of the regression) and an end: `term, time,
        transformed_time, residual`: scaled Schoenfeld residual plus coefficient, so that a smooth
        through them estimates the coefficient over time.
    transform : str
        Of time.
    notes : tuple of Note
        One a covariate whose p-value is below 0.05.
    """

    table: pd.DataFrame
    residuals: pd.DataFrame
    transform: str
    notes: tuple[Note, ...]


def check_proportional_hazards(
    rows: RiskRows,
    beta: np.ndarray,
    columns: Durations,
    design: Design,
    *,
    scale: np.ndarray,
    covariance: np.ndarray,
    transform: str = "km",
) -> ProportionalHazardsTest:
    """Test the fitted (scaled) coefficients beta (p,); `cox_regression` calls this.

    Parameters
    ----------
    rows : RiskRows
    beta : array, (p,)
    columns : Durations
    design : Design
    scale : array, (p,)
        What each covariate was divided by.
    covariance : array, (p, p)
        Of `beta`.
    transform : {"km", "identity", "rank", "log"}
        Of the times.

    Returns
    -------
    ProportionalHazardsTest
    """
    check_choice("transform", transform, TRANSFORMS)
    g = _transform_times(rows.cell_time, columns, transform)
    center = float(np.average(g, weights=rows.ends))
    sums = sum_risk_sets(rows, beta)
    v0 = score_and_information(rows, sums)[1]
    u1, v1 = score_and_information(rows, sums, g - center)
    v2 = score_and_information(rows, sums, (g - center) ** 2)[1]
    members = [np.flatnonzero(design.source == k) for k in range(len(design.covariates))]
    if len(members) > 1:
        members.append(np.arange(len(beta)))
    chi2 = [_score_statistic(u1[m], v0, v1[:, m], v2[np.ix_(m, m)]) for m in members]
    names = [*design.covariates, GLOBAL][: len(members)]
    dof = [len(m) for m in members]
    table = pd.DataFrame(
        {"term": names, "chi2": chi2, "dof": dof, "p_value": chi_squared.sf(chi2, dof)}
    )
    residuals = _scaled_residuals(rows, sums, beta, g, design.terms, scale, covariance)
    return ProportionalHazardsTest(table, residuals, transform, _alarms(table))


def _score_statistic(score: np.ndarray, v0: np.ndarray, v1: np.ndarray, v2: np.ndarray) -> float:
    left = v2 - v1.T @ np.linalg.solve(v0, v1)
    if np.linalg.cond(left) > 1e12:
        return np.nan
    return float(score @ np.linalg.solve(left, score))


def _transform_times(times: np.ndarray, columns: Durations, transform: str) -> np.ndarray:
    if transform == "identity":
        return times
    if transform == "log":
        if times.min() <= 0:
            raise ParamsError(
                "transform must not be log when one ended at time zero, but one did; try km"
            )
        return np.log(times)
    if transform == "rank":
        return _ranks(times, columns)
    sets = count_risk_sets(columns)
    before = np.append(1.0, np.cumprod(1 - sets.events / sets.at_risk))
    return 1 - before[np.searchsorted(sets.time, times, side="left")]


def _ranks(times: np.ndarray, columns: Durations) -> np.ndarray:
    if columns.count is None:
        distinct, first = np.unique(columns.duration, return_index=True)
        ranks = rankdata(columns.duration)[first]
    else:
        distinct, codes = np.unique(columns.duration, return_inverse=True)
        counts = np.bincount(codes, weights=columns.count)
        ranks = np.cumsum(counts) - (counts - 1) / 2
    return ranks[np.searchsorted(distinct, times)]


def _scaled_residuals(
    rows: RiskRows,
    sums,
    beta: np.ndarray,
    g: np.ndarray,
    terms: list[str],
    scale: np.ndarray,
    covariance: np.ndarray,
) -> pd.DataFrame:
    own = rows.own[rows.ended]
    raw = rows.x[:, rows.ended] - (sums.score_steps / rows.ends)[:, own]
    scaled = (covariance @ raw * rows.ends.sum() + beta[:, None]) / scale[:, None]
    ends = len(own)
    return pd.DataFrame(
        {
            "term": pd.Categorical.from_codes(np.repeat(np.arange(len(terms)), ends), terms),
            "time": np.tile(rows.cell_time[own], len(terms)),
            "transformed_time": np.tile(g[own], len(terms)),
            "residual": scaled.ravel(),
        }
    )


def _alarms(table: pd.DataFrame) -> tuple[Note, ...]:
    return tuple(
        note("hazards.not_proportional", term=row.term, chi2=row.chi2, p=row.p_value)
        for row in table[table["p_value"] < ALARM].itertuples()
    )
