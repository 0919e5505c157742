"""What reads in two ways is asked of a person, and blocks until it is answered."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pytest
from answering import answered
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from analysis.data import read_tables
from analysis.data.propose import propose_params
from analysis.errors import DataError, ParamsError
from analysis.params import read_params
from analysis.params.undecided import undecided_keys
from reporting import commands

HEAD = "customer_id,at,amount\n"


@pytest.fixture
def propose(study):
    """Propose a params file for one written file, and read it with answers in place."""

    def make(content, name="sales.csv"):
        if isinstance(content, str):
            study.write(name, content)
        text = propose_params("acme", study.folder / name, study.folder / "params")
        path = study.folder / "params" / "acme.yml"
        path.write_text(text, encoding="utf-8")
        return text, answered(text, amounts_in="???"), path

    return make


def rows_of(path, text):
    path.write_text(text, encoding="utf-8")
    table = read_tables(read_params(path), stored=False)["transactions"]
    rows = table.select("customer_id", "at", "amount").to_pyarrow().to_pylist()
    return sorted(tuple(row.values()) for row in rows)


def asked(text):
    """The keys that a proposed text leaves to a person."""
    found = [line.split(":")[0].strip() for line in text.splitlines() if ": ???" in line]
    return set(found) - {"currency"}


def test_day_or_month_blocks_with_its_evidence(propose):
    rows = "".join(f"c,{month:02}/{day:02}/2023,5.5\n" for month in (1, 2) for day in (3, 5, 9))
    text, written, path = propose(HEAD + rows)
    assert asked(text) == {"date_format", "observed_from", "observed_until"}
    assert '"%d/%m/%Y" (day first): 2023-03-01 to 2023-09-02; of the first 6 rows 1 lie' in text
    assert '"%m/%d/%Y" (month first): 2023-01-03 to 2023-02-09; of the first 6 rows 0 lie' in text
    with pytest.raises(ParamsError) as refused:
        read_params(path)
    told = str(refused.value).splitlines()
    assert any("data.files.transactions.date_format must be decided by a person" in t for t in told)
    assert len(told) == 4
    for form, first in (("%d/%m/%Y", dt.date(2023, 3, 1)), ("%m/%d/%Y", dt.date(2023, 1, 3))):
        decided = written.replace("date_format: ???", f'date_format: "{form}"')
        decided = decided.replace("observed_from: ???", "observed_from: 2023-01-01")
        decided = decided.replace("observed_until: ???", "observed_until: 2023-12-31")
        assert rows_of(path, decided)[0][1] == first


def test_validate_and_reports_refuse_an_open_question(propose, monkeypatch):
    _, _, path = propose(HEAD + "c,01/02/2023,5.5\n")
    monkeypatch.setenv("PARAMS", str(path.parent))
    with pytest.raises(ParamsError, match="date_format must be decided by a person"):
        commands.main(["validate", "--study", "acme"])
    with pytest.raises(ParamsError, match=r"date_format must be decided"):
        read_params(path, {"lapse_weeks": 13})


def test_another_column_of_the_table_may_decide(propose):
    text, _, _ = propose(
        "customer_id,start_date,end_date\nc,01/02/2023,01/31/2023\n", "contracts.csv"
    )
    assert "date_format: '%m/%d/%Y'" in text
    assert asked(text) == set()


@pytest.mark.parametrize("form", ["%d.%m.%y", "%m/%d/%y", "%y-%m-%d"])
def test_years_of_two_digits_are_asked(propose, form):
    days = (dt.date(2023, 1, 31), dt.date(2024, 5, 17))
    rows = "".join(f"c,{day.strftime(form)},5.5\n" for day in days)
    text, written, path = propose(HEAD + rows)
    assert "date_format" in asked(text)
    assert f'"{form}"' in text
    decided = written.replace("date_format: ???", f'date_format: "{form}"')
    decided = decided.replace("observed_from: ???", "observed_from: 2023-01-01")
    decided = decided.replace("observed_until: ???", "observed_until: 2024-12-31")
    assert [row[1] for row in rows_of(path, decided)] == list(days)


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["1.234,50"], (",", ".")),
        (["1,234.50"], (".", ",")),
        (["12,5"], (",", None)),
        (["12.5"], (".", None)),
        (["1.234", "9,5"], (",", ".")),
        (["1,234", "9.5"], (".", ",")),
        (["1.234.567", "5"], (",", ".")),
        (["1,234", "1,234,567", "5"], (".", ",")),
        (["1.234", "0.500"], (".", None)),
        (["1.234", "1234.500"], (".", None)),
        (["1'234.50"], (".", "'")),
        (["€ 1.234,50-", "(3,5)", "7,5"], (",", ".")),
        (["7", "12.50"], (".", None)),
    ],
)
def test_one_value_that_reads_in_one_way_decides(propose, amounts, expected):
    rows = "".join(f"c;2023-01-05;{amount}\n" for amount in amounts)
    text, written, path = propose(HEAD.replace(",", ";") + rows)
    assert asked(text) == set()
    path.write_text(written, encoding="utf-8")
    table = read_params(path).data.files["transactions"]
    assert (table.decimal, table.thousands) == expected
    assert len(rows_of(path, written)) == len(amounts)


@pytest.mark.parametrize(
    ("amounts", "either"),
    [(["2.046", "946"], "."), (["2,046", "946"], ","), (["-2.046", "€ 3.500"], ".")],
)
def test_three_digits_after_every_sign_are_asked(propose, amounts, either):
    rows = "".join(f"c;2023-01-05;{amount}\n" for amount in amounts)
    text, written, path = propose(HEAD.replace(",", ";") + rows)
    assert asked(text) == {"decimal"}
    assert f"is '{either}' the sign of thousands or of decimals?" in text
    other = {".": ",", ",": "."}[either]
    thousands = written.replace("decimal: ???", f'decimal: "{other}"\n      thousands: "{either}"')
    decimals = written.replace("decimal: ???", f'decimal: "{either}"')
    assert max(row[2] for row in rows_of(path, thousands)) > 100
    assert min(abs(row[2]) for row in rows_of(path, decimals)) < 100


def test_signs_that_contradict_each_other_are_asked(propose):
    text, _, _ = propose(HEAD.replace(",", ";") + "c;2023-01-05;1,5\nc;2023-01-06;1.5\n")
    assert asked(text) == {"decimal"}
    assert "Some values read in the one way only, some in the other" in text


def test_a_params_file_that_names_no_decimal_sign_is_asked_too(study):
    study.write("sales.csv", HEAD + "c,2023-01-05,2.046\nc,2023-01-06,946\n")
    with pytest.raises(DataError, match=r"transactions\.amount must .*'\.'.* decimal: \"\.\""):
        read_tables(study.files(transactions="sales.csv"))
    for options, total in (({"decimal": "."}, 948.046), ({"decimal": ",", "thousands": "."}, 2992)):
        params = study.files(transactions={"file": "sales.csv"} | options)
        assert read_tables(params, stored=False)["transactions"].amount.sum().execute() == total
    study.write("sales.csv", HEAD + "c,2023-01-05,2.046\nc,2023-01-06,9.5\n")
    read_tables(study.files(transactions="sales.csv"))
    study.write("sales.jsonl", '{"customer_id": "c", "at": "2023-01-05", "amount": 2.046}\n')
    read_tables(study.files(transactions="sales.jsonl"))


def test_whole_numbers_may_be_cents(propose):
    rows = "c,2023-01-05,1999\nc,2023-01-06,24900\n"
    text, written, path = propose(HEAD + rows)
    assert asked(text) == {"amounts_in"}
    assert "#   cents: from 19.99 to 249.00" in text
    cents = written.replace("amounts_in: ???", "amounts_in: cents")
    assert [row[2] for row in rows_of(path, cents)] == [19.99, 249.0]
    whole = written.replace("amounts_in: ???", "amounts_in: whole")
    assert [row[2] for row in rows_of(path, whole)] == [1999.0, 24900.0]


@pytest.mark.parametrize("amounts", [("19", "24900"), ("1999", "249.50"), ("1999.00", "24900.00")])
def test_decimals_and_small_amounts_show_whole_units(propose, amounts):
    text, _, _ = propose(HEAD + "".join(f"c,2023-01-05,{amount}\n" for amount in amounts))
    assert asked(text) == set()


def test_a_heading_that_says_cents_is_used(propose):
    text, written, path = propose("customer_id,at,amount_cents\nc,2023-01-05,1999\n")
    assert "amounts_in: cents\n" in text
    assert rows_of(path, written)[0][2] == 19.99


EPOCHS = [("1675209600", "epoch_s"), ("1675209600000", "epoch_ms")]


@pytest.mark.parametrize(("number", "form"), EPOCHS)
def test_seconds_and_milliseconds_are_asked(propose, number, form):
    text, written, path = propose(HEAD + f"c,{number},5.5\n")
    assert {"date_format", "timezone"} <= asked(text)
    assert f"{form} (" in text
    assert "2023-02-01 to 2023-02-01" in text
    decided = written.replace("date_format: ???", f"date_format: {form}")
    decided = decided.replace("observed_from: ???", "observed_from: 2023-01-01")
    decided = decided.replace("observed_until: ???", "observed_until: 2023-12-31")
    assert rows_of(path, decided)[0][1] == dt.date(2023, 2, 1)


def test_serial_days_of_a_csv_are_asked(propose):
    text, written, path = propose(HEAD + "c,44958,5.5\n")
    assert "date_format" in asked(text)
    decided = written.replace("observed_from: ???", "observed_from: 2023-01-01")
    decided = decided.replace("observed_until: ???", "observed_until: 2027-12-31")
    for form, day in (("excel", dt.date(2023, 2, 1)), ("excel1904", dt.date(2027, 2, 2))):
        given = decided.replace("date_format: ???", f"date_format: {form}")
        assert rows_of(path, given)[0][1] == day


@pytest.mark.parametrize(("epoch", "serial"), [(None, 44958), (CALENDAR_MAC_1904, 43496)])
def test_serial_days_of_a_workbook_are_read_by_its_own_date_system(study, propose, epoch, serial):
    workbook = openpyxl.Workbook()
    workbook.epoch = epoch or workbook.epoch
    for row in (["customer_id", "at", "amount"], ["c", serial, 5.5]):
        workbook.active.append(row)
    workbook.save(study.folder / "sales.xlsx")
    text, written, path = propose(None, "sales.xlsx")
    assert asked(text) == set()
    assert rows_of(path, written)[0][1] == dt.date(2023, 2, 1)


def test_date_format_must_be_a_pattern_or_a_known_number(study):
    with pytest.raises(ParamsError, match=r'date_format must be a pattern such as "%d\.%m\.%Y"'):
        study.files(transactions={"file": "sales.csv", "date_format": "dd.mm.yyyy"})


def test_undecided_keys_are_values_not_texts_of_the_data():
    values = {"a": "???", "b": {"missing": ["???"], "c": ["x", "???"]}, "filters": [{"e": "???"}]}
    assert list(undecided_keys(values)) == ["a", "b.c.1"]


def test_currency_is_asked_where_the_data_do_not_say(propose):
    text, _, _ = propose(HEAD + "c,2023-01-05,5.5\n")
    assert "\ncurrency: ???" in text
    text, _, _ = propose(HEAD + "c,2023-01-05,$5.5\n")
    assert "$ stands beside amounts: USD, AUD, CAD …?" in text
    text, _, _ = propose(HEAD.replace("amount", "amount,currency") + "c,2023-01-05,5.5,usd\n")
    assert "\ncurrency: USD" in text


def test_a_workbook_that_states_1904_is_read_so_where_the_params_say_excel(study):
    workbook = openpyxl.Workbook()
    workbook.epoch = CALENDAR_MAC_1904
    for row in (["customer_id", "at", "amount"], ["c", 43496, 5.5]):
        workbook.active.append(row)
    workbook.save(study.folder / "sales.xlsx")
    params = study.files(transactions={"file": "sales.xlsx", "date_format": "excel"})
    day = read_tables(params, stored=False)["transactions"]["at"].max().execute()
    assert str(day)[:10] == "2023-02-01"


CONTRACTS = "customer_id,start_date,end_date\n"


def test_each_column_may_be_written_in_its_own_way(study, propose):
    rows = "c,2022-01-15,31.12.2023\nd,2022-02-15,\ne,2022-03-15,15.06.2023\n"
    text, written, path = propose(CONTRACTS + rows, "contracts.csv")
    assert "date_format:\n        ended_at: '%d.%m.%Y'\n" in text
    assert asked(text) == set()
    path.write_text(written, encoding="utf-8")
    table = read_tables(read_params(path), stored=False)["contracts"].order_by("started_at")
    rows = table.select("started_at", "ended_at").to_pyarrow().to_pylist()
    assert [(str(row["started_at"])[:10], str(row["ended_at"])[:10]) for row in rows] == [
        ("2022-01-15", "2023-12-31"),
        ("2022-02-15", "None"),
        ("2022-03-15", "2023-06-15"),
    ]


def test_each_column_is_asked_where_it_reads_in_two_ways(study, propose):
    rows = "c,2022-01-15,01/02/2023\nd,2022-02-15,03/04/2023\n"
    text, written, path = propose(CONTRACTS + rows, "contracts.csv")
    assert "date_format:\n        ended_at: ???\n" in text
    path.write_text(written, encoding="utf-8")
    with pytest.raises(
        ParamsError, match=r"contracts\.date_format\.ended_at must be decided .* day"
    ):
        read_params(path)
    decided = written.replace(" ended_at: ???", " ended_at: '%m/%d/%Y'")
    path.write_text(decided, encoding="utf-8")
    ends = read_tables(read_params(path), stored=False)["contracts"].ended_at.execute()
    assert sorted(str(day)[:10] for day in ends) == ["2023-01-02", "2023-03-04"]


def test_faults_and_filters_know_how_each_column_is_written(study):
    study.write("sales.csv", HEAD + "c,05.01.2023,5.5\nc,2023-01-06,6.5\n")
    table = {"file": "sales.csv", "date_format": {"at": "%d.%m.%Y"}}
    with pytest.raises(
        DataError, match=r"at must be a date like %d\.%m\.%Y, but 1 of 2 .*2023-01-06"
    ):
        read_tables(study.files(transactions=table))
    study.write("sales.csv", HEAD + "c,05.01.2023,5.5\nc,06.01.2023,6.5\n")
    later = [{"column": "at", "at_least": dt.date(2023, 1, 6)}]
    params = study.files(transactions=table | {"filters": later})
    assert read_tables(params, stored=False)["transactions"].amount.execute().tolist() == [6.5]
    strange = table | {"date_format": {"att": "%d.%m.%Y"}}
    with pytest.raises(DataError, match=r"att must be a column that date_format may name"):
        read_tables(study.files(transactions=strange))
