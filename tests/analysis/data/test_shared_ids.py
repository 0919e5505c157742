"""Everybody is counted or named: how many customers of each table the others know."""

import pandas as pd
import pytest
from shared_cases import shared_case

from analysis.chapters.contracts.facts import contracts_fact
from analysis.chapters.contracts.held import contracts_held
from analysis.chapters.data.facts import customers_fact
from analysis.chapters.data.groups import customers_held
from analysis.data import read_tables
from analysis.data.shared_ids import count_shared_ids
from analysis.data.validate import validation_report
from analysis.errors import DataError
from analysis.frames import counted
from analysis.params import read_params
from analysis.states.answers import read_answers
from analysis.states.records import customers_shared, repairs
from analysis.telling.showing import chapter_of


def ids(first, last, prefix="c"):
    return [f"{prefix}{number:03d}" for number in range(first, last)]


def written(study, **people):
    """Tables of one row a customer: name to customer ids."""
    rest = {"transactions": ",2023-02-01,10", "surveys": ",2023-03-01,9", "customers": ",north",
            "interactions": ",2023-04-01,complaint", "contracts": ",2023-01-05,"}  # fmt: skip
    heads = {"transactions": "at,amount", "surveys": "at,nps", "customers": "region",
             "interactions": "at,kind", "contracts": "started_at,ended_at"}  # fmt: skip
    for name, who in people.items():
        lines = "".join(f"{customer}{rest[name]}\n" for customer in who)
        study.write(f"{name}.csv", f"customer_id,{heads[name]}\n{lines}")
    return {name: {"file": f"../{name}.csv"} for name in people}


def test_each_table_is_counted_and_what_the_others_know(study):
    files = written(study, transactions=ids(0, 30), surveys=ids(20, 50), interactions=ids(25, 28))
    params = study.params({"files": files})
    tables = read_tables(params, stored=False)
    told = customers_shared(tables).set_index(["table", "other"])
    assert told.xs("transactions")["customers"].tolist() == [30] * 3
    assert told["met"].to_dict() == {
        ("transactions", "surveys"): 10, ("transactions", "interactions"): 3,
        ("transactions", "no other"): 20, ("surveys", "transactions"): 10,
        ("surveys", "interactions"): 3, ("surveys", "no other"): 20,
        ("interactions", "transactions"): 3, ("interactions", "surveys"): 3,
        ("interactions", "no other"): 0,
    }  # fmt: skip
    text, faults = validation_report(params)
    assert not faults
    line = next(line for line in text.splitlines() if line.startswith("- surveys: 30 customers"))
    for said in ("10 in transactions", "3 in interactions", "20 in no other table"):
        assert said in line
    assert len(tables["customers"].to_pandas()) == 50  # all who bought or answered


def test_one_table_meets_no_other(study):
    params = study.params({"files": written(study, transactions=ids(0, 3))})
    told = customers_shared(read_tables(params, stored=False))
    assert told.to_numpy().tolist() == [["transactions", 3, "no other", 3]]
    assert "transactions: 3 customers" in validation_report(params)[0]


@pytest.mark.parametrize(
    ("surveys", "refused"),
    [(ids(500, 540), True), (ids(38, 78), True), (ids(30, 70), False), (ids(500, 509), False)],
    ids=["nobody", "one in twenty", "one in four", "fewer than a cell"],
)
def test_tables_that_hardly_meet_are_refused(study, surveys, refused):
    files = written(study, transactions=ids(0, 40), surveys=surveys)
    text, faults = validation_report(study.params({"files": files}))
    assert bool(faults) == refused
    if not refused:
        return
    assert "surveys.customer_id must know 10% of the customers" in text
    assert "in both, of 40 in surveys and 40 in transactions" in text
    with pytest.raises(DataError, match="least_met"):
        read_tables(study.params({"files": files}), stored=False)
    allowed = study.params({"files": files, "least_met": 0})
    assert validation_report(allowed)[1] == 0


def test_a_table_of_many_prospects_is_no_fault(study):
    files = written(study, transactions=ids(0, 20), customers=ids(0, 900))
    text, faults = validation_report(study.params({"files": files}))
    assert not faults
    assert "customers: 900 customers, of whom 20 in transactions" in text


