"""The report test: open the page and the PDF that the embedded renderer made, and look inside."""

import itertools
import re

import pytest
import typst
from bs4 import BeautifulSoup
from pypdf import PdfReader

from reporting import embedded, quarto
from reporting.embedded import fonts
from reporting.errors import ReportError
from reporting.rendering import check_self_contained, put_in_place, render_report

CAPTIONS = [
    "Figure 1. Half never come back. Share with a second purchase.",
    "Table 1. Shares by cohort.",
    "Figure 2. Cohorts by month.",
    "Table 2. Rows in and out.",
    "Table 3. Values of the run",
]


@pytest.fixture(autouse=True)
def without_quarto(monkeypatch):
    """These tests are about the embedded renderer, also where Quarto is installed."""
    monkeypatch.setattr(quarto, "find_quarto", lambda: None)


@pytest.fixture(scope="module")
def made(staged_once, tmp_path_factory):
    """Both formats, made once."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quarto, "find_quarto", lambda: None)
        renderer = render_report(staged_once, folder / "report.html", folder / "report.pdf")
    return folder, renderer


@pytest.fixture(scope="module")
def page(made):
    return BeautifulSoup((made[0] / "report.html").read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def pdf(made):
    return PdfReader(made[0] / "report.pdf")


@pytest.fixture(scope="module")
def pdf_text(pdf):
    return " ".join(" ".join(part.extract_text() for part in pdf.pages).split())


def spoken(element):
    return " ".join(element.get_text(" ").replace("\xa0", " ").split()).replace(" .", ".")


def test_render_report_names_its_renderer(made):
    assert re.fullmatch(r"embedded \(pandoc [\d.]+, typst [\d.]+\)", made[1])


def test_page_has_language_title_and_skip_link(page):
    assert page.html["lang"] == "en"
    assert page.title.get_text() == "Do customers come back?"
    assert page.find(id=page.find(class_="skip-link")["href"][1:]).name == "main"
    assert page.find(class_="badge").get_text() == "Simulated data"
    assert page.time["datetime"] == "2026-11-22"
    assert page.time.get_text() == "22 November 2026"


def test_page_headings_are_in_order(page):
    levels = [int(found.name[1]) for found in page.find_all(re.compile("^h[1-6]$"))]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_page_figures_hold_picture_caption_and_alt(page):
    figures = page.find_all("figure")
    assert [figure["id"] for figure in figures] == ["fig-second", "fig-cohorts"]
    assert [spoken(figure.figcaption) for figure in figures] == [CAPTIONS[0], CAPTIONS[2]]
    assert figures[0].img["alt"] == 'A curve that flattens at "48 %".'
    assert all(found["src"].startswith("data:image/svg+xml,") for found in page.find_all("img"))


def test_page_tables_have_caption_scope_and_aligned_numbers(page):
    tables = page.find_all("table")
    captions = [spoken(table.caption) for table in tables]
    assert captions == [CAPTIONS[1], CAPTIONS[3], CAPTIONS[4]]
    for table in tables:
        assert {head["scope"] for head in table.thead.find_all("th")} == {"col"}
        assert {head["scope"] for head in table.tbody.find_all("th")} == {"row"}
    assert "right" in tables[0].td["style"]
    wide, narrow = tables[0].parent, tables[1].parent
    assert (wide["tabindex"], wide["role"]) == ("0", "group")
    assert wide["aria-label"].startswith("Table")
    assert not narrow.get("tabindex")
    assert len(tables[0].tbody.find_all("tr")) == 30


def test_page_references_are_numbered_and_lead_somewhere(page):
    found = {link["href"]: spoken(link) for link in page.find_all("a", class_="crossref")}
    assert found == {
        "#fig-second": "Figure 1",
        "#tbl-second": "Table 1",
        "#eq-km": "Equation 1",
        "#sec-methods": "Section 1.2",
    }
    inside = [link["href"][1:] for link in page.find_all("a", href=re.compile("^#"))]
    assert all(page.find(id=target) for target in inside)
    ids = [element["id"] for element in page.find_all(id=True)]
    assert len(ids) == len(set(ids))


def test_page_numbers_sections_and_lists_them_twice(page):
    assert [spoken(heading) for heading in page.main.find_all("h2")] == [
        "Executive summary",
        "1 Retention",
        "References",
    ]
    fold, side = page.find(class_="contents-fold"), page.find(class_="contents-side")
    assert fold.name == "details"
    assert spoken(fold.nav.ul) == spoken(side.ul)
    assert "1.2 Methods" in spoken(side)
    assert "Picture" not in spoken(side)


def test_page_tabs_work_by_keyboard_without_script(page):
    tabset = page.find("fieldset", class_="tabset")
    radios = tabset.find_all("input", type="radio")
    assert len({radio["name"] for radio in radios}) == 1
    labels = [tabset.find("label", attrs={"for": radio["id"]}).get_text() for radio in radios]
    assert labels == ["Picture", "Numbers"]
    assert len(tabset.find_all(class_="tab-panel")) == 2
    assert not page.find("script")


def test_page_has_callouts_finding_equation_note_and_citation(page):
    note = page.find(class_="note-note")
    assert spoken(note.find(class_="note-title")) == "How to read it"
    folded = page.find("details", class_="note-warning")
    assert spoken(folded.summary) == "What would mislead"
    assert not folded.has_attr("open")
    finding = page.find(class_="finding")
    assert spoken(finding.find(class_="finding-number")) == "48.3%"
    assert finding.find(class_="claim").get_text() == "descriptive"
    equation = page.find(id="eq-km")
    assert equation.math
    assert equation.find(class_="number").get_text() == "(1)"
    assert "Kaplan and Meier 1958, 460" in page.main.get_text()
    assert page.find(id="ref-kaplan1958")
    assert "A footnote of caution." in page.find(class_="footnotes").get_text()
    assert page.find(class_="columns")["style"] == "--columns: 2"


def test_page_holds_nothing_raw_and_no_outside_address(made, page):
    text = page.main.get_text()
    assert "??" not in text
    assert "{{<" not in text
    assert ":::" not in text
    assert "Only on the page." in text
    assert "Only in print." not in text
    assert "23,570 customers; “Do customers come back?”" in " ".join(text.split())
    raw = (made[0] / "report.html").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\s\"'<)]+", raw)) == {"https://doi.org/10.2307/2281868"}


def test_pdf_says_the_same_as_the_page(page, pdf_text):
    for caption in CAPTIONS:
        assert caption in pdf_text
    for said in ("Figure 1 shows the curve", "Table 1 the shares", "Equation 1", "Section 1.2"):
        assert said in pdf_text
    for cell in page.table.find_all("td"):
        assert cell.get_text() in pdf_text
    for said in ("Only in print.", "How to read it", "What would mislead", "Picture", "Numbers"):
        assert said in pdf_text
    assert "Only on the page." not in pdf_text
    assert "??" not in pdf_text
    assert "{{<" not in pdf_text


def test_pdf_has_title_language_tags_bookmarks_and_alt_texts(made, pdf):
    root = pdf.trailer["/Root"]
    assert pdf.metadata.title == "Do customers come back?"
    assert pdf.metadata.author == "Customer research"
    assert root["/Lang"].startswith("en")
    assert root["/MarkInfo"]["/Marked"]
    titles = [entry.title for entry in pdf.outline if not isinstance(entry, list)]
    assert titles == ["Executive summary", "1 Retention", "References"]
    assert 'A curve that flattens at "48 %".' in alt_texts(root["/StructTreeRoot"])


def alt_texts(element):
    """The alt texts below an element of the PDF's structure tree."""
    element = element.get_object()
    if isinstance(element, list):
        return [text for child in element for text in alt_texts(child)]
    if not isinstance(element, dict):
        return []
    own = [str(element["/Alt"])] if "/Alt" in element else []
    return own + (alt_texts(element["/K"]) if "/K" in element else [])


