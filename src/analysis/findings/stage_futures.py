"""What becomes of those at risk, and what the tests of movement say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.findings.stages import interval
from analysis.lifecycle.later_stages import LaterStages
from analysis.lifecycle.movement import StagesNow
from analysis.lifecycle.movement_tests import MovementTests
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording

LATER = "stages.later"
TESTS = "stages.tests"


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
    details = [interval(gone, say), say(f"{LATER}.expected", **numbers)]
    if np.isfinite(gone["before"]):
        steady = gone["conf_low"] <= gone["before"] <= gone["conf_high"]
        details.append(say(f"{LATER}.{'steady' if steady else 'changed'}", **numbers))
    return finding(say, f"{LATER}.told", *details, claim="predictive", **numbers)


def later_table(result: LaterStages) -> str:
    """The key of the caption of the later stages."""
    return f"{LATER}.{'table_untold' if result.stage is None else 'table'}"


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


def tests_table(tests: MovementTests, say: Wording) -> pd.DataFrame:
    """The tests for people: `question, p_value, deviates, ratio, note`."""
    rows = []
    for row in tests.table.to_dict("records"):
        told = isinstance(row["from"], str)
        names = {"segment": say.value(row["segment"])}
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
