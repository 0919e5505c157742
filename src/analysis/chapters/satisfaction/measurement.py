"""The scales of a survey: their means, their reliability, and whether they can be told apart."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.methods.measurement import (
    estimate_reliability,
    heterotrait_monotrait,
    item_answers,
    item_nonresponse,
    survey_means,
)
from analysis.states.answers import Answers, attempt

COEFFICIENTS = ("alpha", "omega", "composite_reliability", "average_variance_extracted")
ENDS = ["estimate", "conf_low", "conf_high"]


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """Levels and quality of the scales; one row a scale, but for `items` and `pairs`.

    Attributes
    ----------
    levels : DataFrame of shape (scales, 10)
        `scale, items` (how many), `n` (answers complete on it), `estimate` (mean answer, weighted
        where the survey has weights), `conf_low, conf_high, lowest, highest` (answer that can be
        given), `n_filled, n_dropped`.
    reliability : DataFrame of shape (scales, 9)
        `scale, n, alpha, alpha_conf_low, alpha_conf_high, omega, composite_reliability,
        average_variance_extracted, note`.
    items : DataFrame of shape (items, 10)
        `scale, item, n` (answers given)`, blank` (share), `mean, sd` (of the answers given)`,
        item_total, alpha_if_dropped, loading` (of the answer sheets complete on the scale)`, note`.
    pairs : DataFrame of shape (pairs, 8)
        Heterotrait-monotrait ratio of every two scales of several items: `term` ("image – value"),
        `one, other, estimate, conf_low, conf_high, n, note`.
    unpaired : {'', 'one_scale', 'constant'}
        Why `pairs` is empty: there are no two scales of several items, or an item is constant.
    satisfaction : str
        The scale with this role.
    answers, customers : int
        All answers, and the customers who gave them.
    weighted, followed : bool
        Whether answers are weighted; whether the study knows what customers did.
    """

    COUNTED_BY: ClassVar = {"levels": "n", "reliability": "n", "items": "n", "pairs": "n"}

    levels: pd.DataFrame
    reliability: pd.DataFrame
    items: pd.DataFrame
    pairs: pd.DataFrame
    unpaired: str
    satisfaction: str
    answers: int
    customers: int
    weighted: bool
    followed: bool


def measure_scales(
    answers: Answers,
    *,
    rng: np.random.Generator,
    replications: int = 1000,
    conf_level: float = 0.95,
) -> Measurement:
    """Mean of each scale, its reliability, and whether scales can be told apart (HTMT).

    A scale that cannot be estimated (a constant item, too few answers) keeps its row, with a note.

    Parameters
    ----------
    answers : Answers
        Uses the items and scales, the sampling weight, and `customer_id` as the cluster.
    rng : Generator
        Draws the customers of the bootstrap samples.
    replications : int
        Bootstrap samples; with 0 only alpha has an interval.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    Measurement

    References
    ----------
    Cronbach (1951), Psychometrika 16; McDonald (1999), Test Theory; Henseler, Ringle & Sarstedt
    (2015), J. Acad. Mark. Sci. 43, 115-135.
    """
    drawn = {
        "missing": answers.roles.missing_items,
        "replications": replications,
        "rng": rng,
        "cluster": answers.cluster,
        "conf_level": conf_level,
    }
    reliability = estimate_reliability(answers.frame, scales=answers.scales, **drawn)
    pairs, unpaired = _pairs(answers, drawn)
    return Measurement(
        levels=_levels(answers, conf_level),
        reliability=_coefficients(reliability.table),
        items=_items(answers, reliability.items),
        pairs=pairs,
        unpaired=unpaired,
        satisfaction=answers.roles.satisfaction,
        answers=len(answers.frame),
        customers=answers.customers,
        weighted=answers.weight is not None,
        followed=answers.followed,
    )


def _levels(answers: Answers, conf_level: float) -> pd.DataFrame:
    rows = []
    for name, scale in answers.scales.items():
        options = {"columns": [name], "conf_level": conf_level, **answers.sampled}
        means, _ = attempt(lambda options=options: survey_means(answers.frame, **options).table)
        row = {"n": 0} if means is None else means.iloc[0]
        mean = {column: row.get(column, np.nan) for column in ("n", *ENDS)}
        ends = {"lowest": scale.lowest, "highest": scale.highest}
        rows.append({"scale": name, "items": len(scale.items), **mean, **ends})
    counts = answers.counts[["scale", "n_filled", "n_dropped"]]
    return pd.DataFrame(rows).merge(counts, on="scale")


def _coefficients(table: pd.DataFrame) -> pd.DataFrame:
    """One row a scale of what stands one below the other."""
    rows = table.set_index(["group", "term"])
    wide = rows["estimate"].unstack(sort=False)[list(COEFFICIENTS)]
    alpha = rows.xs("alpha", level="term")
    wide.insert(0, "n", alpha["n"])
    wide.insert(2, "alpha_conf_low", alpha["conf_low"])
    wide.insert(3, "alpha_conf_high", alpha["conf_high"])
    notes = table.groupby("group", sort=False)["note"]
    wide["note"] = notes.agg(lambda own: next(filter(None, own), ""))
    return wide.rename_axis(index="scale", columns=None).reset_index()


def _items(answers: Answers, items: pd.DataFrame) -> pd.DataFrame:
    blank = item_nonresponse(answers.frame, items=list(items["item"])).set_index("item")
    items = items.rename(columns={"group": "scale"})
    items.insert(3, "blank", items["item"].map(blank["share_missing"]))
    scales = answers.scales.values()
    given = pd.concat([item_answers(answers.frame, scale=scale).given for scale in scales], axis=1)
    told = {"n": given.count(), "mean": given.mean(), "sd": given.std()}
    return items.assign(**{name: items["item"].map(of) for name, of in told.items()})


def _pairs(answers: Answers, drawn: dict) -> tuple[pd.DataFrame, str]:
    """The ratio of every two scales, or no row and the reason."""
    several = {name: scale for name, scale in answers.scales.items() if len(scale.items) > 1}
    columns = ["term", "one", "other", *ENDS, "n", "note"]
    if len(several) < 2:
        return pd.DataFrame(columns=columns), "one_scale"
    ratios, _ = attempt(lambda: heterotrait_monotrait(answers.frame, scales=several, **drawn))
    if ratios is None:
        return pd.DataFrame(columns=columns), "constant"
    ones, others = zip(*combinations(several, 2), strict=True)
    return ratios.table.assign(one=ones, other=others)[columns], ""
