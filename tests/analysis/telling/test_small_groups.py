"""A hidden group does not follow from the total of its own grouping."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.params import read_params
from analysis.telling.showing import SILENT, chapter_of
from analysis.telling.tables import present
from analysis.telling.wording import wording_for

MARKET = Path(__file__).parents[3] / "params" / "market.yml"


def hidden(table: pd.DataFrame) -> list[bool]:
    """Which rows are blank in the CSV of a table with `n`."""
    shown = present(table, wording_for(read_params(MARKET)), caption="tables.hidden")
    return [line.endswith(",") for line in shown.csv.splitlines()[1:]]


def test_a_second_group_is_hidden_in_each_grouping():
    table = pd.DataFrame(
        {
            "segment": ["channel"] * 3 + ["tier"] * 4,
            "group": list("abcdefg"),
            "n": [5, 20, 30, 4, 6, 40, 50],
        }
    )
    assert hidden(table) == [True, True, False, True, True, True, False]  # 4 and 6 are too few


def test_a_second_group_is_hidden_at_each_time():
    table = pd.DataFrame(
        {"group": list("abcabc"), "weeks": [4] * 3 + [13] * 3, "n": [5, 20, 30, 5, 25, 20]}
    )
    assert hidden(table) == [True, True, False, True, False, True]


def test_times_of_one_group_are_no_grouping():
    table = pd.DataFrame({"weeks": [4, 13, 26], "n": [50, 20, 5]})
    assert hidden(table) == [False, True, True]


def test_a_table_without_a_number_is_not_shown():
    show = chapter_of(read_params(MARKET), "tiers")
    few = pd.DataFrame({"group": ["a", "b"], "n": [3, 5]})
    assert show.table(few, "tables.hidden") is SILENT
    assert show.table(few.assign(n=[30, 50]), "tables.hidden") is not SILENT
    assert show.table(few[["group"]], "tables.hidden", count=None) is not SILENT  # words alone


def test_an_infinite_number_is_a_dash():
    formats = wording_for(read_params(MARKET)).formats
    assert formats.cell(np.inf, "number2") == formats.cell(-np.inf, "count") == formats.none
