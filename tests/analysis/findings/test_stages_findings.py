"""Sentences about stages: every variant, odd studies, and never a missing number in a sentence."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from analysis.data import Description, Tables
from analysis.figures.movement import (
    plot_monthly_moves,
    plot_stage_course,
    plot_stage_months,
    plot_stages_now,
)
from analysis.findings import stage_futures, stage_scheme
from analysis.findings import stages as findings
from analysis.lifecycle import movement
from analysis.lifecycle.later_stages import later_stages
from analysis.lifecycle.movement_tests import movement_tests
from analysis.lifecycle.stage_time import stage_months_by_segment, stage_stays
from analysis.lifecycle.stages import assign_stages, stage_paths
from analysis.params import Params
from analysis.telling.drawing import illustrate
from analysis.telling.tables import present
from analysis.telling.wording import wording_for

FROM = date(2022, 1, 1)
OWN_RULES = (
    {"stage": "gone", "when": {"lapse_share": {"above": 1.0}}},
    {"stage": "keen", "when": {"value_rank": {"min": 0.9}, "purchases": {"min": 3}}},
    {"stage": "quiet", "when": {"recency_days": {"min": 60}, "begun": {"min": 1}}},
    {"stage": "rest", "when": {}},
)


def study(until=date(2023, 12, 31), **options):
    values = {
        "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
        "relationship": "noncontractual", "observed_from": FROM, "observed_until": until,
        "timezone": "Europe/Berlin", "currency": "EUR", "lapse_weeks": 17,
        "data": {"simulated": {"company": "retailer", "customers": 10, "seed": 1}},
        "segments": ("channel",),
    }  # fmt: skip
    return Params.model_validate(values | options)


def tables_of(transactions, customers=None):
    engine = ibis.duckdb.connect()
    if customers is None:
        customers = transactions[["customer_id"]].drop_duplicates().assign(channel="shop")
    typed = transactions.assign(at=pd.to_datetime(transactions["at"]))
    sold = engine.create_table("transactions", typed)
    by_name = {
        "customers": engine.create_table("customers", customers),
        "transactions": sold.mutate(at=sold["at"].cast("date")),
    }
    return Tables(engine, by_name, pd.DataFrame(), Description("M", "n", "n", "files"), "made")


def shop(size=160, *, seed=4, days=700, stop=True):
    """Customers with a rhythm of their own, of whom half stop for good or for half a year."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(size):
        day, rhythm = rng.integers(0, 400), rng.uniform(10, 40)
        ends = rng.uniform(100, 500) if stop and number % 2 else 10_000
        while day < days:
            rows.append((f"c{number}", pd.Timestamp(FROM) + pd.Timedelta(days=int(day)), 10.0))
            day += rng.exponential(rhythm) + 1
            if day > ends:
                day, ends = day + (200 if number % 4 == 1 else 10_000), 10_000
    bought = pd.DataFrame(rows, columns=["customer_id", "at", "amount"])
    people = bought[["customer_id"]].drop_duplicates()
    return bought, people.assign(channel=np.where(np.arange(len(people)) % 2, "search", "fair"))


