"""Ratings of a study with many customers: made in the engine, the same as one row a customer."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.chapters.judging.futures import follow_tiers
from analysis.chapters.judging.groups import own_groups
from analysis.chapters.judging.judgement import judge_periods
from analysis.chapters.judging.schemes import compare_other_schemes
from analysis.chapters.serving.cost import cost_to_serve
from analysis.chapters.tiers.concentration import present_concentration
from analysis.chapters.tiers.limits import near_limits
from analysis.chapters.tiers.moves import tier_moves
from analysis.chapters.tiers.profile import present_profile
from analysis.data import read_tables
from analysis.errors import DataError
from analysis.frames import counted, lot
from analysis.params import Params
from analysis.params.tiers import PRESETS
from analysis.states.rating.periods import next_period, rate_periods

EXACT = 1e-9
LITTLE = {"concentration": 0.005, "trend": 0.005, "held": 0.005, "churn": 0.005, "gain": 0.05}
"""Relative, where 800 customers are 250 cells; a tenth is cut within a cell of equal scores."""
TIERS = ("low", "mid", "high")
SCHEMES = {
    "limits": {"tiers": TIERS, "thresholds": {"limits": {"amount": (50.0, 200.0)}}},
    "all limits": {
        "tiers": TIERS, "hysteresis": 0.2, "grace_periods": 1,
        "thresholds": {"limits": {"amount": (50.0, 200.0), "-recency_days": (90.0, 30.0)}},
    },
    "any limit": {
        "tiers": TIERS,
        "thresholds": {"limits": {"amount": (80.0, 300.0), "purchases": (2.0, 6.0)},
                       "combine": "any"},
    },
    "bands": {
        "tiers": TIERS, "hysteresis": 0.1,
        "bands": {"quantity": "amount",
                  "bands": ({"tier": "low", "below": 40.0},
                            {"tier": "mid", "start": 40.0, "below": 150.0},
                            {"tier": "high", "start": 150.0})},
    },
    "quantiles": {"tiers": TIERS, "grace_periods": 1,
                  "quantiles": {"quantity": "amount", "cuts": (0.5, 0.8)}},
    "less is better": {"tiers": TIERS,
                       "quantiles": {"quantity": "-recency_days", "cuts": (0.5, 0.8)}},
    "rfm": {"tiers": TIERS, "rfm": {"cuts": (7.0, 11.0)}},
    "points": {
        "tiers": TIERS, "hysteresis": 0.1,
        "score": {"dimensions": {"financial": {"weight": 0.5, "quantities": ("amount",)},
                                 "emotional": {"weight": 0.5, "quantities": ("nps",)}},
                  "cuts": (40.0, 70.0), "cut_at": "score"},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def market():
    made = {"company": "retailer", "customers": 800, "seed": 4}
    tables = read_tables(study(data={"simulated": made}), stored=False)
    return made, without_history(tables)


def without_history(tables):
    """The same, of a company that keeps no tiers, so that the scheme is in force."""
    return replace(tables, by_name={k: tables[k] for k in tables if k != "tier_history"})


def study(**changed):
    return Params.model_validate(
        {
            "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
            "relationship": "noncontractual", "observed_from": date(2022, 1, 1),
            "observed_until": date(2024, 12, 31), "timezone": "Europe/Berlin", "currency": "EUR",
        } | changed
    )  # fmt: skip


def rated_by(made, tiers, **changed):
    return study(data={"simulated": made}, tiers={"rating_months": 12} | tiers, **changed)


def both_ways(run, monkeypatch):
    """One row a customer, then the same in the engine."""
    each = run()
    with monkeypatch.context() as patched:
        patched.setattr(counted, "LARGE", 0)
        return each, run()


CHOICES = [("preset", name) for name in PRESETS] + [("scheme", name) for name in SCHEMES]


@pytest.mark.parametrize(("kind", "name"), CHOICES)
def test_everybody_is_in_the_same_tier(market, monkeypatch, kind, name):
    made, tables = market
    params = rated_by(made, {kind: SCHEMES[name] if kind == "scheme" else name})
    each, held = both_ways(lambda: rate_periods(tables, params), monkeypatch)
    for rating in held.rerating.ratings:
        of_each = {one.rated_at: one for one in each.rerating.ratings}[rating.rated_at]
        rows = tables.fetch(rating.table.table.select("customer_id", "label"))
        assert rows["customer_id"].tolist() == of_each.table["customer_id"].tolist()
        assert rows["label"].tolist() == of_each.table["tier"].astype(str).tolist()
        pd.testing.assert_frame_equal(rating.summary, of_each.summary)
        pd.testing.assert_frame_equal(rating.thresholds, of_each.thresholds, rtol=EXACT)
        assert rating.notes == of_each.notes
        assert rating.customers == of_each.customers
    assert (held.judged_at, held.value, held.notes) == (each.judged_at, each.value, each.notes)
    if params.tiers.rated_by.hysteresis or params.tiers.rated_by.grace_periods:
        pd.testing.assert_frame_equal(held.rerating.summary, each.rerating.summary)


def standing(rated, outcomes, params):
    """What is measured of values: tables by name."""
    rng = np.random.default_rng(2)
    concentration = present_concentration(rated, params, rng=rng)
    judged = judge_periods(rated, outcomes, params, rng=rng)
    return {
        "concentration": concentration.table,
        "curve": concentration.curve,
        "trend": judged.trend,
        "churn": judged.churn.table,
        "held": judged.table.assign(top=judged.top_share, missed=judged.missed),
        "gain": judged.gain.table,
        "deciles": judged.gain.deciles,
    }


def chapters(tables, params):
    """Every table of the chapters on tiers and on judging them."""
    rng = np.random.default_rng(2)
    rated = rate_periods(tables, params)
    outcomes = next_period(rated, tables, params)
    futures = follow_tiers(rated, tables, params)
    moves = tier_moves(rated, tables, params, rng=rng, draws=2)
    near = near_limits(rated)
    return standing(rated, outcomes, params) | {
        "profile": present_profile(rated).table,
        "moves": moves.cells,
        "held_before": moves.held,
        "rates": moves.rates,
        "near": near.table.assign(near=near.near),
        "futures": futures.table,
        "differ": futures.test.table,
        "serving": cost_to_serve(rated, tables).table,
        "schemes": compare_other_schemes(rated, outcomes, params, rng=rng).table,
    }


DRAWN = {"gain", "schemes", "concentration"}
"""Their intervals are bootstrapped: the draws differ."""


@pytest.mark.whole
@pytest.mark.parametrize("tiers", [{"preset": "value"}, {"scheme": SCHEMES["all limits"]}])
def test_chapters_say_the_same(market, monkeypatch, tiers):
    made, tables = market
    params = rated_by(made, tiers | {"compare": ("ecommerce", "retail")})
    check_chapters(*both_ways(lambda: chapters(tables, params), monkeypatch))


@pytest.mark.parametrize("relationship", ["noncontractual", "contractual"])
def test_chapters_say_the_same_of_the_companys_own_tiers(monkeypatch, relationship):
    company = "bank" if relationship == "contractual" else "retailer"
    made = {"company": company, "customers": 800, "seed": 4}
    params = rated_by(made, {"preset": "value", "compare": ("retail",)}, relationship=relationship)
    tables = read_tables(params, stored=False)
    each, held = both_ways(lambda: rate_periods(tables, params), monkeypatch)
    assert each.scheme is None
    assert held.scheme is None
    assert (held.rates, held.without_tier) == (each.rates, each.without_tier)
    rows = tables.fetch(held.present.table.table.select("customer_id", "label"))
    assert rows["customer_id"].tolist() == each.present.table["customer_id"].tolist()
    assert rows["label"].tolist() == each.present.table["tier"].astype(str).tolist()
    check_chapters(*both_ways(lambda: chapters(tables, params), monkeypatch))


def check_chapters(each, held):
    others = each["schemes"]["scheme"].isin(["k_means"])
    each["schemes"] = each["schemes"][~others].reset_index(drop=True)
    held["schemes"] = held["schemes"].query("scheme != 'k_means'").reset_index(drop=True)
    for name, table in each.items():
        drawn = [c for c in table if "conf_" in c or c in ("std_error", "p_value")]
        drawn = drawn if name in DRAWN else []
        pd.testing.assert_frame_equal(
            held[name].drop(columns=drawn)[table.columns.drop(drawn)], table.drop(columns=drawn),
            check_dtype=False, rtol=EXACT, atol=EXACT, obj=name,
        )  # fmt: skip
        for column in drawn:
            reach = 0.15 if column == "p_value" else table[column].abs().max() * 0.25 + 0.02
            assert held[name][column].to_numpy() == pytest.approx(
                table[column].to_numpy(float), abs=reach, nan_ok=True
            ), (name, column)


@pytest.mark.whole
def test_wide_cells_move_measures_by_little(market, monkeypatch):
    made, tables = market
    params = rated_by(made, {"preset": "value"})

    def run():
        rated = rate_periods(tables, params)
        return standing(rated, next_period(rated, tables, params), params)

    monkeypatch.setattr(counted, "MOST_CELLS", 250)
    each, held = both_ways(run, monkeypatch)
    for name, reach in LITTLE.items():
        measure = "value_share" if name == "held" else "estimate"
        off = (held[name][measure] - each[name][measure]).abs() / each[name][measure].abs()
        assert off.max() < reach, (name, off.max())


@pytest.mark.whole
def test_some_are_drawn_where_rows_are_needed(market, monkeypatch):
    made, tables = market
    params = rated_by(made, {"preset": "value"})
    rng = np.random.default_rng(2)
    monkeypatch.setattr(counted, "LARGE", 0)
    monkeypatch.setattr(lot, "SAMPLE", 300)
    rated = rate_periods(tables, params)
    assert 100 < len(rated.present_frame) <= 300
    moves = tier_moves(rated, tables, params, rng=rng)
    assert moves.against_luck["n"].max() < 150
    assert moves.held["n"].max() > 150
    groups = own_groups(rated, params.tiers.rated_by, rng=rng)
    assert groups.table["n"].max() == len(rated.present_frame)


def test_groups_formed_on_some_are_given_to_all(market, monkeypatch):
    made, tables = market
    clusters = {"quantities": ("amount", "purchases", "-recency_days"), "k": 3}
    scheme = {"scheme": {"tiers": TIERS, "clusters": clusters}, "rating_months": 36}
    params = rated_by(made, scheme)
    each, held = both_ways(lambda: rate_periods(tables, params), monkeypatch)
    rows = tables.fetch(held.present.table.table)
    assert (rows["label"] == each.present.table["tier"].astype(str)).mean() > 0.99


@pytest.mark.whole
def test_contracts_that_are_open_are_rated(monkeypatch):
    made = {"company": "bank", "customers": 500, "seed": 2}
    params = rated_by(made, {"preset": "value", "compare": ()}, relationship="contractual")
    tables = without_history(read_tables(params, stored=False))
    each, held = both_ways(lambda: rate_periods(tables, params), monkeypatch)
    pd.testing.assert_frame_equal(held.present.summary, each.present.summary)
    waits = both_ways(
        lambda: follow_tiers(rate_periods(tables, params), tables, params).table, monkeypatch
    )
    pd.testing.assert_frame_equal(*waits, rtol=EXACT, check_dtype=False)
    stays = both_ways(
        lambda: next_period(rate_periods(tables, params), tables, params), monkeypatch
    )
    assert stays[1].loc[stays[1]["stayed"], "count"].sum() == stays[0]["stayed"].sum()


def test_a_quantity_that_nobody_has_is_refused(market, monkeypatch):
    made, tables = market
    own = {"tiers": TIERS, "thresholds": {"limits": {"assets": (1.0, 2.0)}}}
    monkeypatch.setattr(counted, "LARGE", 0)
    with pytest.raises(DataError, match="quantities of the scheme, but assets is absent"):
        rate_periods(tables, rated_by(made, {"scheme": own}))
