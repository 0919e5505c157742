"""Each base by hand, and its sums in every shipped study."""

from __future__ import annotations

from pathlib import Path

import ibis
import pandas as pd
import pytest
import yaml

from analysis.errors import DataError
from analysis.states.bases import count_bases, declining_customers
from analysis.states.present_stage import present_stage
from analysis.states.stages import assign_stages
from analysis.study import Study, open_study

ROOT = Path(__file__).parents[3]
STUDY = {
    "schema_version": 1, "study": "acme", "title": "Acme", "author": "Research",
    "timezone": "Europe/Berlin", "currency": "EUR", "lapse_weeks": 4, "gap_days": 10,
}  # fmt: skip
PERIOD = "observed_from: 2023-01-01\nobserved_until: 2023-12-31\n"
PEOPLE = "customer_id,first_contact_at\n" + "".join(f"{who},2023-01-01\n" for who in "abcdefgh")
SALES = """customer_id,at,amount
a,2023-12-31,5
b,2023-12-04,5
c,2023-12-03,5
d,2023-03-01,5
d,2023-12-20,5
e,2023-02-01,5
f,2023-02-01,-5
i,2023-12-25,0
"""


@pytest.fixture
def acme(tmp_path):
    """A study of the given tables (name to CSV text)."""

    def made(relationship: str, **tables: str) -> Study:
        (tmp_path / "params").mkdir(exist_ok=True)
        for name, text in tables.items():
            (tmp_path / f"{name}.csv").write_text(text)
        files = {name: {"file": f"../{name}.csv"} for name in tables}
        values = STUDY | {"relationship": relationship, "data": {"files": files}}
        path = tmp_path / "params" / "acme.yml"
        path.write_text(PERIOD + yaml.safe_dump(values))
        return open_study(path)

    return made


def counts(study: Study, **options) -> dict[str, int]:
    table = count_bases(study.tables, study.params, **options).table
    return table.set_index("base")["n"].to_dict()


def test_bases_of_purchases_by_hand(acme):
    """Of nine people, f only brought back, g and h never came; i is told of by purchases alone."""
    answers = "customer_id,at\na,2023-05-01\na,2023-06-01\ng,2023-05-01\n"
    study = acme("noncontractual", transactions=SALES, customers=PEOPLE, surveys=answers)
    declining = ibis.memtable({"customer_id": ["b", "c", "g"]})
    assert counts(study, declining=declining) == {
        "known": 9,
        "prospects": 3,  # f, g, h
        "ever_bought": 6,
        "current": 4,  # a; b, silent for 27 days; d, who lapsed before and came back; i
        "churned": 2,  # c, at the close of the 28th day without a purchase; e
        "active": 3,
        "at_risk": 1,  # b: c has churned, g never bought
        "people_who_answered": 2,
        "answers": 3,
    }


def test_base_of_the_day_before_has_not_churned_yet(acme):
    study = acme("noncontractual", transactions=SALES)
    assert counts(study.until("2023-12-30"))["churned"] == 1
    assert counts(study)["churned"] == 2


def test_bases_of_contracts_by_hand(acme):
    contracts = """customer_id,started_at,ended_at
a,2023-01-01,
a,2023-02-01,
b,2023-01-01,2024-03-01
c,2023-01-01,2023-12-22
d,2023-01-01,2023-12-21
e,2023-01-01,2023-06-01
e,2023-09-01,
f,2020-01-01,2022-01-01
"""
    study = acme("contractual", contracts=contracts, customers=PEOPLE, transactions=SALES)
    declining = ibis.memtable({"customer_id": ["a", "c", "d"]})
    assert counts(study, declining=declining) == {
        "known": 9,
        "prospects": 2,  # g, h
        "without_contract": 1,  # i
        "ever_contract": 6,
        "current": 4,  # a, b, c, e
        "churned": 2,  # d, at the close of the tenth day without a contract; f, long ago
        "active": 2,
        "at_risk": 2,  # a, c
        "under_contract": 3,
        "may_be_renewed": 1,  # c
        "followed": 4,
        "ever_bought": 6,
        "contracts": 8,
        "open_contracts": 4,  # an end that is announced for later has not come
        "ended_contracts": 4,
    }


