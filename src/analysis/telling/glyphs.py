"""Signs that no font at hand can draw are named in their place: an emoji as ‹grinning face›."""

from __future__ import annotations

import importlib.util
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import font_source_sans_pro

from analysis.telling.scripts import CJK

FALLBACK = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
EMOJI = re.compile("[\U0001f000-\U0001faff]")
UNDRAWN = ("Cf", "Mn", "Me")  # joiners, variants and accents: nothing stands in their place


def fallback_fonts() -> list[Path]:
    """The font files that come with matplotlib, for signs that the report's own font lacks."""
    package = importlib.util.find_spec("matplotlib")
    (folder,) = package.submodule_search_locations
    return [Path(folder, "mpl-data", "fonts", "ttf", name) for name in FALLBACK]


def missing_glyphs(text: str, *, has_cjk: bool) -> dict[str, str]:
    """Each sign of a text that no font has, and what is shown in its place.

    Parameters
    ----------
    text : str
    has_cjk : bool
        Whether a family with Chinese, Japanese and Korean signs is installed.
    """
    signs = {sign for sign in text if sign >= "\u0100"}
    unknown = (sign for sign in signs if EMOJI.match(sign) or ord(sign) not in _drawn())
    return {sign: named(sign) for sign in sorted(unknown) if not (has_cjk and CJK.match(sign))}


def named(sign: str) -> str:
    """What is shown in the place of a sign: its Unicode name between ‹ and ›."""
    if unicodedata.category(sign) in UNDRAWN:
        return ""
    name = unicodedata.name(sign, "").lower()
    return f"‹{name or f'U+{ord(sign):04X}'}›"


def drawable(text: str, *, has_cjk: bool) -> str:
    """The text with a name in the place of each sign that no font has."""
    missing = missing_glyphs(text, has_cjk=has_cjk)
    return text.translate(str.maketrans(missing)) if missing else text


@cache
def _drawn() -> frozenset[int]:
    """The signs that the report's font or the one behind it has."""
    own = Path(font_source_sans_pro.font_files_ttf["SourceSansPro"])
    return frozenset().union(*map(_signs_of, [own, fallback_fonts()[0]]))


def _signs_of(font: Path) -> Iterable[int]:
    from fontTools.ttLib import TTFont

    with TTFont(font, lazy=True) as opened:
        return set(opened.getBestCmap())
