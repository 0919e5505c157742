"""Renewals: counted by hand, the makers' parameters found again, values that behave."""

from dataclasses import replace
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from shared_cases import shared_case

from analysis.chapters.renewals.facts import rates_fact
from analysis.chapters.renewals.lives import fit_renewals, renewal_lives
from analysis.chapters.renewals.worth import contract_value
from analysis.data import Description, Tables
from analysis.frames import spells
from analysis.methods.survival import survival_curve
from analysis.notes import note
from analysis.params import Params
from analysis.states.retention_cost import retention_cost
from analysis.study import open_study
from analysis.telling.keeping import keeping_fact

FROM, UNTIL = date(2015, 1, 1), date(2024, 12, 31)
YEAR = 12 * 30.4375


def study(**more):
    return Params.model_validate(
        {
            "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
            "relationship": "contractual", "observed_from": FROM, "observed_until": UNTIL,
            "timezone": "Europe/Berlin", "currency": "EUR", "holdout_weeks": 104,
            "data": {"simulated": {"company": "bank", "customers": 10, "seed": 1}},
        } | more
    )  # fmt: skip


def tables_of(contracts, **more):
    engine = ibis.duckdb.connect()
    by_name = {"customers": engine.create_table("c", contracts[["customer_id"]].drop_duplicates())}
    stored = engine.create_table("contracts", contracts)
    days = {name: stored[name].cast("date") for name in ("started_at", "ended_at")}
    by_name["contracts"] = stored.mutate(**days)
    by_name |= {name: engine.create_table(name, table) for name, table in more.items()}
    described = Description("Made", "none", "none", "files")
    return Tables(engine, by_name, pd.DataFrame(), described, "made")


def made_by_sbg(customers=4000, alpha=1.2, beta=3.5, seed=4):
    """Contracts of customers who decline each year with a probability of their own."""
    draw = np.random.default_rng(seed)
    start = pd.Timestamp(FROM) + pd.to_timedelta(draw.integers(0, 3200, customers), "D")
    leaves = draw.geometric(np.clip(draw.beta(alpha, beta, customers), 1e-9, 1))
    within = draw.uniform(0.3, 0.7, customers)  # the end lies inside the period declined
    end = start + pd.to_timedelta(np.floor((np.minimum(leaves, 50) - within) * YEAR), "D")
    return pd.DataFrame(
        {"customer_id": [f"c{k:05d}" for k in range(customers)], "started_at": start,
         "ended_at": end.where(end <= pd.Timestamp(UNTIL)), "monthly_fee": 10.0}
    )  # fmt: skip


@pytest.fixture(scope="module")
def made():
    tables, params = tables_of(made_by_sbg()), study()
    return tables, params, fit_renewals(tables, params)


def test_lives_by_hand():
    day, until = pd.Timestamp("2020-01-01"), pd.Timestamp("2023-07-01")
    ends = [None, "2020-06-01", "2021-06-01", "2023-03-01", "2023-06-15"]
    found = pd.DataFrame({"started_at": [day] * 5, "ended_at": pd.to_datetime(ends)})
    found.loc[5] = [pd.Timestamp("2023-01-01"), pd.NaT]  # not a whole period: left out
    lives = renewal_lives(found, until=until, months=12)
    # three whole years were observed; who ended in the fourth, cut one had made three renewals
    assert lives["duration"].tolist() == [3, 1, 2, 3, 3]
    assert lives["event"].tolist() == [False, True, True, False, False]
    assert lives["began"].eq(2020).all()


def test_parameters_of_the_makers_are_found_again(made):
    table = made[2].sbg.table.set_index("term")
    for name, truth in {"alpha": 1.2, "beta": 3.5}.items():
        assert table.loc[name, "conf_low"] < truth < table.loc[name, "conf_high"]
    assert made[2].in_force == "sbg"
    assert made[2].p_duration > 0.05


def test_curve_is_that_of_the_model_that_made_it(made):
    curve = made[2].curve
    truth = np.cumprod((3.5 + np.arange(6)) / (1.2 + 3.5 + np.arange(6)))
    assert curve["staying"][:6].to_numpy() == pytest.approx(truth, abs=0.03)
    assert curve["staying"].is_monotonic_decreasing
    assert curve["held_out"].tolist() == [t > 7 for t in curve["period"]]
    assert made[2].error["sbg"] < 0.05


def test_value_is_life_times_fees(made):
    tables, params, renewals = made
    table = contract_value(renewals, tables, params, rng=np.random.default_rng(1)).table
    first = table.iloc[0]
    life = renewals.sbg.residual_life(int(first["group"]), 0.1)
    assert first["group"] == "1"
    assert first["periods"] == pytest.approx(life)
    assert first["estimate"] == pytest.approx(life * 120 * first["n"])
    groups, total = table.iloc[:-1], table.iloc[-1]
    assert groups["estimate"].sum() == pytest.approx(total["estimate"])
    assert groups["periods"].is_monotonic_increasing
    assert (table["conf_low"] < table["estimate"]).all()
    assert (table["conf_high"] > table["estimate"]).all()


def test_value_falls_with_the_discount_rate(made):
    tables, _, renewals = made
    totals = [
        contract_value(renewals, tables, study(discount_rate=rate), rng=np.random.default_rng(1))
        .table["estimate"].iloc[-1]
        for rate in (0.05, 0.1, 0.3)
    ]  # fmt: skip
    assert totals[0] > totals[1] > totals[2]


