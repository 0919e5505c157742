"""The page of a chapter: what argues stands first and together, the rest is there to check."""

import pytest

from analysis.params import read_params
from analysis.telling.wording import wording_for
from reporting import laying
from reporting.laying import chapter_page
from reporting.project import ROOT, Notebook

PAGE = """\
{{< embed nb/10_light.ipynb#finding-light-first >}}

{{< embed nb/10_light.ipynb#tbl-light-long >}}

## Who

{{< embed nb/10_light.ipynb#finding-light-second >}}

{{< embed nb/10_light.ipynb#fig-light-second >}}

## Nothing

{{< embed nb/10_light.ipynb#fig-light-blank >}}

## What this does not say

{{< embed nb/10_light.ipynb#limits-light >}}

## Methods

Counted.
"""
NAMES = ("finding-light-first", "finding-light-second", "fig-light-second", "fig-light-blank")
SECOND = {"reading": "from left to right", "narrow": "<svg/>", "alt": 'A "curve"'}


@pytest.fixture
def lay(tmp_path, monkeypatch):
    """Lay a page of the chapter `light` out, its findings silent or not."""
    say = wording_for(read_params(ROOT / "params" / "cdnow.yml"))
    monkeypatch.setattr(laying, "chapter_title", lambda *_: "Light?")

    def laid(page: str, name: str = "10_light", silent: bool = False) -> str:
        source = tmp_path / "_light.qmd"
        source.write_text(page, encoding="utf-8")
        monkeypatch.setattr(laying, "chapter_source", lambda *_: source)
        metadata = {label: {} for label in NAMES}
        metadata["finding-light-first"] = {"finding": {"silent": silent}}
        metadata["finding-light-second"] = {"finding": {"silent": silent}}
        metadata["fig-light-second"] = SECOND
        metadata["fig-light-blank"] = {"silent": True}
        cells = {label: {"metadata": told, "data": {}} for label, told in metadata.items()}
        return chapter_page(Notebook(name, source, "Light?", (), ""), cells, say)

    return laid


def place(text: str, *parts: str) -> list[int]:
    return [text.index(part) for part in parts]


def test_answer_figure_and_reading_are_one_block(lay):
    text = lay(PAGE)
    told = text[slice(*place(text, "{.told}", "{.limits}"))]
    parts = "#finding-light-second", "(narrow/fig-light-second.svg)", "#fig-light-second", "left to"
    assert place(told, *parts) == sorted(place(told, *parts))
    assert "tbl-light-long" not in told


def test_figure_of_the_first_section_goes_before_others(lay):
    text = lay(PAGE.replace("#tbl-light-long", "#fig-light-second", 1))
    told = text[slice(*place(text, "{.told}", "{.limits}"))]
    assert "#finding-light-first" in told
    assert "#finding-light-second" not in told


def test_nothing_is_lost_and_what_shows_nothing_is_left_out(lay):
    text = lay(PAGE)
    labels = [line for line in PAGE.splitlines() if "embed" in line and "blank" not in line]
    assert all(text.count(label) == 1 for label in labels)
    assert "Counted." in text[text.index("{.checks") :]
    assert "## Nothing" not in text


def test_limits_run_in_before_what_is_there_to_check(lay):
    text = lay(PAGE)
    assert "**What this does not say**" in text
    parts = "{.told}", "#limits-light", "{.checks", "tbl-light-long", "## Methods"
    assert place(text, *parts) == sorted(place(text, *parts))


def test_narrow_drawing_has_the_words_of_the_wide_one(lay):
    assert 'fig-alt="A &#34;curve&#34;"' in lay(PAGE)


def test_chapter_on_the_data_shows_no_figure_before_the_appendix(lay):
    text = lay(PAGE, name="00_light")
    assert "fig-light-second" in text[text.index("{.checks") :]
    assert "fig-light-second" not in text[: text.index("{.checks")]
    assert "## What this does not say" in text


def test_chapter_without_a_finding_is_its_reasons(lay):
    text = lay(PAGE, silent=True)
    assert "finding-light-second" in text
    assert "checks" not in text


def test_page_with_a_title_of_its_own_is_left_as_it_is(lay):
    assert lay("# Light\n\nMine.\n") == "# Light\n\nMine.\n"
