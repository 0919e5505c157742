"""The small inputs that came out wrong once are proposed and read as they should be."""

from __future__ import annotations

import re

import pytest
from answering import answered
from shared_cases import shared_case

from analysis.data import read_tables
from analysis.data.propose import propose_params
from analysis.data.validate import validation_report
from analysis.errors import ParamsError
from analysis.params import read_params


@pytest.fixture
def case(tmp_path):
    """Propose a params file for a case: its text, and its path."""

    def propose(name):
        origin = shared_case(name, tmp_path)
        path = tmp_path / "params" / "acme.yml"
        path.parent.mkdir()
        path.write_text(propose_params("acme", origin, path.parent), encoding="utf-8")
        return path.read_text("utf-8"), path

    return propose


def answer(text, path, **answers):
    """Write the answers in place of the questions."""
    path.write_text(answered(text, **answers), encoding="utf-8")
    params = read_params(path)
    report, faults = validation_report(params)
    assert faults == 0, report
    return read_tables(params, stored=False)


@pytest.mark.parametrize(
    ("name", "key"), [("thousands_dot", "decimal"), ("day_or_month", "date_format")]
)
def test_an_ambiguous_convention_blocks(case, name, key):
    text, path = case(name)
    assert f"      {key}: ???\n" in text
    with pytest.raises(ParamsError) as refused:
        read_params(path)
    told = [line for line in str(refused.value).splitlines() if f"transactions.{key} " in line]
    assert len(told) == 1
    assert f"data.files.transactions.{key} must be decided by a person" in told[0]


def test_thousands_with_a_dot_come_to_620_000(case):
    text, path = case("thousands_dot")
    assert "total 620,000.00" in text
    tables = answer(text, path, decimal='","\n      thousands: "."')
    assert tables["transactions"].amount.sum().execute() == 620_000


def test_months_first_are_read_as_decided(case):
    text, path = case("day_or_month")
    assert '"%m/%d/%Y" (month first): 2023-01-02 to 2024-12-12; of the first 400 rows 0 lie' in text
    period = {"observed_from": "2023-01-01", "observed_until": "2024-12-31"}
    tables = answer(text, path, date_format='"%m/%d/%Y"', **period)
    assert str(tables["transactions"]["at"].min().execute())[:10] == "2023-01-02"


def test_a_shops_export_is_read_with_its_offsets(case):
    text, path = case("shop_export")
    assert "customer_id: Email\n" in text
    tables = answer(text, path)
    dropped = tables.audit.query("step == 'dropped' and rows > 0")
    assert list(dropped["rows"]) == [134]
    assert tables["transactions"].count().execute() == 400
    assert str(tables["transactions"]["at"].min().execute())[:10] == "2022-01-03"


def test_a_subscription_export_is_read_with_its_small_codes(case):
    text, path = case("subscription_export")
    assert "currency: USD" in text
    assert "times_in: UTC" in text
    assert "ended_at: Ended At (UTC)" in text
    tables = answer(text, path)
    assert tables["contracts"].count().execute() == 300


def test_accounts_with_ends_are_contracts(case):
    text, path = case("accounts_with_ends")
    assert "\n    contracts:" in text
    assert "interactions:" not in text
    assert set(answer(text, path)) == {"contracts", "customers"}


def test_personal_columns_are_no_groups(case):
    text, path = case("personal_columns")
    assert "\n      keep:" not in text
    assert "segments: [first_value_third]" in text
    listed = re.search(r"not taken along: (.*);", text)[1].split(", ")
    assert set(listed) >= {"FirstName", "LastName", "Company", "Phone", "Fax", "Email"}
    answer(text, path)
