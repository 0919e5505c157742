"""Ordered answers: proportional odds (logit) and ordered probit."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Unpack

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods.regression import _cumulative as likelihood
from analysis.methods.regression._cumulative import Link
from analysis.methods.regression._sample import Columns, Sample, take_sample
from analysis.methods.regression._separation import SEPARATES, looks_separated, separated_terms
from analysis.methods.regression.design import Design, require_columns
from analysis.methods.regression.fit import Errors, coefficient_table, sandwich
from analysis.methods.regression.scaling import column_scale, inverse_information
from analysis.notes import note


@dataclass(frozen=True, slots=True, eq=False)
class OrdinalFit:
    """A cumulative-link regression.

    Attributes
    ----------
    outcome : str
    levels : tuple
        The answers, low to high.
    link : {"logit", "probit"}
    table : DataFrame
        `term, estimate, std_error, conf_low, conf_high, n, p_value, note`; a positive estimate goes
        with higher answers (log odds for logit). The cuts are the terms "Low | Medium".
    parameters : ndarray, (slopes + cuts,)
    covariance : ndarray, (slopes + cuts, slopes + cuts)
        Of the parameters.
    influence : ndarray, (rows, slopes + cuts)
        Each answer's pull on the parameters.
    log_likelihood, deviance : float
        The deviance is -2 log likelihood.
    sample : Sample
        The rows used.
    level : ndarray of int, (rows,)
        Place of each answer in `levels`.
    n_clusters : int
        Customers, where errors are clustered, else the answers.
    conf_level : float
        Of the intervals.
    """

    outcome: str
    levels: tuple[object, ...]
    link: Link
    table: pd.DataFrame
    parameters: np.ndarray
    covariance: np.ndarray
    influence: np.ndarray
    log_likelihood: float
    deviance: float
    sample: Sample
    level: np.ndarray
    n_clusters: int
    conf_level: float

    @property
    def n(self) -> int:
        """Answers used."""
        return self.sample.n

    @property
    def design(self) -> Design:
        """The terms of the model, without intercept: the cuts stand for it."""
        return self.sample.design

    def probabilities(self, frame: pd.DataFrame) -> np.ndarray:
        """(rows, levels) chance of each answer."""
        edges = self._edges(frame)
        return np.diff(likelihood.cumulative(self.link, edges), axis=1)

    def probability_gradient(self, frame: pd.DataFrame) -> np.ndarray:
        """(rows, levels, slopes + cuts) how the chances move with the parameters."""
        matrix = self.design.matrix(frame)
        slope = likelihood.density(self.link, self._edges(frame))
        n_cuts = len(self.levels) - 1
        by_cut = np.eye(n_cuts + 2)[:, 1:-1][None] * slope[:, :, None]
        by_slope = -matrix[:, None, :] * slope[:, :, None]
        return np.diff(np.concatenate([by_slope, by_cut], axis=2), axis=1)

    def _edges(self, frame: pd.DataFrame) -> np.ndarray:
        matrix = self.design.matrix(frame)
        n_slopes = matrix.shape[1]
        cuts = np.concatenate([[-np.inf], self.parameters[n_slopes:], [np.inf]])
        edges = cuts[None, :] - (matrix @ self.parameters[:n_slopes])[:, None]
        return np.clip(edges, -likelihood.FAR, likelihood.FAR)


def fit_ordinal(
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    levels: Sequence[object] | None = None,
    link: Link = "logit",
    errors: Errors = "model",
    conf_level: float = 0.95,
    **columns: Unpack[Columns],
) -> OrdinalFit:
    """Regress an ordered answer on drivers and controls.

    Levels that nobody chose are left out.

    Parameters
    ----------
    frame : DataFrame
        One row an answer: the outcome, the drivers and the columns named below.
    outcome : str
        Column of an ordered categorical, whole numbers, or text with `levels`.
    drivers : list of str
        Columns of numbers; none constant or twice.
    levels : sequence, optional
        All answers, from low to high.
    link : {"logit", "probit"}
        Of the cumulative chances.
    errors : {"robust", "model"}
        Sandwich errors (by customer with `cluster`), or those of the model.
    conf_level : float
        Level of the intervals, in (0, 1).
    **columns
        Further columns by name (`Columns`): `controls, moderator, shapes, weight, count, cluster,
        exposure`.

    Returns
    -------
    OrdinalFit

    Raises
    ------
    ParamsError
        Another link.
    DataError
        Answers that are not among the levels, fewer than two levels in use, and as `fit_linear`.

    References
    ----------
    McCullagh (1980), JRSS B 42, 109-142.
    """
    if link not in ("logit", "probit"):
        raise ParamsError(f"link must be logit or probit, but {link!r} came")
    require_columns(frame, [outcome])
    order = _levels_in_use(frame[outcome], outcome, levels)
    sample = take_sample(
        frame,
        outcome=outcome,
        drivers=drivers,
        intercept=False,
        extra_parameters=len(order) - 1,
        **columns,
    )
    order = _levels_in_use(sample.frame[outcome], outcome, order)  # of whole rows
    level = pd.Categorical(sample.frame[outcome], categories=list(order)).codes.astype(int)
    return _fit(sample, level, outcome, order, link, errors, conf_level)


def _levels_in_use(
    answers: pd.Series, outcome: str, levels: Sequence[object] | None
) -> tuple[object, ...]:
    if levels is None:
        if isinstance(answers.dtype, pd.CategoricalDtype) and answers.cat.ordered:
            levels = list(answers.cat.categories)
        elif pd.api.types.is_numeric_dtype(answers):
            levels = sorted(answers.dropna().unique())
        else:
            raise DataError(f"{outcome} must be ordered, but it is text; name its levels")
    strangers = sorted({str(answer) for answer in answers.dropna() if answer not in levels})
    if strangers:
        raise DataError(f"{outcome} must be one of {list(levels)}, but {strangers} came")
    given = set(answers.dropna())
    used = tuple(level for level in levels if level in given)
    if len(used) < 2:
        raise DataError(
            f"{outcome} must vary, but {len(used)} of its levels was chosen",
            why=note("reasons.alike" if used else "reasons.unanswered", outcome=outcome),
        )
    return used


def _fit(
    sample: Sample,
    level: np.ndarray,
    outcome: str,
    levels: tuple[object, ...],
    link: Link,
    errors: Errors,
    conf_level: float,
) -> OrdinalFit:
    total = sample.weights * sample.counts
    scaled, back = _standardise(sample.matrix, n_cuts=len(levels) - 1)
    parameters, at = likelihood.maximise(scaled, level, total, n_levels=len(levels), link=link)
    bread = inverse_information(-at.hessian)
    influence = (at.scores * sample.weights[:, None]) @ bread @ back.T
    parameters, bread = back @ parameters, back @ bread @ back.T
    covariance, n_units = sandwich(influence, sample, n_parameters=len(parameters))
    if errors == "model" and sample.units is None and not sample.weighted:
        covariance = bread
    lost = _separated(sample, level, parameters)
    cuts = [f"{low} | {high}" for low, high in pairwise(levels)]
    return OrdinalFit(
        outcome=outcome,
        levels=levels,
        link=link,
        table=coefficient_table(
            sample.design.names + cuts,
            parameters,
            covariance,
            n=sample.n,
            conf_level=conf_level,
            not_estimable=dict.fromkeys(lost, SEPARATES),
        ),
        parameters=parameters,
        covariance=covariance,
        influence=influence,
        log_likelihood=at.value,
        deviance=-2 * at.value,
        sample=sample,
        level=level,
        n_clusters=n_units,
        conf_level=conf_level,
    )


def _standardise(matrix: np.ndarray, *, n_cuts: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns about their means in a unit of their own, and what brings slopes and cuts back."""
    center = matrix.mean(axis=0)
    scale = column_scale(matrix - center)
    n_slopes = len(center)
    back = np.eye(n_slopes + n_cuts)
    back[:n_slopes, :n_slopes] /= scale
    back[n_slopes:, :n_slopes] = center / scale
    return (matrix - center) / scale, back


def _separated(sample: Sample, level: np.ndarray, parameters: np.ndarray) -> list[str]:
    """Terms that order the answers perfectly: some direction never falls as the answer rises."""
    slopes = parameters[: sample.matrix.shape[1]]
    if not looks_separated(sample.matrix, slopes):
        return []
    n_cuts = int(level.max())
    rows = []
    for cut in range(n_cuts):
        edge = np.zeros(n_cuts)
        edge[cut] = -1.0
        side = np.where(level > cut, 1.0, -1.0)[:, None]
        rows.append(side * np.hstack([sample.matrix, np.tile(edge, (len(level), 1))]))
    stacked = np.vstack(rows)
    everyone = np.ones(len(stacked), bool)
    names = sample.design.names + [""] * n_cuts
    found = separated_terms(names, stacked, free=everyone, pinned=~everyone)
    return [name for name in found if name]
