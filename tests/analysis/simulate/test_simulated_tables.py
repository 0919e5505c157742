"""The tables of every company: their form, how they hang together, and chance kept apart."""

import sys
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analysis.errors import ParamsError
from analysis.simulate import draw_company, simulate_company
from analysis.simulate.clock import Clock
from analysis.simulate.companies import COMPANIES

PERIOD = {"observed_from": date(2022, 1, 1), "observed_until": date(2024, 12, 31)}
TEXT, MONEY, MOMENT, WHOLE = pa.string(), pa.float64(), pa.timestamp("us"), pa.int64()
CONTRACT = {
    "transactions": {
        "customer_id": TEXT,
        "at": MOMENT,
        "amount": MONEY,
        "margin": MONEY,
        "product": TEXT,
        "channel": TEXT,
        "order_id": TEXT,
    },
    "customers": {
        "customer_id": TEXT,
        "first_contact_at": MOMENT,
        "acquired_at": MOMENT,
        "channel": TEXT,
        "acquisition_cost": MONEY,
        "region": TEXT,
        "city_tier": TEXT,
        "age_band": TEXT,
        "gender": TEXT,
        "income_band": TEXT,
    },
    "contracts": {
        "customer_id": TEXT,
        "started_at": MOMENT,
        "ended_at": MOMENT,
        "ended_reason": TEXT,
        "plan": TEXT,
        "monthly_fee": MONEY,
    },
    "interactions": {
        "customer_id": TEXT,
        "at": MOMENT,
        "kind": TEXT,
        "channel": TEXT,
        "resolved_at": MOMENT,
        "cost": MONEY,
        "rating": WHOLE,
    },
    "tier_history": {
        "customer_id": TEXT,
        "tier": TEXT,
        "from_at": MOMENT,
        "to_at": MOMENT,
        "reason": TEXT,
    },
    "campaigns": {
        "customer_id": TEXT,
        "campaign": TEXT,
        "at": MOMENT,
        "arm": TEXT,
        "cost": MONEY,
        "redeemed_at": MOMENT,
    },
}


def frame(company, name):
    return company.tables[name].to_pandas()


def as_bytes(table):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def test_simulate_company_has_the_columns_of_the_contract(company):
    assert set(company.tables) == {*CONTRACT, "surveys"}
    for name, columns in CONTRACT.items():
        schema = company.tables[name].schema
        assert dict(zip(schema.names, schema.types, strict=True)) == columns, name
    items = [item for scale in company.truth.survey.loadings.values() for item in scale]
    surveys = company.tables["surveys"].schema
    assert surveys.names == ["customer_id", "at", *items, "nps", "survey_weight", "comment"]
    assert all(surveys.field(item).type == WHOLE for item in [*items, "nps"])


def test_simulate_company_gives_the_same_bytes_for_the_same_seed():
    def once(seed):
        made = simulate_company("bank", customers=300, seed=seed, **PERIOD)
        everything = {**made.tables, "path": made.truth.path, "latent": made.truth.latent}
        return {name: as_bytes(table) for name, table in everything.items()}

    first, second, other = once(5), once(5), once(6)
    assert first == second
    assert all(first[name] != other[name] for name in first)


def test_simulate_company_keeps_the_chance_of_tables_apart():
    retailer = COMPANIES["retailer"]
    buying = retailer.purchases
    clock = Clock.of(*PERIOD.values(), buying.season, buying.weekday, retailer.opening)
    talkative = replace(retailer.contacts, rates={"contact": 1.0, "enquiry": 2.0})
    surveyed = replace(retailer.survey, missing_share=0.2)
    plain = draw_company(retailer, clock, 500, 3).tables
    for name, changed in (
        ("interactions", replace(retailer, contacts=talkative)),
        ("surveys", replace(retailer, survey=surveyed)),
        ("contracts", replace(retailer, contractual=True)),
    ):
        moved = draw_company(changed, clock, 500, 3).tables
        assert name not in plain or not moved[name].equals(plain[name])
        for other in set(plain) - {name}:
            assert moved[other].equals(plain[other]), (name, other)


def test_simulate_company_makes_contracts_only_when_contractual():
    for name, by_default in (("retailer", False), ("bank", True), ("chain", False)):
        for contractual in (None, True, False):
            made = simulate_company(name, customers=50, seed=1, contractual=contractual, **PERIOD)
            expected = by_default if contractual is None else contractual
            assert ("contracts" in made.tables) == expected
            assert made.truth.contractual == expected


def test_simulate_company_draws_companies_apart():
    first, second = (
        set(frame(simulate_company(name, customers=200, seed=1, **PERIOD), "customers").customer_id)
        for name in ("retailer", "bank")
    )
    assert not first & second


