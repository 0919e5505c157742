"""The theme: readable colours, the same in page and print, no outside address, Quarto's options."""

import re
from pathlib import Path

import pytest
import yaml

from reporting import embedded
from reporting.theme import PARTIAL, REPORTS, THEME_FILES, WORDS, stage_theme

CSS = (REPORTS / "theme.css").read_text(encoding="utf-8")
PAGE = (Path(embedded.__file__).parent / "page.css").read_text(encoding="utf-8")
TYPST = (REPORTS / "theme.typ").read_text(encoding="utf-8")
COLOURS, DARK = (
    dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", part))
    for part in CSS.split("prefers-color-scheme: dark")
)
ON_PAPER = ["ink", "muted", "accent", "descriptive", "predictive", "causal", "important"]
ON_TINT = ["ink", "accent", "muted"]


def luminance(colour):
    """Relative luminance of WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_on_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # WCAG's example


@pytest.mark.parametrize(
    ("text", "ground"),
    [(name, "paper") for name in ON_PAPER] + [(name, "tint") for name in ON_TINT],
)
def test_text_stands_out_from_its_ground(text, ground):
    assert contrast(COLOURS[text], COLOURS[ground]) >= 4.5
    assert contrast(DARK[text], DARK[ground]) >= 4.5


def test_every_colour_has_its_dark_one():
    assert DARK.keys() == COLOURS.keys()


def test_every_text_colour_is_one_of_those_tested():
    used = set(re.findall(r"(?<![\w-])(?:color|--edge):\s*var\(--([\w-]+)\)", CSS + PAGE))
    assert used - {"paper", "edge"} <= set(ON_PAPER)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", PAGE)


def test_print_and_page_share_their_colours():
    names = dict(re.findall(r"#let ([\w-]+) = rgb\(\"(#[0-9a-f]{6})\"\)", TYPST))
    claims = dict(re.findall(r"(descriptive|predictive|causal): rgb\(\"(#[0-9a-f]{6})\"\)", TYPST))
    assert names.keys() >= {"ink", "muted", "accent", "line-colour", "tint"}
    assert claims.keys() >= {"descriptive", "predictive", "causal"}
    for name, colour in (names | claims).items():
        assert COLOURS[name] == colour


def test_style_sheets_load_nothing_and_respect_the_reader():
    for sheet in (CSS, PAGE):
        assert "url(" not in sheet
        assert "@import" not in sheet
    for rule in ("@media print", "prefers-reduced-motion", ":focus-visible"):
        assert rule in CSS + PAGE


def test_stage_theme_copies_what_quarto_reads(tmp_path):
    stage_theme(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        *THEME_FILES,
        PARTIAL,
        "_quarto.yml",
        WORDS,
        "fonts",
    }
    assert len(list((tmp_path / "fonts").glob("SourceSansPro-*.ttf"))) == 6


def test_quarto_options_name_only_staged_files(tmp_path):
    stage_theme(tmp_path)
    options = yaml.safe_load((tmp_path / "_quarto.yml").read_text(encoding="utf-8"))
    page, print_ = options["format"]["html"], options["format"]["typst"]
    named = [page["css"], *print_["template-partials"], *print_["font-paths"], *options["filters"]]
    assert all((tmp_path / name).exists() for name in named)
    assert page["embed-resources"] is True
    assert page["format-links"] is False
    assert options["execute"] == {"enabled": False}
    assert options["project"]["render"] == ["report.qmd"]
