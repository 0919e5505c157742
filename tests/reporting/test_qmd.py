"""Reading Quarto Markdown: what is code, what is prose, what is front matter; and cells."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.cells import cell_options, near, read_notebook
from reporting.errors import ReportError
from reporting.qmd import fenced_code, look_up, prose, read_source

LINES = st.lists(st.text(alphabet="ab`$<!->:#\n ".replace("\n", ""), max_size=12), max_size=8)


@settings(max_examples=60)
@given(LINES)
def test_prose_keeps_every_place(lines):
    found = dict(prose(lines))
    marks = fenced_code(lines)
    assert len(marks) == len(lines)
    assert all(len(text) == len(lines[number - 1]) for number, text in found.items())
    assert set(found) == {number for number, is_code in enumerate(marks, start=1) if not is_code}


def test_prose_blanks_code_mathematics_and_comments():
    lines = ["a `b` c $d$ e", "$$", "f", "$$ {#eq-g} <!-- h", "i --> j costs $5", "```", "k", "```"]
    assert {number: text.split() for number, text in prose(lines)} == {
        1: ["a", "c", "e"],
        2: [],
        3: [],
        4: ["{#eq-g}"],
        5: ["j", "costs", "$5"],
    }


def test_fenced_code_needs_as_long_a_fence_to_close():
    assert fenced_code(["````", "```", "~~~", "````", "x"]) == [True, True, True, True, False]


def test_read_source_keeps_line_numbers_after_front_matter(tmp_path):
    path = tmp_path / "a.qmd"
    path.write_text("---\ntitle: A\n---\n# One\n")
    source = read_source(path)
    assert (source.front, source.lines[3], source.at(4)) == ({"title": "A"}, "# One", "a.qmd:4")


def test_read_source_refuses_an_absent_file_and_a_list(tmp_path):
    with pytest.raises(ReportError, match=r"a\.qmd must exist"):
        read_source(tmp_path / "a.qmd")
    (tmp_path / "a.qmd").write_text("---\n- a\n---\n")
    with pytest.raises(ReportError, match="front matter must be keys and values"):
        read_source(tmp_path / "a.qmd")


def test_look_up_follows_dots():
    assert look_up({"a": {"b": 0}}, "a.b") == 0
    assert look_up({"a": {"b": 0}}, "a.c") is None
    assert look_up({"a": 1}, "a.b") is None


def test_cell_options_reads_the_head_of_a_cell_only():
    source = '#| label: fig-a\n#| fig-cap: "One: two"\nx = 1\n#| fig-alt: no'
    assert cell_options(source) == {"label": "fig-a", "fig-cap": "One: two"}
    assert cell_options("x = 1") == {}


def test_near_suggests_the_nearest_else_all():
    assert near("fig-secnd", ["fig-second", "tbl-rows"]) == "fig-second"
    assert near("zzz", ["b", "a"]) == "a, b"
    assert near("x", []) == "none"


def test_read_notebook_sees_a_changed_file(tmp_path):
    path = tmp_path / "a.ipynb"
    cell = {"cell_type": "code", "source": ["#| label: a"], "outputs": []}
    path.write_text(json.dumps({"cells": [cell]}))
    assert list(read_notebook(path).cells) == ["a"]
    path.write_text(json.dumps({"cells": [cell | {"source": "#| label: other"}]}))
    assert list(read_notebook(path).cells) == ["other"]
