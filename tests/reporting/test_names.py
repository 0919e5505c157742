"""Any name stands on the page, in the PDF, in the figure and in the CSV as the data have it."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import sys
import unicodedata
from dataclasses import replace
from html import escape
from pathlib import Path

import pandas as pd
import pytest
import typst
import yaml
from bs4 import BeautifulSoup
from pypdf import PdfReader

from analysis.params import read_params
from analysis.telling.drawing import LONGEST_TICK, illustrate
from analysis.telling.glyphs import drawable, missing_glyphs
from analysis.telling.markup import markdown, one_line
from analysis.telling.tables import present
from analysis.telling.wording import wording_for
from reporting import quarto
from reporting.contained import read_page
from reporting.executed import FORMS
from reporting.project import ROOT
from reporting.rendering import render_report
from reporting.staging import _clean_cell
from reporting.theme import stage_glyphs, stage_theme

SHARED = [parent / "shared" / "cases" / "names.json" for parent in ROOT.parents]
NAMES = (
    *("North", "<b>bold</b>", "a<!-- x -->b", "a <!-- b", "&lt;i&gt; &copy; &#65;", "a<b and c>d"),
    *("$x^2$", "from $5 to $9", "US$ 5", "$$x$$", "*star* **b**", "_em_ a_b_c", "![x][y]"),
    *("![x](nb/00_data.ipynb)", "[x]{.badge}", "`<b>x</b>`{=html}", "x^[note here]", "x[^1]"),
    *("a^b^ H~2~O", "~~gone~~", "a`b", "a|b", "C:\\new\\temp", "ends with \\", "\"q\" 's' -- ..."),
    *("@kaplan1958", "me@example.com", "@fig-x", "x {#tbl-groups}", "{{< var author >}}"),
    *("{{< meta title >}}", "{{< embed nb/00_data.ipynb#tbl-groups >}}", "{{< pagebreak >}}"),
    *("{a} {{b}}", "\\begin{x}", "#set page(fill: red)", "<lab>", "@lab", "$ sum_(i) $"),
    *("// gone /* x */", "= head", "- item", "1. one", "+ x", "/ term: x", "# head"),
    *("::: {.finding}", ":::", "```{python}", "> quote", "---", "x | y | z", ": caption"),
    *(":smile:", "a\xa0b", "שלום", "é", "a\x07b", "a\tb", "line1\nline2", "l1\r\nl2", "a\x85b"),
    *("others", "all", "not known", "nan", "None", "open", "early", "none", "city_tier_1"),
    *("Berlin, nan", "a → b", "x: high", "50% {x}", "(a) b", "(@) x", "| x", "Mr. X"),
    *("www.example.com", "http://a.example/x", "a -- b --- c", "wait...", "1-2", "-?", "O'Neil"),
    *(
        "L" * 90,
        "x-- ",
        "--",
        "a/b//c",
        "100%",
        "~",
        "a~b",
        "C#",
        "#",
        "'",
        '"',
        "\\",
        "[",
        "]",
        "(",
        "=x",
    ),
)


def shown(name: str) -> str:
    """What people see of a name: one line, blanks as one."""
    return " ".join(one_line(name).split())


def odd_names(number: int, seed: int) -> list[str]:
    """Texts of any signs, those that are markup somewhere more often than others."""
    chance = random.Random(seed)
    signs = "\\`*_{}[]()<>#+-.!|@$~^&\"'=:;/%?, "

    def sign() -> str:
        kind = chance.random()
        if kind < 0.6:
            return chance.choice(signs)
        if kind < 0.9:
            return chance.choice("abcXYZ0189éßжλ")
        return chr(chance.randrange(sys.maxunicode + 1))

    drawn = ["".join(sign() for _ in range(chance.randrange(1, 16))) for _ in range(number)]
    return [name for name in drawn if shown(name) and not has_surrogate(name)]


def has_surrogate(name: str) -> bool:
    return any(unicodedata.category(sign) == "Cs" for sign in name)


def shared_names() -> list[str]:
    found = next((path for path in SHARED if path.is_file()), None)
    return list(json.loads(found.read_text("utf-8")).values()) if found else []


@pytest.fixture(scope="module")
def say():
    return replace(wording_for(read_params(ROOT / "params" / "cdnow.yml")), shipped=False)


def stage(folder: Path, names: list[str], say) -> Path:
    """A staged report that tells names in every place where a name may stand."""
    folder.mkdir(parents=True)
    stage_theme(folder)
    (folder / "references.bib").write_text("")
    (folder / "nb").mkdir()
    table = pd.DataFrame({"group": [f"x{name}" for name in names], "n": 100})
    told = present(table, say, caption="report.chapters.caption")
    cells = {"tbl-names": told, "fig-names": figure(names, say)}
    made = [_clean_cell(label, output(cell)) for label, cell in cells.items()]
    notebook = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "nb" / "00_x.ipynb").write_text(json.dumps(notebook, ensure_ascii=False), "utf-8")
    front = {"title": markdown(names[0]), "author": markdown(names[-1]), "date": "2026-01-02"}
    lines = [f"---\n{yaml.safe_dump(front, allow_unicode=True)}---", "# Names {#sec-names}"]
    lines += [f"**of {markdown(name)}.** {markdown(name)} is “{markdown(name)}”" for name in names]
    lines += [f"{{{{< embed nb/00_x.ipynb#{label} >}}}}" for label in cells]
    (folder / "report.qmd").write_text("\n\n".join(lines) + "\n", "utf-8")
    stage_glyphs(folder)
    return folder


def figure(names: list[str], say):
    def plot(result, ax, say):
        ax.barh(range(len(result)), 1, label="a")
        ax.set_yticks(range(len(result)), [say.value(f"x{name}") for name in result])
        return ax

    words = {"caption": markdown(names[0]), "alt": one_line(" ".join(names))}
    return illustrate(plot, names, say, **words)


def output(cell) -> dict:
    data, metadata = cell._repr_mimebundle_()
    return {"data": data, "metadata": metadata}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory, say):
    """Names, their page and the text of their PDF, rendered once."""
    names = [name for name in (*NAMES, *shared_names(), *odd_names(150, 7)) if shown(name)]
    names = [name for name in names if len(name) < 100]
    folder = tmp_path_factory.mktemp("names")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quarto, "find_quarto", lambda: None)
        staged = stage(folder / "staged", names, say)
        render_report(staged, folder / "report.html", folder / "report.pdf")
    page = BeautifulSoup((folder / "report.html").read_text("utf-8"), "html.parser")
    pdf = PdfReader(folder / "report.pdf")
    return names, page, " ".join(part.extract_text() for part in pdf.pages), pdf


def seen(element) -> str:
    return " ".join(element.get_text().split())


def test_page_shows_each_name_in_its_cell(rendered):
    names, page, _, _ = rendered
    rows = page.find("table").tbody.find_all("tr")
    assert [seen(row.find(["th", "td"])) for row in rows] == [shown(f"x{name}") for name in names]


def test_page_shows_each_name_in_its_sentence(rendered):
    names, page, _, _ = rendered
    told = [seen(part) for part in page.main.find_all("p") if seen(part).startswith("of ")]
    inner = [shown(name) for name in names]
    assert told == [f"of {name}. {name} is “{name}”" for name in inner]


def test_page_shows_title_author_caption_and_alternative_text(rendered):
    names, page, _, _ = rendered
    assert seen(page.h1) == shown(names[0])
    assert seen(page.find(class_="author")) == shown(names[-1])
    assert seen(page.figcaption).endswith(shown(names[0]))
    alt = page.find("figure").img["alt"]
    assert " ".join(alt.split()) == shown(" ".join(names))


def test_page_runs_and_links_nothing_of_a_name(rendered):
    _, page, _, _ = rendered
    assert not page.main.find_all(["script", "em", "code", "math", "sup", "sub", "del", "b", "i"])
    assert all(str(link.get("href", "")).startswith("#") for link in page.find_all("a"))


def bare(text: str) -> str:
    """Letters, digits and signs alone: a PDF breaks lines, and joins signs to one glyph."""
    plain = unicodedata.normalize("NFKC", drawable(text, has_cjk=True))
    return re.sub(r"[\s\u00ad\u200b-\u200d]+", "", plain)


def test_pdf_shows_each_name(rendered):
    names, _, text, pdf = rendered
    written = bare(text)
    lost = [
        name for name in names if is_left_to_right(name) and bare(one_line(name)) not in written
    ]
    assert lost == []
    assert pdf.metadata.author == shown(names[-1])


def is_left_to_right(name: str) -> bool:
    """Others are written in an order that a PDF's text does not tell."""
    return not any(unicodedata.bidirectional(sign) in ("R", "AL", "AN", "NSM") for sign in name)


