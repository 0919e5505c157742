"""Which tables `make new` sees: joins, lasting relationships, personal columns, nothing at all."""

from __future__ import annotations

import pandas as pd
import pytest
from answering import answered

from analysis.data import read_tables
from analysis.data.personal import is_personal
from analysis.data.propose import propose_params
from analysis.data.recognise import guess_table
from analysis.errors import ParamsError
from analysis.params import read_params


@pytest.fixture
def proposed(study):
    """Write files into a folder, propose a params file for it; its text, or what is read."""

    def make(**files):
        folder = study.folder / "export"
        folder.mkdir()
        for name, content in files.items():
            (folder / f"{name}.csv").write_text(content, encoding="utf-8")
        return propose_params("acme", folder, study.folder / "params")

    return make


def read(study, text):
    path = study.folder / "params" / "acme.yml"
    path.write_text(answered(text), encoding="utf-8")
    return read_tables(read_params(path), stored=False)


ORDERS = "order_id,customer_no,order_date,state\n" + "".join(
    f"o{n},c{n % 7},2023-0{n % 9 + 1}-15,done\n" for n in range(40)
)
LINES = "order_id,sku,quantity,unit_price\n" + "".join(
    f"o{n % 40},s{n},2,{n}.5\n" for n in range(90)
)
REVIEWS = "review,order_id,score,nps\n" + "".join(
    f"r{n},o{n * 2},{n % 5 + 1},{n % 11}\n" for n in range(18)
)


def test_order_lines_look_their_order_up(study, proposed):
    text = proposed(orders=ORDERS, order_lines=LINES)
    assert "join: {orders: {file: ../export/orders.csv, by: order_id}}" in text
    tables = read(study, text)["transactions"]
    assert tables.count().execute() == 90
    assert tables.amount.sum().execute() == sum(2 * (n + 0.5) for n in range(90))
    assert tables.customer_id.nunique().execute() == 7


def test_reviews_look_their_order_up_where_the_orders_are_whole(study, proposed):
    orders = ORDERS.replace("state", "total").replace(",done", ",12.5")
    text = proposed(orders=orders, reviews=REVIEWS)
    tables = read(study, text)
    assert set(tables) == {"transactions", "surveys", "customers"}
    assert tables["surveys"].count().execute() == 18
    assert tables["surveys"].customer_id.nunique().execute() == 7


def test_joins_are_chained(study, proposed):
    orders = ORDERS.replace("customer_no", "party").replace(",c", ",a")
    accounts = "party,customer_number\n" + "".join(f"a{n},k{n % 3}\n" for n in range(7))
    text = proposed(orders=orders, order_lines=LINES, accounts=accounts)
    assert "accounts" in text.split("join:")[1].splitlines()[0]
    transactions = read(study, text)["transactions"]
    assert sorted(transactions.customer_id.execute().unique()) == ["k0", "k1", "k2"]


def test_keys_that_do_not_meet_or_stand_twice_are_not_proposed(proposed):
    text = proposed(orders=ORDERS + "o1,c9,2023-01-15,twice\n", order_lines=LINES)
    assert "join:" not in text


def test_joins_are_proposed_for_the_tables_of_a_database(study):
    import duckdb

    with duckdb.connect(study.folder / "shop.duckdb") as database:
        for name, content in (("orders", ORDERS), ("order_lines", LINES)):
            (study.folder / "made.csv").write_text(content)
            database.execute(f"CREATE TABLE {name} AS FROM '{study.folder / 'made.csv'}'")
    url = "duckdb://../shop.duckdb"
    text = propose_params("acme", url, study.folder / "params")
    assert "join: {orders: {table: orders, by: order_id}}" in text
    assert read(study, text)["transactions"].count().execute() == 90


def test_a_file_is_written_where_nothing_fits(study, proposed):
    weather = "city,rain,wind\n" + "".join(f"x{n},{n}.5,2\n" for n in range(9))
    text = proposed(weather=weather, small="this,that\n1,2\n")
    assert "customer_id: ???" in text
    for column in ("city", "rain", "wind"):
        assert column in text.split("not taken along: ")[1].splitlines()[0]
    assert "# not used: small.csv was not recognised (this, that)" in text
    with pytest.raises(ParamsError, match=r"transactions\.columns\.customer_id must be decided"):
        read(study, text)