def test_value_without_a_rate_or_a_fee_is_not_told(made):
    tables, params, renewals = made
    draw = np.random.default_rng(1)
    undiscounted = contract_value(renewals, tables, study(discount_rate=0.0), rng=draw)
    assert undiscounted.note == note("renewals.no_discount")
    bare = tables_of(made_by_sbg(customers=50).drop(columns="monthly_fee"))
    worth = contract_value(renewals, bare, params, rng=draw)
    assert worth.note == note("renewals.no_fee")


def test_cost_of_keeping_sums_the_last_year(made):
    tables = tables_of(
        made_by_sbg(customers=200),
        interactions=pd.DataFrame(
            {"customer_id": "c00001", "cost": [5.0, 7.0, 90.0],
             "at": pd.to_datetime(["2024-01-01 08:00", "2024-12-31 20:00", "2023-12-31 23:00"])}
        ),
    )  # fmt: skip
    table = retention_cost(tables, study()).table.set_index("spent_on")
    assert table.loc["together", "spent_year"] == pytest.approx(12)
    assert retention_cost(made[0], study()).note
    short = retention_cost(tables, study(observed_from=date(2024, 1, 2)))
    assert short.note == note("reasons.not_a_year")
    assert retention_cost(tables, study(observed_from=date(2024, 1, 1))).note == ""
    assert keeping_fact(short, base="current").numbers["why"] == short.note


@pytest.mark.parametrize(
    "contracts",
    [
        pytest.param(made_by_sbg(customers=1), id="one customer"),
        pytest.param(made_by_sbg(customers=60).assign(ended_at=pd.NaT), id="nobody leaves"),
        pytest.param(
            made_by_sbg(customers=60).assign(
                started_at=pd.Timestamp("2024-06-01"), ended_at=pd.NaT
            ),
            id="no whole period",
        ),
    ],
)
def test_thin_contracts_are_not_estimable(contracts):
    contracts["ended_at"] = pd.to_datetime(contracts["ended_at"])
    params, draw = study(), np.random.default_rng(1)
    renewals = fit_renewals(tables_of(contracts), params)
    found = contract_value(renewals, tables_of(contracts), params, rng=draw)
    assert renewals.note
    assert found.note == renewals.note


def test_share_still_there_and_its_interval_are_kaplan_meiers(made):
    tables, params, renewals = made
    until = pd.Timestamp(params.followed_until)
    lives = renewal_lives(spells(tables, params), until=until, months=12)
    found = survival_curve(lives).at(renewals.curve["period"].tolist())
    for mine, peer in (("staying", "estimate"), ("staying_conf_low", "conf_low"),
                       ("staying_conf_high", "conf_high")):  # fmt: skip
        assert renewals.curve[mine].to_numpy() == pytest.approx(found[peer].to_numpy())


def by_the_calendar(months, custom, customers=3000, declines=0.2, seed=8):
    """Contracts that are declined at a constant rate, by a company of one custom of the end."""
    draw = np.random.default_rng(seed)
    start = pd.Timestamp(FROM) + pd.to_timedelta(draw.integers(0, 1600, customers), "D")
    periods = draw.geometric(declines, customers)
    lasts = zip(start, months * periods, strict=True)
    end = pd.Series([day + pd.DateOffset(months=int(k)) for day, k in lasts])
    end += pd.Timedelta(days=custom)
    facing = (end <= pd.Timestamp(UNTIL)).to_numpy()
    contracts = pd.DataFrame(
        {"customer_id": [f"c{k:05d}" for k in range(customers)], "started_at": start,
         "ended_at": end.where(facing).to_numpy(), "monthly_fee": 10.0}
    )  # fmt: skip
    return contracts, periods


@pytest.mark.parametrize("custom", [0, -1], ids=["on the anniversary", "the day before"])
@pytest.mark.parametrize("months", [12, 1])
def test_renewals_follow_the_calendar(months, custom):
    """Years with a 29 February and months of 28 to 31 days put no end into the next period."""
    contracts, periods = by_the_calendar(months, custom)
    renewals = fit_renewals(tables_of(contracts), study(renewal_months=months))
    first = renewals.curve.iloc[0]
    assert first["at_risk"] == len(contracts)
    assert first["renewed"] == pytest.approx((periods > 1).mean())
    faced = renewals.faced_by(300)
    assert faced.curve["renewed"].to_numpy() == pytest.approx(0.8, abs=0.06)
    assert renewals.in_force == "sbg"
    assert renewals.p_duration > 0.01
    assert renewals.p_trend > 0.01
    assert "steady" in rates_fact(faced, conf_level=0.99).also


def test_trend_of_renewals_is_that_of_r():
    """`prop.trend.test(c(83, 90, 129, 70), c(86, 93, 136, 82))`: the smokers of R's help page."""
    n, made = np.array([86, 93, 136, 82]), np.array([83, 90, 129, 70])
    curve = pd.DataFrame({"period": range(1, 5), "at_risk": n, "renewed": made / n})
    curve["staying"] = curve["renewed"].cumprod()
    renewals = replace(fit_renewals(tables_of(made_by_sbg(customers=60)), study()), curve=curve)
    assert renewals.p_trend == pytest.approx(0.004132, abs=5e-7)
    assert "falls" in rates_fact(renewals).also


def test_shared_case_of_renewal_periods(tmp_path):
    folder = shared_case("renewal_periods", tmp_path)
    params = (folder / "params.yml").rename(folder / "b_annual.yml")
    given = open_study(params, build=tmp_path)
    renewals = fit_renewals(given.tables, given.params)
    assert renewals.curve["renewed"].iloc[0] == 0.7965
    assert renewals.curve["renewed"].to_numpy() == pytest.approx(0.8, abs=0.03)
    assert renewals.in_force == "sbg"
    assert "steady" in rates_fact(renewals.faced_by(10)).also
