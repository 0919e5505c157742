"""Any text from data is shown as the data hold it: as Markdown, as an attribute, as a cell."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from dataclasses import replace

import pandas as pd
import pypandoc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.names import MARK
from analysis.params import read_params
from analysis.telling.cells import as_cell, as_cells
from analysis.telling.markup import Filled, attribute, markdown, one_line, tidy
from analysis.telling.tables import present
from analysis.telling.wording import wording_for
from reporting.project import ROOT
from reporting.subset import faults_in

SIGNS = "\\`*_{}[]()<>#+-.!|@$~^&\"'=:;/%?,\t\n\r\x00\x07\x0b\x85\u2028\ufeff\u202e 019aZé日😀"
WORDS = (
    *("{{< var author >}}", "[x](y)", "![x](y)", "<b>x</b>", "<!-- x", "&lt;", "$x$", "$$y$$"),
    *("@fig-x", "[@k, p. 3]", "x {#tbl-y}", "::: {.a}", "```{python}", "\\begin{x}", "`a`{=html}"),
    *("http://a.example", "www.a.example", "a@b.example", ":smile:", "Mr. X", "p. 3", "1. one"),
    *("(@) x", "(a) b", "a) b", "i. x", "| x", "= x", "# x", "- x", "+ x", "> x", "---", "..."),
    *("x^[y]", "x[^1]", "~~x~~", "H~2~O", "a^b^", "{x}", "C:\\new", "x\\", "-- x", "--", "'a'"),
)
NAMES = st.one_of(
    st.sampled_from(WORDS),
    st.text(st.sampled_from(SIGNS), max_size=20),
    st.text(max_size=20),
    st.lists(st.sampled_from([*WORDS, "a", " "]), min_size=2, max_size=4).map("".join),
)
SOME = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
# As real Quarto reads its sources for HTML, and with what some formats of it add.
READERS = (
    "markdown",
    "markdown+autolink_bare_uris+tex_math_single_backslash+emoji+hard_line_breaks",
    "markdown+east_asian_line_breaks",
)


def shown(name: str) -> str:
    """What people see of a name: one line, blanks as one."""
    return " ".join(one_line(name).split())


def read(text: str, reader: str) -> list:
    """The blocks that pandoc reads in a text."""
    command = [pypandoc.get_pandoc_path(), "--from", reader, "--to", "json"]
    made = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    return json.loads(made.stdout)["blocks"]


def text_of(inlines: list) -> str:
    """The text of inlines that are nothing but text."""
    kinds = {"Str": lambda one: one["c"], "Space": lambda _: " ", "SoftBreak": lambda _: " "}
    return " ".join("".join(kinds[one["t"]](one) for one in inlines).split())


@pytest.mark.parametrize("reader", READERS)
@SOME
@given(names=st.lists(NAMES, min_size=30, max_size=60))
def test_markdown_is_read_as_the_text_it_was(names, reader):
    lines = [f"{markdown(name)}x" for name in names]
    blocks = read("\n\n".join(lines), reader)
    assert [block["t"] for block in blocks] == ["Para"] * len(names)
    told = [text_of(block["c"]) for block in blocks]
    assert told == [shown(f"{one_line(name).strip(' ')}x") for name in names]


@SOME
@given(names=st.lists(NAMES, min_size=30, max_size=60))
def test_markdown_within_a_sentence_stays_text(names):
    strong = [f"**of {markdown(name)}.** {markdown(name)}: “{markdown(name)}”" for name in names]
    for block, name in zip(read("\n\n".join(strong), READERS[0]), names, strict=True):
        assert [one["t"] for one in block["c"][:1]] == ["Strong"]
        told = text_of(block["c"][0]["c"]), text_of(block["c"][1:])
        inner = one_line(name).strip(" ")
        assert told == (shown(f"of {inner}."), shown(f" {inner}: “{inner}”"))


@SOME
@given(names=st.lists(NAMES, min_size=30, max_size=60))
def test_markdown_in_a_table_stays_in_its_cell(names):
    rows = [f"| {markdown(name)} | {number} |" for number, name in enumerate(names)]
    table = read("\n".join(["| A | B |", "|:---|---:|", *rows]), READERS[0])
    assert [block["t"] for block in table] == ["Table"]
    found = [row[1] for row in table[0]["c"][4][0][3]]
    told = [[text_of(b["c"]) for b in cell[4]] for row in found for cell in row]
    wanted = [[shown(name)] if shown(name) else [] for name in names]
    assert told[::2] == wanted
    assert told[1::2] == [[str(number)] for number in range(len(names))]


@SOME
@given(names=st.lists(NAMES, min_size=30, max_size=60))
def test_attribute_is_read_as_the_text_it_was(names):
    pictures = [f'![](x.svg){{fig-alt="x{attribute(name)}"}}' for name in names]
    blocks = read("\n\n".join(pictures), READERS[0])
    found = [dict(block["c"][0]["c"][0][2])["fig-alt"] for block in blocks]
    assert [" ".join(alt.split()) for alt in found] == [shown(f"x{name}") for name in names]


@given(name=NAMES)
def test_no_check_finds_anything_in_a_name(name):
    assert faults_in([f"a {markdown(name)} b"]) == []
    assert "{{<" not in markdown(name)


@given(name=NAMES)
def test_name_is_escaped_once(name):
    once = Filled(markdown(name))
    assert markdown(once) == once


def test_control_characters_are_a_blank_and_marks_are_taken_away():
    assert one_line("a\x07b\r\nc\u202ed\u2028e") == "a b c d e"
    assert one_line(f"others{MARK}") == "others"
    assert tidy("a\tb\nc\x00d") == "a b\nc d"
    assert one_line("\ud800") == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@home", "'@home"),
        ("+x", "'+x"),
        ("-- dash", "'-- dash"),
        ("'=x", "''=x"),
        ("\t=x", "' =x"),
        ("＝x", "'＝x"),
        ("-5", "-5"),
        ("+49 30", "'+49 30"),
        ("O'Neil", "O'Neil"),
        ("'s Hertogenbosch", "'s Hertogenbosch"),
        (f"all{MARK}", "all"),
        ("two\nlines", "two lines"),
    ],
)
def test_cell_is_text_that_no_spreadsheet_runs(text, cell):
    assert as_cell(text) == cell


def test_cells_leave_numbers_as_they_are():
    table = pd.DataFrame({"=a": ["=b", None], "n": [-1.5, 2.0], "k": pd.array([-1, None], "Int64")})
    written = as_cells(table).to_csv(index=False)
    assert written == "'=a,n,k\n'=b,-1.5,-1\n,2.0,\n"


@SOME
@given(names=st.lists(NAMES, min_size=1, max_size=30))
def test_table_and_its_csv_say_the_same(names):
    say = replace(wording_for(read_params(ROOT / "params" / "cdnow.yml")), shipped=False)
    table = pd.DataFrame({"group": [f"x{name}" for name in names], "n": 100})
    made = present(table, say, caption="report.chapters.caption")
    told = [row["group"] for row in csv.DictReader(io.StringIO(made.csv))]
    assert [" ".join(name.split()) for name in told] == [shown(f"x{name}") for name in names]
    body = read(made.markdown, READERS[0])[0]["c"][4][0][3]
    assert [text_of(row[1][0][4][0]["c"]) for row in body] == [shown(f"x{n}") for n in names]
