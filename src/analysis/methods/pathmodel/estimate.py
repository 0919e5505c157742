"""From answers to a path estimate: one sample, then its bootstrap."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods.pathmodel._algorithm import Scheme
from analysis.methods.pathmodel._solve import Estimates, effect_sizes, solve
from analysis.methods.pathmodel.describe import Told, describe
from analysis.methods.pathmodel.model import PathModel
from analysis.methods.resampling import bootstrap_covariances, covariance
from analysis.methods.scales import Missing, check_scales, clusters_of, item_answers
from analysis.notes import Note, note


@dataclass(frozen=True, slots=True, eq=False)
class PathEstimate:
    """A fitted path model; standard errors are bootstrap ones when replications were asked.

    Attributes
    ----------
    model : PathModel
    table : the paths: term ("image → loyalty"), from, to, estimate, std_error, conf_low,
        conf_high, n, p_value, f_squared (R² lost when estimated anew without the path), vif,
        consistent (PLSc estimate), note.
    effects : from, to, kind (direct, indirect, total), and the columns of estimates.
    items : construct, item, term (weight, loading), and the columns of estimates.
    quality : construct, mode, items, r_squared with interval, r_squared_adjusted, communality,
        redundancy, average_variance_extracted, composite_reliability, rho_a,
        r_squared_consistent; AVE, rho_C and rho_A are empty for constructs of mode B.
    item_quality : construct, item, communality, redundancy, vif, consistent_loading.
    cross_loadings : items by constructs.
    fornell_larcker : correlations of scores, the square root of AVE on the diagonal.
    scores : one row an answer sheet used, one column a construct; mean 0, variance 1.
    goodness_of_fit : reproduced, not to be read as fit (see `quality.goodness_of_fit`).
    n, n_dropped, n_filled, n_unsettled : answer sheets used, dropped; single answers filled;
        bootstrap samples without convergence (left out).
    notes : (Note, …), what belongs beside the numbers.
    """

    model: PathModel
    table: pd.DataFrame
    effects: pd.DataFrame
    items: pd.DataFrame
    quality: pd.DataFrame
    item_quality: pd.DataFrame
    cross_loadings: pd.DataFrame
    fornell_larcker: pd.DataFrame
    scores: pd.DataFrame
    goodness_of_fit: float
    n: int
    n_dropped: int
    n_filled: int
    n_unsettled: int
    notes: tuple[Note, ...]


def estimate_path_model(
    survey: pd.DataFrame,
    *,
    model: PathModel,
    scheme: Scheme = "path",
    scaled: bool = True,
    missing: Missing = "listwise",
    replications: int = 0,
    rng: np.random.Generator | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> PathEstimate:
    """Estimate a PLS path model, and consistent PLS beside it.

    Parameters
    ----------
    survey : DataFrame
        One row an answer sheet: the items of the model, numbers within their scale's range.
    model : PathModel
    scheme : "centroid", "factorial" or "path" inner weights.
    scaled : standardise the items; False weighs them by their variance, as plspm's scaled=FALSE.
    missing : "listwise" or "person_mean" (within each construct), counted.
    replications : bootstrap samples; intervals are percentiles. 0: least-squares errors of the
        paths only, read by Student's t.
    rng : Generator, optional
        Needed with replications.
    cluster : str, optional
        Column of customers, whom the bootstrap draws whole.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    PathEstimate

    Raises
    ------
    ParamsError
        An unknown scheme, or replications without `rng`.
    DataError
        Text, answers outside their range, constant items, fewer answers than parameters, no
        convergence.

    References
    ----------
    Lohmöller (1989), Latent Variable Path Modeling with Partial Least Squares, chapter 2;
    Tenenhaus, Esposito Vinzi, Chatelin & Lauro (2005), CSDA 48, 159-205;
    Dijkstra & Henseler (2015), MIS Quarterly 39, 297-316.
    """
    if scheme not in ("centroid", "factorial", "path"):
        raise ParamsError(f"scheme must be centroid, factorial or path, but {scheme!r} came")
    answers, n_dropped, n_filled = _complete_answers(survey, model, missing)
    values = answers.to_numpy()
    matrix = covariance(values)
    sample = solve(matrix[None], model, scheme, scaled)
    if not sample.outer.settled[0]:
        raise DataError(
            "PLS must converge, but its weights still moved after 300 rounds; "
            "simplify the model or try another scheme",
            why=note("reasons.unsettled"),
        )
    replicates, n_unsettled = None, 0
    if replications:
        if rng is None:
            raise ParamsError("replications need rng, a numpy Generator, but None came")
        clusters = clusters_of(survey, answers, cluster)
        drawn = bootstrap_covariances(values, replications=replications, rng=rng, clusters=clusters)
        varied = (np.diagonal(drawn, axis1=1, axis2=2) > 1e-12).all(axis=1)
        replicates = solve(drawn[varied], model, scheme, scaled)
        n_unsettled = int((~varied).sum() + (~replicates.outer.settled).sum())
    return PathEstimate(
        model=model,
        scores=_scores(answers, sample, model),
        n=len(values),
        n_dropped=n_dropped,
        n_filled=n_filled,
        n_unsettled=n_unsettled,
        **describe(
            Told(model, sample, replicates, len(values), conf_level),
            matrix,
            effect_sizes(matrix[None], model, scheme, scaled),
        ),
    )


def _scores(answers: pd.DataFrame, sample: Estimates, model: PathModel) -> pd.DataFrame:
    standard = (answers - answers.mean()) / answers.std(ddof=0) if sample.scaled else answers
    scores = standard.to_numpy() @ sample.outer.weights[0]
    scores = (scores - scores.mean(axis=0)) / scores.std(axis=0)
    return pd.DataFrame(scores, index=answers.index, columns=model.constructs)


def _complete_answers(
    survey: pd.DataFrame, model: PathModel, missing: Missing
) -> tuple[pd.DataFrame, int, int]:
    check_scales(survey, scales=model.scales)
    taken = [item_answers(survey, scale=scale, missing=missing) for scale in model.scales.values()]
    answers = pd.concat([part.values for part in taken], axis=1, join="inner")
    parameters = len(model.items) + len(model.arrows)
    if len(answers) <= parameters:
        raise DataError(
            f"complete answers must outnumber the {parameters} weights and paths, but "
            f"{len(answers)} came; drop items or constructs, or fill single blanks (person_mean)",
            why=note("reasons.few_rows", parameters=parameters),
        )
    constant = [item for item in answers if answers[item].nunique() < 2]
    if constant:
        raise DataError(
            f"the items must vary, but {', '.join(constant)} is constant; drop it",
            why=note("reasons.constant", columns=tuple(constant)),
        )
    return answers, len(survey) - len(answers), sum(part.n_filled for part in taken)
