"""Value is net of returns in what was and in what is forecast."""

from datetime import date

import pandas as pd
import pytest
from shared_cases import shared_case
from valued_studies import UNTIL, made_by_bgnbd, rng, study, tables_of, with_returns

from analysis.chapters.value.acquisition import acquired_value
from analysis.chapters.value.facts import residual_fact
from analysis.chapters.value.forecast import check_forecast
from analysis.chapters.value.histories import purchase_histories
from analysis.chapters.value.kept import kept_share, money_after
from analysis.chapters.value.residual import fit_value_models, label_histories, residual_value
from analysis.data import read_tables
from analysis.frames import counted
from analysis.methods.purchases import group_totals
from analysis.params import read_params
from analysis.states.winning_cost import winning_costs_of
from analysis.telling.facts import Sentence

KEPT = 0.65


@pytest.fixture(scope="module")
def returned():
    """Two years of customers won in the first: all lines, and those of the first 18 months."""
    lines = with_returns(made_by_bgnbd(customers=1500, seed=5), KEPT)
    lines = lines[lines["at"] <= pd.Timestamp(UNTIL)]
    split = pd.Timestamp("2022-06-30")
    return lines, lines[lines["at"] <= split], split


def ahead_of(tables, params):
    histories = purchase_histories(tables, params)
    models = fit_value_models(histories, params)
    groups = label_histories(histories, {})
    return histories, models, residual_value(models, groups, params, rng=rng())


def test_what_is_left_is_counted_by_hand():
    lines = pd.DataFrame(
        [
            ("a", "2022-01-10", -9.0),  # before any purchase: of no history
            ("a", "2022-01-20", 100.0), ("a", "2022-02-01", -40.0),  # a return of its own day
            ("b", "2022-03-01", 60.0), ("b", "2022-03-01", -10.0),  # netted on the day
            ("b", "2022-12-01", 50.0), ("b", "2022-12-20", -50.0),
            ("never", "2022-03-01", -30.0),
        ],
        columns=["customer_id", "at", "amount"],
    )  # fmt: skip
    tables = tables_of(lines)
    assert kept_share(tables, until=date(2022, 6, 30), weeks=52).net == pytest.approx(110 / 150)
    assert kept_share(tables, until=date(2022, 12, 31), weeks=52).net == pytest.approx(110 / 200)
    assert kept_share(tables, until=date(2022, 12, 31), weeks=13).net == 0
    nothing_sold = kept_share(tables, until=date(2022, 6, 30), weeks=4)
    assert nothing_sold.net == pytest.approx(110 / 150)  # so all weeks are compared
    assert money_after(tables, date(2022, 1, 31), money="revenue") == -40
    assert money_after(tables, date(2022, 2, 1), money="revenue") == 0
    assert money_after(tables, date(2022, 3, 1), money="revenue") == 0


def test_forecast_is_net_of_what_comes_back(returned):
    lines, seen, split = returned
    params = study(
        observed_until=split.date(), value_horizon_weeks=26, holdout_weeks=26, discount_rate=0.0
    )
    histories, models, ahead = ahead_of(tables_of(seen), params)
    to_come = lines.loc[lines["at"] > split, "amount"].sum()
    row = ahead.table.iloc[0]
    assert ahead.net == pytest.approx(KEPT, abs=0.03)
    assert row["value_ahead_conf_low"] < to_come < row["value_ahead_conf_high"]
    gross = group_totals(
        models.purchases, histories.present, time=26, rng=rng(), spend=models.spend
    ).table.iloc[1]
    assert gross["conf_low"] > to_come
    assert row["value_ahead"] == pytest.approx(gross["estimate"] * models.kept.net)


def test_hold_out_checks_money_net_of_returns(returned):
    lines, *_ = returned
    params = study(holdout_weeks=26)
    check = check_forecast(purchase_histories(tables_of(lines), params), params, rng=rng())
    row = check.table.iloc[0]
    early = lines[lines["at"] <= pd.Timestamp(check.split_at)]
    later = lines[lines["at"] > pd.Timestamp(check.split_at)]
    known = later["customer_id"].isin(early["customer_id"])
    assert row["brought"] == pytest.approx(later.loc[known, "amount"].sum())
    assert row["value_forecast_conf_low"] < row["brought"] < row["value_forecast_conf_high"]
    assert row["value_shortfall"] == pytest.approx(1 - row["value_forecast"] / row["brought"])
    assert check.table["value_forecast"].notna().all()


def test_a_new_customer_brings_what_is_left(returned):
    lines, *_ = returned
    params = study()
    bought = lines[lines["amount"] > 0]
    values = []
    for own in (lines, bought):
        tables = tables_of(own)
        histories = purchase_histories(tables, params)
        models = fit_value_models(histories, params)
        table = acquired_value(
            models, histories, tables, params, by="channel", costs=winning_costs_of(tables, params)
        ).table
        values.append(table["value_new"][0])
    assert values[0] / values[1] == pytest.approx(KEPT, abs=0.03)


def test_margin_is_that_of_net_revenue(returned):
    lines, *_ = returned
    params = study()
    _, models, ahead = ahead_of(tables_of(lines.assign(margin=0.25 * lines["amount"])), params)
    _, _, revenue = ahead_of(tables_of(lines), params)
    assert models.kept.margin == pytest.approx(0.25)
    assert ahead.table["value_ahead"][0] == pytest.approx(0.25 * revenue.table["value_ahead"][0])


def test_counted_rows_say_the_same_of_money(returned, monkeypatch):
    lines, *_ = returned
    params = study(holdout_weeks=26)
    totals = []
    for large in (counted.LARGE, 0):
        monkeypatch.setattr(counted, "LARGE", large)
        tables = tables_of(lines)
        histories = purchase_histories(tables, params)
        check = check_forecast(histories, params, rng=rng())
        assert ("customer_id" in histories.present) == bool(large)
        totals.append(check.table[["value_forecast", "brought", "value_shortfall"]].to_numpy())
    assert totals[0] == pytest.approx(totals[1], rel=1e-6)


def test_shared_case_forecasts_net_money(tmp_path):
    folder = shared_case("returns_forecast", tmp_path)
    params = (folder / "params.yml").rename(folder / "b_returns.yml")
    # what came in the next 52 weeks, undiscounted: 160,633 net, 230,489 gross; the sellers of the
    # case leave at any time, as Pareto/NBD has it
    for model, worst in (("paretonbd", 0.04), ("bgnbd", 0.10)):
        given = {"purchase_model": model, "discount_rate": 0.0}
        own = read_params(params, given)
        _, models, ahead = ahead_of(read_tables(own), own)
        row = ahead.table.iloc[0]
        assert models.kept.net == pytest.approx(160_633 / 230_489, abs=0.01)
        assert row["value_ahead"] == pytest.approx(160_633, rel=worst)
        if model == "paretonbd":
            assert row["value_ahead_conf_low"] < 160_633 < row["value_ahead_conf_high"]
            continue
        assert min(ahead.others) < 1.04 * 160_633  # the reader is told how much the model decides
        check = check_forecast(purchase_histories(read_tables(own), own), own, rng=rng())
        said = [
            one for one in residual_fact(ahead, check, top="").also if isinstance(one, Sentence)
        ]
        better = next(one for one in said if one.key == "better_model")
        assert better.numbers["better"] == "paretonbd"  # and which model to trust
