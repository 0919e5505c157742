"""Would customers recommend the company? The net promoter score, overall and by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from analysis.methods.measurement import SurveyEstimates, net_promoter_score
from analysis.states.answers import Answers, attempt

SHARES = ["promoters", "passives", "detractors"]
COLUMNS = ["segment", "group", "n", "estimate", "std_error", "conf_low", "conf_high", *SHARES]


@dataclass(frozen=True, slots=True, eq=False)
class Recommendation:
    """Net promoter scores.

    Attributes
    ----------
    table : DataFrame of shape (1 + groups, 10)
        `segment` ('all' first, tier, …), `group, n` (answers), `estimate` (the score in points,
        -100 to 100), `std_error, conf_low, conf_high, promoters, passives, detractors` (shares);
        no rows where nobody answered.
    segments : tuple of str
        The characteristics that form groups; the first is drawn.
    asked : bool
        Whether the survey has the question.
    weighted : bool
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    segments: tuple[str, ...]
    asked: bool
    weighted: bool

    def of(self, segment: str) -> pd.DataFrame:
        """The rows of a segment whose groups may be shown."""
        return self.table[self.table["segment"].eq(segment)].dropna(subset=["n"])


def recommendation(
    answers: Answers, *, by: tuple[str, ...] | None = None, conf_level: float = 0.95
) -> Recommendation:
    """Promoters (9-10) less detractors (0-6) in points, with linearised errors where weighted.

    Parameters
    ----------
    answers : Answers
        Uses the question of recommendation (0 to 10), the groups, the weight, and `customer_id` as
        the cluster.
    by : tuple of str, optional
        Columns that form groups in which customers were before they answered; else all of
        `answers.groups`.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    Recommendation

    References
    ----------
    Reichheld (2003), Harvard Business Review 81(12), 46-54; Woodruff (1971), JASA 66, 411-414.
    """
    groups = answers.groups if by is None else by
    asked, weighted = answers.roles.recommendation is not None, answers.weight is not None
    overall = attempt(lambda: _score(answers, None, conf_level))[0] if asked else None
    if overall is None:
        return Recommendation(pd.DataFrame(columns=COLUMNS), groups, asked, weighted)
    scores = {"all": overall} | {name: _score(answers, name, conf_level) for name in groups}
    tables = [_wide(score, answers, name) for name, score in scores.items()]
    return Recommendation(pd.concat(tables, ignore_index=True), groups, asked, weighted)


def _score(answers: Answers, group: str | None, conf_level: float) -> SurveyEstimates:
    frame = answers.frame
    if group is not None:
        frame = frame.assign(**{group: frame[group].astype(object)})
    options = {"score": answers.roles.recommendation, "by": group, "conf_level": conf_level}
    return net_promoter_score(frame, **options, **answers.sampled)


def _wide(estimates: SurveyEstimates, answers: Answers, segment: str) -> pd.DataFrame:
    """One row a group, in the order of the segment's levels."""
    rows = estimates.table.set_index(["group", "term"])["estimate"].unstack()
    score = estimates.table[estimates.table["term"].eq("nps")].set_index("group")
    if segment != "all":
        levels = answers.frame[segment].cat.categories
        score = score.loc[[level for level in levels if level in score.index]]
    score = score.assign(segment=segment, **(rows.loc[score.index, SHARES] / 100))
    ends = ["conf_low", "conf_high"]
    score[ends] = score[ends].clip(-100, 100)
    return score.reset_index().astype({"group": "str"})[COLUMNS]
