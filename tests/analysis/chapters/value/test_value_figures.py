"""Figures of value only draw, hide small groups, and speak through the catalogue."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.chapters.value.figures import plot_forecast_calibration, plot_forecast_tracking
from analysis.methods.purchases import check_holdout, fit_bgnbd, track_purchases
from analysis.params import read_params
from analysis.telling.gates import gated
from analysis.telling.showing import chapter_of

PARAMS = Path(__file__).parents[4] / "params" / "cdnow.yml"


@pytest.fixture(scope="module")
def say():
    return chapter_of(read_params(PARAMS), "value").say


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


def drawn(plot, say, **parts):
    return plot(SimpleNamespace(**parts), Figure().subplots(), say)


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_calibration_leaves_small_groups_out(say, frame):
    check = check_holdout(fit_bgnbd(frame), frame, time=20, rng=np.random.default_rng(1))
    ax = drawn(plot_forecast_calibration, say, calibration=gated(check, say.min_cell))
    shown = [label.get_text() for label in ax.get_xticklabels()]
    large = check.table.loc[check.table["n"] >= say.min_cell, "group"].tolist()
    assert shown == large
    assert ax.get_xlabel() == "Repeat purchases before"
    assert ax.get_ylim()[0] == 0
    tenths = check_holdout(
        fit_bgnbd(frame), frame, time=20, rng=np.random.default_rng(1), by="decile"
    )
    assert (
        "highest tenth first"
        in drawn(
            plot_forecast_calibration, say, calibration=gated(tenths, say.min_cell)
        ).get_xlabel()
    )


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
    ax = drawn(plot_forecast_tracking, say, tracking=found)
    labels = [panel.get_ylabel() for panel in ax.child_axes]
    assert labels == ["Repeat purchases a week", "Repeat purchases so far"]
    lines = ax.child_axes[1].get_lines()
    assert lines[0].get_ydata()[-1] == 300
