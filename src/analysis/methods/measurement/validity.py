"""Do two scales measure two things? The heterotrait-monotrait ratio of correlations."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods.resampling import (
    bootstrap_covariances,
    bootstrap_table,
    correlations,
    covariance,
    jackknife_covariances,
    over_draws,
)
from analysis.methods.scales import Missing, Scale, check_scales, clusters_of, item_answers
from analysis.notes import note


@dataclass(frozen=True, slots=True, eq=False)
class DiscriminantValidity:
    """Heterotrait-monotrait ratios.

    Attributes
    ----------
    table : term ("Image – Value"), estimate, std_error, conf_low, conf_high, n, note; a ratio
        whose interval holds 1 says that the two scales cannot be told apart.
    matrix : scale by scale, the lower triangle filled.
    """

    table: pd.DataFrame
    matrix: pd.DataFrame


def heterotrait_monotrait(
    survey: pd.DataFrame,
    *,
    scales: Mapping[str, Scale],
    missing: Missing = "listwise",
    replications: int = 0,
    rng: np.random.Generator | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> DiscriminantValidity:
    """HTMT of every pair of scales, with BCa intervals when replications are asked.

    The mean absolute correlation between the items of two scales over the geometric mean of those
    within. A scale of one item counts as measured without error (monotrait correlation one).
    Answer sheets that miss any scale are left out; customers who answer more than once (`cluster`)
    are drawn whole.

    Parameters
    ----------
    survey : DataFrame
        One row an answer sheet; the items of all scales as columns.
    scales : mapping of str to Scale
        Two or more.
    missing : {"listwise", "person_mean"}
        An answer sheet with an item missing is dropped, or up to half of a scale's items are filled
        with the person's mean of the others; both are counted.
    replications : int
        Bootstrap samples; 0: no intervals.
    rng : Generator, optional
        Needed with replications.
    cluster : str, optional
        Column of customers, whom the bootstrap draws whole.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    DiscriminantValidity

    Raises
    ------
    ParamsError
        Fewer than two scales, or replications without `rng`.
    DataError
        Items that are absent, text, constant, or outside their range.

    References
    ----------
    Henseler, Ringle & Sarstedt (2015), J. Acad. Mark. Sci. 43, 115-135.
    """
    if len(scales) < 2:
        raise ParamsError(f"scales must name at least two scales, but {len(scales)} came")
    check_scales(survey, scales=scales)
    answers = pd.concat(
        [item_answers(survey, scale=scale, missing=missing).values for scale in scales.values()],
        axis=1,
        join="inner",
    )
    constant = [item for item in answers if answers[item].nunique() < 2]
    if constant:
        raise DataError(f"the items must vary, but {', '.join(constant)} is constant; drop it")
    blocks = [[answers.columns.get_loc(item) for item in scale.items] for scale in scales.values()]
    values = answers.to_numpy()
    estimate = htmt_ratios(covariance(values)[None], blocks=blocks)[0]
    replicates = jackknife = None
    if replications:
        if rng is None:
            raise ParamsError("replications need rng, a numpy Generator, but None came")
        units = clusters_of(survey, answers, cluster)
        drawn = bootstrap_covariances(values, replications=replications, rng=rng, clusters=units)
        replicates = htmt_ratios(drawn, blocks=blocks)
        jackknife = htmt_ratios(jackknife_covariances(values, clusters=units), blocks=blocks)
    pairs = list(combinations(scales, 2))
    table = bootstrap_table(
        [f"{one} – {other}" for one, other in pairs],
        estimate,
        replicates,
        n=len(values),
        conf_level=conf_level,
        jackknife=jackknife,
    )
    matrix = pd.DataFrame(np.nan, index=list(scales), columns=list(scales))
    for (one, other), ratio in zip(pairs, estimate, strict=True):
        matrix.loc[other, one] = ratio
    return DiscriminantValidity(table=table.assign(note=_notes(table)), matrix=matrix)


def _notes(table: pd.DataFrame) -> np.ndarray:
    limit = table["conf_high"].fillna(table["estimate"])
    return np.where(limit.ge(1), note("measurement.alike"), "")


@over_draws
def htmt_ratios(covariances: np.ndarray, *, blocks: list[list[int]]) -> np.ndarray:
    """HTMT (batch, pairs) of covariance matrices (batch, p, p); `blocks`: columns of each scale.

    Parameters
    ----------
    covariances : array, (batch, p, p)
    blocks : list of list of int
        Columns of each scale.

    Returns
    -------
    array, (batch, pairs)
    """
    sizes = np.abs(correlations(covariances))
    within = []
    for block in blocks:
        rows, columns = np.triu_indices(len(block), 1)
        picked = sizes[:, np.array(block)[rows], np.array(block)[columns]]
        within.append(picked.mean(axis=1) if len(block) > 1 else np.ones(len(sizes)))
    ratios = [
        sizes[:, blocks[i]][:, :, blocks[j]].mean(axis=(1, 2)) / np.sqrt(within[i] * within[j])
        for i, j in combinations(range(len(blocks)), 2)
    ]
    return np.column_stack(ratios)
