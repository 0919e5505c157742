"""Back-test: every shipped study says what it said before, or the change is reviewed.

`make expected` makes the reports and stores anew what they say (tests/expected/*.csv); the
difference, seen in git, is what a change of method did to the reports.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from not_run import skip_absent_study

ROOT = Path(__file__).parents[2]
EXPECTED = ROOT / "tests" / "expected"
STUDIES = sorted(path.stem for path in (ROOT / "params").glob("*.yml"))
NUMBER = re.compile(r"-?\d[\d,]*\.?\d*(?:e[+-]\d+)?")
NOTHING = 1e-9
TOLERANCE = 1e-4  # seeded draws pass through linear algebra that differs in the last bits


def told(study: Path) -> Iterator[tuple[str, str, str]]:
    """What a study's notebooks show: place, quantity, value.

    A finding is its text; a table is, a column, its filled cells and their mean.
    """
    for path in sorted((study / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", ()):
                data, metadata = output.get("data", {}), output.get("metadata", {})
                place = f"{path.stem} {_label(cell)}"
                if "finding" in metadata:
                    yield place, "finding", " ".join("".join(data["text/markdown"]).split())
                elif "text/csv" in data:
                    yield from _columns(place, "".join(data["text/csv"]))


def _label(cell: dict) -> str:
    return re.search(r"label: (\S+)", "".join(cell["source"]))[1]


def _columns(place: str, text: str) -> Iterator[tuple[str, str, str]]:
    table = pd.read_csv(io.StringIO(text))
    yield place, "lines of the table", str(len(table))
    for name in table.select_dtypes("number"):
        filled = table[name].dropna()
        mean = f"{filled.mean():.6g}" if len(filled) else "none"
        yield place, name, f"{len(filled)} filled, mean {mean}"


def store(build: Path, folder: Path = EXPECTED) -> None:
    """Store what the reports of a build folder say."""
    folder.mkdir(exist_ok=True)
    for study in STUDIES:
        if not (build / study / "notebooks").is_dir():
            continue
        with (folder / f"{study}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([("shown", "quantity", "value"), *told(build / study)])


def differences(expected: list[tuple[str, str, str]], found: list[tuple[str, str, str]]) -> list:
    """What is told otherwise than expected, missing, or new."""
    before, now = ({row[:2]: row[2] for row in rows} for rows in (expected, found))
    return [
        (key, before.get(key), now.get(key))
        for key in before | now
        if not _alike(before.get(key), now.get(key))
    ]


def _alike(before: str | None, now: str | None) -> bool:
    if before is None or now is None or NUMBER.sub("", before) != NUMBER.sub("", now):
        return before == now
    pairs = zip(NUMBER.findall(before), NUMBER.findall(now), strict=True)
    return all(_close(*(float(text.replace(",", "")) for text in pair)) for pair in pairs)


def _close(before: float, now: float) -> bool:
    return abs(before - now) <= max(TOLERANCE * max(abs(before), abs(now)), NOTHING)


@pytest.mark.parametrize("study", STUDIES)
def test_shipped_study_says_what_it_said(built, study) -> None:
    skip_absent_study(study)
    with (EXPECTED / f"{study}.csv").open(encoding="utf-8", newline="") as file:
        _, *expected = (tuple(row) for row in csv.reader(file))
    assert differences(expected, list(told(built / study))) == []


def test_differences_names_what_has_changed() -> None:
    before = [("a", "finding", "48.3% of 1,000"), ("b", "n", "3 filled, mean 2")]
    same = [("a", "finding", "48.3% of 1,000"), ("b", "n", "3 filled, mean 2.00001")]
    assert differences([("b", "n", "mean -6e-11")], [("b", "n", "mean 5.1e-12")]) == []
    other = [("a", "finding", "48.4% of 1,000"), ("c", "n", "3 filled, mean 2")]
    assert differences(before, same) == []
    assert [key for key, *_ in differences(before, other)] == [
        ("a", "finding"),
        ("b", "n"),
        ("c", "n"),
    ]


if __name__ == "__main__":
    store(Path(os.environ.get("BUILD") or ROOT / "build"))
