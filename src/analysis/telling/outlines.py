"""The paths of a drawing, as short as the eye allows: a tenth of a point, nothing said twice."""

from __future__ import annotations

import re

PATH = re.compile(r' d="([^"]+)"')
STEP = re.compile(r"([MLQCz])([^MLQCz]*)")
LINES = re.compile(r"[ML\d\s.\-ez]+")
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")


def light(svg: str) -> str:
    """The drawing without its prologue, its paths made short."""
    svg = re.sub(r"^.*?(?=<svg)", "", svg, flags=re.DOTALL)
    return PATH.sub(lambda path: f' d="{_short(path[1])}"', svg)


def _short(path: str) -> str:
    if not LINES.fullmatch(path) or "." not in path:
        return LONG_NUMBER.sub(lambda number: f"{float(number[0]):.2f}", path)
    told: list[tuple[str, float, float]] = []
    for sign, numbers in STEP.findall(path):
        if sign == "z":
            told.append(("z", 0.0, 0.0))
            continue
        x, y = (round(float(number), 1) for number in numbers.split())
        _join(told, sign, x, y)
    return "".join(_written(told))


def _join(told: list[tuple[str, float, float]], sign: str, x: float, y: float) -> None:
    """Add a step; one that goes on in the same direction lengthens the last."""
    if sign == "L" and told and told[-1][0] != "z":
        last = told[-1]
        if last[1:] == (x, y) and len(told) > 1:
            return
        if last[0] == "L" and len(told) > 1 and told[-2][0] != "z":
            before = told[-2]
            for across, along in ((1, 2), (2, 1)):
                here = (x, y)[along - 1]
                level = before[across] == last[across] == (x, y)[across - 1]
                if level and (last[along] - before[along]) * (here - last[along]) >= 0:
                    told[-1] = (sign, x, y)
                    return
    told.append((sign, x, y))


def _written(told: list[tuple[str, float, float]]):
    at = (None, None)
    for sign, x, y in told:
        if sign == "z":
            yield "z"
            continue
        if sign == "L" and y == at[1]:
            yield f"H{x:g}"
        elif sign == "L" and x == at[0]:
            yield f"V{y:g}"
        else:
            yield f"{sign}{x:g} {y:g}"
        at = (x, y)
