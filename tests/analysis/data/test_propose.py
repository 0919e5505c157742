"""`make new` proposes what `make validate` then accepts."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing

import pandas as pd
import pytest
import yaml
from answering import answered

from analysis.data import read_tables
from analysis.data.connection import with_placeholders
from analysis.data.conventions import guess_currency, guess_date_format, kind_of_values
from analysis.data.propose import propose_params
from analysis.data.recognise import guess_table, match_columns
from analysis.data.validate import validation_report
from analysis.errors import DataError, ParamsError
from analysis.params import read_params
from reporting import commands

RETAIL = (
    "InvoiceNo;StockCode;Description;Quantity;InvoiceDate;UnitPrice;CustomerID;Country\n"
    "536365;85123A;Café crème;6;01.12.2010 08:26;2,55;17850.0;UK\n"
    "C536379;D;Discount;-1;02.12.2010 09:41;27,50;14527.0;UK\n"
    "536380;22961;x;24;13.12.2010 09:41;1.001,45;;UK\n"
)


@pytest.fixture
def exports(tmp_path):
    """An export as it comes: cp1252, semicolons, decimal commas, float ids, a workbook."""
    folder = tmp_path / "exports"
    folder.mkdir()
    (tmp_path / "params").mkdir()
    (folder / "online_retail.csv").write_bytes(RETAIL.encode("cp1252"))
    customers = pd.DataFrame({"CustomerID": [17850.0, 14527.0], "city": ["Köln", "Bonn"]})
    customers.to_excel(folder / "customers.xlsx", index=False)
    (folder / "readme.md").write_text("no table")
    return folder


def test_propose_params_is_accepted_once_its_questions_are_answered(exports):
    folder = exports.parent / "params"
    text = propose_params("acme", exports, folder)
    assert "not_starts_with: C" in text
    (folder / "acme.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ParamsError) as refused:
        read_params(folder / "acme.yml")
    assert [line.split()[1] for line in str(refused.value).splitlines()] == [
        "timezone",
        "currency",
        "data.files.transactions.times_in",
    ]
    (folder / "acme.yml").write_text(answered(text), encoding="utf-8")
    params = read_params(folder / "acme.yml")
    assert (str(params.observed_from), str(params.observed_until)) == ("2010-12-01", "2010-12-13")
    report, faults = validation_report(params)
    assert faults == 0, report
    table = read_tables(params)["transactions"].order_by("customer_id").to_pyarrow().to_pylist()
    assert [row["customer_id"] for row in table] == ["14527", "17850"]
    assert [row["amount"] for row in table] == pytest.approx([-27.5, 15.3])


def test_propose_params_asks_where_it_does_not_know(exports):
    (exports / "online_retail.csv").write_text("CustomerID,InvoiceDate,Gizmo\n1,2023-01-01,2\n")
    folder = exports.parent / "params"
    text = propose_params("acme", exports, folder)
    assert "amount: ???" in text
    assert "# ??? amount: which of CustomerID, InvoiceDate, Gizmo?" in text
    (folder / "acme.yml").write_text(answered(text), encoding="utf-8")
    with pytest.raises(ParamsError, match=r"transactions\.columns\.amount must be decided"):
        read_params(folder / "acme.yml")


def test_propose_params_refuses_a_folder_without_tables(tmp_path):
    with pytest.raises(DataError, match="must hold transactions, contracts or surveys"):
        propose_params("acme", tmp_path, tmp_path)
    with pytest.raises(DataError, match="FROM must be a file or folder"):
        propose_params("acme", tmp_path / "gone", tmp_path)


def proposed(folder, origin):
    """Propose, write and read a params file."""
    (folder / "params").mkdir(exist_ok=True)
    path = folder / "params" / "acme.yml"
    text = propose_params("acme", origin, path.parent)
    path.write_text(answered(text), encoding="utf-8")
    return read_params(path), text


def test_propose_params_lays_the_files_of_the_years_together(tmp_path):
    head = "Kundennummer;Belegdatum;Belegnummer;Nettobetrag;Filiale\r\n"
    folder = tmp_path / "exports"
    folder.mkdir()
    for year, amount in (("2022", "9,50"), ("2023", "1.234,50")):
        text = "\ufeff" + head + f"0007;31.12.{year};11;{amount} €;Köln\r\n"
        (folder / f"Umsätze_{year}.csv.gz").write_bytes(gzip.compress(text.encode()))
    people = "Kundennummer;E-Mail;Region;Erstkontakt\n0007;a@b.example;Süd;01.12.2022\n"
    people += "0008;c@d.example;Nord;02.12.2022\n"
    (folder / "Kundenstamm.csv").write_text(people, encoding="utf-8")
    params, text = proposed(tmp_path, folder)
    assert params.data.files["transactions"].file == "../exports/Umsätze_*.csv.gz"
    assert (params.currency, params.data.files["transactions"].thousands) == ("EUR", ".")
    assert params.data.files["customers"].columns["first_contact_at"] == "Erstkontakt"
    assert params.data.files["customers"].keep == ("Region",)
    assert "# not taken along: E-Mail" in text
    assert "Region" in params.segments
    report, faults = validation_report(params)
    assert faults == 0, report
    rows = read_tables(params)["transactions"].to_pyarrow().to_pylist()
    assert sorted(row["amount"] for row in rows) == [9.5, 1234.5]


def test_propose_params_reads_a_pattern_of_files(exports):
    params, _ = proposed(exports.parent, exports / "online_*.csv")
    assert set(params.data.files) == {"transactions"}


def test_propose_params_lays_the_sheets_of_a_workbook_together(tmp_path):
    path = tmp_path / "online_retail_II.xlsx"
    with pd.ExcelWriter(path) as workbook:
        for year in (2009, 2010):
            rows = {"Invoice": [str(year), f"C{year}"], "Quantity": [2, -1], "Price": [5.0, 5.0]}
            rows |= {
                "InvoiceDate": pd.to_datetime([f"{year}-12-01"] * 2),
                "Customer ID": [7.0, 8.0],
            }
            sheet = f"Year {year}-{year + 1}"
            pd.DataFrame(rows).to_excel(workbook, sheet_name=sheet, index=False, startrow=1)
    params, text = proposed(tmp_path, path)
    assert params.data.files["transactions"].sheet == ("Year 2009-2010", "Year 2010-2011")
    assert "2 of 4 rows are negative" in text
    rows = read_tables(params)["transactions"].to_pyarrow().to_pylist()
    assert sorted(row["amount"] for row in rows) == [-5, -5, 10, 10]
    bad = params.model_copy(update={"observed_until": params.observed_from})
    report, _ = validation_report(bad)
    assert "row 3 of sheet 'Year 2010-2011' of online_retail_II.xlsx" in report


def test_propose_params_finds_the_month_where_only_late_rows_tell(tmp_path):
    rows = "".join(
        f"c{day},{month}/1/2023 8:26,5\n" for day in range(200) for month in range(1, 13)
    )
    (tmp_path / "sales.csv").write_text(
        "customer,bought_on,paid_amount\n" + rows + "c1,1/31/2023 8:26,1\n"
    )
    params, _ = proposed(tmp_path, tmp_path / "sales.csv")
    assert params.data.files["transactions"].date_format == "%m/%d/%Y %H:%M"
    assert (params.observed_from.isoformat(), params.observed_until.isoformat()) == (
        "2023-01-01",
        "2023-12-01",
    )


def test_propose_params_leaves_strange_days_out_of_the_period(tmp_path):
    days = ["2023-01-01", "2023-12-31", "1900-01-01", "9999-12-31"]
    text = "customer_id,at,amount\n" + "".join(f"c,{day},1\n" for day in days)
    (tmp_path / "sales.csv").write_text(text)
    params, text = proposed(tmp_path, tmp_path / "sales.csv")
    assert (params.observed_from.year, params.observed_until.year) == (2023, 2023)
    assert "2 days lie before 1980 or in the future" in text
    assert "transactions.at must lie from" in validation_report(params)[0]


@pytest.fixture
def telecom(tmp_path):
    """Contracts, surveys and tickets in one SQLite file, under names of their own."""
    path = tmp_path / "crm.sqlite"
    contracts = pd.DataFrame({"contract_id": range(40), "customer_no": range(40)})
    contracts["start_date"] = [f"20{10 + i // 8}-0{1 + i % 9}-01" for i in range(40)]
    contracts["end_date"] = [None if i % 3 else "2016-05-17" for i in range(40)]
    surveys = pd.DataFrame({"response_id": range(30), "customer_no": range(30)})
    surveys["answered_at"] = [f"2016-06-{i % 28 + 1:02d} 10:00:00" for i in range(30)]
    surveys = surveys.assign(quality_1=[i % 9 + 1 for i in range(30)], quality_2=5)
    surveys["nps_score"] = [i % 11 for i in range(30)]
    surveys["verbatim"] = [f"text {i}" for i in range(30)]
    tickets = pd.DataFrame(
        {"ticket_id": range(9), "customer_no": range(9), "category": "complaint"}
    )
    tickets["opened_at"] = "2016-07-01 09:00:00"
    with closing(sqlite3.connect(path)) as database:
        for name, rows in (("contracts", contracts), ("nps_survey", surveys), ("tickets", tickets)):
            rows.to_sql(name, database, index=False)
        database.commit()
    return path


def test_propose_params_reads_contracts_surveys_and_tickets_of_a_database(telecom):
    params, text = proposed(telecom.parent, telecom)
    assert params.relationship == "contractual"
    assert set(params.data.files) == {"contracts", "surveys", "interactions"}
    assert params.data.files["interactions"].columns["kind"] == "category"
    assert params.data.files["surveys"].columns["nps"] == "nps_score"
    assert params.segments == ("acquired_year",)
    assert params.observed_from.isoformat() == "2016-05-01"
    assert "#     quality: {items: [quality_1]" in text
    tables = read_tables(params)
    years = tables.fetch(tables["customers"])["acquired_year"]
    assert sorted(years.unique()) == [str(year) for year in range(2010, 2015)]


def test_propose_params_takes_no_password_into_the_file(monkeypatch):
    monkeypatch.setenv("ACME_PASSWORD", "s3cret@/x")
    for written in ("s3cret@/x", "s3cret%40%2Fx", "${ACME_PASSWORD}"):
        url = with_placeholders(f"postgres://reader:{written}@db/sales", "acme")
        assert url == "postgres://reader:${ACME_PASSWORD}@db/sales"
    with pytest.raises(ParamsError, match="from the environment") as caught:
        with_placeholders("postgres://reader:hunter22@db/sales", "acme")
    assert "hunter22" not in str(caught.value)


def test_commands_write_once_and_validate(exports, monkeypatch, capsys):
    folder = exports.parent / "params"
    monkeypatch.setenv("PARAMS", str(folder))
    commands.main(["new", "--study", "acme", "--from", str(exports)])
    assert "3 of its values are ???, for you to decide" in capsys.readouterr().out
    with pytest.raises(ParamsError, match="timezone must be decided by a person"):
        commands.main(["validate", "--study", "acme"])
    (folder / "acme.yml").write_text(answered((folder / "acme.yml").read_text("utf-8")), "utf-8")
    commands.main(["validate", "--study", "acme"])
    assert "acme: no faults" in capsys.readouterr().out
    with pytest.raises(ParamsError, match="must not exist yet"):
        commands.main(["new", "--study", "acme", "--from", str(exports)])
    with pytest.raises(ParamsError, match="STUDY must be a name"):
        commands.main(["validate", "--study", "Acme Corp"])
    with pytest.raises(ParamsError, match="FROM must name"):
        commands.main(["new", "--study", "other"])


def test_commands_end_with_1_on_faults(exports, monkeypatch, capsys):
    folder = exports.parent / "params"
    monkeypatch.setenv("PARAMS", str(folder))
    commands.main(["new", "--study", "acme", "--from", str(exports)])
    (folder / "acme.yml").write_text(answered((folder / "acme.yml").read_text("utf-8")), "utf-8")
    (exports / "online_retail.csv").write_bytes(RETAIL.replace("27,50", "?").encode("cp1252"))
    with pytest.raises(SystemExit) as ended:
        commands.main(["validate", "--study", "acme"])
    assert ended.value.code == 1
    assert "row 3 of online_retail.csv" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2023-01-31"], None),
        (["31.01.2023"], "%d.%m.%Y"),
        (["31/01/2023 10:00"], "%d/%m/%Y %H:%M"),
        (["01/31/2023"], "%m/%d/%Y"),
        (["20230131"], "%Y%m%d"),
        (["44958.5"], "excel"),
        (["1/31/2023 8:05 PM"], "%m/%d/%Y %I:%M %p"),
        (["31.01.23"], "%d.%m.%y"),
    ],
)
def test_guess_date_format_finds_the_usual_ones(values, expected):
    assert guess_date_format(values)[0] == expected


def test_guess_date_format_tells_when_two_fit():
    assert len(guess_date_format(["01/02/2023"])[1]) == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2023-01-31", None], "date"),
        (["1.234,50 €", "-3,00"], "number"),
        (["96485"], "number"),
        (["a", "1"], "text"),
        ([None, " "], "nothing"),
        ([1.5, None], "number"),
        ([True], "text"),
    ],
)
def test_kind_of_values_tells_days_numbers_and_texts(values, expected):
    assert kind_of_values(values) == expected


def test_guess_currency_needs_one_sign():
    assert guess_currency(["£ 5", "7"]) == ("GBP", "£")
    assert guess_currency(["£ 5", "€ 7"]) == (None, "")
    assert guess_currency(["$5"]) == (None, "$")


def test_guess_table_reads_names_and_columns():
    assert guess_table("contracts.csv", ["customer_id", "start_date", "end_date"]) == "contracts"
    assert guess_table("x.csv", ["Kundennummer", "Kaufdatum", "Umsatz"]) == "transactions"
    assert guess_table("weather.csv", ["city", "rain"]) == ""
    assert match_columns("transactions", ["Kundennummer", "Kaufdatum", "Umsatz"]) == {
        "customer_id": "Kundennummer",
        "at": "Kaufdatum",
        "amount": "Umsatz",
    }


def test_name_that_breaks_the_line_stays_in_its_comment(tmp_path):
    path = tmp_path / "sales\nstudy: other #.csv"
    rows = [f"C{n % 60},2024-0{1 + n % 9}-11,{5 + n},b" for n in range(300)]
    head = 'customer_id,at,amount,"re\ngion: x # y"'
    path.write_text("\n".join([head, *rows]) + "\n")
    values = yaml.safe_load(propose_params("acme", str(path), tmp_path))
    assert values["study"] == "acme"
    assert values["data"]["files"]["transactions"]["file"] == path.name


def test_a_table_with_a_first_and_a_last_day_is_one_of_contracts(study):
    rows = "".join(f"Smith {n},Left,19{n}0-01-05,19{n}5-03-01,Retired\n" for n in range(1, 9))
    text = "Name,Party,start_date,end_date,why\n" + rows
    proposed = propose_params("acme", study.write("terms.csv", text), study.folder / "params")
    assert "    contracts:   # one row a contract" in proposed
    assert "started_at: start_date" in proposed
    assert "customer_id: ???" in proposed
    assert "\nrelationship: contractual" in proposed
