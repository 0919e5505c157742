"""Figures of stages draw what the results hold, and hide small cells."""

from datetime import date

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.chapters.stages.course import stage_course
from analysis.chapters.stages.figures import (
    plot_monthly_moves,
    plot_stage_course,
    plot_stage_months,
    plot_stages_now,
)
from analysis.chapters.stages.moves import monthly_moves
from analysis.chapters.stages.now import StagesNow
from analysis.chapters.stages.stage_time import stage_months
from analysis.params import Params
from analysis.params.stages import ORDER
from analysis.telling.drawing import illustrate
from analysis.telling.gates import gated
from analysis.telling.palette import STAGES
from analysis.telling.showing import chapter_of


@pytest.fixture(scope="module")
def say():
    return chapter_of(
        Params.model_validate(
            {
                "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
                "relationship": "noncontractual", "observed_from": date(2022, 1, 1),
                "observed_until": date(2022, 12, 31), "timezone": "Europe/Berlin",
                "currency": "EUR", "min_cell": 10,
                "data": {"simulated": {"company": "bank", "customers": 9, "seed": 1}},
            }
        ),
        "stages",
    ).say  # fmt: skip


@pytest.fixture(scope="module")
def paths():
    rows = [(1, 0, 3, "new", "mature", 60), (1, 3, 8, "mature", "churned", 60)]
    rows += [(1, 8, 12, "churned", None, 60), (2, 0, 3, "new", "churned", 4)]
    rows += [(2, 3, 5, "churned", "won_back", 4), (2, 5, 12, "won_back", None, 4)]
    rows += [(3, 0, 12, "new", None, 30), (4, 0, 14, "new", None, 6)]
    names = ["customer_id", "start", "stop", "from", "to", "count"]
    table = pd.DataFrame(rows, columns=names)
    order = ["new", "mature", "churned", "won_back"]
    return table.assign(**{"from": pd.Categorical(table["from"], order)})


@pytest.fixture
def ax():
    with mpl.rc_context({"svg.hashsalt": "test"}):
        yield Figure().subplots()


def test_areas_are_the_shares_and_end_where_few_are_observed(paths, say, ax):
    course = stage_course(paths)
    plot_stage_course(course, ax, say)
    result = course.occupation
    assert ax.get_xlim() == (0, 12)  # six customers only are observed after 12
    heights = {}
    for area, state in zip(ax.collections, result.states, strict=True):
        points = area.get_paths()[0].vertices
        at_the_end = points[np.isclose(points[:, 0], 12)][:, 1]
        heights[state] = at_the_end.max() - at_the_end.min()
    table = result.table[result.table["time"] == 11].set_index("state")["estimate"]
    assert heights == pytest.approx(table.to_dict())
    assert {text.get_text() for text in ax.texts} >= {"New", "Churned", "Mature"}


def test_the_matrix_carries_numbers_and_hides_few(paths, say, ax):
    plot_monthly_moves(gated(monthly_moves(paths, min_cell=10), 10), ax, say)
    texts = {(round(text.get_position()[1]), round(text.get_position()[0])): text.get_text()
             for text in ax.texts}  # fmt: skip
    assert texts[(0, 2)] == "few"  # four customers went from new to churned
    assert texts[(0, 1)] == "10.1%*"  # counted with the next rarest: 64 of 636
    assert texts[(0, 0)] == "89.9%"  # 572 of 636
    assert texts[(1, 0)] == "0%"


def test_bars_are_the_expected_months(paths, say, ax):
    result = stage_months(paths.assign(group="all"), horizon_months=12)
    plot_stage_months(result, ax, say)
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == pytest.approx(result.table["estimate"].tolist())
    assert ax.get_xlabel() == "Expected months in the stage within the first 12 months"
    assert ax.get_xlim()[0] == 0


def test_every_preset_stage_has_a_colour_and_drawing_is_repeatable(paths, say):
    assert {stage for order in ORDER.values() for stage in order} <= set(STAGES)
    result = stage_course(paths)
    drawn = [illustrate(plot_stage_course, result, say, caption="c", alt="a").svg for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0].startswith("<svg")


def test_hidden_stages_have_no_bar(say, ax):
    table = pd.DataFrame({"stage": ["new", "mature", "churned"], "customers": [4, 60, 36]})
    table = table.assign(share=table["customers"] / 100)
    now = gated(StagesNow(table, date(2022, 12, 31), None, True, 100, 64), 10)
    plot_stages_now(now, ax, say)
    assert [bar.get_width() for bar in ax.patches] == [0, 60, 0]
    assert [text.get_text() for text in ax.texts] == ["few", "60 (60.0%)", "few"]
