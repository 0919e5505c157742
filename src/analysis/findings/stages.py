"""What the movement through the stages says."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pandas as pd

from analysis.findings import Finding, finding
from analysis.lifecycle.movement import (
    OUTSIDE,
    MonthlyMoves,
    StageCourse,
    StageMonths,
    StagesNow,
    StageStays,
)
from analysis.lifecycle.movement_tests import LaterStages, MovementTests
from analysis.params import Params
from analysis.params.stages import Bounds, StageRule
from analysis.wording import Wording

NOW = "stages.now"
COURSE = "stages.course"
MONTHS = "stages.expected"
MOVES = "stages.moves"
STAYS = "stages.stays"
LATER = "stages.later"
TESTS = "stages.tests"


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
    if not np.isfinite(row["earlier_customers"]):
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


def stage_rules(params: Params, say: Wording) -> pd.DataFrame:
    """The scheme in words: `rule, stage, condition`."""
    rules = params.stages.ordered_rules
    words = [_condition(rule, params, say) for rule in rules]
    return pd.DataFrame(
        {
            "rule": np.arange(1, len(rules) + 1),
            "stage": [rule.stage for rule in rules],
            "condition": words,
        }
    )


def _condition(rule: StageRule, params: Params, say: Wording) -> str:
    phrases = [
        _phrase(name, kind, limit, params, say)
        for name, bounds in rule.when.items()
        for kind, limit in _limits(bounds)
    ]
    if not phrases:
        return say("stages.rules.everybody")
    return reduce(lambda one, more: say("stages.rules.join", before=one, other=more), phrases)


def _limits(bounds: Bounds) -> list[tuple[str, float]]:
    return list(bounds.model_dump(exclude_none=True).items())


def _phrase(feature: str, kind: str, limit: float, params: Params, say: Wording) -> str:
    side = {"min": "min", "above": "min", "max": "max", "below": "max"}[kind]
    bound = say(f"stages.rules.{kind}")
    numbers = {"bound": bound, "limit": limit, "share": 1 - limit, "unless": limit}
    if feature == "lapse_share":
        if params.relationship == "contractual":
            numbers["limit"] = limit * (params.gap_days + 1) - 1
            return say(f"stages.rules.ended.{side}", **numbers)
        numbers["limit"] = limit * params.lapse_weeks
    return say(f"stages.rules.{feature}.{side}", **numbers)


def stage_playbook(result: StagesNow, say: Wording) -> pd.DataFrame:
    """The customers of each stage and what the stage asks for (`asks`)."""
    known = say.texts["stages"]["playbook"]
    asks = [known.get(stage, known["own"]) for stage in result.table["stage"]]
    return result.table.assign(asks=asks)


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
    details = [_interval(first, say)]
    if others:
        joined = reduce(lambda one, more: say(f"{COURSE}.join", before=one, other=more), others)
        details.append(say(f"{COURSE}.others", others=joined))
    return finding(
        say, f"{COURSE}.told", *details, claim="descriptive", in_summary=False, **numbers
    )


def _interval(row: pd.Series | dict, say: Wording) -> str:
    if not np.isfinite(row["conf_low"]):
        return ""
    return say("stages.interval", low=row["conf_low"], high=row["conf_high"])


def course_caption(result: StageCourse, say: Wording) -> str:
    """What the stacked areas show."""
    if result.occupation is None:
        return say("stages.nothing")
    told = course_finding(result, say)
    drawn = say(f"{COURSE}.caption", customers=result.occupation.customers)
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
        return finding(say, f"{MONTHS}.too_few", say(f"{MONTHS}.too_few.detail"), **options, **names)
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
    p_value = tests.p_value("groups")
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
    details = [_interval(row, say)]
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
    details = [_interval(row, say), say(f"{STAYS}.counted", **numbers)]
    return finding(
        say, f"{STAYS}.won_back", *details, claim="descriptive", in_summary=False, **numbers
    )


def later_finding(result: LaterStages, now: StagesNow, say: Wording) -> Finding:
    """Where those who decline now are likely to be some months later."""
    names = {"months": result.months}
    if result.stage is None:
        return finding(say, f"{LATER}.no_stage", claim="predictive", in_summary=False, **names)
    gone = result.share_in("churned") or result.share_in(result.stage)
    if gone is None or not np.isfinite(gone["conf_low"]):
        return finding(say, f"{LATER}.too_few", claim="predictive", in_summary=False, **names)
    today = now.customers_in(result.stage)
    numbers = names | {
        "stage": say.value(result.stage),
        "target": say.value(gone["to"]),
        "share": gone["estimate"],
        "today": today,
        "expected": today * gone["estimate"],
        "before": gone["before"],
        "memoryless": gone["memoryless"],
        "n": result.n,
    }
    details = [_interval(gone, say), say(f"{LATER}.expected", **numbers)]
    if np.isfinite(gone["before"]):
        steady = gone["conf_low"] <= gone["before"] <= gone["conf_high"]
        details.append(say(f"{LATER}.{'steady' if steady else 'changed'}", **numbers))
    return finding(say, f"{LATER}.told", *details, claim="predictive", **numbers)


def memory_finding(tests: MovementTests, later: LaterStages, say: Wording) -> Finding:
    """Whether the past of a stage matters, what stays valid, and what it would have cost."""
    p_value = tests.p_value("memory")
    options = {"claim": "descriptive", "in_summary": False}
    if not np.isfinite(p_value):
        return finding(say, f"{TESTS}.memory_untold", **options)
    row = tests.table.set_index("question").loc["memory"]
    numbers = {"p": p_value, "source": say.value(row["from"]), "target": say.value(row["to"])}
    numbers |= {"earlier": say.value(row["where"])}
    if p_value >= 1 - say.conf_level:
        return finding(say, f"{TESTS}.no_memory", say(f"{TESTS}.no_memory.detail", **numbers),
                       **options, **numbers)  # fmt: skip
    details = [say(f"{TESTS}.memory.detail", **numbers), _cost(later, say)]
    return finding(say, f"{TESTS}.memory", *details, **options, **numbers)


def _cost(later: LaterStages, say: Wording) -> str:
    told = later.table.dropna(subset=["estimate", "memoryless"])
    if not len(told):
        return ""
    worst = told.loc[(told["memoryless"] - told["estimate"]).abs().idxmax()]
    numbers = {"stage": say.value(later.stage), "target": say.value(worst["to"])}
    numbers |= {"share": worst["estimate"], "memoryless": worst["memoryless"]}
    return say(f"{TESTS}.cost", months=later.months, **numbers)


def tests_table(tests: MovementTests, segment: str, say: Wording) -> pd.DataFrame:
    """The tests for people: `question, p_value, deviates, ratio, note`."""
    rows = []
    for row in tests.table.to_dict("records"):
        told = isinstance(row["from"], str)
        names = {"segment": say.value(segment)}
        if told:
            names |= {"source": say.value(row["from"]), "target": say.value(row["to"])}
            names["where"] = say.value(str(row["where"]))
        kind = "memory" if row["question"] == "memory" else "moves"
        rows.append(
            {
                "question": say(f"{TESTS}.questions.{row['question']}", **names),
                "p_value": row["p_value"],
                "deviates": say(f"{TESTS}.deviates_{kind}", **names) if told else "",
                "ratio": row["ratio"],
                "note": row["note"],
            }
        )
    return pd.DataFrame(rows)
