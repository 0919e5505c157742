"""Does a driver move every cut alike? Brant's check of the proportional-odds assumption."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from analysis.errors import ParamsError
from analysis.methods.regression._likelihood import maximise
from analysis.methods.regression._separation import looks_separated, separated_terms
from analysis.methods.regression.fit import sandwich
from analysis.methods.regression.ordinal import OrdinalFit
from analysis.methods.regression.scaling import column_scale, inverse_gram, wald_statistic
from analysis.notes import note


@dataclass(frozen=True, slots=True, eq=False)
class ProportionalOdds:
    """Brant's Wald check.

    Attributes
    ----------
    table : term ("all drivers" first), estimate (chi-squared), degrees, p_value, n, note.
    slopes : term, cut, estimate, std_error: the logit of "above the cut" on its own.
    """

    table: pd.DataFrame
    slopes: pd.DataFrame


def check_proportional_odds(fit: OrdinalFit) -> ProportionalOdds:
    """Compare the slopes of the separate logits at each cut.

    A small p-value says that the driver matters more at some answers than at others: read the
    slopes, or a logit of the top box. Needs three levels and the logit link. Where the fit has
    clusters or sampling weights, so has the test.

    Parameters
    ----------
    fit : OrdinalFit
        With the logit link and three levels or more.

    Returns
    -------
    ProportionalOdds

    Raises
    ------
    ParamsError
        The fit is a probit, or has two levels only.

    References
    ----------
    Brant (1990), Biometrics 46, 1171-1178.
    """
    if fit.link != "logit":
        raise ParamsError("Brant's check needs the logit link, but the fit is a probit")
    if len(fit.levels) < 3:
        raise ParamsError(f"Brant's check needs three levels, but {len(fit.levels)} are in use")
    scale = column_scale(fit.sample.matrix)
    matrix = np.column_stack([np.ones(len(fit.level)), fit.sample.matrix / scale])
    total = fit.sample.weights * fit.sample.counts
    slopes, chances, lost = _binary_fits(fit, matrix, total)
    if fit.sample.units is None and not fit.sample.weighted:
        covariance = _joint_covariance(matrix, total, chances)
    else:
        covariance = _robust_covariance(fit, matrix, chances)
    names = fit.sample.design.names
    tests = {"all drivers": list(range(len(names)))} | {name: [k] for k, name in enumerate(names)}
    rows = [_wald(label, slopes, covariance, terms, lost) for label, terms in tests.items()]
    cuts = [f">{level}" for level in fit.levels[:-1]]
    errors = np.sqrt(np.clip(np.diag(covariance), 0, None)).reshape(slopes.shape)
    return ProportionalOdds(
        table=pd.DataFrame(rows).assign(n=fit.n),
        slopes=pd.DataFrame(
            {
                "term": np.tile(names, len(cuts)),
                "cut": np.repeat(cuts, len(names)),
                "estimate": (slopes / scale).ravel(),
                "std_error": (errors / scale).ravel(),
            }
        ),
    )


def _binary_fits(
    fit: OrdinalFit, matrix: np.ndarray, total: np.ndarray
) -> tuple[np.ndarray, np.ndarray, set[int]]:
    """Slopes (cuts, k), chances (cuts, rows) of the logits of "above the cut"; separating terms."""
    slopes, chances, lost = [], [], set()
    places = list(range(-1, matrix.shape[1] - 1))
    everyone = np.ones(len(matrix), bool)
    for cut in range(len(fit.levels) - 1):
        above = (fit.level > cut).astype(float)
        parameters, *_ = maximise("logit", above, matrix, total, None)
        slopes.append(parameters[1:])
        chances.append(expit(matrix @ parameters))
        if looks_separated(matrix, parameters):
            turned = matrix * np.where(above > 0, 1.0, -1.0)[:, None]
            lost |= set(separated_terms(places, turned, free=everyone, pinned=~everyone))
    return np.array(slopes), np.array(chances), lost


def _joint_covariance(matrix: np.ndarray, total: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Covariance of the stacked slopes; Brant (1990), section 3."""

    def information(weight: np.ndarray) -> np.ndarray:
        return (matrix * (total * weight)[:, None]).T @ matrix

    inverses = [inverse_gram(matrix, total * p * (1 - p)) for p in chances]
    blocks = [
        [
            (inverses[i] @ information(_overlap(chances, i, j)) @ inverses[j])[1:, 1:]
            for j in range(len(chances))
        ]
        for i in range(len(chances))
    ]
    return np.block(blocks)


def _robust_covariance(fit: OrdinalFit, matrix: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """The same from each answer's pull on every logit, added up by customer, with its weight."""
    sample, pulls = fit.sample, []
    for cut, chance in enumerate(chances):
        spread = sample.weights * sample.counts * chance * (1 - chance)
        bread = inverse_gram(matrix, spread)
        residual = sample.weights * ((fit.level > cut) - chance)
        pulls.append(((matrix * residual[:, None]) @ bread)[:, 1:])
    covariance, _ = sandwich(np.hstack(pulls), sample, n_parameters=matrix.shape[1])
    return covariance


def _overlap(chances: np.ndarray, i: int, j: int) -> np.ndarray:
    higher = chances[max(i, j)]
    return higher - chances[i] * chances[j]


def _wald(
    label: str, slopes: np.ndarray, covariance: np.ndarray, terms: list[int], lost: set[int]
) -> dict[str, object]:
    n_cuts, n_slopes = slopes.shape
    contrast = np.zeros(((n_cuts - 1) * len(terms), slopes.size))
    for row, (cut, term) in enumerate((c, t) for c in range(1, n_cuts) for t in terms):
        contrast[row, term] = 1
        contrast[row, cut * n_slopes + term] = -1
    gap = contrast @ slopes.ravel()
    spread = contrast @ covariance @ contrast.T
    degrees = len(gap)
    statistic = np.nan if lost & {*terms} else wald_statistic(gap, spread)
    return {
        "term": label,
        "estimate": statistic,
        "degrees": degrees,
        "p_value": float(stats.chi2.sf(statistic, degrees)),
        "note": "" if np.isfinite(statistic) else note("regression.rare_level"),
    }
