"""The subset check names file, line and remedy, and leaves code alone."""

import pytest

from reporting.subset import check_sources, faults_in, main

REFUSED = [
    ("text\n\n```{python}\n1\n```", 3, "code cell .*embed it"),
    ("```{=html}\n<b>\n```", 1, "raw block .*Markdown"),
    ("a `<b>`{=html} b", 1, "raw inline"),
    ("a <b>bold</b> word", 1, "raw HTML <b>"),
    ("one\n\n\\newpage", 3, r"raw LaTeX \\newpage"),
    ("{{< video x.mp4 >}}", 1, "shortcode video is not one of"),
    ("see {{< include _a.qmd >}}", 1, "include must stand alone"),
    ("{{< embed nb/a.ipynb#fig-a echo=true >}}", 1, "embed takes one notebook.ipynb#label"),
    ("{{< embed nb/a.qmd#fig-a >}}", 1, "embed takes notebook.ipynb#label"),
    ("{{< pagebreak now >}}", 1, "pagebreak takes nothing"),
    ("{{< var >}}", 1, "var takes one key"),
    ("{{< var a", 1, "must end with"),
    ("::: {.column-margin}\nx\n:::", 1, "class column-margin"),
    ("::: aside\nx\n:::", 1, "class aside"),
    ("[x]{.smallcaps}", 1, "class smallcaps"),
    ('::: {.callout-note icon="false"}\nx\n:::', 1, "attribute icon"),
    ('::: {.content-visible when-format="pdf"}\nx\n:::', 1, 'must be "html" or "typst"'),
    ("::: {#fig-pair layout-ncol=2}\nx\n:::", 1, "label each figure"),
    ("# A {#thm-a}", 1, "must begin with fig-, tbl-, sec- or eq-"),
    ("see @lst-code", 1, "@lst-code must begin"),
    ("see @sec-a [@kaplan1958]", 1, "loses one; part them by words"),
    ("see @sec-a\n[@kaplan1958]", 2, "loses one"),
    ("see [@fig-a; @kaplan1958]", 1, "loses one"),
    ("see [@kaplan1958; @fig-a]", 1, "loses one"),
    ("\n```\nopen", 2, "fenced code opened here"),
    ("::: {.callout-note}\nx", 1, "block opened here"),
    ("x\n\n:::", 3, "none is open"),
    ("x\n\n$$\na + b", 3, "mathematics opened here"),
    ("x <!-- open", 1, "the comment opened here"),
    ("text\n# Heading", 2, "blank line before it"),
    ("# One\n\n### Three", 3, "level 3 follows level 1"),
    ("### Two", 1, "level 3 follows level 1"),
]


@pytest.mark.parametrize(("text", "line", "sentence"), REFUSED)
def test_faults_in_refuses_with_line(text, line, sentence):
    found = faults_in(text.splitlines())
    assert [number for number, _ in found][:1] == [line]
    with pytest.raises(ValueError, match=sentence):
        raise ValueError(found[0][1])


ALLOWED = [
    "see @fig-a and [@fig-b; @tbl-c], [@a1958, p. 4; @b1960] and @sec-a [here](#sec-a)",
    "```html\n<b>{{< video x >}} \\newpage\n# no heading\n```",
    "`<b>` and `\\alpha` and `@lst-a` and `{{< video x >}}`",
    "$\\alpha < \\beta$ costs $5 to $6\n\n$$\n\\begin{aligned} a \\end{aligned}\n$$ {#eq-a}",
    "<!-- \\newpage\n<b> -->",
    "p < 0.001 and a > b, 5 * 6, a_b, me@shop.example",
    "# A\n\n::: {.panel-tabset}\n## Tab\n\n### Deeper\n\nx\n:::\n\n## B",
    "::: {.callout-tip}\n## Title\n\nx\n:::",
    ':::: {.callout-note}\n::: {.content-hidden unless-format="typst"}\nx\n:::\n::::',
    '![Caption](a.svg){#fig-a fig-alt="A word: 5 = 5." width=80%}',
    "| a | b |\n|:--|--:|\n| 1 | 2 |\n\n: Caption {#tbl-a}",
]


@pytest.mark.parametrize("text", ALLOWED)
def test_faults_in_allows_the_subset(text):
    assert faults_in(text.splitlines()) == []


def write(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_check_sources_refuses_front_matter_outside_the_subset(tmp_path):
    report = write(tmp_path, "report.qmd", "---\ntitle: A\nformat: html\n---\n")
    chapter = write(tmp_path, "_a.qmd", "---\ntitle: A\n---\n\n# A\n")
    broken = write(tmp_path, "b.qmd", "---\ntitle: [A\n---\n")
    faults, _ = check_sources([report, chapter, broken])
    assert faults[0].startswith("report.qmd:3: front matter key format")
    assert faults[1].startswith("_a.qmd:1: a chapter has no front matter")
    assert faults[2].startswith("b.qmd:")
    assert "YAML" in faults[2]


def test_check_sources_warns_of_wide_tables_only(tmp_path):
    table = "| a " * 11 + "|\n" + "|---" * 11 + "|\n"
    wide = write(tmp_path, "_wide.qmd", f"text\n\n{table}")
    narrow = write(tmp_path, "_narrow.qmd", table.replace("| a ", "", 1).replace("|---", "", 1))
    faults, warnings = check_sources([wide, narrow])
    assert not faults
    assert len(warnings) == 1
    assert warnings[0].startswith("_wide.qmd:4: the table has 11 columns")


def test_main_ends_with_one_for_a_fault_and_nought_without(tmp_path, capsys):
    good, bad = write(tmp_path, "_good.qmd", "# A\n"), write(tmp_path, "_bad.qmd", "<b>x</b>\n")
    assert main([str(good)]) == 0
    assert main([str(good), str(bad)]) == 1
    assert "_bad.qmd:1: raw HTML <b>" in capsys.readouterr().err


def test_the_projects_own_sources_keep_to_the_subset():
    from reporting.theme import REPORTS

    assert check_sources(sorted(REPORTS.glob("*.qmd")))[0] == []
