"""What may be wrong with a regression, said beside it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import ParamsError
from analysis.methods.intervals import critical_value
from analysis.methods.regression._likelihood import maximise, variance_of
from analysis.methods.regression.fit import RegressionFit, mean_of, mean_slope
from analysis.methods.regression.scaling import inverse_gram
from analysis.notes import note

HIGH_VIF = 5.0
WIDE_SPREAD = 1.5
FOLDS = 5
DECILES = 10


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Do predictions mean what they say?

    Attributes
    ----------
    table : DataFrame
        `group` (tenth by prediction)`, predicted, estimate` (observed)`, std_error, conf_low,
        conf_high, n`; every prediction is from a fit that had not seen the customer.
    slope : float
        1 is right; below 1 predictions are too extreme.
    intercept : float
        0 is right.
    """

    table: pd.DataFrame
    slope: float
    intercept: float


def diagnose(fit: RegressionFit) -> pd.DataFrame:
    """VIF, influence and overdispersion: term, estimate, p_value, note.

    `variance inflation` of each column but intercept and indicators of one category among
    themselves; the largest Cook's distance and the share of answers above 4/n; Pearson dispersion
    of counts and Cameron & Trivedi's (1990, J. Econometrics 46) regression-based check.

    Parameters
    ----------
    fit : RegressionFit

    Returns
    -------
    DataFrame
        `term, estimate, p_value, note`.
    """
    rows = _inflation(fit) + _influence(fit)
    if fit.family in ("poisson", "negative_binomial"):
        rows.append(
            {
                "term": "dispersion",
                "estimate": fit.dispersion,
                "note": note("regression.overdispersed") if fit.dispersion > WIDE_SPREAD else "",
            }
        )
    if fit.family == "poisson":
        rows.append(_cameron_trivedi(fit))
    return pd.DataFrame(rows, columns=["term", "estimate", "p_value", "note"])


def _inflation(fit: RegressionFit) -> list[dict[str, object]]:
    first = int(fit.design.intercept)
    columns = fit.sample.matrix[:, first:]
    if columns.shape[1] < 2:
        return []
    spread = np.cov(columns, rowvar=False, aweights=fit.sample.weights * fit.sample.counts)
    size = np.sqrt(np.diag(spread))
    factors = np.diag(np.linalg.pinv(spread / np.outer(size, size), hermitian=True))
    return [
        {
            "term": note("regression.inflation_of", column=name),
            "estimate": factor,
            "note": note("regression.shares_spread") if factor > HIGH_VIF else "",
        }
        for name, factor in zip(fit.design.names[first:], factors, strict=True)
    ]


def cooks_distance(fit: RegressionFit) -> np.ndarray:
    """(rows,) Cook's distance of one answer, by one step of the weighted least squares.

    Squared residuals are in units of the dispersion, which is one for a logit.

    Parameters
    ----------
    fit : RegressionFit

    Returns
    -------
    array, (rows,)
    """
    predictor = fit.linear_predictor(fit.sample.frame)
    slope, variance = (
        mean_slope(fit.link, predictor),
        variance_of(fit.family, predictor, fit.overdispersion),
    )
    matrix, weight = fit.sample.matrix, fit.sample.weights * slope**2 / variance
    inverse = inverse_gram(matrix, weight * fit.sample.counts)
    leverage = np.einsum("nk,nk->n", matrix @ inverse, matrix) * weight
    leverage = np.clip(leverage, 0, 1 - 1e-12)
    residual = (fit.sample.outcome.astype(float) - fit.fitted) / np.sqrt(variance)
    scale = 1.0 if fit.family == "logit" else fit.dispersion
    return residual**2 * leverage / (1 - leverage) ** 2 / (scale * matrix.shape[1])


def _influence(fit: RegressionFit) -> list[dict[str, object]]:
    distance = cooks_distance(fit)
    return [
        {
            "term": "largest Cook's distance",
            "estimate": float(distance.max()),
            "note": note("regression.influential") if distance.max() > 1 else "",
        },
        {
            "term": "share above 4/n",
            "estimate": float(np.average(distance > 4 / fit.n, weights=fit.sample.counts)),
            "note": "",
        },
    ]


def _cameron_trivedi(fit: RegressionFit) -> dict[str, object]:
    outcome, mean = fit.sample.outcome.astype(float), fit.fitted
    excess = ((outcome - mean) ** 2 - outcome) / mean
    counts, free = fit.sample.counts, fit.n - 1
    square = (counts * mean) @ mean
    slope = (counts * mean) @ excess / square
    error = np.sqrt(counts @ (excess - slope * mean) ** 2 / free / square)
    p_value = float(stats.t.sf(slope / error, free))
    why = note("regression.beyond_poisson") if p_value < 0.05 else ""
    return {
        "term": "overdispersion (NB2)",
        "estimate": float(slope),
        "p_value": p_value,
        "note": why,
    }


def calibrate(fit: RegressionFit, *, folds: int = FOLDS) -> Calibration:
    """Cross-fitted calibration of a logit or count regression, customers kept in one fold.

    Slope and intercept: the outcome regressed on the left-out linear predictor .

    Parameters
    ----------
    fit : RegressionFit
        Of chances or counts.
    folds : int
        Parts that are left out in turn.

    Returns
    -------
    Calibration

    Raises
    ------
    ParamsError
        The fit is linear.

    References
    ----------
    Cox (1958), Biometrika 45, 562-565.
    """
    if fit.link == "identity":
        raise ParamsError("calibration is of chances and counts, but the fit is linear")
    sample = fit.sample
    units = np.arange(len(sample.frame)) if sample.units is None else sample.units
    total = sample.weights * sample.counts
    outcome, x = sample.outcome.astype(float), sample.matrix
    offset = np.zeros(len(outcome))
    if fit.exposure is not None:
        offset = np.log(sample.frame[fit.exposure].to_numpy(float))
    left_out = np.empty(len(outcome))
    for fold in range(folds):
        held = units % folds == fold
        parameters, *_ = maximise(fit.family, outcome[~held], x[~held], total[~held], offset[~held])
        left_out[held] = x[held] @ parameters
    with_slope = np.column_stack([np.ones(len(outcome)), left_out])
    family = "logit" if fit.link == "logit" else "poisson"
    (_, slope), *_ = maximise(family, outcome, with_slope, total, offset)
    (intercept,), *_ = maximise(family, outcome, with_slope[:, :1], total, offset + left_out)
    predicted = mean_of(fit.link, left_out + offset)
    each = np.repeat(np.arange(len(outcome)), sample.counts.astype(int))
    return Calibration(
        table=_tenths(outcome[each], predicted[each], sample.weights[each], fit.conf_level),
        slope=float(slope),
        intercept=float(intercept),
    )


def _tenths(
    outcome: np.ndarray, predicted: np.ndarray, weights: np.ndarray, conf_level: float
) -> pd.DataFrame:
    tenth = pd.qcut(pd.Series(predicted).rank(method="first"), DECILES, labels=False).to_numpy() + 1
    z = critical_value(conf_level)
    rows = []
    for group in range(1, DECILES + 1):
        member = tenth == group
        weight = weights[member] / weights[member].sum()
        observed = weight @ outcome[member]
        error = np.sqrt((weight**2 * (outcome[member] - observed) ** 2).sum())
        rows.append(
            {
                "group": group,
                "predicted": weight @ predicted[member],
                "estimate": observed,
                "std_error": error,
                "conf_low": observed - z * error,
                "conf_high": observed + z * error,
                "n": int(member.sum()),
            }
        )
    return pd.DataFrame(rows)
