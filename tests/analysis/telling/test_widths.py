"""Two drawings of each figure: as wide as the page, and drawn anew for a phone."""

import re
from datetime import date
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.methods.survival import survival_curve
from analysis.params import Params
from analysis.telling.curves import draw_curves
from analysis.telling.drawing import illustrate
from analysis.telling.lettering import lettered
from analysis.telling.outlines import light
from analysis.telling.widths import NARROW_INCHES, is_narrow, share_of_panel
from analysis.telling.wording import wording_for

NAMES = ["Long-standing corporate customers of the first years", "Household", "a", "b", "c", "d"]
POINTS = 72


@pytest.fixture(scope="module")
def say():
    return wording_for(
        Params.model_validate(
            {
                "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
                "relationship": "contractual", "observed_from": date(2019, 1, 1),
                "observed_until": date(2024, 12, 31), "timezone": "UTC", "currency": "EUR",
                "data": {"simulated": {"company": "bank", "customers": 10, "seed": 1}},
            }
        )
    )  # fmt: skip


def plot_curves(curve, ax, say):
    ax.set(xlabel="Months since the start of the relationship, for every group of customers")
    draw_curves(curve, ax, say, falling=True)
    return ax


def plot_bars(names, ax, say):
    ax.barh(range(len(names)), range(1, len(names) + 1))
    ax.set_yticks(range(len(names)), names)
    return ax


def plot_columns(names, ax, say):
    ax.bar(range(len(names)), range(1, len(names) + 1))
    ax.set_xticks(range(len(names)), names)
    return ax


def curves():
    rng = np.random.default_rng(1)
    life, seen = rng.exponential(20, 400), rng.uniform(2, 60, 400)
    table = pd.DataFrame({"duration": np.minimum(life, seen), "event": life <= seen})
    return survival_curve(table.assign(plan=rng.choice(NAMES[:3], 400)), by="plan")


def width_of(svg):
    return float(re.search(r'<svg[^>]* width="([\d.]+)pt"', svg)[1])


@pytest.mark.parametrize(
    ("plot", "result"), [(plot_curves, curves()), (plot_bars, NAMES), (plot_columns, NAMES)]
)
def test_narrow_drawing_keeps_its_width_and_its_letters(plot, result, say):
    drawn = illustrate(plot, result, say, caption="c", alt="a")
    assert width_of(drawn.narrow) <= NARROW_INCHES * POINTS * 1.06
    sizes = [float(size) for size in re.findall(r"font-size:([\d.]+)px", drawn.narrow)]
    assert sizes
    assert min(sizes) >= 8


def test_narrow_drawing_travels_with_the_wide_one(say):
    drawn = illustrate(plot_bars, NAMES, say, caption="c", alt="a")
    data, told = drawn._repr_mimebundle_()
    assert told["narrow"] == drawn.narrow != data["image/svg+xml"]


def test_panels_know_how_wide_they_are():
    wide, narrow = Figure(figsize=(7, 4)).subplots(), Figure(figsize=(3.6, 4)).subplots()
    assert not is_narrow(wide)
    assert is_narrow(narrow)
    assert share_of_panel(wide) == pytest.approx(1)
    assert share_of_panel(narrow) < 0.6


def test_names_at_ends_have_no_line_through_the_plot(say):
    ax = Figure(figsize=(7, 4)).subplots()
    curve = curves()
    draw_curves(curve, ax, say, falling=True)
    right = ax.get_xlim()[1]
    outside = [line for line in ax.lines if not line.get_clip_on()]
    assert outside
    assert all(min(line.get_xdata()) >= right for line in outside)
    assert not [text for text in ax.texts if getattr(text, "arrow_patch", None)]


def test_every_text_is_text_with_its_width(say):
    svg = illustrate(plot_bars, ["Household"], say, caption="c", alt="a").svg
    assert re.search(r'<text [^>]*textLength="[\d.]+"[^>]*>Household<', svg)
    assert svg.count("font-family") == 1


def test_drawing_is_whole_whichever_quotes_enclose_it(say):
    names = ["It's", 'A "b"', "<b> & c"]
    drawn = illustrate(plot_bars, names, say, caption="c", alt="a")
    for svg in (drawn.svg, drawn.narrow):
        assert "'" not in "".join(re.findall(r"<[^>]*>", svg))
        texts = [text.text for text in ElementTree.fromstring(svg).iter() if text.text]
        assert set(names) <= {text.strip() for text in texts}


def test_width_of_a_text_is_that_of_its_letters():
    style = "font-size: 10px; font-family: 'X'"
    text = f'<text style="{style}" x="1" y="2" transform="rotate(-0 1 2)">{{}}<'
    told = (lettered(text.format(word), ["DejaVu Sans"]) for word in ("ll", "ll &amp; ll"))
    one, two = (float(re.search(r'textLength="([\d.]+)"', svg)[1]) for svg in told)
    assert 0 < 2 * one < two


def test_paths_are_short_and_the_same():
    path = "M 10.04 20.06 \nL 10.04 30.01 \nL 40.123456 30.01 \nL 50.5 30.02 \nL 60 40 \nz"
    assert light(f'<?xml?><svg><path d="{path}"/>') == ('<svg><path d="M10 20.1V30H50.5L60 40z"/>')
    back = "M 1.5 1.5 \nL 9.5 1.5 \nL 4.5 1.5"
    assert light(f'<svg><path d="{back}"/>') == '<svg><path d="M1.5 1.5H9.5H4.5"/>'
    assert 'd="M 1 2 \nQ 3.12 4 5 6"' in light('<svg><path d="M 1 2 \nQ 3.1234 4 5 6"/>')