def test_tables_know_only_customers_and_only_the_period(company):
    customers = frame(company, "customers")
    assert customers.customer_id.is_unique
    assert len(customers) == 3_000
    bought = set(customers.dropna(subset=["acquired_at"]).customer_id)
    begin, end = pd.Timestamp("2022-01-01"), pd.Timestamp("2025-01-01")
    for name, table in company.tables.items():
        known = set(customers.customer_id) if name in ("customers", "interactions") else bought
        assert set(table["customer_id"].to_pylist()) <= known, name
        for field in table.schema:
            if field.type == MOMENT:
                moments = table[field.name].to_pandas().dropna()
                assert moments.between(begin, end, inclusive="left").all(), (name, field.name)
    assert 0.05 < customers.acquired_at.isna().mean() < 0.3
    assert (customers.acquired_at > customers.first_contact_at)[customers.acquired_at.notna()].all()


def test_transactions_begin_with_the_acquisition_and_returns_undo_orders(company):
    rows = frame(company, "transactions")
    first = rows.groupby("customer_id")["at"].min()
    acquired = frame(company, "customers").set_index("customer_id").acquired_at.dropna()
    pd.testing.assert_series_equal(
        first.sort_index(), acquired.sort_index(), check_names=False, check_dtype=False
    )
    assert rows["at"].is_monotonic_increasing
    for money in ("amount", "margin"):
        np.testing.assert_allclose(rows[money], rows[money].round(2), rtol=0, atol=1e-9)
    orders, back = rows[rows.amount > 0], rows[rows.amount < 0]
    assert orders.order_id.is_unique
    assert len(back) > 50
    pair = back.merge(orders, on="order_id", suffixes=("", "_order"), validate="one_to_one")
    assert len(pair) == len(back)
    assert (pair.amount == -pair.amount_order).all()
    assert (pair["at"] > pair["at_order"]).all()
    assert (pair["product"] == pair["product_order"]).all()


def test_transactions_are_placed_only_in_active_stages(company):
    orders = frame(company, "transactions").query("amount > 0")
    path = company.truth.path.to_pandas()
    stays = path.sort_values("from_at")
    at = orders.sort_values("at")
    # a moment is written in whole seconds, a stay begins within a second
    at = at.assign(at=(at["at"] + pd.Timedelta("999999us")).astype("datetime64[us]"))
    stage = pd.merge_asof(at, stays, left_on="at", right_on="from_at", by="customer_id").stage
    assert stage.isin(["new", "mature", "declining", "won_back"]).mean() > 0.9995


def test_contracts_end_when_the_customer_churns(company):
    contracts = frame(company, "contracts")
    ended = contracts.ended_at.notna()
    assert (contracts.ended_reason.notna() == ended).all()
    assert set(contracts.ended_reason.dropna()) == {"voluntary", "involuntary", "merged"}
    assert (contracts.ended_at >= contracts.started_at)[ended].all()
    assert contracts.monthly_fee.isin(company.truth.plans.values()).all()
    churned = company.truth.path.to_pandas().query("reason.notna()")
    ends = set(zip(contracts.customer_id, contracts.ended_at, strict=True))
    moments = churned.to_at.dt.floor("s")
    assert all(pair in ends for pair in zip(churned.customer_id, moments, strict=True))
    path = company.truth.path.to_pandas()
    begun = path[path.stage.isin(["new", "won_back"])]
    begins = set(zip(contracts.customer_id, contracts.started_at, strict=True))
    assert all(
        pair in begins for pair in zip(begun.customer_id, begun.from_at.dt.floor("s"), strict=True)
    )


def test_path_stays_follow_one_another(company):
    path = company.truth.path.to_pandas()
    same = path.customer_id.eq(path.customer_id.shift(-1))
    assert (path.to_at[same] == path.from_at.shift(-1)[same]).all()
    assert path.to_at[~same].isna().all()
    assert path.to_at[same].notna().all()
    steps = set(zip(path.stage[same], path.stage.shift(-1)[same], strict=True))
    assert steps <= {("prospect", "new"), *company.truth.stages.hazards}
    assert (path.reason.notna() == (same & path.stage.shift(-1).eq("churned"))).all()


def test_tier_history_obeys_the_threshold_on_twelve_months_of_net_spend(company):
    truth, rows = company.truth.tiers, frame(company, "transactions")
    history = frame(company, "tier_history")
    moved = history[history.reason != "joined"]
    assert len(moved) > 300
    for rated, held in ((day, history) for day in pd.to_datetime(["2023-07-01", "2024-07-01"])):
        year = rows[rows["at"].between(rated - pd.DateOffset(years=1), rated, inclusive="left")]
        spend = year.groupby("customer_id").amount.sum().round(2)
        at_day = held[(held.from_at <= rated) & ~(held.to_at <= rated)].set_index("customer_id")
        code = np.searchsorted(
            truth.thresholds, spend.reindex(at_day.index, fill_value=0.0), side="right"
        )
        assert (np.array(truth.tiers)[code] == at_day.tier).all()
    assert history.groupby("customer_id").to_at.apply(lambda stops: stops.isna().sum() == 1).all()


