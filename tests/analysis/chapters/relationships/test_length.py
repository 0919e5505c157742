"""Length of relationships: by hand, on odd data, and on a bank whose truth is known."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from analysis.chapters.relationships.ends import ends_by_cause
from analysis.chapters.relationships.length import relationship_length
from analysis.chapters.relationships.length_by_segment import length_by_segment
from analysis.data import read_tables
from analysis.errors import DataError
from analysis.notes import note
from analysis.params import Params
from analysis.states.relationships import read_relationships

BANK = {"simulated": {"company": "bank", "customers": 4000, "seed": 2}}


def study(**changes):
    values = {
        "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
        "relationship": "contractual", "observed_from": date(2019, 1, 1),
        "observed_until": date(2024, 12, 31), "timezone": "Europe/Berlin", "currency": "EUR",
        "data": BANK, "segments": ("channel", "age_band"),
    }  # fmt: skip
    return Params.model_validate(values | changes)


def made(duration, event, **columns):
    """First relationships with given months."""
    rows = pd.DataFrame({"duration": np.asarray(duration, float), "event": event})
    return rows.assign(**{"spell": 1, "entry": 0.0} | columns)


@pytest.fixture(scope="module")
def bank():
    params = study()
    return read_tables(params), read_relationships(read_tables(params), params)


def test_relationship_length_by_hand():
    # Ends after 1, 2 and 4 months, open after 3: S = 3/4, 1/2, 1/2, 0.
    result = relationship_length(made([1, 2, 3, 4], [1, 1, 0, 1]), horizon_months=36)
    assert result.curve.table["estimate"].tolist() == [0.75, 0.5, 0.5, 0]
    assert result.until_months == 4
    assert result.means.table["estimate"].iloc[0] == pytest.approx(1 + 0.75 + 0.5 + 0.5)
    quantiles = result.quantiles.set_index("share")["estimate"]
    assert quantiles.to_dict() == {0.25: 1.5, 0.5: 3.0, 0.75: 4.0}
    assert (result.customers, result.ended) == (4, 3)
    assert result.test is None
    assert result.pairs["note"].tolist() == [note("relationships.one_group")]


def test_relationship_length_takes_first_relationships_only():
    again = pd.concat([made([5, 6], [1, 1]), made([1], [1]).assign(spell=2)])
    assert relationship_length(again, horizon_months=12).customers == 2


def test_relationship_length_respects_delayed_entry():
    late = made([3, 4, 10], [1, 1, 1], entry=[0.0, 0.0, 3.5])
    table = relationship_length(late, horizon_months=12).curve.table
    assert table["at_risk"].tolist() == [2, 2, 1]


def test_horizon_stops_where_too_few_are_at_risk():
    durations = np.arange(1, 41)
    result = relationship_length(made(durations, 0 * durations), horizon_months=36, min_cell=10)
    assert result.until_months == 31
    assert result.marks["months"].max() == 24
    carried = [why.key for why in result.means.table["note"] if why]
    assert "survival.carried_forward" not in carried


def test_pairs_are_differences_of_the_means_corrected_for_their_number():
    rng = np.random.default_rng(5)
    groups = np.repeat(["a", "b", "c"], 80)
    length = rng.exponential(np.where(groups == "a", 30, 12))
    frame = made(np.minimum(length, 24), length < 24, group=groups)
    result = relationship_length(frame, horizon_months=20, by="group", min_cell=5)
    means = result.means.table.set_index("group")
    first = result.pairs.iloc[0]
    assert (first["group"], first["reference"]) == ("b", "a")
    assert first["estimate"] == pytest.approx(
        means.loc["b", "estimate"] - means.loc["a", "estimate"]
    )
    error = np.hypot(means.loc["b", "std_error"], means.loc["a", "std_error"])
    width = first["conf_high"] - first["conf_low"]
    assert width == pytest.approx(2 * norm.ppf(1 - 0.025 / 3) * error)
    assert len(result.pairs) == 3
    same = result.pairs.set_index(["group", "reference"]).loc[("c", "b")]
    assert same["p_holm"] > 0.05 > first["p_holm"]


def test_small_groups_are_joined_and_none_can_be_told():
    groups = ["a"] * 30 + ["b"] * 25 + ["c"] * 3 + ["d"] * 12
    frame = made(np.arange(1, 71), [1, 0] * 35, group=groups)
    result = relationship_length(frame, horizon_months=12, by="group", min_cell=10)
    assert result.curve.groups == ["a", "b", "others"]
    assert result.curve.risk_sets["others"].n == 15


def test_one_customer_a_group_is_not_compared():
    frame = made([1, 2, 3], [1, 1, 0], group=["a", "b", "c"])
    result = relationship_length(frame, horizon_months=12, by="group", min_cell=10)
    assert result.test is None
    assert result.means is None
    assert result.summary()["mean"].isna().all()


def test_nothing_ended_stays_at_all_customers():
    frame = made([5] * 30, [0] * 30, group=["a", "b"] * 15)
    result = relationship_length(frame, horizon_months=12, by="group", min_cell=10)
    assert result.until_months == 5
    assert set(result.quantiles["note"]) == {note("survival.not_reached")}
    assert np.isnan(result.test.p_value)
    assert result.pairs["hazard_ratio"].isna().all()


def test_no_relationships_are_refused():
    with pytest.raises(DataError, match="must have relationships, but none"):
        relationship_length(made([], []), horizon_months=12)


def test_segment_that_is_no_column_is_refused(bank):
    with pytest.raises(DataError, match="segments must be columns of the customers, but plan is"):
        read_relationships(bank[0], study(segments=("channel", "plan")))


def test_segment_known_only_later_is_not_known(bank):
    tables, relationships = bank
    bought = tables["transactions"]
    late = relationships["customer_id"].iloc[0]
    first = relationships["started_at"].iloc[0]
    kept = bought.filter((bought.customer_id != late) | (bought["at"] > first.date()))
    fewer = replace(tables, by_name={**tables.by_name, "transactions": kept}, stored={})
    found = read_relationships(fewer, study(segments=("first_value_third",)))
    unknown = found["first_value_third"] == "not known"
    assert set(found.loc[unknown, "customer_id"]) == {late}


def test_read_relationships_keeps_every_spell_and_its_groups(bank):
    relationships = bank[1]
    assert relationships["channel"].notna().all()
    assert (relationships["spell"] > 1).any()
    assert relationships.loc[relationships["event"], "cause"].notna().all()


def test_groups_that_leave_sooner_are_found_again(bank):
    # Truth: log hazard of leaving +0.25 for partner, -0.25 for referral.
    result = relationship_length(bank[1], horizon_months=36, by="channel", min_cell=10)
    means = result.means.table.set_index("group")["estimate"]
    assert means.idxmin() == "partner"
    assert means["referral"] > means["online"] > means["partner"]
    assert result.test.p_value < 0.001


def test_constant_hazards_of_the_other_ends_are_found_again(bank):
    # An end of constant hazard h has incidence h x restricted mean, whatever else happens.
    ends = ends_by_cause(bank[1], segments=("channel",), horizon_months=36, min_cell=10)
    length = relationship_length(bank[1], horizon_months=36, min_cell=10)
    mean = length.means.table["estimate"].iloc[0]
    last = ends.marks[ends.marks["months"] == 36].set_index("cause")
    for cause, hazard in (("involuntary", 0.0030), ("merged", 0.0020)):
        error = last.loc[cause, "std_error"] / mean
        assert last.loc[cause, "estimate"] / mean == pytest.approx(hazard, abs=2.6 * error)


def test_every_segment_is_compared_over_one_horizon(bank):
    params = study()
    compared = length_by_segment(bank[1], params.segments, horizon_months=36, min_cell=10)
    assert list(compared.of) == ["channel", "age_band"]
    assert {result.until_months for result in compared.of.values()} == {compared.until_months}
    tests = compared.tests.set_index("segment")
    raw = compared.of["channel"].test.p_value
    assert tests.loc["channel", "p_holm"] == pytest.approx(2 * raw)
    means = compared.of["channel"].means.table.set_index("group")["estimate"]
    assert tests.loc["channel", "long_group"] == means.idxmax()
    assert (
        set(compared.summary()["segment"]) == set(compared.pairs()["segment"]) == set(tests.index)
    )


def test_a_segment_with_a_short_group_shortens_the_horizon_of_all():
    durations = np.tile(np.arange(1, 41), 2)
    late = made(durations, 0 * durations, plan="one", size=np.repeat(["big", "small"], 40))
    late.loc[late["size"] == "small", "duration"] /= 4
    late["cut"] = np.where(late.index % 2, "odd", "even")
    compared = length_by_segment(late, ["cut", "plan", "size"], horizon_months=36, min_cell=10)
    assert compared.until_months == compared.of["cut"].until_months == 7.75
    untested = compared.of["cut"].test.note
    assert untested
    alone = note("relationships.one_group")
    assert compared.tests["note"].tolist() == [untested, alone, untested]
