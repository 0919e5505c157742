"""Which customers answered a survey, over all and by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from analysis.methods.measurement import estimate_response
from analysis.states.answers import Answers


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """Which customers answered.

    Attributes
    ----------
    table : DataFrame of shape (1 + groups, 7)
        `segment` ('all' first), `group, n` (customers), `answered, estimate` (their share),
        `conf_low, conf_high`.
    p_values : dict of str to float
        That all groups of a segment answer alike; NaN where there is one group.
    base : str
        Whom the study knows: 'ever_bought', or 'satisfaction.listed' (in the table of customers).
    known : bool
        Whether customers who did not answer are known at all.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    p_values: dict[str, float]
    base: str
    known: bool


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
    answers : Answers
        Uses `customer_id`.
    segments : sequence of str
        Those that `customers` has are compared, but for the month of the first purchase, whose
        groups are too many.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    Response

    References
    ----------
    Wilson (1927), JASA 22, 209-212.
    """
    answered = customers["customer_id"].isin(answers.frame["customer_id"])
    marked = customers.assign(answered=answered)
    named = [name for name in segments if name in customers and name != "acquired_month"]
    parts = {"all": estimate_response(marked, responded="answered", conf_level=conf_level)}
    for name in named:
        text = marked.assign(**{name: marked[name].astype(object)})
        parts[name] = estimate_response(text, responded="answered", by=name, conf_level=conf_level)
    tables = [part.table.assign(segment=name) for name, part in parts.items()]
    table = pd.concat(tables, ignore_index=True).astype({"group": "str"})
    table["answered"] = (table["estimate"] * table["n"]).round().astype(int)
    return Response(
        table=table[["segment", "group", "n", "answered", "estimate", "conf_low", "conf_high"]],
        p_values={name: part.p_value for name, part in parts.items() if name != "all"},
        base="ever_bought" if answers.followed else "satisfaction.listed",
        known=bool((~answered).any()),
    )
