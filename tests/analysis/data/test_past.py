"""What was known on an earlier day, by hand."""

from __future__ import annotations

from datetime import date

from analysis.data import read_tables, tables_until
from analysis.notes import note
from analysis.schemas import SCHEMAS, TIME, day_of, known_with

SALES = "customer_id,at,amount\na,2023-02-01,5\na,2023-08-01,7\nb,2023-07-01,9\n"


def past(params, day: str):
    known = params.model_copy(update={"observed_until": date.fromisoformat(day)})
    return tables_until(read_tables(params, stored=False), known)


def rows(tables, name: str) -> list[dict]:
    ordered = tables[name].order_by(tables[name].columns)
    return ordered.to_pyarrow().to_pylist()


def test_customers_are_known_from_the_first_day_that_any_table_tells(study):
    study.write("sales.csv", SALES)
    study.write(
        "people.csv",
        "customer_id,first_contact_at,acquired_at,channel,mood\n"
        "a,2023-01-01,2023-02-01,shop,glad\n"
        "b,2023-05-01,2023-07-01,shop,sad\n"
        "c,2023-06-02,,web,glad\n"
        "d,,,web,sad\n"
        "e,2023-09-01,,web,sad\n",
    )
    study.write("answers.csv", "customer_id,at,nps\ne,2023-03-01,9\n")
    people = {"file": "people.csv", "keep": ["mood"]}
    params = study.files(transactions="sales.csv", customers=people, surveys="answers.csv")
    found = {row.pop("customer_id"): row for row in rows(past(params, "2023-06-01"), "customers")}
    assert set(found) == {"a", "b", "d", "e"}  # c is met a day later; d was always known
    assert found["b"]["first_contact_at"] == date(2023, 5, 1)
    assert found["b"]["acquired_at"] is None
    assert found["b"]["channel"] == "shop"
    assert found["e"] == {
        "first_contact_at": None, "acquired_at": None, "channel": None, "mood": "sad"
    }  # fmt: skip


def test_customers_made_of_other_tables_are_those_known(study):
    study.write("sales.csv", SALES)
    study.write("answers.csv", "customer_id,at,nps\nb,2023-03-01,9\n")
    params = study.files(transactions="sales.csv", surveys="answers.csv")
    known = past(params, "2023-06-30")
    assert rows(known, "customers") == [{"customer_id": "a"}, {"customer_id": "b"}]  # b answered
    assert len(rows(known, "surveys")) == 1
    assert rows(past(params, "2023-02-28"), "customers") == [{"customer_id": "a"}]
    assert len(rows(past(params, "2023-07-01"), "customers")) == 2


def test_contracts_run_until_the_day_of_their_end(study):
    study.write(
        "contracts.csv",
        "customer_id,started_at,ended_at,ended_reason,plan\n"
        "a,2022-01-01,2023-06-30,moved,s\n"
        "b,2022-01-01,2023-07-01,price,s\n"
        "c,2023-06-30,,,s\n"
        "d,2023-07-01,,,s\n"
        "e,2022-01-01,2024-05-05,notice,s\n",
    )
    params = study.files(contracts="contracts.csv")
    known = past(params, "2023-06-30")
    found = {row["customer_id"]: row for row in rows(known, "contracts")}
    assert set(found) == {"a", "b", "c", "e"}
    assert (found["a"]["ended_at"], found["a"]["ended_reason"]) == (date(2023, 6, 30), "moved")
    assert {found[who]["ended_at"] for who in "bce"} == {None}
    assert {found[who]["ended_reason"] for who in "bce"} == {None}
    told = known.audit.set_index(["step", "reason"])["rows"]
    assert told["dropped", "rows outside the observed period"] == 1
    assert told["noticed", note("rows.open_end", column="ended_at")] == 2
    assert told["kept", ""] == 4


def test_year_of_the_first_contract_is_unknown_before_it(study):
    study.write("contracts.csv", "customer_id,started_at\na,2022-05-01\nb,2023-05-01\n")
    study.write("people.csv", "customer_id\na\nb\nc\n")
    study.write("answers.csv", "customer_id,at\nb,2023-04-01\n")
    files = {"contracts": "contracts.csv", "customers": "people.csv", "surveys": "answers.csv"}
    files = {name: {"file": f"../{file}"} for name, file in files.items()}
    chosen = {"relationship": "contractual", "segments": ["acquired_year"]}
    params = study.params({"files": files}, **chosen)
    found = rows(past(params, "2023-04-30"), "customers")
    assert found == [
        {"customer_id": "a", "acquired_year": "2022"},
        {"customer_id": "b", "acquired_year": None},
        {"customer_id": "c", "acquired_year": None},
    ]


def test_what_is_being_handled_is_open_and_has_no_rating_yet(study):
    study.write("sales.csv", SALES)
    study.write(
        "calls.csv",
        "customer_id,at,kind,resolved_at,cost,rating\n"
        "a,2023-05-01 23:59:59,complaint,2023-05-02 00:00:01,4,1\n"
        "b,2023-05-01 09:00:00,complaint,2023-05-01 23:59:59,5,2\n"
        "c,2023-05-01 10:00:00,contact,,6,3\n"
        "d,2023-05-02 00:00:00,contact,,7,4\n",
    )
    calls = {"file": "calls.csv", "times_in": "local"}
    params = study.files(transactions="sales.csv", interactions=calls)
    found = {row["customer_id"]: row for row in rows(past(params, "2023-05-01"), "interactions")}
    assert set(found) == {"a", "b", "c"}
    assert [found["a"][name] for name in ("resolved_at", "cost", "rating")] == [None] * 3
    assert (found["b"]["cost"], found["b"]["rating"]) == (5, 2)
    assert (found["c"]["cost"], found["c"]["rating"]) == (6, 3)


def test_tiers_last_and_offers_wait(study):
    study.write("sales.csv", SALES)
    study.write(
        "tiers.csv",
        "customer_id,tier,from_at,to_at,reason\n"
        "a,gold,2023-01-01,2023-06-01,joined\nb,gold,2023-01-01,2023-06-02,joined\n"
        "a,vip,2023-06-01,,upgraded\na,vip,2023-06-02,,upgraded\n",
    )
    study.write(
        "offers.csv",
        "customer_id,campaign,at,redeemed_at\n"
        "a,spring,2023-05-01,2023-06-01\nb,spring,2023-05-01,2023-06-02\na,summer,2023-06-02,\n",
    )
    params = study.files(transactions="sales.csv", tier_history="tiers.csv", campaigns="offers.csv")
    known = past(params, "2023-06-01")
    assert [(row["tier"], row["to_at"]) for row in rows(known, "tier_history")] == [
        ("gold", date(2023, 6, 1)), ("vip", None), ("gold", None)
    ]  # fmt: skip
    assert [row["redeemed_at"] for row in rows(known, "campaigns")] == [date(2023, 6, 1), None]
    assert "campaigns" not in past(params, "2023-04-30")


def test_every_day_of_the_contract_is_cut(study):
    """A row has one day, or none; what is known with a day names a day column of its table."""
    for name, schema in SCHEMAS.items():
        assert (day_of(name) is None) == (name == "customers")
        for column, with_day in known_with(name).items():
            assert column in schema.columns
            assert schema.columns[with_day].metadata["kind"] in ("date", TIME)
