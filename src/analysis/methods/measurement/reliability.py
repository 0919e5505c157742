"""How well the items of a scale hang together.

Every coefficient is a function of the items' covariance matrix, so the bootstrap is one batch of
matrices.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import ParamsError
from analysis.methods.intervals import critical_value
from analysis.methods.resampling import (
    bootstrap_covariances,
    bootstrap_table,
    correlations,
    covariance,
    jackknife_covariances,
    over_draws,
)
from analysis.methods.scales import Missing, Scale, check_scales, clusters_of, item_answers
from analysis.notes import Note, note

COEFFICIENTS = (
    "alpha",
    "alpha_standardised",
    "omega",
    "composite_reliability",
    "dillon_goldstein_rho",
    "average_variance_extracted",
    "eigenvalue_1",
    "eigenvalue_2",
)
MINRES_SWEEPS = 500
MINRES_TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Reliability of scales.

    Attributes
    ----------
    table : group (the scale), term (see `COEFFICIENTS`), estimate, std_error, conf_low,
        conf_high, n, note.
    items : group, item, n, mean, sd, item_total (with the other items), alpha_if_dropped, loading
        (one factor), note; of the answer sheets complete on the scale, filled ones included.
    counts : group, n, n_dropped, n_filled.
    """

    table: pd.DataFrame
    items: pd.DataFrame
    counts: pd.DataFrame


