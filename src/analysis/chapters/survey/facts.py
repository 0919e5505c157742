"""What the survey is about, in one sentence."""

from __future__ import annotations

import pandas as pd

from analysis.states.answers import Answers
from analysis.telling.facts import Fact


def answers_fact(answers: Answers, audit: pd.DataFrame) -> Fact:
    """How many answers of how many customers a study of surveys alone is about.

    Parameters
    ----------
    answers : Answers
    audit : DataFrame
        `Tables.audit`: `table, step, reason, rows`.
    """
    rows = audit[audit["table"] == "surveys"].groupby("step")["rows"].sum()
    kept, read = rows["kept"], rows.get("read", rows["kept"])
    days = answers.frame["at"]
    return Fact(
        "answers",
        estimate=len(answers.frame),
        unit="count",
        n=len(answers.frame),
        base="answers",
        also=(
            "undated" if answers.one_day else "dated",
            "kept_all" if kept == read else "dropped",
            "alone",
        ),
        numbers={
            "customers": answers.customers,
            "first": days.min().date(),
            "last": days.max().date(),
            "rows_in": read,
            "rows_kept": kept,
        },
        in_summary=False,
    )
