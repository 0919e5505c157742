"""What the period after a rating says of ordinary and of odd studies."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from rated_studies import SHORT, odd_studies, shoppers, steady, study, tables_of

from analysis.chapters.judging.facts import (
    gain_fact,
    groups_fact,
    missed_fact,
    schemes_fact,
    stay_fact,
    top_fact,
)
from analysis.chapters.judging.figures import plot_next_gain, plot_next_value, plot_tier_futures
from analysis.chapters.judging.futures import follow_tiers
from analysis.chapters.judging.groups import own_groups
from analysis.chapters.judging.judgement import judge_periods
from analysis.chapters.judging.schemes import compare_other_schemes
from analysis.chapters.judging.tables import gain_table, groups_table, next_table, stay_table
from analysis.states.rating.periods import next_period, rate_periods
from analysis.telling.showing import chapter_of

ODD = odd_studies()
PREDICTED = ("because", "causes", "leads to", "thanks to", "effect of")


@pytest.fixture(scope="module")
def told(words):
    """All that the chapter says of a study, figures drawn and tables shown."""

    def text(tables, params):
        show, draw = chapter_of(params, "judging"), np.random.default_rng(1)
        rated, level = rate_periods(tables, params), {"conf_level": params.conf_level}
        outcomes = next_period(rated, tables, params)
        judged = show.gated(judge_periods(rated, outcomes, params, rng=draw, replications=20))
        futures = show.gated(follow_tiers(rated, tables, params))
        schemes = show.gated(
            compare_other_schemes(rated, outcomes, params, rng=draw, replications=10)
        )
        groups = show.gated(own_groups(rated, params.tiers.rated_by, rng=draw))
        top, missed = top_fact(judged, rated, **level), missed_fact(judged, rated)
        gain, stay = gain_fact(judged, rated), stay_fact(futures, judged, rated)
        compared, grouped = schemes_fact(schemes, rated, **level), groups_fact(groups, rated)
        return words(
            *(show.finding(fact) for fact in (top, missed, gain, stay, compared, grouped)),
            show.figure(plot_next_value, judged, top),
            show.figure(plot_next_gain, judged, gain),
            show.figure(plot_tier_futures, futures, stay),
            show.table(next_table(judged), "top.table", of=top),
            show.table(gain_table(judged), "gain.table", of=gain),
            show.table(stay_table(futures), "stay.table", of=stay),
            show.table(schemes.table.drop(columns="note"), "schemes.table", of=compared),
            show.table(groups_table(groups), "groups.table", of=grouped),
            show.limits(),
        )

    return text


@pytest.fixture(scope="module")
def calm():
    """A study, its ratings and how the judged one fared."""
    tables, params = tables_of(shoppers(300)), study()
    rated = rate_periods(tables, params)
    outcomes = next_period(rated, tables, params)
    draw = np.random.default_rng(1)
    judged = judge_periods(rated, outcomes, params, rng=draw, replications=20)
    schemes = compare_other_schemes(rated, outcomes, params, rng=draw, replications=10)
    return rated, judged, follow_tiers(rated, tables, params), schemes


def test_ordinary_study_is_told(told):
    text = told(tables_of(shoppers(300)), study())
    assert "of the revenue of the 12 months after 1 January 2022 came from the customers" in text
    assert "[predictive]{.claim}" in text
    assert "is how well the tiers sort customers" in text
    assert "bought again within" in text
    assert "Compared by revenue, purchases, days since the last purchase" in text
    assert not any(word in text for word in PREDICTED)


def test_contracts_are_told_as_contracts(told):
    lines = steady(customers=120)
    ids = lines["customer_id"].drop_duplicates()
    contracts = pd.DataFrame({"customer_id": ids, "started_at": pd.Timestamp("2021-01-01")})
    ends = [pd.Timestamp("2022-06-01") if k % 3 == 0 else pd.NaT for k in range(120)]
    tables = tables_of(lines, contracts=contracts.assign(ended_at=ends))
    text = told(tables, study(relationship="contractual"))
    assert "were still under contract" in text
    assert "Still there in week" in text


@pytest.mark.parametrize("name", ODD)
def test_odd_studies_are_told_in_sentences(told, name):
    rows, params = ODD[name]
    text = told(tables_of(rows), params)
    if params.observed_until == SHORT:
        assert text.count("no rating has a whole period after it that was observed") == 5


def test_short_observation_has_nothing_to_judge():
    params = study(until=date(2021, 8, 31))
    lines = steady()
    tables = tables_of(lines[pd.to_datetime(lines["at"]) < "2021-09-01"])
    rated, draw = rate_periods(tables, params), np.random.default_rng(1)
    assert judge_periods(rated, None, params, rng=draw) is None
    assert follow_tiers(rated, tables, params).curve is None
    assert compare_other_schemes(rated, None, params, rng=draw).table.empty


def test_parts_of_the_value_sum_to_it(calm):
    _, judged, *_ = calm
    assert judged.table["value_share"].sum() == pytest.approx(1)


def test_tiers_too_small_are_said_to_be(calm, chapter, words):
    rated, judged, futures, _ = calm
    show = chapter("judging")
    few = replace(judged, table=judged.table.assign(n=[200, 95, 5]))
    few, level = show.gated(few), {"conf_level": 0.95}
    top, missed = top_fact(few, rated, **level), missed_fact(few, rated)
    assert (top.variant, top.silent, missed.variant) == ("too_few", False, "too_few")
    text = words(show.finding(top), show.finding(missed), show.figure(plot_next_value, few, top))
    assert "Too few customers were rated “Gold”" in text
    assert "What the scheme misses is not told" in text
    table = futures.table.assign(n=np.where(futures.table["group"] == "gold", 200, 4))
    stay = stay_fact(show.gated(replace(futures, table=table)), judged, rated)
    assert "fewer than two tiers are large enough" in words(show.finding(stay))


def test_tiers_are_told_better_or_worse_than_the_last_amount(calm, chapter):
    rated, judged, *_ = calm
    show, gain = chapter("judging"), judged.gain
    said = {"better": (0.1, 0.2), "worse": (-0.2, -0.1), "alike": (-0.1, 0.1)}
    for variant, (low, high) in said.items():
        gap = gain.differences.assign(conf_low=low, conf_high=high)
        fact = gain_fact(replace(judged, gain=replace(gain, differences=gap)), rated)
        assert fact.variant == variant
        assert "The difference is" in show.finding(fact).detail
    none = replace(gain, differences=gain.differences.iloc[:0])
    assert gain_fact(replace(judged, gain=none), rated).variant == "alike_before"


def test_another_scheme_is_better_only_where_it_is_clear(calm, chapter, words):
    rated, *_, schemes = calm
    show, table = chapter("judging"), schemes.table
    for p_value, sentence in ((1e-9, "clearly better"), (0.5, "No clear gain")):
        changed = table.assign(gain=[np.nan] + [0.1] * (len(table) - 1), p_value=p_value)
        fact = schemes_fact(replace(schemes, table=changed), rated, conf_level=0.95)
        assert sentence in words(show.finding(fact))
    own = replace(schemes, table=table.iloc[:1])
    few = show.gated(replace(schemes, table=table.assign(n=4)))
    untold = replace(schemes, table=table.assign(conf_high=np.nan))
    variants = {"alone": own, "too_few": few, "one_tier": untold}
    for variant, result in variants.items():
        fact = schemes_fact(result, rated, conf_level=0.95)
        assert fact.variant == variant
        assert "is not told" in words(show.finding(fact))


def test_gain_names_what_it_draws(calm, chapter):
    _, judged, *_ = calm
    ax = plot_next_gain(judged, Figure().subplots(), chapter("judging").say)
    shown = {text.get_text() for text in ax.texts}
    rows = judged.gain.table.set_index(["term", "group"]).loc["normalised_gini", "estimate"]
    own, last = rows["this_rating"], rows["last_period"]
    assert {f"This rating: {own:.2f}", f"Last period's value: {last:.2f}"} <= shown


def test_the_shares_told_of_the_tiers_are_drawn(calm, chapter):
    _, _, futures, *_ = calm
    ax = plot_tier_futures(futures, Figure().subplots(), chapter("judging").say)
    last = futures.table[futures.table["weeks"] == futures.table["weeks"].max()]
    dots = {line.get_xydata()[0].tolist()[1] for line in ax.lines if line.get_marker() == "o"}
    assert dots == set(last["estimate"].iloc[[0, -1]])
    shown = {text.get_text() for text in ax.texts}
    assert {f"{100 * share:.1f}%" for share in dots} <= shown


def test_groups_that_are_clear_or_few(chapter, words):
    rare = [(f"a{k:03d}", "2022-03-01", 20.0 + k % 5) for k in range(60)]
    days = pd.date_range("2022-01-05", periods=24, freq="15D")
    often = [(f"b{k:03d}", day, 400.0 + k) for k in range(40) for day in days]
    params, show = study(), chapter("judging")
    rated = rate_periods(tables_of(rare + often), params)
    groups = own_groups(rated, params.tiers.rated_by, rng=np.random.default_rng(2))
    fact = groups_fact(groups, rated)
    text = words(show.finding(fact), show.table(groups_table(groups), "groups.table", of=fact))
    assert "of a possible 1 is how far apart the customers' own groups lie: 2 groups" in text
    assert "clearest of those tried" in text
    alone = groups_fact(replace(groups, tiers_silhouette=np.nan), rated)
    assert "all customers looked at are in one" in words(show.finding(alone))
    few = show.gated(replace(groups, table=groups.table.assign(n=4)))
    assert groups_fact(few, rated).variant == "too_few"
    alike = groups_fact(replace(groups, table=groups.table.iloc[:0]), rated)
    assert "they differ too little" in words(show.finding(alike))
