"""Sentences about tiers: every variant, no missing number, nobody shown."""

import re
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from analysis.data import Description, Tables
from analysis.figures.judging import (
    plot_moves,
    plot_next_gain,
    plot_next_value,
    plot_tier_futures,
)
from analysis.figures.tiers import plot_profile
from analysis.figures.value import plot_lorenz
from analysis.findings import judging, schemes, tiers
from analysis.findings import tier_moves as moved
from analysis.params import Params
from analysis.telling.drawing import illustrate
from analysis.telling.tables import present
from analysis.telling.wording import wording_for
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
SCHEME = {
    "tiers": ("basic", "silver", "gold"),
    "thresholds": {"limits": {"amount": (100.0, 300.0)}},
}
SPEND = {"rating_months": 12, "scheme": SCHEME}
CAUSAL = ("because", "causes", "leads to", "thanks to", "effect of")


def study(tiers=SPEND, until=UNTIL):
    return Params.model_validate(
        {
            "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
            "relationship": "noncontractual", "observed_from": FROM, "observed_until": until,
            "timezone": "Europe/Berlin", "currency": "EUR", "tiers": tiers,
            "data": {"simulated": {"company": "retailer", "customers": 10, "seed": 1}},
        }
    )  # fmt: skip


def tables_of(rows, **more):
    engine = ibis.duckdb.connect()
    lines = pd.DataFrame(rows, columns=["customer_id", "at", "amount"])
    lines["at"] = pd.to_datetime(lines["at"])
    by_name = {"customers": engine.create_table("c", lines[["customer_id"]].drop_duplicates())}
    sold = engine.create_table("t", lines)
    by_name["transactions"] = sold.mutate(at=sold["at"].cast("date"))
    by_name |= {name: engine.create_table(name, table) for name, table in more.items()}
    described = Description("Made", "none", "none", "files")
    return Tables(engine, by_name, pd.DataFrame(), described, "made")


def shoppers(customers, amount=30.0, seed=3):
    draw = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        days = pd.Timestamp(FROM) + pd.to_timedelta(draw.integers(0, 729, 1 + number % 30), "D")
        rows += [(f"c{number:04d}", day, amount) for day in days]
    return rows


def everything(tables, params):
    """All sentences, figures and tables of the chapters, as one text."""
    say, draw = wording_for(params), np.random.default_rng(1)
    rated, scheme = rate_periods(tables, params), params.tiers.rated_by
    profile = present_profile(rated)
    spread = present_concentration(rated, params, rng=draw, replications=20)
    moves = tier_moves(rated, tables, params, rng=draw, draws=5)
    near, serving = near_limits(rated, scheme), cost_to_serve(rated, tables)
    outcomes = next_period(rated, tables, params)
    judged = judge_periods(rated, outcomes, params, rng=draw, replications=20)
    futures = follow_tiers(rated, tables, params)
    compared = compare_other_schemes(rated, outcomes, tables, params, rng=draw, replications=10)
    groups = own_groups(rated, scheme, rng=draw)
    period, later = tiers.period_of(rated, say), judging.period_of(rated, say)
    told = [
        tiers.held_finding(profile, rated, say).markdown,
        tiers.concentration_finding(spread, rated, say).markdown,
        moved.moves_finding(moves, say).markdown,
        moved.near_finding(near, say).markdown,
        tiers.cost_finding(serving, say).markdown,
        judging.top_finding(judged, rated, say).markdown,
        judging.missed_finding(judged, rated, say).markdown,
        judging.gain_finding(judged, rated, say).markdown,
        judging.stay_finding(futures, judged, rated, say).markdown,
        schemes.schemes_finding(compared, say).markdown,
        schemes.groups_finding(groups, say).markdown,
    ]
    drawn = [
        (plot_profile, profile, tiers.profile_caption(rated, say),
         tiers.profile_alt(profile, rated, say)),
        (plot_lorenz, spread, tiers.concentration_caption(spread, rated, say),
         tiers.concentration_alt(spread, rated, say)),
        (plot_moves, moves, moved.moves_caption(moves, say), moved.moves_alt(moves, say)),
        (plot_profile, serving.profile, tiers.cost_caption(serving, rated, say),
         tiers.cost_alt(serving, say)),
        (plot_next_value, judged, judging.top_caption(judged, rated, say),
         judging.top_alt(judged, rated, say)),
        (plot_next_gain, judged, judging.gain_caption(judged, rated, say),
         judging.gain_alt(judged, rated, say)),
        (plot_tier_futures, futures, judging.stay_caption(futures, judged, rated, say),
         judging.stay_alt(futures, judged, rated, say)),
    ]  # fmt: skip
    for plot, result, caption, alt in drawn:
        assert illustrate(plot, result, say, caption=caption, alt=alt).svg.startswith("<svg")
        told += [caption, alt]
    mobility = moved.mobility_sentence(moves, say)
    day = {"rated_at": rated.present.rated_at}
    for table, caption, numbers in [
        (tiers.scheme_table(rated, scheme, say), "tiers.scheme.table", period),
        (profile.table, "tiers.held.table", period),
        (tiers.concentration_table(spread), "tiers.concentration.table", period),
        (moved.rates_table(moves), "tiers.moves.table", {"mobility": mobility}),
        (moved.near_table(near, say), "tiers.near.table", period),
        (serving.table, "tiers.cost.table", period),
        (judging.next_table(judged, say), "judging.top.table", later),
        (judging.gain_table(judged, say), "judging.gain.table", {}),
        (judging.stay_table(futures, say), "judging.stay.table", {}),
        (schemes.schemes_table(compared, say).drop(columns="note"), "judging.schemes.table", later),
        (schemes.groups_table(groups, say), "judging.groups.table", day),
    ]:
        told.append(present(table, say, caption=caption, **numbers).markdown)
    for table in (tiers.criteria_table(rated, scheme, say), tiers.playbook_table(rated, say)):
        told.append(present(table, say, caption="tiers.playbook.table", count=None).markdown)
    return "\n".join(told)


