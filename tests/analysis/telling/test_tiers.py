"""Tiers as they are drawn: the same twice, darker with worth, named by what they hold."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.params.tiers import preset_scheme
from analysis.states.rating.profiles import profile_tiers
from analysis.states.rating.tiers import rate_customers
from analysis.telling.drawing import illustrate
from analysis.telling.tiers import plot_profile, tier_colours


@pytest.fixture(scope="module")
def profile():
    purchases = np.random.default_rng(2).poisson(3, 400) + 1
    frame = pd.DataFrame(
        {"customer_id": [f"c{i}" for i in range(400)], "purchases": purchases,
         "amount": purchases * 20.0, "recency_days": np.arange(400) % 90 + 1.0}
    )  # fmt: skip
    rating = rate_customers(frame, preset_scheme("retail"), rated_at=date(2024, 1, 1))
    return profile_tiers(rating, frame, ["amount"])


def test_profile_names_what_it_draws(profile, chapter):
    ax = plot_profile(profile, Figure().subplots(), chapter("tiers").say)
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["share of customers", "share of revenue"]
    assert sum(bar.get_width() for bar in ax.containers[1]) == pytest.approx(1)


def test_figure_is_the_same_twice(profile, chapter):
    say = chapter("tiers").say
    both = [illustrate(plot_profile, profile, say, caption="c", alt="a").svg for _ in range(2)]
    assert both[0] == both[1]


def test_tier_colours_darken_with_worth():
    brightness = [sum(bytes.fromhex(colour[1:])) for colour in tier_colours(5)]
    assert brightness == sorted(brightness, reverse=True)