def estimate_reliability(
    survey: pd.DataFrame,
    *,
    scales: Mapping[str, Scale],
    missing: Missing = "listwise",
    replications: int = 0,
    rng: np.random.Generator | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> Reliability:
    """Cronbach's alpha, omega, composite reliability and AVE of each scale.

    `alpha` is of the answers as they are, `alpha_standardised` of the standardised ones. Omega,
    composite reliability and AVE rest on one common factor fitted by minimum residuals;
    Dillon-Goldstein's rho on the first principal component, as in PLS. Without replications only
    alpha has an interval (Duhachek & Iacobucci); with them all have (BCa), and customers who
    answer more than once (`cluster`) are drawn whole. A scale with a constant item, or too few
    answers, is a row with NaN and a note.

    Parameters
    ----------
    survey : DataFrame
        One row an answer sheet; the items of all scales as columns.
    scales : mapping of str to Scale
    missing : {"listwise", "person_mean"}
        An answer sheet with an item missing is dropped, or up to half of a scale's items are filled
        with the person's mean of the others; both are counted.
    replications : int
        Bootstrap samples; 0: intervals only where a formula gives them.
    rng : Generator, optional
        Needed with replications.
    cluster : str, optional
        Column of customers, whom the bootstrap draws whole.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    Reliability

    References
    ----------
    Cronbach (1951), Psychometrika 16; McDonald (1999), Test Theory; Duhachek & Iacobucci (2004),
    J. Appl. Psych. 89, 792-808; Tenenhaus et al. (2005), CSDA 48, 159-205 (rho).
    """
    check_scales(survey, scales=scales)
    tables, items, counts = [], [], []
    for name, scale in scales.items():
        answers = item_answers(survey, scale=scale, missing=missing)
        why = _why_not_estimable(answers.values)
        if why:
            table, per_item = _not_estimable(scale, len(answers.values), why)
        else:
            units = clusters_of(survey, answers.values, cluster)
            table = _coefficients(answers.values, replications, rng, conf_level, units)
            per_item = _item_statistics(answers.values)
        tables.append(table.assign(group=name))
        items.append(per_item.assign(group=name))
        counts.append((name, len(answers.values), answers.n_dropped, answers.n_filled))
    order = ["group", "term", "estimate", "std_error", "conf_low", "conf_high", "n", "note"]
    item_order = ["group", "item", "n", "mean", "sd", "item_total", "alpha_if_dropped", "loading"]
    return Reliability(
        table=pd.concat(tables, ignore_index=True)[order],
        items=pd.concat(items, ignore_index=True)[[*item_order, "note"]],
        counts=pd.DataFrame(counts, columns=["group", "n", "n_dropped", "n_filled"]),
    )


def _why_not_estimable(values: pd.DataFrame) -> Note | str:
    if values.shape[1] < 2:
        return note("measurement.one_item")
    if len(values) <= values.shape[1]:
        return note("measurement.too_few_answers", answers=len(values), items=values.shape[1])
    constant = [item for item in values if values[item].nunique() == 1]
    return note("measurement.constant", items=tuple(constant)) if constant else ""


def _not_estimable(scale: Scale, n: int, why: Note) -> tuple[pd.DataFrame, pd.DataFrame]:
    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    table = pd.DataFrame(np.nan, index=range(len(COEFFICIENTS)), columns=columns)
    table = table.assign(term=list(COEFFICIENTS), n=n, note=why)
    columns = ["mean", "sd", "item_total", "alpha_if_dropped", "loading"]
    items = pd.DataFrame(np.nan, index=range(len(scale.items)), columns=columns)
    return table, items.assign(item=list(scale.items), n=n, note=why)


def _coefficients(
    values: pd.DataFrame,
    replications: int,
    rng: np.random.Generator | None,
    conf_level: float,
    clusters: np.ndarray | None,
) -> pd.DataFrame:
    answers = values.to_numpy()
    matrix = covariance(answers)
    estimate = reliability_coefficients(matrix[None])[0]
    replicates = jackknife = None
    if replications:
        if rng is None:
            raise ParamsError("replications need rng, a numpy Generator, but None came")
        drawn = bootstrap_covariances(
            answers, replications=replications, rng=rng, clusters=clusters
        )
        replicates = reliability_coefficients(drawn)
        jackknife = reliability_coefficients(jackknife_covariances(answers, clusters=clusters))
    table = bootstrap_table(
        COEFFICIENTS,
        estimate,
        replicates,
        n=len(values),
        conf_level=conf_level,
        jackknife=jackknife,
    )
    if not replications:
        error = _alpha_standard_error(matrix, len(values))
        reach = critical_value(conf_level) * error
        alpha = table.index[table["term"].eq("alpha")]
        table.loc[alpha, "std_error"] = error
        table.loc[alpha, "conf_low"] = estimate[0] - reach
        table.loc[alpha, "conf_high"] = estimate[0] + reach
    unidentified = note("measurement.three_items")
    return table.assign(note=[unidentified if np.isnan(value) else "" for value in estimate])


def _item_statistics(values: pd.DataFrame) -> pd.DataFrame:
    total = values.sum(axis=1)
    matrix = covariance(values.to_numpy())
    loadings = one_factor_loadings(correlations(matrix)[None])[0]
    rows = []
    for k, item in enumerate(values):
        others = np.delete(np.delete(matrix, k, axis=0), k, axis=1)
        rows.append(
            {
                "item": item,
                "n": len(values),
                "mean": values[item].mean(),
                "sd": values[item].std(),
                "item_total": values[item].corr(total - values[item]),
                "alpha_if_dropped": float(cronbach_alpha(others)) if len(others) > 1 else np.nan,
                "loading": loadings[k],
                "note": "",
            }
        )
    return pd.DataFrame(rows)


def cronbach_alpha(covariances: np.ndarray) -> np.ndarray:
    """Cronbach's alpha of covariance matrices (…, p, p).

    Parameters
    ----------
    covariances : array, (…, p, p)

    Returns
    -------
    array, (…)
        At most 1; NaN without spread.
    """
    n_items = covariances.shape[-1]
    trace = np.trace(covariances, axis1=-2, axis2=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return n_items / (n_items - 1) * (1 - trace / covariances.sum(axis=(-2, -1)))


def _alpha_standard_error(matrix: np.ndarray, n: int) -> float:
    """Large-sample standard error of alpha: Duhachek & Iacobucci (2004), formula 2."""
    p, ones = len(matrix), np.ones(len(matrix))
    total = ones @ matrix @ ones
    squared, trace = matrix @ matrix, np.trace(matrix)
    spread = total * (np.trace(squared) + trace**2) - 2 * trace * (ones @ squared @ ones)
    return float(np.sqrt(2 * p**2 / (p - 1) ** 2 / total**3 * spread / n))


def one_factor_loadings(matrices: np.ndarray) -> np.ndarray:
    """Loadings (batch, p) on one factor that leave the least squared residual correlations.

    Harman & Jones (1966), Psychometrika 31, 351-368: each loading in turn by its own regression.
    Fewer than three items do not identify a factor: NaN. Communalities are capped at one.

    Parameters
    ----------
    matrices : array, (batch, p, p)
        Correlations.

    Returns
    -------
    array, (batch, p)
    """
    n_items = matrices.shape[-1]
    if n_items < 3:
        return np.full(matrices.shape[:-1], np.nan)
    loadings = np.sqrt(np.clip(np.abs(matrices).mean(axis=-1), 1e-6, 1))
    for _ in range(MINRES_SWEEPS):
        before = loadings.copy()
        for k in range(n_items):
            own = loadings[:, k]
            product = np.einsum("bi,bi->b", matrices[:, k], loadings) - own
            others = (loadings**2).sum(axis=1) - own**2
            loadings[:, k] = np.clip(product / others, -1, 1)
        if np.nanmax(np.abs(loadings - before)) < MINRES_TOLERANCE:
            break
    return loadings * np.sign(loadings.sum(axis=1, keepdims=True))


@over_draws
def reliability_coefficients(covariances: np.ndarray) -> np.ndarray:
    """The `COEFFICIENTS`, shape (batch, 8), of covariance matrices (batch, p, p).

    Parameters
    ----------
    covariances : array, (batch, p, p)

    Returns
    -------
    array, (batch, 8)
    """
    scaled = correlations(covariances)
    usable = np.isfinite(scaled).all(axis=(1, 2))
    found = np.full((len(covariances), len(COEFFICIENTS)), np.nan)
    covariances, scaled = covariances[usable], scaled[usable]
    n_items = scaled.shape[-1]
    loadings = one_factor_loadings(scaled)
    spread = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    eigenvalues, vectors = np.linalg.eigh(scaled)
    component = np.abs(np.sqrt(eigenvalues[:, -1:]) * vectors[:, :, -1])
    found[usable] = np.column_stack(
        [
            cronbach_alpha(covariances),
            cronbach_alpha(scaled),
            _share_of_common_variance(loadings * spread, (1 - loadings**2) * spread**2),
            _share_of_common_variance(loadings, 1 - loadings**2),
            component.sum(axis=1) ** 2
            / (component.sum(axis=1) ** 2 + n_items - eigenvalues[:, -1]),
            (loadings**2).mean(axis=1),
            eigenvalues[:, -1],
            eigenvalues[:, -2],
        ]
    )
    return found


def _share_of_common_variance(loadings: np.ndarray, uniquenesses: np.ndarray) -> np.ndarray:
    common = loadings.sum(axis=1) ** 2
    return common / (common + uniquenesses.sum(axis=1))