def test_pdf_pages_are_numbered_and_contents_are_page_two(pdf):
    pages = [page.extract_text() for page in pdf.pages]
    count = len(pages)
    assert count >= 4
    assert all(f"{number} / {count}" in text for number, text in enumerate(pages, start=1))
    assert "Executive summary" in pages[0]
    assert "48.3%" in pages[0]
    assert "Contents" in pages[1]
    assert "Do customers come back?" in pages[2].splitlines()[0]


def test_pdf_repeats_the_head_of_a_table_that_breaks(pdf):
    heads = [page.extract_text().count("Cohort Week 0") for page in pdf.pages]
    rows = [len(re.findall(r"Month \d+ ", page.extract_text())) for page in pdf.pages]
    assert sum(rows) == 30
    assert [bool(count) for count in heads] == [bool(count) for count in rows]


def test_pdf_pictures_are_on_a4_in_the_wheels_font(pdf):
    assert [round(side) for side in pdf.pages[0].mediabox[2:]] == [595, 842]
    names = {
        str(font.get_object()["/BaseFont"])
        for page in pdf.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert any("SourceSansPro" in name for name in names)


def test_render_report_twice_is_byte_identical(made, staged, tmp_path):
    render_report(staged, tmp_path / "a.html", tmp_path / "a.pdf")
    assert (tmp_path / "a.html").read_bytes() == (made[0] / "report.html").read_bytes()
    assert (tmp_path / "a.pdf").read_bytes() == (made[0] / "report.pdf").read_bytes()


def fail_after_html(staged, html, pdf, work):
    html.write_text("half")
    raise ReportError("the renderer failed")


CHAPTER = """\
# Retention {#sec-retention}

::: {layout-ncol=2}
{{< embed nb/10_retention.ipynb#fig-second >}}

{{< embed nb/10_retention.ipynb#fig-cohorts >}}
:::

[@fig-second; @fig-hand] and [-@tbl-odd].

![A picture with *stress*.](media.svg){#fig-hand fig-alt="By hand" width=50%}

::: {.panel-tabset}
## One

| A | B |
|:--|--:|
| - | + 5 |
| = | 1. |

: Odd cells, 100 % & "quoted" {#tbl-odd}

## Two

### Deeper

Words.
:::

## Next

Words.
"""


def test_columns_pictures_and_odd_cells_come_whole_in_both(staged, tmp_path):
    (staged / "_retention.qmd").write_text(CHAPTER, encoding="utf-8")
    (staged / "media.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="90pt" height="30pt"/>', encoding="utf-8"
    )
    render_report(staged, tmp_path / "a.html", tmp_path / "a.pdf")
    page = BeautifulSoup((tmp_path / "a.html").read_text(encoding="utf-8"), "html.parser")
    text = " ".join(part.extract_text() for part in PdfReader(tmp_path / "a.pdf").pages)
    text = " ".join(text.split())
    assert len(page.find(class_="columns").find_all("figure", recursive=False)) == 2
    assert page.find(id="fig-hand").img["alt"] == "By hand"
    assert [spoken(heading) for heading in page.main.find_all("h3")] == ["1.1 Next"]
    for said in ("Figure 1, Figure 3 and 1.", "Figure 3. A picture with stress."):
        assert said in spoken(page.main).replace(" ,", ",")
        assert said in text
    assert "A B - + 5 = 1." in text
    assert [cell.get_text() for cell in page.table.tbody.find_all(["th", "td"])] == [
        "-",
        "+ 5",
        "=",
        "1.",
    ]


def test_tables_have_no_widths_however_long_their_cells(staged, tmp_path):
    # pandoc gives widths to the columns of a table whose source is wider than 72
    text = "# Retention {#sec-retention}\n\n| A | B |\n|:--|:--|\n| x | " + "long " * 30 + "|\n"
    (staged / "_retention.qmd").write_text(text, encoding="utf-8")
    render_report(staged, tmp_path / "a.html", tmp_path / "a.pdf")
    page = BeautifulSoup((tmp_path / "a.html").read_text(encoding="utf-8"), "html.parser")
    assert page.table.get("style") is None
    assert page.find_all(["col", "colgroup"]) == []


@pytest.mark.parametrize("fault", ["preflight", "renderer", "outside address"])
def test_render_report_keeps_the_last_good_pair(staged, tmp_path, monkeypatch, fault):
    out = tmp_path / "out"
    out.mkdir()
    html, pdf = out / "report.html", out / "report.pdf"
    html.write_text("good page")
    pdf.write_text("good print")
    if fault == "preflight":
        (staged / "references.bib").unlink()
    elif fault == "renderer":
        monkeypatch.setattr(embedded, "render", fail_after_html)
    else:
        (staged / "theme.css").write_text("@import url(https://a.example/a.css);")
    with pytest.raises(ReportError):
        render_report(staged, html, pdf)
    assert (html.read_text(), pdf.read_text()) == ("good page", "good print")
    assert sorted(path.name for path in out.iterdir()) == ["report.html", "report.pdf"]


def test_put_in_place_brings_the_first_back_when_the_second_fails(tmp_path):
    made, place = tmp_path / "made", tmp_path / "place"
    made.mkdir()
    (place / "report.pdf").mkdir(parents=True)
    (made / "a.html").write_text("new")
    (made / "a.pdf").write_text("new")
    (place / "report.html").write_text("last")
    with pytest.raises(ReportError, match="must be writable"):
        put_in_place({made / "a.html": place / "report.html", made / "a.pdf": place / "report.pdf"})
    assert (place / "report.html").read_text() == "last"


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://a.example/x.js"></script>',
        '<link rel="stylesheet" href="//a.example/x.css">',
        "<style>p { background: url(http://a.example/x.png) }</style>",
    ],
)
def test_check_self_contained_refuses_what_is_loaded(tmp_path, text):
    page = tmp_path / "report.html"
    page.write_text(text)
    with pytest.raises(ReportError, match=r"must hold everything it shows.*a\.example"):
        check_self_contained(page)


