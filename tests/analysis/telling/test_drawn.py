"""The data of a figure are what it shows, and no more exact than it."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.params import read_params
from analysis.telling.drawing import illustrate
from analysis.telling.drawn import MOST_POINTS, drawn_data
from analysis.telling.wording import wording_for
from reporting.project import ROOT


@pytest.fixture
def ax():
    return Figure().subplots()


def test_curve_has_its_name_and_no_more_points_and_digits_than_an_eye_sees(ax):
    rng = np.random.default_rng(1)
    exact = np.cumsum(rng.random(5000))
    ax.step(np.arange(5000), exact, color="#00ff00")
    ax.annotate("8,471", (1, 1), color="#00ff00")
    ax.annotate("Highest third", (1, 1), color="#00ff00")
    ax.axhline(7)
    table = drawn_data(ax.figure)
    assert len(table) == MOST_POINTS
    assert set(table["mark"]) == {"line"}
    assert set(table["series"]) == {"Highest third"}
    low, high = ax.get_ylim()
    coarse = (high - low) / 1000
    assert np.abs(table["y"] - exact[table["x"].astype(int)]).max() <= coarse
    assert len(set(exact.round(9)) & set(table["y"].round(9))) < 5


def test_bars_have_the_names_of_their_axis(ax):
    ax.barh(["=a", "b"], [3, 5])
    table = drawn_data(ax.figure)
    assert table["mark"].tolist() == ["bar", "bar"]
    assert table["y"].tolist() == ["=a", "b"]
    assert table["x_end"].tolist() == [3, 5]


def test_intervals_points_bands_and_cells_are_told(ax):
    ax.hlines([0, 1], [0.1, 0.2], [0.3, 0.4])
    ax.scatter([0.2, 0.3], [0, 1])
    ax.fill_between([0, 1], [0, 0], [1, 2])
    other = ax.figure.add_subplot()
    other.imshow(np.array([[1.0, np.nan]]))
    other.set_xticks([0, 1], ["left", "right"])
    table = drawn_data(ax.figure)
    marks = table.groupby("mark").size()
    assert marks[["interval", "point", "cell"]].tolist() == [2, 2, 1]
    bands = table[table["mark"] == "band"]
    assert bands[["x", "y", "y_end"]].to_numpy().tolist() == [[0, 0, 1], [1, 0, 2]]
    (cell,) = table[table["mark"] == "cell"].itertuples()
    assert (cell.x, cell.value) == ("left", 1.0)


def test_illustration_carries_its_data_as_cells_that_no_spreadsheet_runs():
    def plot(result, ax, say):
        ax.barh(result, [1, 2])
        return ax

    say = wording_for(read_params(ROOT / "params" / "cdnow.yml"))
    drawn = illustrate(plot, ["=1+1", "b"], say, caption="c", alt="a")
    table = pd.read_csv(io.StringIO(drawn.csv))
    assert table["y"].tolist() == ["'=1+1", "b"]
    assert [one["name"] for one in drawn.columns] == list(table)
    data, metadata = drawn._repr_mimebundle_()
    assert data["text/csv"] == drawn.csv
    assert metadata["columns"] == list(drawn.columns)


def test_empty_figure_has_no_data(ax):
    assert drawn_data(ax.figure).empty
