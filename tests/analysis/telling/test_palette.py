"""Colours: seen on white, in grey, and by three kinds of colour-blind eyes.

The simulation is that of Machado, Oliveira & Fernandes (2009), IEEE TVCG 15, 1291-1298, table 1 at
severity 1; distances are CIE 1976.
"""

import re
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from analysis.telling import palette
from analysis.telling.palette import ACCENT, CONTEXT, GROUPS, STAGES, group_colours, ordered

SOURCES = Path(palette.__file__).parents[1]
EYES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
SCHEME = ("prospect", "new", "mature", "declining", "churned", "won_back")  # of five stages
LINES = {ACCENT, CONTEXT, *GROUPS, *STAGES.values(), *ordered(5)}
TOLD_APART = 10  # a just noticeable difference is 2.3


def linear(colour):
    parts = np.array(to_rgb(colour))
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(np.array(TO_XYZ)[1] @ linear(colour))


def contrast(colour):
    return 1.05 / (luminance(colour) + 0.05)


def lab(rgb):
    x, y, z = np.array(TO_XYZ) @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089]
    f = [np.cbrt(t) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def apart(one, other, eyes=None):
    """How far two colours lie apart; the matrices hold for linear parts of red, green, blue."""
    seen = np.eye(3) if eyes is None else np.array(EYES[eyes])
    return float(np.linalg.norm(lab(seen @ linear(one)) - lab(seen @ linear(other))))


def test_distance_of_black_and_white_is_100():
    assert apart("#000000", "#ffffff") == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize(
    "colour", sorted({ACCENT, CONTEXT, *GROUPS, *STAGES.values(), *ordered(5)})
)
def test_every_line_stands_out_from_white_by_three_to_one(colour):
    assert contrast(colour) >= 3


@pytest.mark.parametrize("eyes", [None, *EYES])
@pytest.mark.parametrize(
    "colours",
    [GROUPS[:4], [STAGES[stage] for stage in SCHEME], ordered(3), ordered(5), [ACCENT, CONTEXT]],
    ids=["groups", "stages", "thirds", "tiers", "accent and context"],
)
def test_colours_are_told_apart_by_every_eye(colours, eyes):
    neighbours = pairwise(colours)
    assert min(apart(one, other, eyes) for one, other in neighbours) >= TOLD_APART


@pytest.mark.parametrize("number", [2, 3, 4, 5, 6])
def test_ordered_groups_grow_darker_in_print_without_colour(number):
    greys = [lab(np.full(3, luminance(colour)))[0] for colour in ordered(number)]
    assert (np.diff(greys) < -5).all()


def test_stages_without_a_neighbour_in_common_have_colours_of_their_own():
    ours = [STAGES[stage] for stage in SCHEME]
    assert min(apart(*pair) for pair in combinations(ours, 2)) >= TOLD_APART


def test_thirds_take_one_ramp_whatever_their_order():
    by_name = dict(zip(("lowest third", "middle third", "highest third"), ordered(3), strict=True))
    assert group_colours(["highest third", "lowest third"]) == [
        by_name["highest third"],
        by_name["lowest third"],
    ]
    assert group_colours(["web", "shop"]) == list(GROUPS[:2])


def test_no_chapter_mixes_a_colour_of_its_own():
    """Each colour has its role in the palette; a shade of a box is none."""
    allowed = {"#eef3f6"}
    for path in [*SOURCES.glob("chapters/*/*.py"), *SOURCES.glob("telling/*.py")]:
        if path.name != "palette.py":
            found = set(re.findall(r'"(#[0-9a-f]{6})"', path.read_text(encoding="utf-8")))
            assert not found - allowed, path
