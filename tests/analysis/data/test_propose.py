"""`make new` proposes what `make validate` then accepts."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.data import read_tables
from analysis.data.propose import propose_params
from analysis.data.recognise import guess_date_format, guess_signs, guess_table, match_columns
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


def test_propose_params_is_accepted_as_it_stands(exports):
    folder = exports.parent / "params"
    text = propose_params("acme", exports, folder)
    assert "not_starts_with: C" in text
    (folder / "acme.yml").write_text(text, encoding="utf-8")
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
    assert "# amount: one of CustomerID, InvoiceDate, Gizmo?" in text
    (folder / "acme.yml").write_text(text, encoding="utf-8")
    report, faults = validation_report(read_params(folder / "acme.yml"))
    assert faults == 1
    assert "transactions.amount must come from a column '???'" in report


def test_propose_params_refuses_a_folder_without_tables(tmp_path):
    with pytest.raises(DataError, match="must hold transactions or contracts"):
        propose_params("acme", tmp_path, tmp_path)
    with pytest.raises(DataError, match="FROM must be a file or folder"):
        propose_params("acme", tmp_path / "gone", tmp_path)


def test_commands_write_once_and_validate(exports, monkeypatch, capsys):
    folder = exports.parent / "params"
    monkeypatch.setenv("PARAMS", str(folder))
    commands.main(["new", "--study", "acme", "--from", str(exports)])
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
    ],
)
def test_guess_date_format_finds_the_usual_ones(values, expected):
    assert guess_date_format(values)[0] == expected


def test_guess_date_format_tells_when_two_fit():
    assert len(guess_date_format(["01/02/2023"])[1]) == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1.234,50"], (",", ".")),
        (["1,234.50"], (".", ",")),
        (["12,5"], (",", None)),
        (["12.5"], (".", None)),
        (["1,234"], (".", ",")),
    ],
)
def test_guess_signs_reads_decimal_and_thousands(values, expected):
    assert guess_signs(values) == expected


def test_guess_table_reads_names_and_columns():
    assert guess_table("contracts.csv", ["customer_id", "start_date", "end_date"]) == "contracts"
    assert guess_table("x.csv", ["Kundennummer", "Kaufdatum", "Umsatz"]) == "transactions"
    assert guess_table("weather.csv", ["city", "rain"]) == ""
    assert match_columns("transactions", ["Kundennummer", "Kaufdatum", "Umsatz"]) == {
        "customer_id": "Kundennummer",
        "at": "Kaufdatum",
        "amount": "Umsatz",
    }
