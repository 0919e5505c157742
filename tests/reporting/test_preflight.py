"""The preflight finds whatever is absent, says all at once, and suggests the nearest."""

import json

import pytest

from reporting.errors import ReportError
from reporting.preflight import check_staged

CHAPTER, BOOK = "_retention.qmd", "nb/10_retention.ipynb"


def change(staged, name, old, new):
    """Replace a text of one file; the test fails when it is not there."""
    text = (staged / name).read_text(encoding="utf-8")
    assert old in text
    (staged / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def change_cell(staged, label, **changes):
    """Replace parts of one cell of the retention notebook."""
    book = json.loads((staged / BOOK).read_text(encoding="utf-8"))
    found = next(cell for cell in book["cells"] if cell["id"] == label)
    found.update(changes)
    (staged / BOOK).write_text(json.dumps(book), encoding="utf-8")


FAULTS = {
    "include": (
        lambda staged: change(staged, "report.qmd", "_summary.qmd", "_sumary.qmd"),
        r"report.qmd:12: _sumary.qmd must exist to be included.*nearest: _summary.qmd",
    ),
    "include of itself": (
        lambda staged: change(
            staged, CHAPTER, "{{< pagebreak", "{{< include _retention.qmd >}}\n{{<"
        ),
        r"_retention.qmd:50: _retention.qmd must not include itself",
    ),
    "notebook": (
        lambda staged: change(staged, CHAPTER, "nb/00_data.ipynb", "nb/00_date.ipynb"),
        r"_retention.qmd:23: nb/00_date.ipynb must exist.*nearest: nb/00_data.ipynb",
    ),
    "no notebook": (
        lambda staged: (staged / "nb/00_data.ipynb").write_text("{"),
        r"_retention.qmd:23: nb/00_data.ipynb must be a notebook",
    ),
    "label": (
        lambda staged: change(staged, CHAPTER, "#fig-second >}}", "#fig-secnd >}}"),
        r"_retention.qmd:10: .*must have a cell labelled fig-secnd.*nearest: fig-second",
    ),
    "error output": (
        lambda staged: change_cell(
            staged,
            "fig-second",
            outputs=[{"output_type": "error", "ename": "KeyError", "evalue": "'week'"}],
        ),
        r"_retention.qmd:10: .*10_retention.ipynb must run without an error, but KeyError: 'week'",
    ),
    "nothing shown": (
        lambda staged: change_cell(staged, "fig-second", outputs=[]),
        r"cell fig-second must show a picture",
    ),
    "html output": (
        lambda staged: change(
            staged, "nb/00_data.ipynb", '"data": {', '"data": {"text/html": "<b>",'
        ),
        r"00_data.ipynb: an output holds text/html",
    ),
    "alt text": (
        lambda staged: change(staged, BOOK, "fig-alt", "fig-old"),
        r"cell fig-second must have alt text.*fig-alt",
    ),
    "caption": (
        lambda staged: change(staged, BOOK, "tbl-cap", "tbl-old"),
        r"cell tbl-second must have a caption.*#\| tbl-cap",
    ),
    "kind": (
        lambda staged: change_cell(
            staged,
            "tbl-second",
            outputs=[{"output_type": "display_data", "data": {"image/png": ""}}],
        ),
        r"cell tbl-second shows image/png, so it needs a fig- label",
    ),
    "label twice in a notebook": (
        lambda staged: change_cell(staged, "fig-cohorts", source="#| label: fig-second"),
        r"10_retention.ipynb: label fig-second must be given once",
    ),
    "label twice": (
        lambda staged: change(staged, CHAPTER, "## By month", "## By month {#sec-methods}"),
        r"_retention.qmd:52: label sec-methods must be given once, but _retention.qmd:14 gives it",
    ),
    "reference": (
        lambda staged: change(staged, CHAPTER, "@tbl-second", "@tbl-secon"),
        r"_retention.qmd:4: @tbl-secon must lead to a label.*nearest: tbl-second",
    ),
    "link": (
        lambda staged: change(staged, BOOK, "(#sec-retention)", "(#sec-gone)"),
        r"cell finding-second, line 5: @sec-gone must lead to a label",
    ),
    "unnumbered sections": (
        lambda staged: [
            change(staged, "report.qmd", "number-sections: true", "number-sections: false")
        ],
        r"_retention.qmd:4: @sec-methods needs numbered sections",
    ),
    "citation": (
        lambda staged: change(staged, CHAPTER, "@kaplan1958", "@kaplan1985"),
        r"_retention.qmd:4: @kaplan1985 must be in the bibliography.*nearest: kaplan1958",
    ),
    "bibliography": (
        lambda staged: (staged / "references.bib").unlink(),
        r"references.bib must exist",
    ),
    "var": (
        lambda staged: change(staged, CHAPTER, "study.customers", "study.costumers"),
        r"_retention.qmd:3: var study.costumers must have a value.*there are: study",
    ),
    "meta": (
        lambda staged: change(staged, CHAPTER, "meta title", "meta titel"),
        r"_retention.qmd:3: meta titel must have a value",
    ),
    "picture": (
        lambda staged: change(staged, CHAPTER, "First column.", "![](gone.svg)"),
        r"picture gone.svg must be a file(.|\n)*picture gone.svg must have alt text",
    ),
    "outside picture": (
        lambda staged: change(staged, CHAPTER, "First", "![x](https://a.example/x.svg)"),
        r"picture https://a.example/x.svg must be a file of the report",
    ),
    "picture elsewhere": (
        lambda staged: [
            (staged.parent / "x.svg").write_text("<svg/>"),
            change(staged, CHAPTER, "First column.", "![x](../x.svg)"),
        ],
        r"picture ../x.svg must be a file of the report",
    ),
    "picture of another kind": (
        lambda staged: change(staged, CHAPTER, "First column.", "![x](references.bib)"),
        r"picture references.bib must be one of .svg, .png",
    ),
    "broken variables": (
        lambda staged: (staged / "_variables.yml").write_text("a: [1"),
        r"_variables.yml must be YAML",
    ),
    "subset in a cell": (
        lambda staged: change(staged, BOOK, "Month 3 ", "<b>3</b>"),
        r"10_retention.ipynb, cell tbl-second, line 6: raw HTML <b>",
    ),
    "subset": (
        lambda staged: change(staged, CHAPTER, "First column.", "\\\\newpage"),
        r"_retention.qmd:37: raw LaTeX",
    ),
}


def test_check_staged_accepts_the_whole_subset(staged_once):
    assert check_staged(staged_once) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_check_staged_refuses(staged, fault):
    spoil, sentence = FAULTS[fault]
    spoil(staged)
    with pytest.raises(ReportError, match=sentence):
        check_staged(staged)


def test_check_staged_says_all_faults_at_once(staged):
    change(staged, CHAPTER, "@kaplan1958", "@kaplan1985")
    change(staged, CHAPTER, "@tbl-second", "@tbl-secon")
    change(staged, CHAPTER, "study.customers", "study.gone")
    with pytest.raises(ReportError) as raised:
        check_staged(staged)
    assert len(raised.value.faults) == 3


def test_check_staged_warns_of_a_wide_cell(staged):
    wide = "| a " * 12 + "|\\n" + "|---" * 12 + "|\\n"
    change(staged, "nb/00_data.ipynb", "| Step | Rows |", wide)
    assert "12 columns" in check_staged(staged)[0]
