"""How satisfied customers are, how well that is measured, and who answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.frames import customer_frame
from analysis.methods.measurement import (
    DiscriminantValidity,
    estimate_reliability,
    estimate_response,
    heterotrait_monotrait,
    item_nonresponse,
    survey_means,
)
from analysis.params import Params
from analysis.states.answers import NOT_ESTIMABLE, Answers, attempt

TOLD = ("alpha", "omega", "composite_reliability", "average_variance_extracted")


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """Levels and quality of the scales.

    Attributes
    ----------
    levels : DataFrame
        `scale, items, n_answers, average, average_conf_low, average_conf_high, low, high` (the
        range), `n_filled, n_dropped`; means are weighted where the survey has weights.
    reliability : DataFrame
        `scale, n_answers, alpha, alpha_conf_low, alpha_conf_high, omega, composite_reliability,
        average_variance_extracted, note`.
    items : DataFrame
        `scale, item, n_answers, blank` (share), `average, spread, item_total, alpha_if_dropped,
        loading, note`.
    validity : DiscriminantValidity or None
        None where it cannot be estimated; `why` then says why not.
    satisfaction : str or None
        The scale of satisfaction.
    answers, customers : int
    weighted, followed : bool
        Whether answers are weighted; whether the study knows what customers did.
    """

    levels: pd.DataFrame
    reliability: pd.DataFrame
    items: pd.DataFrame
    validity: DiscriminantValidity | None
    why: str
    satisfaction: str | None
    answers: int
    customers: int
    weighted: bool
    followed: bool

    def level(self, scale: str) -> pd.Series:
        """The row of a scale."""
        return self.levels.set_index("scale").loc[scale]

    def pairs(self) -> pd.DataFrame:
        """HTMT of every pair: `pair, n_answers, htmt, htmt_conf_low, htmt_conf_high, note`."""
        if self.validity is None:
            return pd.DataFrame([{"pair": "all", "n_answers": 0, "note": NOT_ESTIMABLE}])
        names = {"term": "pair", "estimate": "htmt", "n": "n_answers"}
        names |= {"conf_low": "htmt_conf_low", "conf_high": "htmt_conf_high"}
        table = self.validity.table.rename(columns=names)
        return table[["pair", "n_answers", "htmt", "htmt_conf_low", "htmt_conf_high", "note"]]


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """Which customers answered.

    Attributes
    ----------
    table : DataFrame
        `segment, known_group, n` (customers), `answered, estimate` (their share), `conf_low,
        conf_high`.
    p_values : dict of str to float
        That all groups of a segment answer alike; NaN where there is one group.
    known : bool
        Whether customers who did not answer are known at all.
    """

    table: pd.DataFrame
    p_values: dict[str, float]
    known: bool


def measure_scales(
    answers: Answers,
    *,
    rng: np.random.Generator,
    replications: int = 1000,
    conf_level: float = 0.95,
) -> Measurement:
    """Mean of each scale, its reliability, and whether scales can be told apart (HTMT).

    A scale that cannot be estimated (a constant item, too few answers) keeps its row, with a note.
    """
    frame, scales, missing = answers.frame, answers.scales, answers.roles.missing_items
    reliability = estimate_reliability(
        frame,
        scales=scales,
        missing=missing,
        replications=replications,
        rng=rng,
        cluster=answers.cluster,
        conf_level=conf_level,
    )
    several = {name: scale for name, scale in scales.items() if len(scale.items) > 1}
    validity, why = None, "two scales of several items are needed"
    if len(several) > 1:
        validity, why = attempt(
            lambda: heterotrait_monotrait(
                frame,
                scales=several,
                missing=missing,
                replications=replications,
                rng=rng,
                cluster=answers.cluster,
                conf_level=conf_level,
            )
        )
    named = answers.roles.satisfaction
    return Measurement(
        levels=_levels(answers, conf_level),
        reliability=_coefficients(reliability.table),
        items=_items(answers, reliability.items),
        validity=validity,
        why=why,
        satisfaction=named if named in scales else None,
        answers=len(frame),
        customers=answers.customers,
        weighted=answers.weight is not None,
        followed=answers.followed,
    )


def _levels(answers: Answers, conf_level: float) -> pd.DataFrame:
    rows = []
    for name, scale in answers.scales.items():
        found, _ = attempt(
            lambda name=name: survey_means(
                answers.frame,
                columns=[name],
                conf_level=conf_level,
                **answers.sampled,
            )
        )
        row = {} if found is None else found.table.iloc[0].to_dict()
        rows.append(
            {
                "scale": name,
                "items": len(scale.items),
                "n_answers": row.get("n", 0),
                "average": row.get("estimate", np.nan),
                "average_conf_low": row.get("conf_low", np.nan),
                "average_conf_high": row.get("conf_high", np.nan),
                "low": scale.lowest,
                "high": scale.highest,
            }
        )
    counts = answers.counts[["scale", "n_filled", "n_dropped"]]
    return pd.DataFrame(rows).merge(counts, on="scale")


def _coefficients(table: pd.DataFrame) -> pd.DataFrame:
    wide = table.pivot_table(
        index="group", columns="term", values="estimate", sort=False, dropna=False
    )[list(TOLD)]
    alpha = table[table["term"].eq("alpha")].set_index("group")
    wide.insert(0, "n_answers", alpha["n"])
    wide.insert(2, "alpha_conf_low", alpha["conf_low"])
    wide.insert(3, "alpha_conf_high", alpha["conf_high"])
    wide["note"] = table.groupby("group", sort=False)["note"].max()
    return wide.rename_axis("scale").rename_axis(columns=None).reset_index()


def _items(answers: Answers, items: pd.DataFrame) -> pd.DataFrame:
    blank = item_nonresponse(answers.frame, items=list(items["item"])).set_index("item")
    names = {"group": "scale", "n": "n_answers", "mean": "average", "sd": "spread"}
    items = items.rename(columns=names)
    items.insert(3, "blank", items["item"].map(blank["share_missing"]))
    return items


def group_sizes(answers: Answers) -> pd.DataFrame:
    """Answers by group: `segment, known_group, n_answers, share`; one row where there are none."""
    frame = answers.frame
    parts = [frame[name].value_counts(sort=False).rename(name) for name in answers.groups]
    rows = [(part.name, str(group), count) for part in parts for group, count in part.items()]
    rows = rows or [("all", "all", len(frame))]
    table = pd.DataFrame(rows, columns=["segment", "known_group", "n_answers"])
    return table.assign(share=table["n_answers"] / len(frame))


def study_customers(tables: Tables, params: Params) -> pd.DataFrame:
    """All customers of the study with what is known of them, whether they answered or not."""
    if "transactions" in tables:
        return customer_frame(tables, params)
    return tables.fetch(tables["customers"])


def who_answers(
    customers: pd.DataFrame,
    answers: Answers,
    *,
    segments: Sequence[str],
    conf_level: float = 0.95,
) -> Response:
    """Share of the customers who ever answered, over all and by segment.

    Parameters
    ----------
    customers : DataFrame
        `customer_id` and the segments: all customers of the study. Who was asked is not known,
        so who was not asked counts as not having answered.
    """
    answered = customers["customer_id"].isin(answers.frame["customer_id"])
    marked = customers.assign(answered=answered)
    named = [name for name in segments if name in customers and name != "acquired_month"]
    parts = {"all": estimate_response(marked, responded="answered", conf_level=conf_level)}
    for name in named:
        text = marked.assign(**{name: marked[name].astype(object)})
        parts[name] = estimate_response(text, responded="answered", by=name, conf_level=conf_level)
    tables = [part.table.assign(segment=name) for name, part in parts.items()]
    table = pd.concat(tables, ignore_index=True).rename(columns={"group": "known_group"})
    table["answered"] = (table["estimate"] * table["n"]).round().astype(int)
    order = ["segment", "known_group", "n", "answered", "estimate", "conf_low", "conf_high"]
    return Response(
        table=table[order],
        p_values={name: part.p_value for name, part in parts.items() if name != "all"},
        known=bool((~answered).any()),
    )
