"""What the movement through the stages says."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pandas as pd

from analysis.lifecycle.movement import OUTSIDE, MonthlyMoves, StageCourse, StagesNow
from analysis.lifecycle.movement_tests import MovementTests
from analysis.lifecycle.stage_time import StageMonths, StageStays
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording

NOW = "stages.now"
COURSE = "stages.course"
MONTHS = "stages.expected"
MOVES = "stages.moves"
STAYS = "stages.stays"


def now_finding(result: StagesNow, say: Wording) -> Finding:
    """How many customers are at risk now, or in the largest stage where no stage is of decline."""
    table = result.table
    total = int(table["customers"].sum())
    largest = table.loc[table["customers"].idxmax()]
    stage = result.at_risk_stage or largest["stage"]
    numbers = {"stage": say.value(stage), "customers": result.customers_in(stage)}
    numbers |= {"as_of": result.as_of, "total": total}
    if numbers["customers"] < say.min_cell:
        key = f"{NOW}.too_few"
        return finding(say, key, claim="descriptive", in_summary=False, **numbers)
    details = " ".join(filter(None, [_year_before(table, stage, say), _unseen(result, say)]))
    if result.at_risk_stage is None:
        numbers["share"] = numbers["customers"] / total
        return finding(say, f"{NOW}.largest", details, claim="descriptive", **numbers)
    living = [name for name in table["stage"] if name not in OUTSIDE]
    numbers["share"] = numbers["customers"] / max(result.customers_in(*living), 1)
    of_living = say(f"{NOW}.of_living", **numbers) if stage == "declining" else ""
    return finding(say, f"{NOW}.{stage}", of_living, details, claim="descriptive", **numbers)


def _unseen(result: StagesNow, say: Wording) -> str:
    return "" if result.prospects_known else say(f"{NOW}.no_prospects")


def _year_before(table: pd.DataFrame, stage: str, say: Wording) -> str:
    row = table.set_index("stage").loc[stage]
    if not row["earlier_customers"] > 0:
        return ""
    numbers = {"earlier": row["earlier_customers"], "earlier_share": row["earlier_share"]}
    return say(f"{NOW}.year_before", share=row["share"], **numbers)


def now_caption(result: StagesNow, say: Wording) -> str:
    """What the bars show."""
    told = now_finding(result, say)
    total = result.table["customers"].sum()
    return f"{told.number} {told.headline} " + say(
        f"{NOW}.caption", total=total, as_of=result.as_of
    )


def now_alt(result: StagesNow, say: Wording) -> str:
    """The same in words."""
    told = now_finding(result, say)
    return say(f"{NOW}.alt", headline=f"{told.number} {told.headline}")


def course_finding(result: StageCourse, say: Wording) -> Finding:
    """Where customers are some months after the start."""
    told = result.marks.dropna(subset=["estimate"])
    if not len(told):
        return finding(say, f"{COURSE}.too_few", claim="descriptive", in_summary=False)
    month = max((at for at in told["months"] if at <= 12), default=told["months"].min())
    rows = told[told["months"] == month].sort_values("estimate", ascending=False, kind="stable")
    rows = rows[rows["estimate"] > 0]
    first = rows.iloc[0]
    numbers = {"share": first["estimate"], "stage": say.value(first["stage"]), "months": month}
    others = [
        say(f"{COURSE}.other", stage=say.value(row.stage), share=row.estimate)
        for row in rows.iloc[1:].itertuples()
    ]
    details = [interval(first, say)]
    if others:
        joined = reduce(lambda one, more: say(f"{COURSE}.join", before=one, other=more), others)
        details.append(say(f"{COURSE}.others", others=joined))
    key = "told" if result.past_known else "seen"
    if not result.past_known:
        details.append(say(f"{COURSE}.past"))
    return finding(
        say, f"{COURSE}.{key}", *details, claim="descriptive", in_summary=False, **numbers
    )


def interval(row: pd.Series | dict, say: Wording) -> str:
    """The interval of a share as a sentence; nothing where it has none."""
    if not np.isfinite(row["conf_low"]):
        return ""
    return say("stages.interval", low=row["conf_low"], high=row["conf_high"])


def course_caption(result: StageCourse, say: Wording) -> str:
    """What the stacked areas show."""
    if result.occupation is None:
        return say("stages.nothing")
    told = course_finding(result, say)
    key = "caption" if result.past_known else "caption_seen"
    drawn = say(f"{COURSE}.{key}", customers=result.occupation.customers)
    return f"{told.number} {told.headline} {drawn}"


def course_alt(result: StageCourse, say: Wording) -> str:
    """The same in words."""
    told = course_finding(result, say)
    return say(f"{COURSE}.alt", headline=f"{told.number} {told.headline}", detail=told.detail)


def months_finding(result: StageMonths, tests: MovementTests, segment: str, say: Wording):
    """Whether groups differ in the months that they spend in the stages."""
    names = {"segment": say.value(segment), "until": result.until_months}
    pairs = result.differences.dropna(subset=["more_months", "p_difference"])
    options = {"claim": "descriptive", "in_summary": False}
    if not len(pairs):
        return finding(
            say, f"{MONTHS}.too_few", say(f"{MONTHS}.too_few.detail"), **options, **names
        )
    row = pairs.loc[(pairs["more_months"] / _reach(pairs)).idxmax()]
    numbers = names | {
        "stage": say.value(row["stage"]),
        "long": say.value(row["group"]),
        "short": say.value(row["reference"]),
        "difference": row["more_months"],
        "low": row["more_conf_low"],
        "high": row["more_conf_high"],
        "p": row["p_difference"],
    }
    p_value = tests.p_value("groups", segment)
    tested = say(f"{MONTHS}.tested", p=p_value) if np.isfinite(p_value) else ""
    clear = row["p_difference"] < 1 - say.conf_level
    key = f"{MONTHS}.clear" if clear else f"{MONTHS}.no_difference"
    return finding(say, key, say(f"{key}.detail", **numbers), tested, **options, **numbers)


def _reach(pairs: pd.DataFrame) -> pd.Series:
    return pairs["more_conf_high"] - pairs["more_conf_low"]


def months_caption(result: StageMonths, tests: MovementTests, segment: str, say: Wording) -> str:
    """What the bars of expected months show."""
    if result.expected is None:
        return say("stages.nothing")
    told = months_finding(result, tests, segment, say)
    table = result.expected.table
    numbers = {"segment": say.value(segment), "until": result.until_months}
    customers = table.drop_duplicates("group")["n"].sum()
    drawn = say(f"{MONTHS}.caption", customers=customers, **numbers)
    return f"{told.number} {told.headline} {drawn}"


def months_alt(result: StageMonths, tests: MovementTests, segment: str, say: Wording) -> str:
    """The same in words."""
    told = months_finding(result, tests, segment, say)
    return say(f"{MONTHS}.alt", segment=say.value(segment), detail=told.detail)


def moves_finding(result: MonthlyMoves, say: Wording) -> Finding:
    """How many of those at risk churn in a month, or the most frequent way out of a stage."""
    table = result.table.dropna(subset=["estimate"])
    left = table[table["from"] != table["to"]]
    if not len(left):
        return finding(say, f"{MOVES}.too_few", claim="descriptive", in_summary=False)
    risky = left[(left["from"] == "declining") & (left["to"] == "churned")]
    row = (risky if len(risky) else left.sort_values("estimate", ascending=False)).iloc[0]
    numbers = {"share": row["estimate"], "source": say.value(row["from"])}
    numbers |= {"target": say.value(row["to"]), "n": row["customer_months"]}
    back = left[(left["from"] == row["from"]) & (left["to"] != row["to"])]
    details = [interval(row, say)]
    if len(back):
        most = back.loc[back["estimate"].idxmax()]
        other = {"target": say.value(most["to"]), "share": most["estimate"]}
        details.append(say(f"{MOVES}.other", source=numbers["source"], **other))
    return finding(say, f"{MOVES}.told", *details, claim="descriptive", in_summary=False, **numbers)


def moves_caption(result: MonthlyMoves, say: Wording) -> str:
    """What the heat map shows."""
    if result.probabilities is None:
        return say("stages.nothing")
    table = result.table
    pairs = table.drop_duplicates("from")["customer_months"].sum()
    joined = say(f"{MOVES}.joined") if table["note"].astype(bool).any() else ""
    told = moves_finding(result, say)
    parts = [f"{told.number} {told.headline}", say(f"{MOVES}.caption", pairs=pairs), joined]
    return " ".join(filter(None, parts))


def moves_alt(result: MonthlyMoves, say: Wording) -> str:
    """The same in words."""
    told = moves_finding(result, say)
    detail = f"{told.number} {told.headline} {told.detail}"
    return say(f"{MOVES}.alt", detail=detail)


def won_back_finding(result: StageStays, say: Wording) -> Finding:
    """The share of churned customers who come back."""
    row = result.won_back
    if row is None or row["n"] < say.min_cell:
        return finding(say, f"{STAYS}.untold", claim="descriptive", in_summary=False)
    numbers = {"share": row["estimate"], "months": row["months"], "n": row["n"]}
    if not row["estimate"]:
        return finding(say, f"{STAYS}.none", claim="descriptive", in_summary=False, **numbers)
    details = [interval(row, say), say(f"{STAYS}.counted", **numbers)]
    return finding(
        say, f"{STAYS}.won_back", *details, claim="descriptive", in_summary=False, **numbers
    )