def test_who_began_after_follow_up_ended_is_counted_apart(acme):
    """Follow-up ends on 21 December: within ten days of the last day nobody's end can be known."""
    contracts = """customer_id,started_at,ended_at
a,2023-12-21,
b,2023-12-22,
c,2023-01-01,2023-12-18
c,2023-12-28,
d,2023-01-01,2023-12-17
d,2023-12-28,
e,2023-01-01,2023-12-25
f,2023-12-24,2023-12-25
"""
    found = counts(acme("contractual", contracts=contracts))
    assert {base: found[base] for base in ("current", "churned", "followed", "begun_since")} == {
        "current": 6,
        "churned": 0,
        "followed": 3,  # a; c, ten days without a contract; e
        "begun_since": 3,  # b; d, who came back; f
    }


def test_bases_leave_out_what_cannot_be_seen(acme):
    study = acme("noncontractual", transactions=SALES)
    found = counts(study)
    assert found["known"] == 7
    assert set(found) == {"known", "prospects", "ever_bought", "current", "churned"}
    no_ends = acme("contractual", contracts="customer_id,started_at\na,2023-05-01\n")
    assert counts(no_ends)["under_contract"] == counts(no_ends)["known"] == 1
    assert "prospects" not in counts(no_ends)


def test_bases_of_answers_alone(acme):
    study = acme("contractual", surveys="customer_id,at\na,2023-05-01\na,2023-06-01\n")
    assert counts(study) == {"known": 1, "people_who_answered": 1, "answers": 2}
    with pytest.raises(DataError, match=r"'churned' came \(there are: known, people_who_answered"):
        study.bases.n("churned")


@pytest.mark.parametrize(("order", "who"), [
    (("new", "declining", "churned"), {"b"}),
    (("new", "declining_or_churned"), {"c"}),
    (("new", "old"), None),
])  # fmt: skip
def test_stage_of_decline_is_that_of_the_last_month(order, who):
    stages = ibis.memtable(pd.DataFrame({
        "customer_id": ["a", "a", "b", "b", "c"],
        "month": pd.to_datetime(["2023-01-01", "2023-02-01"] * 2 + ["2023-02-01"]),
        "stage": ["declining", "new", "new", "declining", "declining_or_churned"],
    }))  # fmt: skip
    found = declining_customers(stages, order)
    assert who == (None if found is None else set(found.execute()["customer_id"]))


@pytest.mark.whole
@pytest.mark.parametrize("name", ["market", "bank", "cdnow", "complete_journey", "housing"])
def test_parts_add_up_to_their_whole_in_every_shipped_study(name, tmp_path):
    study = open_study(ROOT / "params" / f"{name}.yml", build=tmp_path)
    bases = study.bases
    for whole, parts in bases.wholes.items():
        assert sum(bases.n(part) for part in parts) == bases.n(whole[0]), whole
    assert bases.table["base"].is_unique
    assert bases.at == study.params.observed_until
    steps = bases.steps
    assert steps["base"].iloc[0] == "known"
    assert steps["n"].is_monotonic_decreasing
    assert steps["share"].iloc[0] == 1
    if "transactions" in study.tables:
        assert bases.n("ever_bought") == len(study.customers)
        assert {"current", "churned", "at_risk", "active"} <= set(bases.table["base"])
        ended = study.spells.drop_duplicates("customer_id", keep="last")["event"]
        stages = present_stage(assign_stages(study.tables, study.params))["stage"]
        assert bases.n("churned") == int(ended.sum()) == int(stages.eq("churned").sum())
        assert bases.n("at_risk") == int(stages.eq("declining").sum())
    if "surveys" in study.tables:
        assert bases.n("answers") == len(study.survey)
        assert bases.n("people_who_answered") == study.survey["customer_id"].nunique()