def test_figure_shows_each_name(rendered, say):
    names, _, _, _ = rendered
    drawn = figure(names, say).svg
    assert "mathtext" not in drawn
    texts = {" ".join(text.split()) for text in re.findall(r">([^<]*)</text>", drawn)}
    for name in names:
        label = drawable(shown(f"x{name}"), has_cjk=True)
        label = label if len(label) <= LONGEST_TICK else f"{label[: LONGEST_TICK - 2]} …"
        assert escape(label, quote=False) in texts, name


def test_csv_shows_each_name(say):
    names = [name for name in NAMES if shown(name)]
    table = pd.DataFrame({"group": names, "n": 100})
    made = present(table, say, caption="report.chapters.caption").csv
    cells = [row["group"] for row in csv.DictReader(io.StringIO(made))]
    told = [cell[1:] if re.match(r"'\s*'*[=+\-@]", cell) else cell for cell in cells]
    assert [" ".join(one.split()) for one in told] == [shown(name) for name in names]


def test_lab_shows_each_name_and_runs_or_typesets_none(say):
    names = [name for name in (*NAMES, *shared_names(), *odd_names(150, 9)) if shown(name)]
    table = pd.DataFrame({"group": [f"x{name}" for name in names], "n": 100})
    told = present(table, say, caption="report.chapters.caption").html
    page = read_page(told)
    assert page.faults == []
    assert page.scripts == []
    body = BeautifulSoup(told, "html.parser").tbody
    cells = [row.td for row in body.find_all("tr")]
    assert [" ".join(cell.get_text().split()) for cell in cells] == [shown(f"x{n}") for n in names]
    for cell in cells:
        pieces = [str(text) for text in cell.find_all(string=True)]
        assert not [one for one in pieces if len(one) > 1 and ("$" in one or "\\" in one)], cell


def test_staging_drops_what_only_lab_shows(say):
    table = pd.DataFrame({"group": ["a", "b"], "n": 100})
    told = present(table, say, caption="report.chapters.caption")
    cells = {"tbl-names": told, "fig-names": figure(["a"], say)}
    for label, cell in cells.items():
        assert "text/html" in output(cell)["data"]
        (staged,) = _clean_cell(label, output(cell))["outputs"]
        assert set(staged["data"]) <= set(FORMS)


def test_sign_without_a_glyph_is_named_in_pdf_and_figure():
    missing = missing_glyphs("a😀é\U0010fffd", has_cjk=False)
    assert missing == {"😀": "‹grinning face›", "\U0010fffd": "‹U+10FFFD›"}
    assert drawable("日本", has_cjk=True) == "日本"
    assert drawable("日", has_cjk=False) == "‹cjk unified ideograph-65e5›"
    assert typst.__version__
