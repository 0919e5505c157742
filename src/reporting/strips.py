"""A small strip that shows a number, its interval and what it is compared with, in a line of text.

Shares lie on a line from 0 to 100 %, amounts on one from nothing to what holds the interval; of a
base, the part of all is filled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.telling.palette import ACCENT, CONTEXT, INK

STRIPS = "strips"
WIDTH, HEIGHT, MIDDLE = 96, 12, 6
SHARES = ("percent", "percent0")


def strip(fact: Mapping[str, Any]) -> str:
    """The strip of a fact's record; empty where it has neither an interval nor a part of a whole.

    Parameters
    ----------
    fact : mapping
        As `findings.json` holds it.
    """
    estimate, low, high = (fact.get(name) for name in ("estimate", "low", "high"))
    if fact.get("key") == "bases" and estimate is not None and fact.get("n"):
        return _svg(_bar(0, WIDTH, CONTEXT), _bar(0, WIDTH * estimate / fact["n"], ACCENT))
    if None in (estimate, low, high):
        return ""
    beside = (fact.get("comparator") or {}) if _same_unit(fact) else {}
    other = beside.get("estimate")
    begins = min(0.0, low) if fact.get("unit") not in SHARES else 0.0
    ends = 1.0 if fact.get("unit") in SHARES else max(high, other or 0, 0) or 1.0
    scale = (WIDTH - 4) / ((ends - begins) or 1.0)
    at = [2 + scale * (value - begins) for value in (low, estimate, high)]
    parts = [_bar(0, WIDTH, "#d5dbe1", 1.5), _bar(at[0], max(at[2] - at[0], 1.5), ACCENT, 5)]
    parts.append(f'<circle cx="{at[1]:.1f}" cy="{MIDDLE}" r="3.4" fill="{ACCENT}"/>')
    if other is not None:
        place = 2 + scale * (other - begins)
        parts.append(f'<path d="M{place:.1f} 0V{HEIGHT}" stroke="{INK}" stroke-width="1.4"/>')
    return _svg(*parts)


def _same_unit(fact: Mapping[str, Any]) -> bool:
    beside = fact.get("comparator") or {}
    return beside.get("unit") in ("", None, fact.get("unit"))


def _bar(left: float, width: float, colour: str, height: float = 8) -> str:
    top = MIDDLE - height / 2
    size = f'width="{width:.1f}" height="{height:g}"'
    return f'<rect x="{left:.1f}" y="{top:g}" {size} fill="{colour}"/>'


def _svg(*parts: str) -> str:
    size = f'width="{WIDTH}pt" height="{HEIGHT}pt" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>\n'
