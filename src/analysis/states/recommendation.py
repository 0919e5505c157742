"""Would customers recommend the company? The net promoter score, overall and by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods.measurement import SurveyEstimates, net_promoter_score
from analysis.methods.resampling import critical_value
from analysis.states.answers import Answers, attempt

PARTS = ("nps", "promoters", "passives", "detractors")


@dataclass(frozen=True, slots=True, eq=False)
class Recommendation:
    """Net promoter scores.

    Attributes
    ----------
    overall : Series or None
        `estimate, conf_low, conf_high, n` of the score; None where nobody answered.
    table : DataFrame
        `segment` ('all', tier, …), `known_group, n_answers, nps_score, nps_conf_low, nps_conf_high,
        promoters, passives, detractors` (shares, 0 to 1).
    shown : SurveyEstimates or None
        By tier where tiers are known, else by the first segment, else overall.
    by : str
        What `shown` is grouped by.
    gap : dict or None
        Highest against lowest group of `shown`: `high, low, difference, conf_low, conf_high`.
    """

    overall: pd.Series | None
    table: pd.DataFrame
    shown: SurveyEstimates | None
    by: str
    gap: dict[str, object] | None
    weighted: bool
    why: str


def recommendation(
    answers: Answers,
    *,
    by: tuple[str, ...] | None = None,
    min_cell: int = 10,
    conf_level: float = 0.95,
) -> Recommendation:
    """Promoters (9-10) less detractors (0-6) in points, with linearised errors where weighted.

    Groups are those in which customers were before they answered.
    """
    groups = answers.groups if by is None else by

    def score(group: str | None) -> SurveyEstimates:
        frame = answers.frame
        if group is not None:
            frame = frame.assign(**{group: frame[group].astype(object)})
        return net_promoter_score(
            frame,
            score=answers.roles.recommendation,
            by=group,
            conf_level=conf_level,
            **answers.sampled,
        )

    asked = answers.roles.recommendation is not None
    overall, why = attempt(lambda: score(None)) if asked else (None, "the question was not asked")
    if overall is None:
        empty = pd.DataFrame([{"segment": "all", "known_group": "all", "n_answers": 0}])
        return Recommendation(None, empty, None, "all", None, answers.weight is not None, why)
    scores = {"all": overall} | {group: _ordered(score(group), answers, group) for group in groups}
    by_name = groups[0] if groups else "all"
    return Recommendation(
        overall=overall.table.set_index("term").loc["nps"],
        table=pd.concat([_wide(found, name) for name, found in scores.items()], ignore_index=True),
        shown=scores[by_name],
        by=by_name,
        gap=_gap(scores[by_name], min_cell, conf_level),
        weighted=answers.weight is not None,
        why="",
    )


def _ordered(found: SurveyEstimates, answers: Answers, group: str) -> SurveyEstimates:
    """Rows in the order of the group's levels."""
    levels = list(answers.frame[group].cat.categories)
    order = found.table["group"].map({level: place for place, level in enumerate(levels)})
    table = found.table.assign(order=order.astype(float)).sort_values("order", kind="stable")
    return SurveyEstimates(table.drop(columns="order").reset_index(drop=True), found.n_missing)


def _wide(found: SurveyEstimates, segment: str) -> pd.DataFrame:
    rows = found.table.set_index(["group", "term"])
    groups = list(dict.fromkeys(found.table["group"]))
    score = rows.xs("nps", level="term").loc[groups]
    table = pd.DataFrame(
        {
            "segment": segment,
            "known_group": [str(group) for group in groups],
            "n_answers": score["n"].to_numpy(),
            "nps_score": score["estimate"].to_numpy(),
            "nps_conf_low": score["conf_low"].clip(-100, 100).to_numpy(),
            "nps_conf_high": score["conf_high"].clip(-100, 100).to_numpy(),
        }
    )
    for part in PARTS[1:]:
        table[part] = rows.xs(part, level="term").loc[groups, "estimate"].to_numpy() / 100
    return table


def _gap(found: SurveyEstimates, min_cell: int, conf_level: float) -> dict[str, object] | None:
    rows = found.table[found.table["term"].eq("nps") & found.table["n"].ge(min_cell)]
    rows = rows[rows["std_error"].gt(0)].sort_values("estimate")
    if len(rows) < 2:
        return None
    low, high = rows.iloc[0], rows.iloc[-1]
    difference = high["estimate"] - low["estimate"]
    reach = critical_value(conf_level) * np.hypot(high["std_error"], low["std_error"])
    return {
        "high": str(high["group"]),
        "low": str(low["group"]),
        "high_score": high["estimate"],
        "low_score": low["estimate"],
        "difference": difference,
        "conf_low": difference - reach,
        "conf_high": difference + reach,
    }
