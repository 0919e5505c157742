"""Sentences about stages: every variant, odd studies, and never a missing number in a sentence."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from shared_cases import shared_case

from analysis.chapters.stages.course import stage_course
from analysis.chapters.stages.facts import (
    course_fact,
    later_fact,
    memory_fact,
    months_fact,
    moves_fact,
    now_fact,
    won_back_fact,
)
from analysis.chapters.stages.figures import (
    plot_monthly_moves,
    plot_stage_course,
    plot_stage_months,
    plot_stages_now,
)
from analysis.chapters.stages.later import LaterStages, later_stages
from analysis.chapters.stages.movement_tests import MovementTests, movement_tests
from analysis.chapters.stages.moves import monthly_moves
from analysis.chapters.stages.now import stages_now
from analysis.chapters.stages.paths import paths_by_segment
from analysis.chapters.stages.rule_made import RuleMade, rule_made
from analysis.chapters.stages.stage_time import StageStays, stage_months_by_segment, stage_stays
from analysis.chapters.stages.tables import (
    PRESET_STAGES,
    movement_table,
    stage_playbook,
    stage_rules,
)
from analysis.data import Description, Tables
from analysis.notes import note
from analysis.params import Params
from analysis.states.stages import assign_stages, stage_counts, stage_paths
from analysis.study import open_study
from analysis.telling.showing import SILENT, chapter_of

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
    """All findings, figures and tables of the chapter, as one text, and the results."""
    show = chapter_of(params, "stages")
    stages = assign_stages(tables, params)
    by_segment = paths_by_segment(stages, tables, params)
    paths = by_segment["channel"]
    few, level = {"min_cell": params.min_cell}, {"conf_level": params.conf_level}
    made = rule_made(params, past_known=stages.past_known)
    now = show.gated(stages_now(stages, as_of=params.observed_until, **few))
    course = show.gated(stage_course(paths, made=made, **few, **level))
    compared = show.gated(stage_months_by_segment(by_segment, horizon_months=12, **few, **level))
    moves = show.gated(monthly_moves(stage_paths(stages), **few, **level))
    stays = show.gated(stage_stays(paths, made=made, **few, **level))
    tests = movement_tests(stages, by_segment, seed=1, replications=50)
    later = show.gated(later_stages(stages, now.at_risk_stage, **few, **level))
    months = compared.of["channel"]
    facts = {
        "now": now_fact(now, **few),
        "later": later_fact(later, now),
        "course": course_fact(course),
        "months": months_fact(months, tests, "channel", **level),
        "moves": moves_fact(moves),
        "won_back": won_back_fact(stays),
        "memory": memory_fact(tests, later, **level),
    }
    findings = {name: show.finding(fact) for name, fact in facts.items()}
    figures = [
        show.figure(plot_stages_now, now, facts["now"]),
        show.figure(plot_stage_course, course, facts["course"]),
        show.figure(plot_stage_months, months, facts["months"]),
        show.figure(plot_monthly_moves, moves, facts["moves"]),
    ]
    shown = [
        show.table(stage_playbook(now), "now.table", count="customers", then=now.then),
        show.table(stage_rules(params), "now.rules", count=None),
        show.table(later.table, "later.table", count="customers", stage=later.stage, months=6),
        show.table(course.marks, "course.table", of=facts["course"], count="observed"),
        show.table(compared.summary(), "months.table", of=facts["months"]),
        show.table(compared.differences(), "months.differences", of=facts["months"], count=None),
        show.table(moves.table, "moves.table", of=facts["moves"], count="customer_months"),
        show.table(stays.table, "won_back.table"),
        show.table(movement_table(tests), "memory.tests", count=None),
    ]
    texts = [finding.markdown for finding in findings.values()]
    texts += [f"{table.caption}\n{table.markdown}" for table in shown if table is not SILENT]
    texts += [f"{one.caption}\n{one.alt}" for one in figures if one is not SILENT]
    text = "\n".join(texts)
    assert "nan" not in text.lower().replace("finan", ""), text
    assert "None" not in text
    assert "\N{MINUS SIGN}0.0" not in text
    results = {"now": now, "course": course, "moves": moves, "later": later}
    return findings, text, results | {"counts": stage_counts(stages)}


def test_a_shop_is_told_whole():
    told, text, results = everything(tables_of(*shop()), study())
    assert told["now"].headline.startswith("customers are at risk now")
    assert int(told["now"].number) == results["now"].row_of("declining")["customers"]
    assert "this study has no prospects" in told["now"].detail
    assert told["later"].fact.claim == "predictive"
    assert told["won_back"].number.endswith("%")
    assert told["months"].detail
    assert "has been silent for more than 17 weeks" in text
    assert sum(finding.fact.in_summary for finding in told.values()) <= 2
    shares = results["course"].occupation.table.groupby("time")["estimate"].sum()
    assert np.allclose(shares, 1)


def test_one_customer():
    bought = pd.DataFrame({"customer_id": ["a"] * 4, "amount": 5.0})
    bought["at"] = ["2022-01-03", "2022-03-01", "2022-04-05", "2023-06-01"]
    told, text, _ = everything(tables_of(bought), study())
    assert told["now"].number == "Fewer than 10"
    assert told["course"].fact.silent
    assert "is not told: fewer than 10" in told["won_back"].markdown
    assert "not shown" in text


def test_one_month():
    bought, people = shop(40)
    bought = bought.groupby("customer_id", as_index=False).first().assign(at="2022-01-15")
    told, _, results = everything(tables_of(bought, people), study(until=date(2022, 1, 31)))
    assert results["course"].occupation is None
    assert not results["moves"].states
    assert told["later"].fact.silent
    for name in ("course", "months", "moves"):
        assert "is not told: too few" in told[name].markdown
        assert told[name].markdown.endswith("were followed for a month.*")


def test_nobody_churned_and_one_group():
    bought, people = shop(60, stop=False)
    told, _, results = everything(tables_of(bought, people.assign(channel="fair")), study())
    assert not results["now"].row_of("churned")["customers"] >= 10
    assert told["won_back"].fact.silent
    assert told["months"].number == "One group"


@pytest.mark.parametrize("preset", ["purchase", "activity", "three_phase"])
def test_other_schemes(preset):
    told, text, results = everything(tables_of(*shop(80)), study(stages={"preset": preset}))
    at_risk = results["now"].at_risk_stage
    assert at_risk == ("declining_or_churned" if preset == "activity" else None)
    if at_risk is None:
        assert "the largest" in told["now"].headline
        assert told["later"].markdown == (
            "*How many at risk will churn is not told: these stages have none of decline.*"
        )
    assert "to be decided" not in text


def test_rules_of_ones_own_are_told_in_words():
    _, text, _ = everything(tables_of(*shop(80)), study(stages={"rules": OWN_RULES}))
    assert "is in the top 10% by spend of the last 12 months, and has bought on at least 3" in text
    assert "last bought at least 60 days ago, and has bought" in text
    assert "own: to be decided" in text


def test_rules_of_contracts_are_told_in_days():
    params = study(relationship="contractual", gap_days=30)
    rules = stage_rules(params).set_index("stage")["condition"]
    say = chapter_of(params, "stages").say
    assert say.note(rules["churned"]) == "has had no contract for more than 30 days"


def test_every_preset_stage_has_its_place_in_the_playbook():
    say = chapter_of(study(), "stages").say
    assert set(say.parts("notes.stages.playbook")) == PRESET_STAGES | {"own"}


def later_of(**numbers):
    row = {"to": "churned", "estimate": 0.5, "conf_low": 0.4, "conf_high": 0.6, "customers": 50}
    row |= {"memoryless": 0.3, "before": np.nan}
    return LaterStages(pd.DataFrame([row | numbers]), "declining", 6, 100, 0)


def memory_of(p_value):
    row = {"question": "memory", "segment": "", "p_value": p_value, "draws": 199, "from": "mature"}
    row |= {"to": "declining", "where": "new", "ratio": np.nan, "note": ""}
    return MovementTests(pd.DataFrame([row]), None)


def test_the_past_of_a_stage_is_told_with_what_forgetting_it_would_cost():
    show = chapter_of(study(), "stages")
    told = show.finding(memory_fact(memory_of(0.001), later_of(), conf_level=0.95))
    assert told.sentence.startswith("The past matters")
    assert (
        "that 30.0% of those in “Declining” are in “Churned” 6 months later; 50.0%" in told.detail
    )
    assert "Markov property: p = 0.001" not in told.detail
    told = show.finding(memory_fact(memory_of(0.005), later_of(), conf_level=0.95))
    assert "Markov property: p ≤ 0.005)" in told.detail  # none of 199 draws was as extreme
    told = show.finding(memory_fact(memory_of(0.5), later_of(), conf_level=0.95))
    assert told.number == "No clear sign"
    assert "valid in either case" in told.detail
    assert memory_fact(memory_of(np.nan), later_of(), conf_level=0.95).silent


def test_a_hidden_stage_of_decline_is_not_told_beside_where_it_leads():
    params = study()
    show = chapter_of(params, "stages")
    stages = assign_stages(tables_of(*shop(20)), params)
    now = show.gated(stages_now(stages, as_of=params.observed_until))
    now.table.loc[now.table["stage"] == "declining", "customers"] = np.nan
    assert now_fact(now, min_cell=10).variant == "too_few"
    told = show.finding(later_fact(later_of(before=0.9), now))
    assert "now in the stage. It is" not in told.detail
    assert "so the share moves" in told.detail
    steady = show.finding(later_fact(later_of(before=0.45), now))
    assert "months before it was 45.0%." in steady.detail


def test_won_back_by_nobody_and_by_some():
    show = chapter_of(study(), "stages")
    row = {"months": 12.0, "estimate": 0.0, "conf_low": 0.0, "conf_high": 0.0, "n": 40}
    nobody = show.finding(won_back_fact(StageStays(pd.DataFrame(), row)))
    assert nobody.sentence == "Nobody of those who churned was won back within 12 months."
    row |= {"estimate": 0.25, "conf_low": 0.1, "conf_high": 0.4}
    some = show.finding(won_back_fact(StageStays(pd.DataFrame(), row)))
    assert some.sentence == "25.0% of those who churn are won back within 12 months."
    assert "10.0 to 40.0%" in some.detail


def test_months_from_the_first_purchase_seen_are_told_so():
    params = study()
    show = chapter_of(params, "stages")
    paths = paths_by_segment(*(lambda t: (assign_stages(t, params), t, params))(tables_of(*shop())))
    course = show.gated(stage_course(paths["channel"], past_known=False, min_cell=10))
    told = show.finding(course_fact(course))
    assert told.headline.endswith("months after the first purchase in the records.")
    assert "when they began is not known" in told.detail


@pytest.fixture(scope="module")
def large_shop():
    return shop(600)


def edge_of(large_shop, until):
    """What is told of now, and of the time before, in a study that ends on a day."""
    bought, people = large_shop
    bought = bought[bought["at"] <= pd.Timestamp(until)]
    people = people[people["customer_id"].isin(bought["customer_id"])]
    params = study(until)
    show, stages = chapter_of(params, "stages"), assign_stages(tables_of(bought, people), params)
    now = show.gated(stages_now(stages, as_of=until, min_cell=2))
    told = show.finding(now_fact(now, min_cell=10))
    table = show.table(stage_playbook(now), "now.table", count="customers", then=now.then)
    return now, told, f"{table.caption}\n{table.markdown}", stages


def test_a_year_before_is_told_of_the_day_that_it_is(large_shop):
    """Stages are known at ends of months: the nearest to a year before is told, by its date."""
    now, told, table, stages = edge_of(large_shop, date(2023, 12, 9))
    assert now.earlier_at == date(2022, 11, 30)
    assert "their share now and on 30 November 2022" in table
    counts = stage_counts(stages)
    month, declining = pd.to_datetime(counts["month"]), counts["stage"].eq("declining")
    there = counts.loc[month.eq("2022-11-01") & declining, "customers"].iloc[0]
    assert f"On 30 November 2022, {there} were in this stage" in told.detail
    assert told.fact.comparator.estimate == there
    assert edge_of(large_shop, date(2023, 12, 31))[0].earlier_at == date(2022, 12, 31)


@pytest.mark.parametrize(("until", "settled"), [
    (date(2023, 7, 31), True),  # seventeen weeks and a quarter are over on 30 July 2022
    (date(2023, 6, 30), False),
])  # fmt: skip
def test_nothing_is_set_beside_the_left_edge(large_shop, until, settled):
    now, told, table, stages = edge_of(large_shop, until)
    assert told.fact.estimate >= 10
    assert (now.earlier_at is not None) == settled
    assert ("were in this stage" in told.detail) == settled
    assert ("Share then" in table) == settled
    assert np.isfinite(told.fact.comparator.estimate) == settled
    later = later_stages(stages, now.at_risk_stage)
    assert later.n > 0
    assert later.table["before"].notna().any() == settled


def test_shared_case_of_one_year(tmp_path):
    """In its first month nobody can have lapsed: nothing is compared with it."""
    folder = shared_case("one_year", tmp_path)
    given = open_study(folder / "oneyear.yml", build=tmp_path)
    now = stages_now(given.stages, as_of=given.params.observed_until, min_cell=10)
    assert now.earlier_at is None
    assert now.table["earlier_share"].isna().all()
    assert not {"year_before"} & set(now_fact(now, min_cell=10).also)


def test_steps_and_stays_of_the_rules_are_known():
    made = rule_made(study(lapse_weeks=26))
    assert made.steps == (3.0, 5.98)
    assert dict(made.stays) == {"won_back": 3.0, "new": 3.0}
    assert rule_made(study(relationship="contractual", gap_days=30)).steps == (3.0,)
    assert 3.0 not in rule_made(study(), past_known=False).steps


def test_steps_of_the_rules_are_marked_and_named():
    params, tables = study(), tables_of(*shop())
    stages = assign_stages(tables, params)
    paths = paths_by_segment(stages, tables, params)["channel"]
    course = stage_course(paths, made=RuleMade(steps=(3.0, 99.0)), min_cell=10)
    assert course.steps == (3.0,)
    notes = course.marks.drop_duplicates("months").set_index("months")["note"]
    assert notes[3] == note("stages.step", months=("3",))
    assert notes.drop(3).eq("").all()
    show = chapter_of(params, "stages")
    assert "Steps at these months are made by the rules" in show.finding(course_fact(course)).detail
    ax = Figure().add_subplot()
    plot_stage_course(course, ax, show.say)
    assert any(text.get_text() == "by rule" for text in ax.texts)


def test_a_definition_that_makes_nearly_everybody_something_is_named():
    row = {"months": 12.0, "estimate": 0.929, "conf_low": 0.9, "conf_high": 0.95, "n": 300}
    show = chapter_of(study(), "stages")
    told = show.finding(won_back_fact(StageStays(pd.DataFrame(), row))).detail
    assert "where so many are (80% or more)" in told
    seldom = row | {"estimate": 0.3, "conf_low": 0.25, "conf_high": 0.35}
    assert (
        "80% or more" not in show.finding(won_back_fact(StageStays(pd.DataFrame(), seldom))).detail
    )


def test_why_nobody_is_told_to_be_won_back():
    show = chapter_of(study(), "stages")
    for why, words in (
        ("nobody", "nobody was seen to churn"),
        ("too_few", "fewer than 10 churned"),
        ("untold", "do not tell them apart"),
    ):
        told = show.finding(won_back_fact(StageStays(pd.DataFrame(), None, why))).markdown
        assert words in told
