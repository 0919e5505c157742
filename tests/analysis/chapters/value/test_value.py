"""Values of groups: the published check, recovery, what must always hold, and refusals."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from valued_studies import UNTIL, made_by_bgnbd, rng, study, tables_of

from analysis.chapters.value.acquisition import acquired_value
from analysis.chapters.value.forecast import check_forecast
from analysis.chapters.value.histories import purchase_histories
from analysis.chapters.value.residual import (
    fit_value_models,
    label_histories,
    residual_value,
    value_groups,
)
from analysis.data import read_tables
from analysis.errors import DataError
from analysis.notes import note
from analysis.states.retention_cost import retention_cost
from analysis.states.winning_cost import winning_costs_of


@pytest.fixture(scope="module")
def made():
    tables, params = tables_of(made_by_bgnbd()), study(holdout_weeks=26)
    histories = purchase_histories(tables, params)
    return tables, params, histories, fit_value_models(histories, params)


def test_forecast_of_cdnow_misses_what_was_published():
    # REFERENCE: the 1/10 sample, 39 weeks held out: 1,882 made, BG/NBD forecast 1,653.4
    params = study(
        observed_from=date(1997, 1, 1), observed_until=date(1998, 6, 30), holdout_weeks=39,
        data={"package": "cdnow_sample"},
    )  # fmt: skip
    histories = purchase_histories(read_tables(params), params)
    check = check_forecast(histories, params, rng=rng())
    row = check.table.set_index("model").loc["bgnbd"]
    assert histories.split_at == date(1997, 9, 30)
    assert row["made"] == 1882
    assert row["forecast"] == pytest.approx(1653.4, abs=0.05)
    assert row["shortfall"] == pytest.approx(1 - 1653.4 / 1882, abs=1e-4)
    assert check.tracking.made == pytest.approx(1882)
    # REFERENCE: BG/NBD on the same data: r .243, alpha 4.414, a .793, b 2.426
    fit = check.parameters.query("model == 'bgnbd'").set_index("term")["estimate"]
    assert fit.tolist() == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=2e-3)


def test_parameters_of_the_makers_are_found_again(made):
    table = made[3].parameters.query("model == 'bgnbd'").set_index("term")
    for name, truth in {"r": 0.8, "alpha": 4.0, "a": 0.8, "b": 3.0}.items():
        low, high = table.loc[name, ["conf_low", "conf_high"]]
        assert low * 0.9 < truth < high * 1.1, name
    assert made[3].spend.mean == pytest.approx(5 * 20 / 3, rel=0.1)


def test_forecast_of_the_right_model_holds(made):
    check = check_forecast(made[2], made[1], rng=rng())
    row = check.table.iloc[0]
    assert row["model"] == "bgnbd"
    assert abs(row["shortfall"]) < 0.1
    assert row["forecast_conf_low"] < row["made"] < row["forecast_conf_high"]


def test_value_rises_with_the_horizon_and_falls_with_the_rate(made):
    _, _, histories, models = made
    totals = []
    for weeks, rate in ((26, 0.1), (52, 0.1), (104, 0.1), (52, 0.3)):
        params = study(value_horizon_weeks=weeks, discount_rate=rate)
        found = fit_value_models(histories, params)
        totals.append(
            residual_value(found, label_histories(histories, {}), params, rng=rng()).table[
                "value_ahead"
            ][0]
        )
    assert totals[0] < totals[1] < totals[2]
    assert totals[3] < totals[1]
    assert models.money == "revenue"


def test_groups_sum_to_all_and_unknown_ones_are_named(made):
    _, params, histories, models = made
    ids = histories.present["customer_id"]
    half = pd.Series(["a"] * 700 + ["b"] * 700, index=ids[:1400])
    halves = label_histories(histories, {"half": half})
    table = residual_value(models, halves, params, rng=rng()).table
    groups = table[table["segment"] == "half"].set_index("group")
    assert list(groups.index) == ["a", "b", "not known"]
    assert groups["value_ahead"].sum() == pytest.approx(table["value_ahead"][0])
    assert groups["value_part"].sum() == pytest.approx(1)
    assert groups["n"].sum() == len(ids)


@pytest.mark.parametrize(
    ("days", "cohort", "names"),
    [
        (["1997-01-05", "1997-02-01"], "acquired_month", ["1997-01", "1997-02"]),
        (["1997-01-05", "1998-06-30"], "acquired_quarter", ["1997 Q1", "1998 Q2"]),
        (["1997-01-05", "1998-06-30", "1999-01-01"], "acquired_year", ["1997", "1998", "1999"]),
    ],
)
def test_ways_to_group_are_the_segments_the_cohort_the_tier_and_the_stage(days, cohort, names):
    ids = [f"c{k}" for k in range(len(days))]
    people = pd.DataFrame({"customer_id": ids, "channel": "shop"})
    tier = pd.DataFrame({"customer_id": ids[:1], "tier": ["gold"]})
    stage = pd.DataFrame({"customer_id": ids[1:2], "stage": ["new"]})
    bought = pd.DataFrame({"customer_id": ids, "at": pd.to_datetime(days), "amount": 1.0})
    period = {"observed_from": date(1997, 1, 1), "observed_until": date(1999, 12, 31)}
    tables, params = tables_of(bought, people), study(segments=("channel",), **period)
    histories = purchase_histories(tables, params)
    groups = value_groups(histories, tables, params, tier=tier, stage=stage)
    assert list(groups) == ["all", "channel", cohort, "current_tier", "current_stage"]
    assert groups["channel"]["group"].tolist() == ["shop"] * len(ids)
    assert groups[cohort]["group"].tolist() == names
    assert groups["current_tier"]["group"].tolist() == ["gold"] + ["not known"] * (len(ids) - 1)


def test_margin_is_a_share_of_revenue():
    lines = made_by_bgnbd(customers=400)
    tables = tables_of(lines.assign(margin=0.25 * lines["amount"]))
    params = study()
    histories = purchase_histories(tables, params)
    models = fit_value_models(histories, params)
    assert models.money == "margin"
    assert histories.kept.margin == pytest.approx(0.25)
    bare = fit_value_models(purchase_histories(tables_of(lines), params), params)
    totals = [
        residual_value(m, label_histories(histories, {}), params, rng=rng()).table["value_ahead"][0]
        for m in (models, bare)
    ]
    assert totals[0] == pytest.approx(0.25 * totals[1])


def acquired(models, histories, tables, params):
    costs = winning_costs_of(tables, params)
    return acquired_value(models, histories, tables, params, by="channel", costs=costs)


def test_cost_of_winning_is_the_one_number_of_the_study():
    # a contact costs 3 in the shop and 12 by phone; half of the callers buy, 10 of 11 in the shop
    lines = made_by_bgnbd(customers=300)
    first = lines.groupby("customer_id")["at"].min()
    own = pd.DataFrame({"customer_id": first.index, "first_contact_at": first - pd.Timedelta("7D")})
    own["channel"] = np.where(np.arange(300) < 200, "shop", "phone")
    lost = pd.DataFrame({"customer_id": [f"p{k}" for k in range(120)]})
    lost["channel"] = np.where(np.arange(120) < 100, "phone", "shop")
    lost["first_contact_at"] = pd.Timestamp("2021-02-01")
    # and 400 called in the last month, whose time to buy has not come
    late = pd.DataFrame({"customer_id": [f"q{k}" for k in range(400)], "channel": "phone"})
    late["first_contact_at"] = pd.Timestamp("2022-12-30")
    people = pd.concat([own, lost, late], ignore_index=True)
    people["acquisition_cost"] = np.where(people["channel"] == "shop", 3.0, 12.0)
    tables, params = tables_of(lines, people), study()
    costs = winning_costs_of(tables, params)
    histories = purchase_histories(tables, params)
    result = acquired(fit_value_models(histories, params), histories, tables, params)
    table, cost = result.table.set_index("group"), costs.table.set_index("group")["estimate"]
    assert result.cost_of == "conversion"
    assert result.cost_weeks == costs.weeks
    assert cost["phone"] == pytest.approx(24)
    assert cost["shop"] == pytest.approx(3.3)
    assert table["acquisition_cost"].to_dict() == pytest.approx(cost.to_dict())
    assert table.loc["phone", "value_to_cost"] == pytest.approx(
        table.loc["phone", "value_new"] / 24
    )


def test_cost_of_winning_counts_those_who_did_not_buy():
    lines = made_by_bgnbd(customers=300)
    ids = lines["customer_id"].unique()
    people = pd.DataFrame(
        {"customer_id": [*ids, *(f"p{k}" for k in range(300))], "acquisition_cost": 3.0,
         "channel": ["web"] * 150 + ["shop"] * 150 + ["web"] * 300}
    )  # fmt: skip
    tables, params = tables_of(lines, people), study()
    histories = purchase_histories(tables, params)
    models = fit_value_models(histories, params)
    table = acquired(models, histories, tables, params).table
    table = table.set_index("group")
    assert table["acquisition_cost"].tolist() == pytest.approx([6.0, 3.0, 9.0])
    assert table.loc["all", "value_to_cost"] == pytest.approx(table.loc["all", "value_new"] / 6)
    free = tables_of(lines, people.assign(acquisition_cost=0.0))
    row = acquired(models, histories, free, params).table.iloc[0]
    assert np.isnan(row["value_to_cost"])
    assert "purchases.won_for_nothing" in [row["note"].key, *(one.key for one in row["note"].also)]


def test_one_who_bought_on_the_last_day_is_kept():
    lines = pd.concat(
        [made_by_bgnbd(customers=100),
         pd.DataFrame([("last", UNTIL, 5.0)], columns=["customer_id", "at", "amount"])]
    )  # fmt: skip
    present = purchase_histories(tables_of(lines), study()).present.set_index("customer_id")
    assert present.loc["last", "age"] == pytest.approx(0.5 / 7)
    assert present.loc["last", "frequency"] == 0


def test_cut_histories_are_refused():
    tables = tables_of(made_by_bgnbd(customers=20), history_complete=False)
    with pytest.raises(DataError, match="histories of this study are cut"):
        purchase_histories(tables, study())


def test_holdout_longer_than_the_observation_is_not_estimable():
    tables, params = tables_of(made_by_bgnbd(customers=20)), study(holdout_weeks=150)
    check = check_forecast(purchase_histories(tables, params), params, rng=rng())
    assert check.tracking is None
    assert check.note == note("value.too_short")


@pytest.mark.parametrize("key", ["discount_rate", "value_horizon_weeks", "holdout_weeks"])
def test_impossible_parameters_are_refused(key):
    with pytest.raises(ValueError, match=key):
        study(**{key: -1.0})


def test_cost_of_keeping_leaves_prospects_out_and_counts_the_buyers_of_a_year():
    lines = pd.DataFrame(
        [("a", "2022-03-01", 10.0), ("a", "2022-05-01", 10.0), ("b", "2021-02-01", 10.0)],
        columns=["customer_id", "at", "amount"],
    )
    calls = pd.DataFrame(
        {"customer_id": ["a", "b", "prospect", "a"], "cost": [5.0, 7.0, 90.0, 50.0],
         "at": pd.to_datetime(["2022-01-01", "2022-12-31", "2022-06-01", "2021-12-31"])}
    )  # fmt: skip
    table = retention_cost(tables_of(lines, interactions=calls), study()).table
    assert table["spent_year"].tolist() == [12.0, 12.0]  # a prospect and the year before left out
    assert table["n"].tolist() == [1, 1]  # b bought nothing within the year, but cost
    assert retention_cost(tables_of(lines), study()).note
