"""Figures of tiers and value only draw, hide small groups, and speak through the catalogue."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.figures.tiers import plot_gain, plot_migration, plot_profile, tier_colours
from analysis.figures.value import plot_calibration, plot_lorenz, plot_tracking
from analysis.methods.concentration import measure_concentration, measure_gain, measure_migration
from analysis.methods.purchases import check_holdout, fit_bgnbd, track_purchases
from analysis.params import read_params
from analysis.params.tiers import preset_scheme
from analysis.telling.drawing import illustrate
from analysis.telling.wording import wording_for
from analysis.tiers import profile_tiers, rate_customers

TIERS = ("ordinary", "silver", "gold")
PARAMS = Path(__file__).parents[3] / "params" / "cdnow.yml"


@pytest.fixture(scope="module")
def say():
    return wording_for(read_params(PARAMS))


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(2)
    rate = rng.gamma(0.7, 0.2, 400)
    frequency = rng.poisson(rate * 39)
    recency = np.where(frequency > 0, 39 * rng.beta(2, 1, 400), 0.0)
    table = pd.DataFrame({"frequency": frequency, "recency": recency, "age": 39.0})
    return table.assign(
        customer_id=[f"c{i}" for i in range(400)],
        holdout=rng.poisson(rate * 20),
        amount=frequency * 20.0 + 20,
        purchases=frequency + 1,
    )


def drawn(plot, result, say):
    return plot(result, Figure().subplots(), say)


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_migration_shows_shares_and_hides_small_cells(say):
    before = ["ordinary"] * 100 + ["silver"] * 60 + ["gold"] * 40
    after = ["ordinary"] * 70 + ["silver"] * 27 + ["gold"] * 3
    after += ["ordinary"] * 30 + ["silver"] * 30 + ["silver"] * 20 + ["gold"] * 20
    ax = drawn(plot_migration, measure_migration(before, after, tiers=TIERS), say)
    shown = texts(ax)
    assert "70%" in shown
    assert "3%" not in shown  # three customers
    assert "27%" not in shown  # nor the one that would give them away
    assert [label.get_text() for label in ax.get_xticklabels()] == ["Ordinary", "Silver", "Gold"]
    assert ax.get_ylabel() == "Tier before"


def test_lorenz_marks_what_the_top_fifth_holds(say):
    found = measure_concentration([1, 1, 1, 1, 16], rng=np.random.default_rng(1), replications=2)
    ax = drawn(plot_lorenz, found, say)
    assert "top 20%: 80%" in texts(ax)
    assert ax.get_xlim() == (0, 1)


def test_lorenz_of_nothing_is_drawn_without_a_number(say):
    found = measure_concentration([0, 0], rng=np.random.default_rng(1))
    assert texts(drawn(plot_lorenz, found, say)) == ["all alike"]


def test_calibration_leaves_small_groups_out(say, frame):
    check = check_holdout(fit_bgnbd(frame), frame, time=20, rng=np.random.default_rng(1))
    ax = drawn(plot_calibration, check, say)
    shown = [label.get_text() for label in ax.get_xticklabels()]
    large = check.table.loc[check.table["n"] >= say.min_cell, "group"].tolist()
    assert shown == large
    assert ax.get_xlabel() == "Repeat purchases before"
    assert ax.get_ylim()[0] == 0
    tenths = check_holdout(
        fit_bgnbd(frame), frame, time=20, rng=np.random.default_rng(1), by="decile"
    )
    assert "highest tenth first" in drawn(plot_calibration, tenths, say).get_xlabel()


def test_tracking_draws_both_panels(say, frame):
    repeats = pd.DataFrame({"time": np.random.default_rng(3).uniform(0, 52, 300)})
    found = track_purchases(
        fit_bgnbd(frame),
        pd.DataFrame({"start": np.zeros(400)}),
        repeats,
        split=39,
        until=52,
        observed_until=52,
    )
    ax = drawn(plot_tracking, found, say)
    labels = [panel.get_ylabel() for panel in ax.child_axes]
    assert labels == ["Repeat purchases a week", "Repeat purchases so far"]
    lines = ax.child_axes[1].get_lines()
    assert lines[0].get_ydata()[-1] == 300


def test_gain_and_profile_name_what_they_draw(say, frame):
    scores = pd.DataFrame({"this_rating": frame["purchases"], "last_period": frame["amount"]})
    gain = measure_gain(scores, frame["holdout"], rng=np.random.default_rng(1), replications=5)
    assert {"This rating", "Last period's value"} <= set(texts(drawn(plot_gain, gain, say)))
    rating = rate_customers(frame, preset_scheme("retail"), rated_at=date(2024, 1, 1))
    profile = profile_tiers(rating, frame, ["amount"])
    ax = drawn(plot_profile, profile, say)
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["share of customers", "share of revenue"]
    widths = [bar.get_width() for bar in ax.containers[1]]
    assert sum(widths) == pytest.approx(1)


def test_a_figure_is_the_same_twice(say, frame):
    rating = rate_customers(frame, preset_scheme("retail"))
    profile = profile_tiers(rating, frame, ["amount"])
    both = [illustrate(plot_profile, profile, say, caption="c", alt="a").svg for _ in range(2)]
    assert both[0] == both[1]


def test_tier_colours_darken_with_worth():
    brightness = [sum(bytes.fromhex(colour[1:])) for colour in tier_colours(5)]
    assert brightness == sorted(brightness, reverse=True)
