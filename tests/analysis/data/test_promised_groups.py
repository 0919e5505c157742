"""Groups that no chapter can form are refused by validate, before any notebook."""

import pytest

from analysis.data.promised import MADE
from analysis.data.propose import propose_params
from analysis.data.validate import validation_report
from analysis.frames import customer_frame, spells
from analysis.states.relationships import read_relationships
from analysis.study import open_study

SALES = "customer_id,at,amount\n" + "".join(f"c{n},2023-0{1 + n % 6}-05,5\n" for n in range(12))
PEOPLE = "customer_id,first_contact_at,region,{extra}\n"


def people(study, extra="seen"):
    rows = "".join(f"c{n},2023-01-01,N,{n % 2}\n" for n in range(12))
    study.write("sales.csv", SALES)
    study.write("people.csv", PEOPLE.format(extra=extra) + rows)
    named = {"first_contact_at": "first_contact_at"}
    return {"transactions": {"file": "../sales.csv"}} | {
        "customers": {"file": "../people.csv", "columns": named, "keep": ["region", extra]}
    }


def test_a_day_is_no_group(study):
    params = study.params({"files": people(study)}, segments=["first_contact_at"])
    report, faults = validation_report(params)
    assert faults == 1
    assert "customers.first_contact_at must hold groups, as segments names it" in report
    assert "set segments to some of region, seen, first_value_third, acquired_month" in report


def test_what_only_answers_know_is_no_group_beside_purchases(study):
    files = people(study)
    study.write(
        "sheets.csv", "customer_id,at,nps,mood\nc1,2023-03-01,9,glad\nc2,2023-03-01,3,sad\n"
    )
    sheets = {"surveys": {"file": "../sheets.csv", "keep": ["mood"]}}
    report, faults = validation_report(study.params({"files": files | sheets}, segments=["mood"]))
    assert faults == 1
    assert "customers.mood must be a column of customers, as segments names it" in report
    assert validation_report(study.params({"files": sheets}, segments=["mood"]))[1] == 0


@pytest.mark.parametrize("name", ["revenue", "duration", "acquired_month", "count"])
def test_a_column_does_not_bear_the_name_of_what_is_computed(study, name):
    params = study.params({"files": people(study, name)})
    report, faults = validation_report(params)
    assert faults == 1
    assert f"customers.{name} must not bear the name of what the report computes" in report
    assert f"columns: {{own_{name}: {name}}}" in report


def test_all_that_is_computed_of_a_customer_is_named():
    study = open_study(
        "bank", {"data": {"simulated": {"company": "bank", "customers": 60, "seed": 1}}}
    )
    known = set(study.tables["customers"].columns) | {"customer_id", "acquired_year"}
    made = {*customer_frame(study.tables, study.params), *spells(study.tables, study.params)}
    made |= {*read_relationships(study.tables, study.params)}
    assert made - known <= set(MADE)


def test_a_proposal_takes_such_a_column_along_under_another_name(study):
    rows = "".join(f"c{n},2023-01-01,N,{'ab'[n % 2]}\n" for n in range(12))
    (study.folder / "shop").mkdir()
    study.write("shop/sales.csv", SALES)
    study.write("shop/customers.csv", PEOPLE.format(extra="duration") + rows)
    text = propose_params("acme", study.folder / "shop", study.folder / "params")
    assert "own_duration: duration" in text
