"""What a notebook shows of a result, study, table or frame is short, and names nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import ibis
import numpy as np
import pandas as pd
import pytest
from IPython.core.formatters import DisplayFormatter

from analysis.methods.survival import survival_curve
from analysis.notes import note
from analysis.study import open_study
from analysis.telling.brief import MOST_ROWS, _bundle, brief
from analysis.telling.shortly import in_cell, shortly
from analysis.telling.showing import Text
from reporting.contained import read_page
from reporting.project import ROOT

FEW_LINES = 25
STUDY = open_study(ROOT / "params" / "cdnow.yml", {"lapse_weeks": 13})


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What a made-up method found.

    Attributes
    ----------
    other : DataFrame
    table : DataFrame
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    other: pd.DataFrame
    table: pd.DataFrame
    matrix: np.ndarray = field(default_factory=lambda: np.zeros((300, 40)))
    note: object = note("reasons.too_few", n=3)

    def wide(self) -> pd.DataFrame:
        """The table turned."""
        return self.table


Result.__module__ = "analysis.methods.made_up"


def people(rows: int) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": [f"secret{n}" for n in range(rows)], "n": range(rows)})


def assert_short(thing) -> str:
    made = brief(thing)
    assert made is not None
    assert len(made.text.splitlines()) <= FEW_LINES
    page = read_page(made.html)
    assert page.faults == []
    assert page.scripts == []
    assert "secret" not in made.text + made.html
    return made.text


def test_result_is_its_main_table_its_parts_and_what_to_do():
    text = assert_short(Result(people(3), people(2000)))
    first, heads, row, *_ = text.splitlines()
    assert first == "Result: What a made-up method found."
    assert heads.split() == ["customer_id", "n"]
    assert row.split() == ["hidden", "0"]
    assert "1,990 further rows in .table" in text
    assert ".matrix: array 300×40" in text
    assert ".note: too few (n 3)" in text
    assert text.endswith("show.gated(…) hides small groups; further: .wide()")


def test_results_of_the_methods_are_short():
    spells = pd.DataFrame({"duration": np.arange(1.0, 500), "event": True})
    assert "SurvivalCurve: Kaplan-Meier" in assert_short(survival_curve(spells))


@pytest.mark.parametrize("thing", ["params", "tables", "customers", "months", "bases", "stages"])
def test_what_a_study_holds_is_short(thing):
    assert_short(getattr(STUDY, thing))
    assert_short(STUDY)


def test_params_name_what_is_set_for_one_try_first():
    made = brief(STUDY.params)
    assert made.rows[1] == ("lapse_weeks", "13")
    assert made.what.endswith("lapse_weeks=13)")
    assert repr(STUDY.params) == str(STUDY.params) == made.what


def test_table_of_the_engine_is_not_asked():
    table = ibis.table({"customer_id": "string", "n": "int64"}, name="nowhere")
    assert brief(table).rows == (("column", "type"), ("customer_id", "string"), ("n", "int64"))


def test_several_results_are_a_line_each():
    made = brief({"a": Result(people(1), people(2)), "b": 3})
    assert made.rows[1:] == (("a", "Result with 2 rows"), ("b", "3"))
    assert brief((people(1), people(2))).what == "2 in a tuple"


@pytest.mark.parametrize("thing", [3, "text", None, [1], {"a": 1}, (1, 2), Text("x"), STUDY.say])
def test_other_things_have_no_short_form(thing):
    assert brief(thing) is None


def test_index_with_a_name_is_a_column():
    counted = pd.DataFrame({"n": [1, 2]}, index=pd.Index(["a", "b"], name="group"))
    assert brief(counted).rows[0] == ("group", "n")
    named = people(2).set_index("customer_id")
    assert_short(named)


def test_values_are_told_in_few_words():
    told = [in_cell(one) for one in (None, np.nan, True, 12345, 0.123456, 5e6, "x" * 99)]
    assert told == ["–", "–", "yes", "12,345", "0.1235", "5,000,000", "x" * 58 + " …"]
    assert in_cell(pd.Timestamp("2024-01-02")) == "2024-01-02"
    assert shortly(()) == "none"
    assert shortly(people(2)) == "table of 2 rows: customer_id, n"


def test_shell_shows_short_forms_and_leaves_the_others_alone():
    formatter = DisplayFormatter()
    formatter.mimebundle_formatter.for_type(object, _bundle)
    shown, _ = formatter.format(people(500))
    assert shown["text/plain"].startswith(f"Table of {500:,} rows")
    assert len(shown["text/plain"].splitlines()) == MOST_ROWS + 4
    assert formatter.format(Text("*x*"))[0]["text/markdown"] == "*x*"
    assert formatter.format(17)[0] == {"text/plain": "17"}
    assert "text/html" in formatter.format(people(2).style)[0]
