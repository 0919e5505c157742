"""Prospects: by hand, without those who tell nothing, and on companies whose truth is known."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.data import Description, Tables
from analysis.errors import DataError, ParamsError
from analysis.notes import note
from analysis.params import Params
from analysis.simulate import simulate_company
from analysis.states.conversion import Prospects, conversion, read_prospects
from analysis.states.winning_cost import cost_per_conversion

NOBODY = pd.DataFrame(columns=["reason", "people"])
FROM, UNTIL = date(2022, 1, 1), date(2023, 12, 31)


def study(until=UNTIL):
    return Params.model_validate(
        {
            "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
            "relationship": "noncontractual", "observed_from": FROM, "observed_until": until,
            "timezone": "Europe/Berlin", "currency": "EUR",
            "data": {"simulated": {"company": "retailer", "customers": 10, "seed": 1}},
        }
    )  # fmt: skip


def tables_of(customers, transactions):
    engine = ibis.duckdb.connect()
    transactions = transactions.assign(at=pd.to_datetime(transactions["at"]).dt.normalize())
    bought = engine.create_table("transactions", transactions[["customer_id", "at", "amount"]])
    people = engine.create_table("customers", customers)
    by_name = {"transactions": bought.mutate(at=bought["at"].cast("date")), "customers": people}
    return Tables(engine, by_name, pd.DataFrame(), Description("M", "n", "n", "files"), "made")


def people(*rows):
    names = ["customer_id", "first_contact_at", "channel", "acquisition_cost"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(first_contact_at=pd.to_datetime(table["first_contact_at"]))


def purchases(*rows):
    return pd.DataFrame(rows, columns=["customer_id", "at"]).assign(amount=10.0)


@pytest.fixture(scope="module")
def few():
    known = people(
        ("a", "2022-01-01", "search", 10.0), ("b", "2022-01-01", "search", 20.0),
        ("c", "2022-01-08", "fair", 40.0), ("d", "2021-12-18", "fair", 60.0),
        ("e", None, "fair", 1.0), ("f", "2022-03-01", "fair", 1.0),
        ("g", "2022-01-10", "fair", 1.0), ("h", "2021-11-01", "fair", 1.0),
    )  # fmt: skip
    bought = purchases(
        ("a", "2022-01-15"), ("a", "2022-02-01"), ("d", "2022-01-01"), ("e", "2022-01-20"),
        ("g", "2022-01-02"), ("h", "2021-12-01"),
    )  # fmt: skip
    return read_prospects(tables_of(known, bought), study(until=date(2022, 1, 29)))


def test_durations_by_hand(few):
    table = few.table.set_index("customer_id")
    assert table["duration"].to_dict() == {"a": 2, "b": 4, "c": 3, "d": 2}
    assert table["event"].to_dict() == {"a": True, "b": False, "c": False, "d": True}
    assert table["entry"].to_dict() == {"a": 0, "b": 0, "c": 0, "d": pytest.approx(13 / 7)}
    reasons = ["no_contact", "met_later", "bought_before_contact", "bought_before_observation"]
    assert few.left_out["reason"].tolist() == [note(f"prospects.{why}") for why in reasons]
    assert few.left_out["people"].tolist() == [1, 1, 1, 1]


def test_conversion_by_hand(few):
    result = conversion(few, horizons_weeks=[2, 4, 9], by=None)
    # at risk at 2 weeks: a, b, c and d (since 13 days); a and d buy
    assert result.within["estimate"].tolist()[:2] == pytest.approx([0.5, 0.5])
    assert result.within["n"].tolist() == [4, 4, 4]
    assert np.isnan(result.within["estimate"].iloc[2])
    assert result.within["note"].iloc[2].key == "survival.beyond_follow_up"
    assert result.test is None
    assert result.people == 4


def test_cost_per_conversion_by_hand(few):
    cost = cost_per_conversion(few, horizon_weeks=2, by=None).iloc[0]
    assert cost["mean_cost"] == 32.5
    assert cost["estimate"] == pytest.approx(32.5 / 0.5)
    # variance of the log: costs 10, 20, 40, 60 over 4, and Greenwood: 2 / (4 * 2)
    spread = np.var([10, 20, 40, 60], ddof=1) / 4 / 32.5**2
    assert cost["std_error"] == pytest.approx(65 * np.sqrt(spread + 2 / 8))


def test_a_group_that_cannot_be_told_is_noted(few):
    by_channel = cost_per_conversion(few, horizon_weeks=3, by="channel").set_index("group")
    assert by_channel.loc["search", "estimate"] == pytest.approx(15 / 0.5)
    late = cost_per_conversion(few, horizon_weeks=3.5, by="channel").set_index("group")
    assert np.isnan(late.loc["fair", "estimate"])
    assert late.loc["fair", "note"].key == "survival.beyond_follow_up"
    early = cost_per_conversion(few, horizon_weeks=1, by="channel").set_index("group")
    assert early.loc["search", "note"] == note("winning.nobody_bought")
    free = Prospects(few.table.assign(acquisition_cost=np.nan), few.left_out)
    unknown = cost_per_conversion(free, horizon_weeks=2, by=None)["note"].tolist()
    assert unknown == [note("winning.no_cost_known")]


def exponential_prospects(rng, size, rate, followed):
    wait = rng.exponential(1 / rate, size)
    until = rng.uniform(0, followed, size)
    table = pd.DataFrame(
        {"duration": np.minimum(wait, until), "event": wait <= until, "entry": 0.0}
    )
    return table.assign(channel="search", acquisition_cost=12 * rng.gamma(4, 0.25, size))


def test_coverage_of_conversion_and_cost():
    rng = np.random.default_rng(21)
    truth = 1 - np.exp(-0.05 * 13)
    inside, replications = np.zeros(2), 200
    for _ in range(replications):
        made = Prospects(exponential_prospects(rng, 250, 0.05, 52), NOBODY)
        share = conversion(made, horizons_weeks=[13], by=None).within.iloc[0]
        cost = cost_per_conversion(made, horizon_weeks=13, by=None).iloc[0]
        inside += [
            share["conf_low"] <= truth <= share["conf_high"],
            cost["conf_low"] <= 12 / truth <= cost["conf_high"],
        ]
    assert ((inside / replications >= 0.895) & (inside / replications <= 0.990)).all(), inside


def test_recovery_of_the_simulated_channels():
    company = simulate_company(
        "retailer", customers=4000, seed=5, observed_from=FROM, observed_until=UNTIL
    )
    known = company.tables["customers"].to_pandas()
    prospects = read_prospects(
        tables_of(known, company.tables["transactions"].to_pandas()), study()
    )
    assert len(prospects.table) == 4000
    result = conversion(prospects, horizons_weeks=[26], by="channel", conf_level=0.99)
    within = result.within.set_index("group")
    cost = cost_per_conversion(prospects, horizon_weeks=26, conf_level=0.99).set_index("group")
    months = 26 * 7 / 30.4375
    for channel, rate in company.truth.stages.conversion.items():
        share = 1 - np.exp(-rate * months)
        # days are whole: half a day more or less moves the share by less than a hundredth
        low, high = within.loc[channel, ["conf_low", "conf_high"]]
        assert low - 0.01 <= share <= high + 0.01
        spent = company.truth.acquisition_cost[channel]
        low, high = cost.loc[channel, ["conf_low", "conf_high"]]
        assert low * 0.98 <= spent / share <= high * 1.02
    rates = company.truth.stages.conversion
    assert (result.test.p_value < 0.01) == (max(rates.values()) > 1.5 * min(rates.values()))


def test_a_contract_is_the_first_purchase_of_a_contractual_study():
    known = people(("a", "2022-01-01", "search", 10.0), ("b", "2022-01-01", "search", 10.0))
    tables = tables_of(known, purchases(("b", "2022-02-05")))
    contracts = pd.DataFrame({"customer_id": ["a"], "started_at": [pd.Timestamp("2022-01-15")]})
    stored = tables.connection.create_table("contracts", contracts)
    by_name = {**tables.by_name, "contracts": stored}
    signed = Tables(tables.connection, by_name, tables.audit, tables.description, "made")
    params = study().model_copy(update={"relationship": "contractual"})
    assert read_prospects(signed, params).table["duration"].tolist() == [2, 5]
    assert read_prospects(tables, study()).table["event"].tolist() == [False, True]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.integers(0, 300), st.booleans(), st.sampled_from("xy")),
        min_size=1, max_size=30,
    )
)  # fmt: skip
def test_more_time_converts_no_fewer(rows):
    start = pd.Timestamp(FROM)
    known = people(
        *((f"c{i}", start + pd.Timedelta(days=met), channel, 1.0)
          for i, (met, _, _, channel) in enumerate(rows))
    )  # fmt: skip
    bought = purchases(
        *((f"c{i}", start + pd.Timedelta(days=met + wait))
          for i, (met, wait, buys, _) in enumerate(rows) if buys),
        ("nobody", start),
    )  # fmt: skip
    prospects = read_prospects(tables_of(known, bought), study())
    within = conversion(prospects, horizons_weeks=[1, 10, 30], by="channel").within
    for _, group in within.dropna(subset="estimate").groupby("group"):
        assert group["estimate"].is_monotonic_increasing
        assert group["estimate"].between(0, 1).all()


def test_missing_contacts_and_costs_are_refused(few):
    without = people(("a", None, "search", 1.0))
    sold = purchases(("a", "2022-02-01"))
    nobody = read_prospects(tables_of(without, sold), study())
    assert nobody.table.empty
    assert nobody.left_out.set_index("reason")["people"].iloc[0] == 1
    with pytest.raises(DataError, match="must have first_contact_at"):
        read_prospects(tables_of(without.drop(columns="first_contact_at"), sold), study())
    bare = Prospects(few.table.drop(columns="acquisition_cost"), few.left_out)
    with pytest.raises(DataError, match="must have acquisition_cost"):
        cost_per_conversion(bare, horizon_weeks=4)
    with pytest.raises(ParamsError, match="horizon_weeks must be above 0"):
        cost_per_conversion(few, horizon_weeks=0)
    with pytest.raises(DataError, match="'region' must be a column of customers"):
        conversion(few, horizons_weeks=[4], by="region")