def everything(tables, params):
    """All sentences, figures and tables of the chapter, as one text, and the results."""
    say = wording_for(params)
    stages = assign_stages(tables, params)
    by_segment = movement.paths_by_segment(stages, tables, params)
    paths = by_segment["channel"]
    settings = {"min_cell": params.min_cell, "conf_level": params.conf_level}
    now = movement.stages_now(stages, as_of=params.observed_until, min_cell=params.min_cell)
    course = movement.stage_course(paths, **settings)
    compared = stage_months_by_segment(by_segment, horizon_months=12, **settings)
    months = compared.of["channel"]
    moves = movement.monthly_moves(stage_paths(stages), **settings)
    stays = stage_stays(paths, **settings)
    tests = movement_tests(stages, by_segment, seed=1, replications=50)
    later = later_stages(stages, now.at_risk_stage, **settings)
    drawings = [
        (plot_stages_now, now, findings.now_caption(now, say), findings.now_alt(now, say)),
        (plot_stage_course, course, findings.course_caption(course, say),
         findings.course_alt(course, say)),
        (plot_stage_months, months, findings.months_caption(months, tests, "channel", say),
         findings.months_alt(months, tests, "channel", say)),
        (plot_monthly_moves, moves, findings.moves_caption(moves, say),
         findings.moves_alt(moves, say)),
    ]  # fmt: skip
    told = {
        "now": findings.now_finding(now, say),
        "later": stage_futures.later_finding(later, now, say),
        "course": findings.course_finding(course, say),
        "months": findings.months_finding(months, tests, "channel", say),
        "moves": findings.moves_finding(moves, say),
        "won_back": findings.won_back_finding(stays, say),
        "memory": stage_futures.memory_finding(tests, later, say),
    }
    playbook = stage_scheme.stage_playbook(now, say)[["stage", "customers", "share", "asks"]]
    names = {"segment": "channel", "until": months.until_months, "stage": str(later.stage)}
    shown = [
        present(playbook, say, caption="stages.now.table", count="customers"),
        present(stage_scheme.stage_rules(params, say), say, caption="stages.rules.table",
                count=None),
        present(later.table, say, caption=stage_futures.later_table(later), months=6, count=None,
                **names),
        present(course.marks, say, caption="stages.course.table", count="observed"),
        present(compared.summary(), say, caption="stages.expected.table", **names),
        present(compared.differences(), say, caption="stages.expected.differences", count=None,
                **names),
        present(moves.table, say, caption="stages.moves.table", count="customer_months"),
        present(stays.table, say, caption="stages.stays.table"),
        present(stage_futures.tests_table(tests, say), say, caption="stages.tests.table",
                count=None),
    ]  # fmt: skip
    texts = [finding.markdown for finding in told.values()]
    texts += [f"{table.caption}\n{table.markdown}" for table in shown]
    for plot, result, caption, alt in drawings:
        illustrate(plot, result, say, caption=caption, alt=alt)
        texts += [caption, alt]
    text = "\n".join(texts)
    assert "nan" not in text.lower().replace("finan", ""), text
    assert "None" not in text
    assert "\N{MINUS SIGN}0.0" not in text
    return told, text, {"now": now, "course": course, "moves": moves, "later": later}


def test_a_shop_is_told_whole():
    told, text, results = everything(tables_of(*shop()), study())
    assert told["now"].headline.startswith("customers are at risk now")
    assert int(told["now"].number) == results["now"].customers_in("declining")
    assert "this study has no prospects" in told["now"].detail
    assert told["later"].claim == "predictive"
    assert told["won_back"].number.endswith("%")
    assert told["months"].detail
    assert "has been silent for more than 17 weeks" in text
    assert sum(finding.in_summary for finding in told.values()) <= 2
    shares = results["course"].occupation.table.groupby("time")["estimate"].sum()
    assert np.allclose(shares, 1)


def test_one_customer():
    bought = pd.DataFrame({"customer_id": ["a"] * 4, "amount": 5.0})
    bought["at"] = ["2022-01-03", "2022-03-01", "2022-04-05", "2023-06-01"]
    told, text, _ = everything(tables_of(bought), study())
    assert told["now"].number == "Fewer than 10"
    assert told["course"].number == "Too few"
    assert told["won_back"].number == "Not told"
    assert "not shown" in text


def test_one_month():
    bought, people = shop(40)
    bought = bought.groupby("customer_id", as_index=False).first().assign(at="2022-01-15")
    told, text, results = everything(tables_of(bought, people), study(until=date(2022, 1, 31)))
    assert results["course"].occupation is None
    assert results["moves"].probabilities is None
    assert told["later"].number == "Not told"
    assert told["months"].number == "One group"
    assert "Too few customers were followed for a month." in text


def test_nobody_churned_and_one_group():
    bought, people = shop(60, stop=False)
    told, _, results = everything(tables_of(bought, people.assign(channel="fair")), study())
    assert results["now"].customers_in("churned") < 10
    assert told["won_back"].number == "Not told"
    assert told["months"].number == "One group"


@pytest.mark.parametrize("preset", ["purchase", "activity", "three_phase"])
def test_other_schemes(preset):
    told, text, results = everything(tables_of(*shop(80)), study(stages={"preset": preset}))
    at_risk = results["now"].at_risk_stage
    assert at_risk == ("declining_or_churned" if preset == "activity" else None)
    if at_risk is None:
        assert "the largest" in told["now"].headline
        assert told["later"].number == "Not told"
    assert "to be decided" not in text


def test_rules_of_ones_own_are_told_in_words():
    _, text, _ = everything(tables_of(*shop(80)), study(stages={"rules": OWN_RULES}))
    assert "is in the top 10% by spend of the last 12 months, and has bought on at least 3" in text
    assert "last bought at least 60 days ago, and has bought" in text
    assert "A stage of this study's own" in text


def test_rules_of_contracts_are_told_in_days():
    params = study(relationship="contractual", gap_days=30)
    rules = stage_scheme.stage_rules(params, wording_for(params)).set_index("stage")["condition"]
    assert rules["churned"] == "has had no contract for more than 30 days"
