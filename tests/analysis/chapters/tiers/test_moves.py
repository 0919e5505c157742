"""Moves between ratings, beside what luck alone would move."""

from datetime import date

import pandas as pd
import pytest
from rated_studies import rng, steady, study, tables_of

from analysis.chapters.tiers.facts import moves_fact
from analysis.chapters.tiers.moves import tier_moves
from analysis.chapters.tiers.tables import moves_table
from analysis.states.rating.periods import rate_periods


@pytest.fixture(scope="module")
def calm():
    tables = tables_of(steady())
    return tables, rate_periods(tables, study())


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
    assert moves.rates["n"].max() == 450


def test_moves_by_more_than_purchases_are_not_compared_with_luck(calm):
    tables, _ = calm
    scheme = {"tiers": ("a", "b"), "thresholds": {"limits": {"tenure_days": (400.0,)}}}
    params = study({"rating_months": 12, "scheme": scheme})
    moves = tier_moves(rate_periods(tables, params), tables, params, rng=rng())
    assert moves.against_luck.empty
    assert moves.rates["n"].eq(400).all()


def test_one_rating_has_no_moves():
    params = study(until=date(2021, 8, 31))
    lines = steady()
    tables = tables_of(lines[pd.to_datetime(lines["at"]) < "2021-09-01"])
    moves = tier_moves(rate_periods(tables, params), tables, params, rng=rng())
    assert moves.cells.empty
    assert moves.note == "one_rating"


def test_up_and_down_are_counted_on_the_same_people_in_finding_and_table():
    """450 were rated at both, 400 of them were customers throughout: newcomers rise."""
    late = [(f"n{k}", day, 50.0) for k in range(50) for day in ("2021-12-01", "2022-01-05")]
    late += [(f"n{k}", "2022-06-01", 500.0) for k in range(50)]
    lines = pd.concat([steady(), pd.DataFrame(late, columns=["customer_id", "at", "amount"])])
    tables = tables_of(lines)
    moves = tier_moves(rate_periods(tables, study()), tables, study(), rng=rng())
    fact, table = moves_fact(moves), moves_table(moves).set_index("term")
    assert table["n"].tolist() == [450] * 3
    assert table["n_throughout"].tolist() == [400] * 3
    assert fact.numbers["up"] == table.loc["up", "estimate"]
    assert fact.numbers["down"] == table.loc["down", "estimate"]
    assert table.loc["up", "estimate"] > table.loc["up", "throughout"]
    assert fact.estimate == pytest.approx(1 - table.loc["stay", "estimate"])


def test_one_tier_has_no_moves():
    clusters = {"rating_months": 12, "scheme": {"clusters": {"quantities": ("amount",)}}}
    lines = [(f"c{k}", day, 0.0) for k in range(40) for day in ("2021-02-01", "2022-02-01")]
    params, tables = study(clusters), tables_of(lines)
    rated = rate_periods(tables, params)
    assert rated.rerating.tiers == ("group_1",)
    moves = tier_moves(rated, tables, params, rng=rng())
    assert moves_fact(moves).variant == "one_tier"
