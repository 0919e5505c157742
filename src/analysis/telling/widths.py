"""A drawing for each width: the page's own, and one for a phone or half a printed page.

The second is drawn anew at its own width, never shrunk: fewer ticks, names wrapped, letters of at
least eight points. What still reaches past its edge takes room from the panel.
"""

from __future__ import annotations

from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import AutoLocator, FixedLocator, MaxNLocator

WIDE_INCHES, NARROW_INCHES = 7, 3.6
PANEL_INCHES = 5.425
"""Width of the panel of a wide figure."""

LARGEST_POINTS = 8.6
NAME_LETTERS, AXIS_LETTERS = 15, 44
LETTER_INCHES = 0.066
LEAST_INCHES = 2.0


def is_narrow(ax: Axes) -> bool:
    """Whether a panel belongs to a narrow drawing."""
    return ax.get_figure(root=True).get_size_inches()[0] < (WIDE_INCHES + NARROW_INCHES) / 2


def share_of_panel(ax: Axes) -> float:
    """How wide a panel is beside that of a wide figure, 0 to 1."""
    inches = ax.get_window_extent().width / ax.get_figure(root=True).dpi
    return min(inches / PANEL_INCHES, 1.0)


def wrap_narrow(figure: Figure) -> None:
    """Wrap names, take large letters back, and leave out ticks that find no room."""
    for text in figure.findobj(Text):
        text.set_fontsize(min(text.get_fontsize(), LARGEST_POINTS))
    for ax in figure.findobj(Axes):
        ax.tick_params(labelsize=LARGEST_POINTS)
        ax.set_xlabel(fill(ax.get_xlabel(), AXIS_LETTERS))
        high = ax.get_window_extent().height / figure.dpi
        ax.set_ylabel(fill(ax.get_ylabel(), max(int(high / LETTER_INCHES), NAME_LETTERS)))
        if isinstance(ax.xaxis.get_major_locator(), AutoLocator):
            ax.xaxis.set_major_locator(MaxNLocator(4))
        _wrap_names(ax)


def fit_narrow(figure: Figure) -> None:
    """Give the panel what room its names leave, so that nothing reaches past the edge."""
    for _ in range(4):
        _take_room(figure)


def _wrap_names(ax: Axes) -> None:
    for axis, letters in ((ax.yaxis, NAME_LETTERS), (ax.xaxis, _letters_across(ax))):
        if not isinstance(axis.get_major_locator(), FixedLocator):
            continue
        names = [label.get_text() for label in axis.get_ticklabels()]
        longest = max((len(word) for name in names for word in name.split()), default=0)
        if axis is ax.xaxis and longest > letters and names[0][:1].isdigit():
            every = -(-(longest + 1) // letters)
            axis.set_ticks(axis.get_ticklocs()[::every], names[::every])
        elif axis is ax.xaxis and longest > letters:
            top = axis.get_ticks_position() == "top"
            turned = {"rotation": 40, "rotation_mode": "anchor", "ha": "left" if top else "right"}
            axis.set_ticks(axis.get_ticklocs(), names, **turned)
        elif longest:
            axis.set_ticks(axis.get_ticklocs(), [fill(name, letters) for name in names])


def _letters_across(ax: Axes) -> int:
    """Letters that fit between two ticks."""
    ticks = max(len(ax.get_xticks()), 1)
    return max(int(share_of_panel(ax) * PANEL_INCHES / ticks / LETTER_INCHES), 3)


def _take_room(figure: Figure) -> None:
    width, height = figure.get_size_inches()
    excess = figure.get_tightbbox().width - NARROW_INCHES
    if abs(excess) > 0.02:
        figure.set_size_inches(max(width - excess, LEAST_INCHES), height)
