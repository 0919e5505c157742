"""What JupyterLab shows says what the report says, and nothing in it is run or typeset."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from analysis.params import read_params
from analysis.telling import html
from analysis.telling.drawing import Illustration
from analysis.telling.facts import Fact, nothing
from analysis.telling.markup import markdown
from analysis.telling.showing import SILENT, Text, chapter_of
from analysis.telling.tables import present
from analysis.telling.wording import wording_for
from reporting.contained import read_page
from reporting.project import ROOT

CDNOW = read_params(ROOT / "params" / "cdnow.yml")
NASTY = "<script>alert(1)</script> $x$ \\(y\\) *a* \"b\" 'c' & [d](http://e.f)"


def text_nodes(page: str) -> list[str]:
    """Every text of a page, as a typesetter walks it: no tag lies inside one."""
    tree = BeautifulSoup(page, "html.parser")
    tree.style.extract()
    return [str(node) for node in tree.find_all(string=True)]


def assert_safe(page: str) -> None:
    found = read_page(page)
    assert found.faults == []
    assert found.scripts == []
    for text in text_nodes(page):
        assert not re.search(r"\$.+\$|\\.", text), text


def shown(page: str) -> str:
    tree = BeautifulSoup(page, "html.parser")
    tree.style.extract()
    return " ".join(tree.get_text().split())


def test_inline_reads_the_catalogue_s_marks_and_no_other():
    assert html.inline("*a* **b** c^d^ `` e ``") == (
        "<em>a</em> <b>b</b> c<sup>d</sup> <code>e</code>"
    )
    assert html.inline("marked *.") == "marked *."
    assert html.inline("5 < 6 & 7 > 2") == "5 &lt; 6 &amp; 7 &gt; 2"


def test_money_is_no_mathematics():
    assert html.inline("$12.50 to $80") == "<span>$</span>12.50 to <span>$</span>80"
    assert html.plain("$12 \\(a\\)").count("<span>") == 3


def test_names_from_data_stay_text():
    page = html.told(html.paragraph(markdown(NASTY)))
    assert_safe(page)
    assert shown(page) == NASTY


def test_table_for_lab_holds_what_the_report_s_table_holds():
    say = replace(wording_for(CDNOW), shipped=False)
    table = pd.DataFrame(
        {"group": [NASTY, "b", "c", "d"], "n": [100, 90, 2, 12], "revenue": 1234.5}
    )
    made = present(table, say, caption="report.chapters.caption")
    assert_safe(made.html)
    cells = BeautifulSoup(made.html, "html.parser").find_all("td")
    assert [cell.get_text() for cell in cells[:2]] == [NASTY, "100"]
    assert cells[2].get_text().startswith("$1,23")
    assert "2" not in [cell.get_text() for cell in cells], "small groups are hidden here too"
    assert made.caption in shown(made.html)
    bundle, _ = made._repr_mimebundle_()
    assert bundle["text/html"] == made.html


def test_finding_for_lab_says_number_claim_and_n():
    chapter = chapter_of(CDNOW, "retention")
    fact = Fact(
        "second_purchase",
        "predictive",
        estimate=0.483,
        low=0.47,
        high=0.49,
        unit="percent",
        n=23570,
        numbers={"weeks": 52.0},
    )
    page = chapter.finding(fact).html
    assert_safe(page)
    assert shown(page).startswith("48.3% of new customers bought a second time")
    assert shown(page).endswith("predictive n = 23,570")
    assert ":::" not in page
    silent = chapter.finding(nothing("second_purchase", "too_few")).html
    assert "number" not in BeautifulSoup(silent, "html.parser").p.get("class", [])


def test_figure_for_lab_has_caption_alternative_text_and_reading():
    drawn = Illustration("<svg></svg>", "Half *come* back.", 'A "curve".', "higher", "How: higher.")
    page = drawn.html
    assert_safe(page)
    picture = BeautifulSoup(page, "html.parser").img
    assert picture["alt"] == 'A "curve".'
    assert picture["src"].startswith("data:image/svg+xml;base64,")
    assert shown(page) == "Half come back. How: higher."


def test_limits_are_paragraphs_and_what_is_silent_shows_nothing():
    assert shown(Text("One.\n\nTwo.").html) == "One. Two."
    assert SILENT.html == ""


@pytest.mark.parametrize("word", ["told", "mathjax_ignore"])
def test_every_block_is_left_alone_by_typesetters(word):
    assert word in BeautifulSoup(html.told("x"), "html.parser").div["class"]
