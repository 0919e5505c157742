"""Chinese text in a figure: an installed family, or a sentence that says how to install one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib
import pytest

from analysis.errors import ParamsError
from analysis.params import read_params
from analysis.telling import drawing
from analysis.telling.drawing import illustrate
from analysis.telling.scripts import cjk_family
from analysis.telling.wording import wording_for

PARAMS = Path(__file__).parents[3] / "params" / "market.yml"


@pytest.fixture
def draw(monkeypatch):
    """Draw an axis label where the machine has the given family with Chinese characters."""
    say, used = wording_for(read_params(PARAMS)), []

    def plot(label, ax, say):
        used[:] = matplotlib.rcParams["font.family"]
        ax.plot([0, 1], [0, 1])
        ax.set_xlabel(label)
        return ax

    def drawn(label: str, family: str | None, language: str = "en") -> list[str]:
        monkeypatch.setattr(drawing, "_cjk_family", lambda: family)
        made = illustrate(plot, label, replace(say, language=language), caption="c", alt="a")
        assert "首" in made.svg or "首" not in label or family is None
        return used

    return drawn


def test_chinese_label_without_a_font_is_refused(draw):
    with pytest.raises(ParamsError, match=r"figures must have a font .* apt-get install fonts-"):
        draw("首次购买后的周数", None, "zh")


def test_chinese_name_in_another_language_stops_nothing(draw):
    assert draw("首次", None) == ["Source Sans Pro", "DejaVu Sans"]


def test_latin_label_needs_no_chinese_font(draw):
    assert draw("Weeks – “é”", None) == ["Source Sans Pro", "DejaVu Sans"]


def test_installed_family_comes_last(draw):
    assert draw("Weeks", "DejaVu Serif") == ["Source Sans Pro", "DejaVu Sans", "DejaVu Serif"]


def test_first_known_family_is_taken():
    assert cjk_family(["Arial", "WenQuanYi Zen Hei", "Noto Sans CJK SC"]) == "Noto Sans CJK SC"
    assert cjk_family(["Arial"]) is None
