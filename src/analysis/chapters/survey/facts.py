"""What the survey is about, in one sentence."""

from __future__ import annotations

import pandas as pd

from analysis.states.answers import Answers
from analysis.telling.coverage import used_rows
from analysis.telling.facts import Fact


def answers_fact(answers: Answers, audit: pd.DataFrame) -> Fact:
    """How many answers of how many customers a study of surveys alone is about.

    Parameters
    ----------
    answers : Answers
        Uses `customer_id` and `at`.
    audit : DataFrame
        `Tables.audit`; columns used: `table`, `step`, `rows`.

    Returns
    -------
    Fact
    """
    variant, rows = used_rows(audit, "surveys")
    days = answers.frame["at"]
    period = {"first": days.min().date(), "last": days.max().date()}
    return Fact(
        "answers",
        estimate=len(answers.frame),
        unit="count",
        n=len(answers.frame),
        base="answers",
        also=("undated" if answers.one_day else "dated", variant, "alone"),
        numbers={"customers": answers.customers} | period | rows,
        in_summary=False,
    )
