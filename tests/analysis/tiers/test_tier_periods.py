"""Ratings of a study: no look-ahead, moves beside luck, futures, schemes, limits, costs."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from analysis.data import Description, Tables
from analysis.errors import DataError
from analysis.params import Params
from analysis.tiers import (
    compare_other_schemes,
    cost_to_serve,
    follow_tiers,
    judge_periods,
    near_limits,
    next_period,
    own_groups,
    present_concentration,
    present_profile,
    rate_periods,
    tier_moves,
)

FROM, UNTIL = date(2021, 1, 1), date(2022, 12, 31)
SPEND = {
    "rating_months": 12,
    "scheme": {
        "tiers": ("basic", "silver", "gold"),
        "thresholds": {"limits": {"amount": (100.0, 300.0)}},
    },
}


def study(tiers=SPEND, relationship="noncontractual", until=UNTIL, **more):
    return Params.model_validate(
        {
            "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
            "relationship": relationship, "observed_from": FROM, "observed_until": until,
            "timezone": "Europe/Berlin", "currency": "EUR", "tiers": tiers,
            "data": {"simulated": {"company": "retailer", "customers": 10, "seed": 1}},
        } | more
    )  # fmt: skip


def tables_of(transactions, history_complete=True, **more):
    engine = ibis.duckdb.connect()
    customers = transactions[["customer_id"]].drop_duplicates()
    by_name = {"customers": engine.create_table("customers", customers)}
    typed = transactions.assign(at=pd.to_datetime(transactions["at"]))
    sold = engine.create_table("transactions", typed)
    by_name["transactions"] = sold.mutate(at=sold["at"].cast("date"))
    for name, table in more.items():
        stored = engine.create_table(name, table)
        days = {c: stored[c].cast("date") for c in ("started_at", "ended_at") if c in table}
        by_name[name] = stored.mutate(**days)
    described = Description("Made", "none", "none", "files", history_complete=history_complete)
    return Tables(engine, by_name, pd.DataFrame(), described, "made")


def steady(customers=400, seed=5, change=0.0):
    """Customers who buy at a constant rate from the first day on; `change` of them stop in 2022."""
    draw = np.random.default_rng(seed)
    rate = draw.gamma(1.5, 4, customers)
    rows = []
    for number, mean in enumerate(rate):
        rows.append((f"c{number:04d}", "2020-12-31", 0.0))
        for year in (2021, 2022):
            stops = year == 2022 and draw.random() < change
            made = 0 if stops else draw.poisson(mean)
            days = pd.Timestamp(f"{year}-01-01") + pd.to_timedelta(draw.integers(0, 365, made), "D")
            rows += [(f"c{number:04d}", day, 30.0) for day in days]
    return pd.DataFrame(rows, columns=["customer_id", "at", "amount"])


def rng():
    return np.random.default_rng(2)


@pytest.fixture(scope="module")
def calm():
    tables = tables_of(steady())
    return tables, rate_periods(tables, study())


def test_ratings_stand_a_period_apart_and_one_is_judged(calm):
    _, rated = calm
    assert [r.rated_at for r in rated.rerating.ratings] == [date(2022, 1, 1), date(2023, 1, 1)]
    assert rated.judged_at == date(2022, 1, 1)
    assert rated.value == "amount"
    assert rated.present.rated_at == date(2023, 1, 1)


def test_later_purchases_change_no_earlier_rating(calm):
    _, rated = calm
    more = pd.concat(
        [steady(), pd.DataFrame([("c0001", "2022-06-01", 9e5)], columns=steady().columns)]
    )
    again = rate_periods(tables_of(more), study())
    pd.testing.assert_frame_equal(rated.rerating.ratings[0].table, again.rerating.ratings[0].table)


def test_moves_of_those_who_do_not_change_are_luck(calm):
    tables, rated = calm
    rows = tier_moves(rated, tables, study(), rng=rng()).against_luck.set_index("term")
    stay = rows.loc["stay"]
    assert stay["n"] == 400
    assert stay["luck"] < 0.85  # luck alone moves many
    assert abs(stay["estimate"] - stay["luck"]) < 0.06
    assert rows.loc["up", "luck"] == pytest.approx(rows.loc["down", "luck"], abs=0.03)


def test_moves_of_those_who_stop_go_beyond_luck():
    tables = tables_of(steady(change=0.4))
    moves = tier_moves(rate_periods(tables, study()), tables, study(), rng=rng())
    rows = moves.against_luck.set_index("term")
    assert rows.loc["down", "conf_low"] > rows.loc["down", "luck_conf_high"]


def test_newcomers_are_left_out_of_the_comparison_with_luck():
    late = pd.DataFrame(
        [(f"n{k}", "2021-07-01", 50.0) for k in range(50)], columns=["customer_id", "at", "amount"]
    )
    tables = tables_of(pd.concat([steady(), late]))
    moves = tier_moves(rate_periods(tables, study()), tables, study(), rng=rng())
    assert moves.against_luck["n"].eq(400).all()
    assert moves.observed.rates["n"].max() == 450


def test_moves_by_more_than_purchases_are_not_compared_with_luck(calm):
    tables, _ = calm
    scheme = {"tiers": ("a", "b"), "thresholds": {"limits": {"tenure_days": (400.0,)}}}
    params = study({"rating_months": 12, "scheme": scheme})
    moves = tier_moves(rate_periods(tables, params), tables, params, rng=rng())
    assert moves.against_luck["luck"].isna().all()
    assert "more than purchases" in moves.note
    assert moves.observed is not None


def test_shares_of_the_present_profile_sum_to_one(calm):
    _, rated = calm
    table = present_profile(rated).table
    assert table[["share", "share_purchases", "share_value"]].sum().tolist() == pytest.approx(
        [1, 1, 1]
    )
    assert present_concentration(rated, study(), rng=rng()).customers == 400


def test_futures_count_from_the_rating(calm):
    tables, rated = calm
    found = follow_tiers(rated, tables, study())
    last = found.table[found.table["weeks"] == found.table["weeks"].max()].set_index("group")
    assert list(last.index) == ["basic", "silver", "gold"]
    assert last["estimate"].is_monotonic_increasing
    assert last["n"].sum() == 400
    # by hand: the share of gold customers who bought in the 52 weeks from the rating on
    gold = rated.judged.table.query("tier == 'gold'")["customer_id"]
    after = tables["transactions"].to_pandas()
    after["at"] = pd.to_datetime(after["at"])
    seen = after[(after["at"] >= "2022-01-01") & (after["at"] < "2022-12-31")]
    share = gold.isin(seen["customer_id"]).mean()
    assert last.loc["gold", "estimate"] == pytest.approx(share, abs=0.01)


def test_outcomes_use_the_period_after_and_the_one_before(calm):
    tables, rated = calm
    outcomes = next_period(rated, tables, study())
    lines = tables["transactions"].to_pandas()
    year = pd.to_datetime(lines["at"]).dt.year
    by = lines.groupby(["customer_id", year])["amount"].sum()
    one = outcomes.iloc[7]
    assert one["next_value"] == pytest.approx(by.get((one["customer_id"], 2022), 0))
    assert one["last_value"] == pytest.approx(by.get((one["customer_id"], 2021), 0))
    judged = judge_periods(rated, outcomes, study(), rng=rng())
    assert judged.held["value_share"].sum() == pytest.approx(1)


def test_schemes_are_compared_on_one_page_with_the_company(calm):
    tables, rated = calm
    known = rated.judged.table
    history = pd.DataFrame(
        {"customer_id": known["customer_id"], "tier": known["tier"].astype(str),
         "from_at": pd.Timestamp("2022-01-01")}
    )  # fmt: skip
    with_history = tables_of(steady(), tier_history=history)
    params = study(SPEND | {"compare": ("value",)})
    table = compare_other_schemes(
        rated, next_period(rated, tables, params), with_history, params, rng=rng()
    ).table.set_index("scheme")
    names = ["in_force", "company", "coarser", "finer", "preset_value", "k_means"]
    assert list(table.index) == names
    assert table.loc["company", "better"] == pytest.approx(0)
    assert table.loc["company", "p_better"] == 1
    assert np.isnan(table.loc["in_force", "better"])
    assert table.loc["company", "gini"] == pytest.approx(table.loc["in_force", "gini"])
    assert table.loc["company", "would_change"] == 0
    assert table.loc["preset_value", "would_change"] > 0


def test_groups_of_their_own_are_found_where_there_are_some():
    rare = [(f"a{k:03d}", "2022-03-01", 20.0 + k % 5) for k in range(60)]
    days = pd.date_range("2022-01-05", periods=24, freq="15D")
    often = [(f"b{k:03d}", day, 400.0 + k) for k in range(40) for day in days]
    tables = tables_of(pd.DataFrame(rare + often, columns=["customer_id", "at", "amount"]))
    params = study()
    found = own_groups(rate_periods(tables, params), params.tiers.rated_by, rng=rng())
    chosen = found.table[found.table["chosen"]].iloc[0]
    assert chosen["groups"] == 2
    assert chosen["silhouette"] > 0.9
    assert chosen["stability"] == pytest.approx(1)
    assert found.tiers_silhouette == pytest.approx(chosen["silhouette"])  # basic and gold are these
    assert found.quantities == ("amount", "purchases", "-recency_days")


def test_customers_who_are_alike_have_no_groups():
    rows = [(f"c{k:03d}", "2022-03-01", 20.0) for k in range(30)]
    tables = tables_of(pd.DataFrame(rows, columns=["customer_id", "at", "amount"]))
    params = study()
    found = own_groups(rate_periods(tables, params), params.tiers.rated_by, rng=rng())
    assert found.table.empty
    assert found.note


def test_near_limits_by_hand():
    amounts = [95.0] * 20 + [100.0] * 10 + [300.0] * 30 + [200.0] * 40
    rows = [(f"c{k:03d}", "2022-03-01", amount) for k, amount in enumerate(amounts)]
    tables = tables_of(pd.DataFrame(rows, columns=["customer_id", "at", "amount"]))
    params = study()
    found = near_limits(rate_periods(tables, params), params.tiers.rated_by)
    table = found.table.set_index("tier")
    assert table.loc["silver", ["below", "above"]].tolist() == pytest.approx([0.2, 0.1])
    assert table.loc["gold", ["below", "above"]].tolist() == pytest.approx([0, 0.3])
    assert found.near == pytest.approx(0.6)


def test_near_limits_of_a_score_are_not_tested_for_gathering(calm):
    tables, _ = calm
    params = study({"preset": "value", "rating_months": 12})
    found = near_limits(rate_periods(tables, params), params.tiers.rated_by)
    assert set(found.table["quantity"]) == {"score"}
    assert found.table["p_value"].isna().all()


def test_cost_to_serve_sums_contacts_of_the_period(calm):
    _, rated = calm
    calls = pd.DataFrame(
        {"customer_id": ["c0001", "c0001", "c0002"], "kind": "contact",
         "at": pd.to_datetime(["2022-03-01 10:00", "2021-03-01 10:00", "2022-12-31 23:00"]),
         "cost": [4.0, 100.0, 6.0]}
    )  # fmt: skip
    found = cost_to_serve(rated, tables_of(steady(), interactions=calls))
    assert found.table["share_cost"].sum() == pytest.approx(1)
    assert (found.table["mean_cost"] * found.table["n"]).sum() == pytest.approx(10)
    assert cost_to_serve(rated, tables_of(steady())).note


def test_contractual_ratings_are_of_open_contracts():
    lines = steady(customers=40)
    ids = lines["customer_id"].drop_duplicates()
    contracts = pd.DataFrame({"customer_id": ids, "started_at": pd.Timestamp("2021-01-01")})
    ended = [pd.Timestamp("2021-06-01")] * 15 + [pd.Timestamp("2022-06-01")] * 10 + [pd.NaT] * 15
    contracts["ended_at"] = ended
    tables = tables_of(lines, contracts=contracts)
    params = study(relationship="contractual")
    rated = rate_periods(tables, params)
    assert len(rated.judged.table) == 25
    assert len(rated.present.table) == 15
    outcomes = next_period(rated, tables, params)
    assert outcomes["stayed"].sum() == 15
    futures = follow_tiers(rated, tables, params)
    assert futures.contractual
    assert futures.curve.table["events"].sum() == 10


def test_short_observation_is_rated_once_and_not_judged():
    params = study(until=date(2021, 8, 31))
    lines = steady()
    tables = tables_of(lines[pd.to_datetime(lines["at"]) < "2021-09-01"])
    rated = rate_periods(tables, params)
    assert len(rated.rerating.ratings) == 1
    assert rated.judged is None
    assert next_period(rated, tables, params) is None
    assert judge_periods(rated, None, params, rng=rng()) is None
    assert follow_tiers(rated, tables, params).curve is None
    assert tier_moves(rated, tables, params, rng=rng()).observed is None
    assert compare_other_schemes(rated, None, tables, params, rng=rng()).table.empty


def test_nobody_who_bought_is_refused():
    returns = pd.DataFrame([("a", "2021-03-01", -5.0)], columns=["customer_id", "at", "amount"])
    with pytest.raises(DataError, match="must have bought before the observation ends"):
        rate_periods(tables_of(returns), study())