def check(text):
    assert not re.search(r"\b(nan|inf|None|NaT)\b", text)
    assert not any(word in text for word in CAUSAL)


def test_all_sentences_of_an_ordinary_study():
    calls = pd.DataFrame(
        {"customer_id": [f"c{k:04d}" for k in range(200)], "kind": "contact",
         "at": pd.Timestamp("2022-05-05 10:00"), "cost": 2.5}
    )  # fmt: skip
    text = everything(tables_of(shoppers(300), interactions=calls), study())
    check(text)
    assert "of the revenue of the 12 months before 1 January 2023 came from the top tier" in text
    assert "[predictive]{.claim}" in text
    assert "goes to the lowest tier" in text
    assert "revenue of at least 300" in text


@pytest.mark.parametrize(
    ("rows", "params"),
    [
        pytest.param([("a", "2021-02-01", 20.0)], study(), id="one customer"),
        pytest.param(shoppers(60, amount=0.0), study(), id="all zero spend"),
        pytest.param(shoppers(60, amount=0.0), study({"preset": "value"}), id="zero by score"),
        pytest.param(shoppers(6), study(), id="fewer than a cell"),
        pytest.param(shoppers(60, amount=0.01), study(), id="tiers that nobody is in"),
        pytest.param(
            [row for row in shoppers(60) if row[1] < pd.Timestamp("2021-07-01")],
            study(until=date(2021, 6, 30)),
            id="shorter than a period",
        ),
        pytest.param(shoppers(80), study({"preset": "bank"}), id="quantities missing"),
        pytest.param(
            shoppers(80),
            study({"scheme": {"clusters": {"quantities": ("amount", "purchases"), "k": 3}}}),
            id="clusters",
        ),
        pytest.param(
            shoppers(80),
            study({"scheme": {"tiers": ("a", "b"), "quantiles": {
                "quantity": "-recency_days", "cuts": (0.5,)}}}),
            id="less is better",
        ),
    ],
)  # fmt: skip
def test_degenerate_studies_are_told_in_sentences(rows, params):
    check(everything(tables_of(rows), params))


def test_a_small_top_tier_is_not_told():
    rows = [(f"c{k:03d}", "2022-03-01", 50.0 + 60 * (k % 5)) for k in range(100)]
    rows += [(f"g{k}", "2022-03-01", 5000.0) for k in range(4)]
    params = study()
    rated = rate_periods(tables_of(rows), params)
    say = wording_for(params)
    told = tiers.held_finding(present_profile(rated), rated, say)
    assert told.number == "Too few"
    shown = present(present_profile(rated).table, say, caption="tiers.held.table",
                    **tiers.period_of(rated, say))  # fmt: skip
    assert "5,000" not in shown.markdown
    assert "5000" not in shown.csv


def test_moves_within_luck_are_said_to_be_no_more():
    params, draw = study(), np.random.default_rng(0)
    rows = [(f"c{k:04d}", "2020-12-31", 0.0) for k in range(300)]
    for k in range(300):
        days = pd.Timestamp(FROM) + pd.to_timedelta(draw.integers(0, 730, 2 + k % 20), "D")
        rows += [(f"c{k:04d}", day, 30.0) for day in days]
    tables = tables_of(rows)
    moves = tier_moves(rate_periods(tables, params), tables, params, rng=draw, draws=60)
    detail = moved.moves_finding(moves, wording_for(params)).detail
    assert "no more change than that" in detail or "more regularly" in detail