def test_a_file_is_written_where_only_customers_came(study, proposed):
    text = proposed(customers="customer_id,region\nc1,N\nc2,S\n")
    assert "where are the purchases (or contracts, or answers)?" in text
    with pytest.raises(ParamsError, match=r"transactions\.file must be decided"):
        read(study, text)


def test_every_column_is_listed_where_many_are(study, proposed):
    columns = [f"thing_{n}" for n in range(45)]
    text = proposed(wide=",".join(columns) + "\n" + ",".join("1" * 45) + "\n")
    assert all(f"thing_{n}" in text for n in range(45))


@pytest.mark.parametrize(
    ("name", "columns", "table"),
    [
        ("accounts.csv", ["client_no", "opened_on", "closed_on", "card_type"], "contracts"),
        ("export.csv", ["member_id", "start_date", "end_date", "category"], "contracts"),
        ("tickets.csv", ["customer_id", "opened_at", "closed_at", "category"], "interactions"),
        (
            "export.csv",
            ["ticket_id", "customer_id", "opened_at", "closed_at", "type"],
            "interactions",
        ),
        ("accounts.csv", ["account_id", "industry"], "customers"),
    ],
)
def test_what_lasts_is_a_contract_and_what_is_settled_a_contact(name, columns, table):
    days = ("date", "opened", "closed")
    kinds = {c: "date" if any(word in c for word in days) else "text" for c in columns}
    assert guess_table(name, columns, kinds) == table


@pytest.mark.parametrize(
    "column",
    [
        *("FirstName", "last_name", "Name", "E-Mail", "Phone", "Tel.", "homeTel", "Mobile", "Fax"),
        *("company", "Firma", "Billing Address", "Street", "zip_code", "PLZ", "IBAN", "birthdate"),
        *("contact person", "vat_id", "LinkedIn URL", "IP", "lat", "用户姓名", "手机"),
    ],
)
def test_names_of_personal_columns_are_known(column):
    assert is_personal(column)


@pytest.mark.parametrize(
    "column",
    [
        *("region", "city_tier", "age_band", "gender", "income_band", "business_type", "plan"),
        *("company_size", "hotel_stars", "delivery", "platform", "flat_rate", "tariff", "relation"),
    ],
)
def test_groups_are_not_taken_for_personal(column):
    assert not is_personal(column, ["a", "b"])


@pytest.mark.parametrize(
    "values",
    [
        ["a@b.example", "c.d@e.example", None],
        ["+1 (555) 0001", "+49 30 1234567", "030/123 45 67"],
        ["https://a.example/1", "www.b.example"],
        ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819"],
    ],
)
def test_values_show_personal_columns_too(values):
    assert is_personal("field_7", values)


@pytest.mark.parametrize(
    "values", [["2023-01-05", "2023-02-05"], ["12", "1234567"], ["18-25", "26-35"], ["1.234,50"]]
)
def test_days_and_numbers_are_no_phones(values):
    assert not is_personal("field_7", values)


def test_columns_with_phone_numbers_are_not_kept(study):
    rows = {"customer_id": range(12), "reach": [f"+1 555 000{n % 3}" for n in range(12)]}
    rows |= {"region": ["N", "S"] * 6}
    folder = study.folder / "export"
    folder.mkdir()
    pd.DataFrame(rows).to_csv(folder / "customers.csv", index=False)
    text = propose_params("acme", folder, study.folder / "params")
    assert "keep: [region]" in text
    assert "reach" in text.split("not taken along: ")[1]


def test_a_customer_number_that_is_one_of_the_order_is_noted(proposed):
    rows = "".join(f"o{n},x{n},2023-01-{n % 28 + 1:02},5.5\n" for n in range(30))
    note = "customer_id: every order has one of its own: is it the customer's, or the order's?"
    assert note in proposed(sales="order_id,customer_id,order_date,amount\n" + rows)


def test_a_day_of_delivery_is_not_the_day_of_the_purchase(study, proposed):
    lines = LINES.replace("unit_price", "unit_price,shipping_limit_date")
    lines = lines.replace(".5\n", ".5,2023-12-24\n")
    text = proposed(orders=ORDERS, order_lines=lines)
    assert "at: order_date" in text
