"""Campaigns: the truth of the simulator, arms by hand, and every wording."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.chapters.campaigns.contacts import read_trials
from analysis.chapters.campaigns.facts import (
    arms_fact,
    effect_fact,
    groups_fact,
    left_out_sentence,
    money_fact,
    redeemers_fact,
    sooner_fact,
)
from analysis.chapters.campaigns.figures import plot_effects, plot_groups, plot_sooner
from analysis.chapters.campaigns.tested import campaign_effects, effects_by_group, next_purchase
from analysis.data import read_tables
from analysis.params import read_params
from analysis.simulate import simulate_company
from analysis.telling.showing import SILENT, chapter_of

LEVEL = 0.95
STUDY = """
schema_version: 1
study: mailing
title: A mailing
author: A
relationship: noncontractual
observed_from: 2024-01-01
observed_until: 2024-12-31
timezone: UTC
currency: EUR
segments: [first_value_third]
min_cell: 3
campaigns: {treated_share: 0.5, weeks: 4}
data:
  files:
    transactions: {file: sales.csv}
    campaigns: {file: campaigns.csv, columns: {arm: arm}}
"""
CHOSEN = [(f"c{k}", "spring", "2024-03-04", "treated" if k % 2 else "control") for k in range(12)]


@pytest.fixture
def mailing(tmp_path):
    """A study of a few customers: what they bought, and who was chosen."""

    def make(sales, chosen=CHOSEN, text=STUDY, **overrides):
        (tmp_path / "params").mkdir(exist_ok=True)
        (tmp_path / "params" / "mailing.yml").write_text(
            text.replace("segments: [first_value_third]", "segments: [channel]")
            .replace("file: ", "file: ../")
            .replace("[channel]", "[first_value_third]")
        )
        pd.DataFrame(sales, columns=["customer_id", "at", "amount"]).to_csv(
            tmp_path / "sales.csv", index=False
        )
        pd.DataFrame(chosen, columns=["customer_id", "campaign", "at", "arm"]).to_csv(
            tmp_path / "campaigns.csv", index=False
        )
        params = read_params(tmp_path / "params" / "mailing.yml", overrides)
        return read_tables(params, stored=False), params

    return make


def first_purchases():
    return [(f"c{k}", "2024-01-10", 10.0) for k in range(12)]


@pytest.fixture(scope="module")
def market():
    """The retailer of the shipped study, its tables and its truth."""
    params = read_params(Path(__file__).parents[4] / "params" / "market.yml")
    return read_tables(params, stored=False), params


@pytest.fixture(scope="module")
def trials(market):
    return read_trials(*market)


@pytest.fixture(scope="module")
def effects(trials):
    return campaign_effects(trials, conf_level=LEVEL)


@pytest.fixture(scope="module")
def show(market):
    return chapter_of(market[1], "campaigns")


def test_windows_begin_with_the_day_of_the_contact(mailing):
    sales = [
        *first_purchases(),
        ("c1", "2024-03-03", 5.0),  # the eve: before
        ("c3", "2024-03-04", 7.0),  # the day itself
        ("c5", "2024-03-31", 9.0),  # the last of 28 days
        ("c7", "2024-04-01", 11.0),  # the day after
    ]
    frame = read_trials(*mailing(sales)).frame.set_index("customer_id")
    assert frame.loc[["c1", "c3", "c5", "c7"], "revenue"].tolist() == [0, 7, 9, 0]
    assert frame.loc[["c1", "c3", "c5", "c7"], "revenue_before"].tolist() == [5, 0, 0, 0]
    assert frame.loc[["c1", "c3", "c5", "c7"], "days"].tolist() == [28, 1, 28, 28]
    assert frame.loc[["c1", "c3", "c5", "c7"], "bought"].tolist() == [False, True, True, False]
    assert frame["treated"].sum() == 6


def test_campaigns_that_cannot_be_compared_are_named(mailing):
    chosen = [
        *CHOSEN,
        *[(f"c{k}", "no lot", "2024-05-06", "treated") for k in range(6)],
        *[(f"c{k}", "late", "2024-12-20", "treated" if k % 2 else "control") for k in range(12)],
        *[(f"c{k}", "small", "2024-06-03", "control" if k else "treated") for k in range(6)],
    ]
    trials = read_trials(*mailing(first_purchases(), chosen))
    told = trials.left_out.set_index("campaign")
    assert told["why"].to_dict() == {
        "no lot": "no_control", "late": "cut_off", "small": "too_few",
    }  # fmt: skip
    assert told["n"].to_dict() == {"no lot": 6, "late": 12, "small": 6}
    assert set(trials.frame["campaign"]) == {"spring"}
    assert left_out_sentence(trials).estimate == 3


def test_intention_to_treat_by_hand(mailing):
    sales = [*first_purchases(), ("c1", "2024-03-10", 20.0), ("c3", "2024-03-11", 40.0)]
    sales += [("c0", "2024-03-12", 30.0)]
    found = campaign_effects(read_trials(*mailing(sales)), conf_level=LEVEL)
    row = found.row("revenue", "none")
    assert (row["treated_mean"], row["control_mean"]) == (10, 5)
    assert row["estimate"] == pytest.approx(5)
    arm = [np.array([20, 40, 0, 0, 0, 0]), np.array([30, 0, 0, 0, 0, 0])]
    error = np.sqrt(sum(values.var(ddof=1) / 6 for values in arm) * 12 / 11)
    assert row["std_error"] == pytest.approx(error * np.sqrt(1), rel=0.1)
    assert found.row("ticket", "none")["estimate"] == pytest.approx(60 / 2 - 30 / 1)
    assert found.compliers is None
    assert redeemers_fact(found).variant == "none"


@pytest.mark.parametrize("sold", [True, False])
@pytest.mark.parametrize("arms", [{"treated": "treated", "control": "treated"}, {}])
def test_what_tells_nothing_is_told_in_lines(mailing, show, arms, sold):
    """Everybody contacted; or two arms of which nobody bought: no chapter stops a report."""
    chosen = [(name, campaign, at, arms.get(arm, arm)) for name, campaign, at, arm in CHOSEN]
    sales = [*first_purchases(), *([("c1", "2024-03-10", 20.0)] if sold else [])]
    trials = read_trials(*mailing(sales, chosen))
    found = campaign_effects(trials, conf_level=LEVEL)
    soon = next_purchase(trials, conf_level=LEVEL)
    groups = effects_by_group(trials, least=3, conf_level=LEVEL)
    told = [effect_fact(found), money_fact(found), sooner_fact(soon, found)]
    told += [redeemers_fact(found), groups_fact(groups, found), arms_fact(found)]
    for fact in told:
        assert show.finding(fact).markdown
        assert fact.silent or (not arms and (sold or fact.key == "arms"))


def test_compliers_are_those_of_campaigns_in_which_somebody_used_the_offer(trials, effects):
    last = trials.frame["campaign"].iloc[-1]
    unused = trials.frame["redeemed"] & (trials.frame["campaign"] != last)
    some = campaign_effects(
        replace(trials, frame=trials.frame.assign(redeemed=unused)), conf_level=LEVEL
    ).compliers
    kept = trials.frame[trials.frame["campaign"] != last].reset_index(drop=True)
    without = campaign_effects(replace(trials, frame=kept), conf_level=LEVEL).compliers
    assert some.estimate == pytest.approx(without.estimate)
    assert some.estimate != pytest.approx(effects.compliers.estimate)


def test_truth_is_found(market, effects):
    told = market[1].data.simulated
    company = simulate_company(
        told.company, customers=told.customers, seed=told.seed,
        observed_from=market[1].observed_from, observed_until=market[1].observed_until,
    )  # fmt: skip
    truth = company.truth.campaign_effects.to_pandas().set_index("campaign")["effect"]
    rows = effects.table[effects.table["outcome"] == "purchases"].set_index("campaign")
    inside = rows["conf_low"].le(truth[rows.index]) & rows["conf_high"].ge(truth[rows.index])
    assert inside.sum() >= len(rows) - 1
    assert effects.doubt == ""
    assert effect_fact(effects).claim == "causal"


def test_all_is_said(show, trials, effects):
    soon = next_purchase(trials, conf_level=LEVEL)
    groups = effects_by_group(trials, least=10, conf_level=LEVEL)
    facts = [
        arms_fact(effects), effect_fact(effects), money_fact(effects), redeemers_fact(effects),
        sooner_fact(soon, effects), groups_fact(groups, effects), left_out_sentence(trials),
    ]  # fmt: skip
    for fact in facts:
        assert show.finding(fact).markdown
    assert "because they were chosen" in show.finding(facts[1]).markdown
    assert "[causal]" in show.finding(facts[2]).markdown
    assert show.figure(plot_effects, effects, facts[1]).svg
    assert show.figure(plot_sooner, soon, facts[4]).svg
    assert show.figure(plot_groups, groups, facts[5]).svg
    assert show.table(effects.arms, "arms.table", of=facts[0]) is not SILENT


@pytest.mark.parametrize("doubt", ["no_lot", "sizes", "unlike"])
def test_what_is_no_lot_has_no_effect(show, effects, doubt):
    changed = {
        "no_lot": {"by_lot": False},
        "sizes": {"arms": effects.arms.assign(p_value=1e-9)},
        "unlike": {"balance": replace(effects.balance, p_value=1e-9)},
    }[doubt]
    doubtful = replace(effects, **changed)
    assert doubtful.doubt == doubt
    text = show.finding(effect_fact(doubtful)).markdown
    assert "[predictive]" in text
    assert "not called an effect" in text
    assert show.finding(arms_fact(doubtful)).markdown


def test_turned_and_unclear_effects_are_worded(show, effects):
    for low, high, words in ((-0.2, -0.1, "fewer in 100"), (-0.1, 0.2, "No clear effect")):
        rows = effects.pooled.assign(estimate=(low + high) / 2, conf_low=low, conf_high=high)
        turned = replace(effects, pooled=rows)
        assert words in show.finding(effect_fact(turned)).markdown
        assert show.finding(money_fact(turned)).markdown
    nothing_told = replace(effects, pooled=effects.pooled.assign(n=np.nan))
    for fact in (effect_fact, money_fact, redeemers_fact):
        assert fact(nothing_told).silent


def test_equal_arms_are_seldom_told_apart(mailing):
    chance, clear = np.random.default_rng(3), 0
    for _ in range(60):
        lot = chance.permutation(200) < 100
        chosen = [
            (f"c{k}", "spring", "2024-03-04", "treated" if lot[k] else "control")
            for k in range(200)
        ]
        days = chance.integers(0, 360, 400)
        sales = [
            (f"c{k % 200}", str(date.fromordinal(date(2024, 1, 1).toordinal() + int(day))), 10.0)
            for k, day in enumerate(days)
        ]
        found = campaign_effects(read_trials(*mailing(sales, chosen)), conf_level=LEVEL)
        row = found.row("bought_again")
        clear += row["conf_low"] > 0 or row["conf_high"] < 0
    assert clear <= 8