RETURNS = [("a", "2023-02-01", 100.25), ("a", "2023-03-01", -20.0), ("b", "2023-02-03", 50.5)]
RETURNS += [("r", "2023-04-01", -30.75), ("s", "2023-05-01", -1.0), ("s", "2023-06-01", -2.0)]


@pytest.mark.parametrize("largest", [counted.LARGE, 0], ids=["one row each", "counted"])
def test_who_only_returned_is_named_and_the_money_meets(study, monkeypatch, largest):
    monkeypatch.setattr(counted, "LARGE", largest)
    lines = "".join(f"{who},{day},{amount}\n" for who, day, amount in RETURNS)
    study.write("sales.csv", f"customer_id,at,amount\n{lines}")
    params = study.params(
        {"files": {"transactions": {"file": "../sales.csv"}}}, segments=["first_value_third"]
    )
    tables = read_tables(params, stored=False)
    held = customers_held(tables, params)
    assert (held.customers, held.purchases, held.returns_only) == (2, 2, 2)
    assert held.revenue == pytest.approx(sum(amount for *_, amount in RETURNS))
    text = chapter_of(params, "data").finding(customers_fact(held, tables.audit)).markdown
    assert "The purchase table holds 4 people: 2 more have returns only." in text
    assert "2 customers noticed (customers with returns only" in validation_report(params)[0]


def test_contracts_outside_the_observation_are_named(study):
    lines = "a,2020-01-01,2021-01-01\nb,2020-01-01,2022-05-01\nb,2023-02-01,\nc,2022-01-01,\n"
    study.write("contracts.csv", f"customer_id,started_at,ended_at\n{lines}d,2023-03-01,\n")
    files = {"contracts": {"file": "../contracts.csv"}}
    params = study.params({"files": files}, relationship="contractual")
    tables = read_tables(params, stored=False)
    period = {"observed_from": params.observed_from, "observed_until": params.observed_until}
    held = contracts_held(tables, **period)
    assert (held.customers, held.contracts, held.before) == (4, 5, 3)
    assert (held.over, held.gone) == (2, 1)
    text = chapter_of(params, "contracts").finding(contracts_fact(held, tables.audit)).markdown
    assert "2 of those had ended by then" in text
    told = repairs(tables.audit).set_index("reason")["rows"]
    assert told["begun before observed_from, followed from its first day on"] == 3
    assert told["ended before observed_from, left out of what is told of relationships"] == 2


def test_groups_are_known_of_those_too_who_never_bought(study):
    files = written(study, transactions=ids(0, 20), surveys=ids(0, 30), customers=ids(0, 30))
    params = study.params({"files": files}, segments=["region"])
    answers = read_answers(read_tables(params, stored=False), params)
    assert answers.frame["region"].astype(str).tolist() == ["north"] * 30


def test_shared_case_one_year(tmp_path):
    params = read_params(shared_case("one_year", tmp_path) / "oneyear.yml")
    tables = read_tables(params, stored=False)
    held = customers_held(tables, params)
    lines = pd.read_csv(params.path.parent / "orders.csv")
    assert held.customers + held.returns_only == lines["customer_id"].nunique() == 408
    assert held.customers == 400
    assert held.revenue == pytest.approx(lines["amount"].sum())
    assert round(held.revenue) == 229_703
    assert "8 customers noticed (customers with returns only" in validation_report(params)[0]


def test_shared_case_answers_of_nonbuyers(tmp_path):
    params = read_params(shared_case("answers_of_nonbuyers", tmp_path) / "nonbuy.yml")
    text, faults = validation_report(params)
    assert not faults
    assert "surveys: 1,200 customers, of whom 1,000 in transactions, 1,200 in customers" in text
    tables = read_tables(params, stored=False)
    assert count_shared_ids(tables)["customers"].max() == 1200
    answers = read_answers(tables, params)
    assert set(answers.frame["state"].astype(str)) == {"A", "B", "C"}
    assert (answers.frame["first_value_third"] == "unknown").sum() == 200
