"""The PDF's theme in real Quarto: its template is replaced in one part, and calls that part.

Quarto itself is not among the wheels. Pandoc puts the part into a template that calls it as Quarto
1.10 does (`typst-show.typ`), with figures and tables as its filters write them.
"""

import re
import subprocess

import pypandoc
import pypdf
import pytest
import typst
import yaml

from analysis.telling.markup import markdown
from reporting import embedded
from reporting.qmd import SHORTCODE
from reporting.theme import IN_QUARTO, PARTIAL, stage_glyphs

TEMPLATE = """
$typst-template.typ()$

#set page(paper: "us-letter", margin: (x: 1.25in, y: 1.25in), numbering: "1")
#show: doc => article(
  title: [$title$], subtitle: [$subtitle$], date: [$date$], lang: "$lang$", region: "US",
  authors: ( ( name: [$author$], affiliation: [], email: [] ), ),
  abstract: [$abstract$], abstract-title: "Abstract", font: ("Libertinus",), fontsize: 11pt,
  heading-family: ("Libertinus",), sectionnumbering: "1.1", toc: true, toc_title: [Contents],
  toc_depth: 1, a-key-of-tomorrow: 1,
  doc,
)
$body$
"""
HEADS = ["Region", *(f"A long head of a column {number}" for number in range(8))]
PIPE = "\n".join(
    [
        f"| {' | '.join(HEADS)} |",
        "|" + "-------:|" * len(HEADS),
        *(f"| north-eastern{row} |" + " 12,345.6 |" * 8 for row in range(4)),
    ]
)
FLOAT = """```{{=typst}}
#figure([
```

{table}

```{{=typst}}
], caption: figure.caption(position: top, [{caption}]), kind: "quarto-float-tbl",
supplement: "Table", numbering: "1") <tbl-{label}>
```
"""


@pytest.fixture
def made(staged, tmp_path):
    """Make a PDF of a Markdown text as Quarto would; its pages as text."""
    stage_glyphs(staged)
    (staged / "template.typ").write_text(TEMPLATE)
    fonts = yaml.safe_load((staged / "_quarto.yml").read_text())["families"]

    def make(body: str) -> list[str]:
        front = (staged / "report.qmd").read_text().split("---")[1].strip()
        source = f"---\n{front}\nlang: en\nfamilies: {fonts}\n---\n\n{body}"
        converted = pandoc(staged, source, "typst", "--standalone", "--template", "template.typ")
        (staged / "report.typ").write_text(converted)
        pdf = tmp_path / "report.pdf"
        pdf.write_bytes(typst.compile(str(staged / "report.typ"), font_paths=[staged / "fonts"]))
        return [page.extract_text() for page in pypdf.PdfReader(pdf).pages]

    return make


def pandoc(staged, text, to, *options):
    command = [pypandoc.get_pandoc_path(), "--from", "markdown", "--to", to, "--columns", "40"]
    command += ["--lua-filter", "theme.lua", *options]
    done = subprocess.run(
        command, cwd=staged, input=text, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_article_takes_what_quarto_gives_and_shows_title_block_and_running_head(made):
    first, *others = made("# One\n\nText.\n\n# Two\n\nText.")
    for told in (
        "Do customers come back?",
        "Simulated data",
        "Customer research",
        "never come back",
    ):
        assert told in first.replace("\n", " "), told
    assert others
    assert all(page.startswith("Do customers come back?") for page in others), "no running head"
    assert "2 / 2" in others[0]


@pytest.mark.parametrize("name", ["/ term: x", "- item", "+ item", "= head", "1. item"])
def test_name_that_begins_like_a_list_is_a_name(staged, made, name):
    page = staged / "report.qmd"
    shown = markdown(name)
    text = page.read_text().replace('"Customer research"', repr(shown))
    page.write_text(re.sub(r"subtitle: .*", f"subtitle: {shown!r}", text))
    (first, *_) = made("# One")
    assert first.count(name) == 2, first


def test_columns_are_as_wide_as_their_cells_in_both_formats(staged):
    converted = pandoc(staged, PIPE, "typst")
    assert f"columns: {len(HEADS)}," in converted
    assert "%" not in converted
    assert "width" not in pandoc(staged, PIPE, "html5")


def test_cells_of_a_wide_table_do_not_overprint_each_other(made, tmp_path):
    made(FLOAT.format(table=PIPE, caption="Wide.", label="wide"))
    boxes = subprocess.run(
        ["pdftotext", "-bbox", tmp_path / "report.pdf", "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.findall(
        r'xMin="(\S+)" yMin="(\S+)" xMax="(\S+)" yMax="(\S+)">(.+?)<', boxes.split("<page ")[-1]
    )
    words = [(*map(float, box), text) for *box, text in found]
    assert sum(text == "12,345.6" for *_, text in words) == 32, "a cell is broken or hyphenated"
    for left, top, right, bottom, text in words:
        for other in words:
            apart = other[0] >= right - 1 or other[2] <= left + 1
            apart |= other[1] >= bottom - 3 or other[3] <= top + 3
            assert apart or other == (left, top, right, bottom, text), (text, other[4])


@pytest.mark.parametrize("fill", range(17, 25))
def test_caption_stays_with_its_table_and_has_its_number(made, fill):
    table = "| A | B |\n|:--|--:|\n| first-row | 1 |\n| second-row | 2 |\n"
    text = f"```{{=typst}}\n#v({fill}cm)\n```\n\n"
    text += FLOAT.format(table=table, caption="The caption.", label="a")
    pages = made("# One\n\n" + text)
    (page,) = [page for page in pages if "The caption." in page]
    assert re.search(r"Table\s1\. The caption\.", page)
    assert "first-row" in page


def test_language_block_names_words_that_quarto_knows(staged):
    words = yaml.safe_load((staged / "_quarto.yml").read_text())["language"]
    assert set(IN_QUARTO) <= set(words)
    assert all(words.values())
    assert not SHORTCODE.search("".join(words.values()))
    assert embedded.version().startswith("embedded")
    assert (staged / PARTIAL).is_file()
