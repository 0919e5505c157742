"""A figure all of whose numbers are hidden is not shown."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from analysis.telling.blank import is_blank
from analysis.telling.facts import Fact
from analysis.telling.showing import SILENT, Chapter


@pytest.mark.parametrize(
    ("draw", "blank"),
    [
        (lambda ax: ax.imshow(np.full((2, 2), np.nan)), True),
        (lambda ax: ax.imshow([[np.nan, 0.2]]), False),
        (lambda ax: ax.plot([], []), True),
        (lambda ax: ax.plot([1], [2]), False),
        (lambda ax: ax.barh([0], [np.nan]), True),
        (lambda ax: ax.barh([0], [3]), False),
        (lambda ax: ax.scatter([1], [np.nan]), True),
        (lambda ax: ax.scatter([1], [2]), False),
        (lambda ax: ax.inset_axes([0, 0, 1, 0.2]).plot([1], [2]), False),
    ],
)
def test_a_figure_without_a_finite_number_is_blank(draw, blank):
    figure, ax = plt.subplots()
    draw(ax)
    assert is_blank(figure) == blank
    plt.close(figure)


def test_a_chapter_shows_no_blank_figure(chapter):
    show = chapter("tiers")
    fact = Fact("moves", estimate=0.5, unit="percent", n=20, variant="one_tier")
    show = Chapter(show.name, show.say)
    drawn = []

    def plot(result, ax, say):
        drawn.append(result)
        ax.imshow(result)

    texts = {"caption": "c", "alt": "a"}
    words = {"moves": {"number": "", "headline": "h", **texts}}
    show = Chapter(show.name, show.say.__class__(**_with(show.say, words)))
    assert show.figure(plot, np.full((2, 2), np.nan), fact) is SILENT
    assert show.figure(plot, np.ones((2, 2)), fact) is not SILENT
    assert len(drawn) == 4, "each is drawn wide, and narrow for a phone"


def _with(say, words):
    fields = {name: getattr(say, name) for name in say.__slots__}
    return fields | {"texts": {**say.texts, **words}}