def test_interactions_are_handled_after_they_began(company):
    rows = frame(company, "interactions")
    assert set(rows.kind) == {"contact", "enquiry", "complaint", "return"}
    settled = rows.dropna(subset=["resolved_at"])
    assert (settled.resolved_at >= settled["at"]).all()
    assert rows.resolved_at[rows.kind == "contact"].isna().all()
    assert rows.resolved_at[rows.kind == "complaint"].isna().any()
    assert rows.rating.dropna().between(1, 5).all()
    back = frame(company, "transactions").query("amount < 0")[["customer_id", "at"]]
    told = rows.loc[rows.kind == "return", ["customer_id", "at"]]
    pd.testing.assert_frame_equal(
        back.sort_values(["at", "customer_id"], ignore_index=True),
        told.sort_values(["at", "customer_id"], ignore_index=True),
    )


def test_campaigns_redeem_only_treated_orders_in_the_window(company):
    rows, effects = frame(company, "campaigns"), company.truth.campaign_effects.to_pandas()
    assert not rows.duplicated(["customer_id", "campaign"]).any()
    assert rows.loc[rows.arm == "control", "redeemed_at"].isna().all()
    assert (rows.loc[rows.arm == "control", "cost"] == 0).all()
    redeemed = rows.dropna(subset=["redeemed_at"]).merge(effects, on="campaign")
    assert len(redeemed) > 20
    assert redeemed.redeemed_at.between(redeemed["at"], redeemed.until_at).all()
    orders = set(frame(company, "transactions")[["customer_id", "at"]].itertuples(index=False))
    assert set(redeemed[["customer_id", "redeemed_at"]].itertuples(index=False)) <= orders
    acquired = frame(company, "customers").set_index("customer_id").acquired_at
    assert (rows["at"].to_numpy() > acquired.loc[rows.customer_id].to_numpy()).all()
    counts = rows.groupby(["campaign", "arm"]).size().unstack()
    assert (counts.treated.to_numpy() == effects.treated).all()


def test_surveys_hold_answers_on_their_scales(company):
    rows, truth = frame(company, "surveys"), company.truth.survey
    items = rows[[item for scale in truth.loadings.values() for item in scale]]
    assert items.min().min() == 1
    assert items.max().max() == 10
    assert rows.nps.dropna().between(0, 10).all()
    assert 0.01 < items.isna().to_numpy().mean() < 0.03
    assert 0.2 < rows.comment.notna().mean() < 0.4
    assert (rows.survey_weight > 0).all()
    assert abs(rows.survey_weight.mean() - 1) < 1e-9
    wave = (rows["at"].diff() > pd.Timedelta("20D")).cumsum()
    bands = frame(company, "customers").set_index("customer_id").age_band
    answering = bands.loc[rows.customer_id].map(truth.response).to_numpy()
    drawn = (rows.survey_weight * answering).groupby(wave.to_numpy())
    asked = 1 / np.array(sorted(set(truth.sampling.values())))
    for _, share in drawn:
        found = np.sort(share.unique().round(9))
        ratios = np.unique((found / found[-1]).round(6))
        assert set(ratios) <= set((asked / asked.max()).round(6))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"company": "baker"}, "company must be one of retailer, bank, chain, but 'baker' came"),
        ({"customers": 0}, "customers must be at least 1, but 0 came"),
        ({"seed": -1}, "seed must be 0 or more, but -1 came"),
        ({"observed_until": date(2022, 1, 1)}, "observed_until must be after observed_from"),
    ],
)
def test_simulate_company_refuses(changed, message):
    asked = {"company": "bank", "customers": 5, "seed": 1, **PERIOD, **changed}
    with pytest.raises(ParamsError, match=message):
        simulate_company(asked.pop("company"), **asked)


@pytest.mark.parametrize("name", COMPANIES)
@pytest.mark.parametrize("customers", [1, 2, 9])
def test_simulate_company_bears_few_customers_and_days(name, customers):
    until = date(2022, 1, 2)
    made = simulate_company(
        name, customers=customers, seed=1, observed_from=date(2022, 1, 1), observed_until=until
    )
    assert made.tables["customers"].num_rows == customers
    assert simulate_company(name, customers=customers, seed=2, **PERIOD).tables


def test_truth_cannot_be_changed(company):
    with pytest.raises(AttributeError):
        company.truth.stages = None
    with pytest.raises(TypeError):
        company.truth.stages.hazards["new", "mature"] = 1.0
    with pytest.raises(TypeError):
        company.truth.survey.loadings["image"]["image_1"] = 1.0


def test_simulate_company_takes_no_step_a_customer():
    few, few_lines = simulate_and_count_lines(2_600)
    many, many_lines = simulate_and_count_lines(26_000)
    assert many.tables["transactions"].num_rows > 200_000
    assert many.tables["transactions"].num_rows > 9 * few.tables["transactions"].num_rows
    assert 1_000 < many_lines < 2 * few_lines


def simulate_and_count_lines(customers):
    """A simulated retailer and how many lines of Python ran for it."""
    lines = 0

    def count(frame, event, argument):
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        made = simulate_company("retailer", customers=customers, seed=1, **PERIOD)
    finally:
        sys.settrace(before)
    return made, lines
