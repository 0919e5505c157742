"""Survival figures: names beside curves and numbers do not run into each other."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.methods.survival import survival_curve
from analysis.params import Params
from analysis.telling.curves import (
    _apart,
    _past_the_last,
    draw_curves,
    draw_medians,
    steps_of_many,
)
from analysis.telling.wording import wording_for


@pytest.fixture(scope="module")
def say():
    return wording_for(
        Params.model_validate(
            {
                "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
                "relationship": "contractual", "observed_from": date(2019, 1, 1),
                "observed_until": date(2024, 12, 31), "timezone": "UTC", "currency": "EUR",
                "data": {"simulated": {"company": "bank", "customers": 10, "seed": 1}},
            }
        )
    )  # fmt: skip


def curves(names, size=300):
    rng = np.random.default_rng(1)
    life, seen = rng.exponential(20, size), rng.uniform(2, 60, size)
    table = pd.DataFrame({"duration": np.minimum(life, seen), "event": life <= seen})
    return survival_curve(table.assign(plan=rng.choice(names, size)), by="plan")


def drawn(curve, say, **options):
    ax = Figure(figsize=(7, 4)).subplots()
    draw_curves(curve, ax, say, falling=True, **options)
    return ax


def test_names_stand_apart_and_below_the_top():
    ax = Figure().subplots()
    ax.set_ylim(0, 1)
    places = _apart([0.2, 0.96, 0.97, 0.98], [1, 1, 2, 1], ax)
    assert places[0] == 0.2
    gaps = np.diff(places)
    assert (gaps[1:] >= 0.055 * 1.5 - 1e-9).all()
    assert places[-1] <= 1 - 0.055 / 2 + 1e-9


def test_names_of_the_rows_stand_aside_of_a_last_number_at_the_edge():
    assert _past_the_last(letters=12, room=0.0) > 12 * 4.8 / 2 - 5
    assert _past_the_last(letters=5, room=0.2) == 0


def test_long_names_are_wrapped_and_cut_short(say):
    names = ["Long-standing corporate customers", "Household, three or more children"]
    texts = [text.get_text() for text in drawn(curves(names), say).texts]
    assert "Long-standing\ncorporate customers" in texts
    assert max(len(line) for text in texts for line in text.split("\n")) < 35
    assert any(text.endswith("…") for text in texts)


def test_curves_end_where_too_few_are_at_risk(say):
    curve = curves(["a", "b"])
    ax = drawn(curve, say)
    last = max(sets.time[sets.at_risk >= say.min_cell][-1] for sets in curve.risk_sets.values())
    assert ax.get_xlim()[1] == pytest.approx(last)


def test_medians_have_a_line_each(say):
    curve = curves(["a", "b"])
    ax = Figure().subplots()
    draw_curves(curve, ax, say, falling=True)
    draw_medians(curve, ax, say)
    down = [line.get_xdata()[0] for line in ax.lines if len(set(line.get_xdata())) == 1]
    assert sorted(down) == pytest.approx(sorted(curve.medians["estimate"]))


def test_nobody_who_may_be_shown_leaves_an_empty_figure(say):
    assert not drawn(curves(["a"], size=3), say).lines


def test_a_curve_steps_only_where_many_have_ended_since(say):
    curve = curves(["a", "b"])
    for group in curve.groups:
        steps = curve.of(group)
        kept = steps_of_many(steps, say.min_cell)
        since = np.diff(np.append(0, steps["events"].cumsum()[kept.index]))
        assert (since >= say.min_cell).all()
        assert 1 < len(kept) < (steps["events"] > 0).sum()
    ax = drawn(curve, say)
    heights = {round(float(y), 12) for y in ax.lines[0].get_ydata()}
    assert len(heights) <= 1 + len(steps_of_many(curve.of("a"), say.min_cell))


def test_a_curve_with_few_ends_stays_at_its_start(say):
    made = pd.DataFrame({"duration": np.arange(1.0, 41), "event": np.arange(40) < 4})
    ax = drawn(survival_curve(made), say)
    assert set(ax.lines[0].get_ydata()) == {1.0}
