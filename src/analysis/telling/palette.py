"""Colours that mean the same thing everywhere: each has one role, and every chapter keeps it.

The accent marks the one thing to see, grey is context; stages have one fixed colour each; ordered
groups (tiers, thirds) take one ramp, light to dark with worth; groups without an order take
`GROUPS` (after Okabe & Ito 2008, safe for colour-blind eyes). All stand out from white by 3 : 1, in
print without colour too, and neighbours are told apart by three kinds of colour-blind eyes: the
tests of this module compute it.

References
----------
Okabe & Ito (2008), Color Universal Design. WCAG 2.2, 1.4.11.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex

ACCENT = "#0b5a7a"
CONTEXT = "#838c97"
QUIET = "#5b6570"
INK = "#1d2530"
WARNING = "#d55e00"
PAPER = "#ffffff"
HIDDEN = "#eef0f3"
GROUPS = (ACCENT, WARNING, "#009e73", "#a0508c", "#a67c00", "#56789a")
DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 1)), (0, (8, 2)))
RULE = (0, (1.2, 2))
"""Dots of a line that a rule draws, not the data: a step of a definition, half of the customers."""

SEQUENTIAL = "GnBu"
STAGES = {
    "prospect": "#838c97",
    "new": "#3f97c2",
    "first_purchase": "#3f97c2",
    "initial": "#3f97c2",
    "active": "#27739c",
    "repeat": "#27739c",
    "development": "#27739c",
    "mature": "#0a4661",
    "high_value": "#0a4661",
    "maturity": "#0a4661",
    "declining": "#c8740f",
    "declining_or_churned": "#c8740f",
    "churned": "#4b535c",
    "won_back": "#12876a",
}
ORDERED = LinearSegmentedColormap.from_list(
    "ordered", ["#4aa08a", "#2a8198", ACCENT, "#08374f", "#020f18"]
)


THIRDS = ("lowest third", "middle third", "highest third")


def ordered(number: int) -> list[str]:
    """Colours of so many ordered groups, light to dark with worth.

    Parameters
    ----------
    number : int
        At least 1.
    """
    return [to_hex(shade) for shade in ORDERED(np.linspace(0, 1, max(number, 2)))][-number:]


def group_colours(groups: Sequence[str]) -> list[str]:
    """One colour a group: thirds of a number take the ramp, others the palette in their order.

    Parameters
    ----------
    groups : sequence of str
    """
    if groups and set(groups) <= set(THIRDS):
        ramp = dict(zip(THIRDS, ordered(len(THIRDS)), strict=True))
        return [ramp[group] for group in groups]
    return [GROUPS[place % len(GROUPS)] for place in range(len(groups))]