def test_check_self_contained_allows_links(tmp_path):
    (tmp_path / "report.html").write_text('<a href="https://doi.org/10.1">a</a>')
    check_self_contained(tmp_path / "report.html")


def test_render_report_refuses_mathematics_that_cannot_be_set(staged, tmp_path):
    (staged / "_retention.qmd").write_text("# A {#sec-retention}\n\n$\\undefinedcommand{x}$\n")
    with pytest.raises(ReportError, match=r"pandoc said: .*undefinedcommand"):
        render_report(staged, tmp_path / "a.html", tmp_path / "a.pdf")


def test_compile_pdf_refuses_what_typst_refuses(tmp_path):
    source = tmp_path / "a.typ"
    source.write_text("#absent[x]")
    with pytest.raises(ReportError, match="Typst said: unknown variable: absent"):
        fonts.compile_pdf(source, tmp_path / "a.pdf", root=tmp_path, families=[fonts.SANS])


def test_families_for_asks_for_a_chinese_font_only_when_needed(monkeypatch):
    class Installed:
        names: tuple[str, ...] = ()

        def __init__(self, **_):
            pass

        def families(self):
            return list(self.names)

    monkeypatch.setattr(typst, "Fonts", Installed)
    own = ["Source Sans Pro", "DejaVu Sans"]
    assert fonts.families_for("Retention, “48 %” – é") == own
    assert fonts.families_for("a name such as 留存率") == own
    with pytest.raises(ReportError, match="install one: apt-get install fonts-"):
        fonts.families_for("留存率", "zh")
    Installed.names = ("Noto Sans CJK SC", "WenQuanYi Micro Hei")
    assert fonts.families_for("留存率", "zh") == [*own, "Noto Sans CJK SC"]


def test_compile_pdf_refuses_an_absent_font(tmp_path):
    source = tmp_path / "a.typ"
    source.write_text('#set document(title: [A])\n#set text(font: "Absent Sans")\nWords')
    with pytest.raises(ReportError, match="unknown font family: absent sans"):
        fonts.compile_pdf(source, tmp_path / "a.pdf", root=tmp_path, families=[fonts.SANS])
    assert not (tmp_path / "a.pdf").exists()
