"""Back-test: every shipped study says what it said before, or the change is reviewed.

Two files a study: `<study>.csv` holds the numbers of its findings and tables, compared with a
tolerance; `<study>.words.csv` the findings' sentences. A changed word is no moved number. `make
expected` makes the reports and stores both anew; the difference, seen in git, is what a change did.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from not_run import skip_absent_study

ROOT = Path(__file__).parents[2]
EXPECTED = ROOT / "tests" / "expected"
STUDIES = sorted(path.stem for path in (ROOT / "params").glob("*.yml"))
NUMBERS = ("estimate", "low", "high", "n")
NOTHING = 1e-9
TOLERANCE = 1e-4  # seeded draws pass through linear algebra that differs in the last bits
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
Row = tuple[str, str, str]


def findings_of(study: Path) -> list[dict[str, Any]]:
    return json.loads((study / "results" / "findings.json").read_text("utf-8"))["findings"]


def numbers_of(study: Path) -> Iterator[Row]:
    """Place, quantity, number: each finding's own and what it names, each column of each table."""
    for finding in findings_of(study):
        place = f"{finding['chapter']} {finding['label']}"
        yield place, "variant", finding["variant"]
        for name in NUMBERS:
            yield place, name, _digits(finding[name])
        for name, value in finding["numbers"].items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield place, f"names {name}", _digits(value)
    for path in sorted((study / "results").glob("*.csv")):
        if path.name != "columns.csv":
            yield from _columns(path)


def _columns(path: Path) -> Iterator[Row]:
    table = pd.read_csv(path)
    yield path.stem, "lines", str(len(table))
    for name in table.select_dtypes("number"):
        filled = table[name].dropna()
        yield path.stem, f"{name}: filled", str(len(filled))
        yield path.stem, f"{name}: mean", _digits(filled.mean() if len(filled) else None)


def words_of(study: Path) -> Iterator[Row]:
    """Place, part, text of each finding, # for each number in it: those are compared as numbers."""
    for finding in findings_of(study):
        for part in ("sentence", "detail"):
            yield f"{finding['chapter']} {finding['label']}", part, NUMBER.sub("#", finding[part])


def _digits(number: float | None) -> str:
    return "" if number is None or number != number else f"{number:.6g}"


PARTS = {"": numbers_of, ".words": words_of}


def store(site: Path, folder: Path = EXPECTED) -> None:
    """Store what the reports of a folder to publish say."""
    folder.mkdir(exist_ok=True)
    for study in STUDIES:
        if not (site / study / "results" / "findings.json").is_file():
            continue
        for part, read in PARTS.items():
            with (folder / f"{study}{part}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerows([("shown", "quantity", "value"), *read(site / study)])


def expected(study: str, part: str) -> list[Row]:
    with (EXPECTED / f"{study}{part}.csv").open(encoding="utf-8", newline="") as file:
        _, *rows = (tuple(row) for row in csv.reader(file))
    return rows


def differences(before: Iterable[Row], now: Iterable[Row]) -> list:
    """What is told otherwise than expected, missing, or new."""
    old, new = ({row[:2]: row[2] for row in rows} for rows in (before, now))
    return [
        (key, old.get(key), new.get(key))
        for key in old | new
        if not _alike(old.get(key), new.get(key))
    ]


def _alike(before: str | None, now: str | None) -> bool:
    try:
        old, new = float(before), float(now)
    except (TypeError, ValueError):
        return before == now
    return abs(old - new) <= max(TOLERANCE * max(abs(old), abs(new)), NOTHING)


@pytest.mark.parametrize("study", STUDIES)
def test_shipped_study_has_the_numbers_that_it_had(built, study) -> None:
    skip_absent_study(study)
    assert differences(expected(study, ""), numbers_of(built / "site" / study)) == []


@pytest.mark.parametrize("study", STUDIES)
def test_shipped_study_has_the_words_that_it_had(built, study) -> None:
    skip_absent_study(study)
    assert differences(expected(study, ".words"), words_of(built / "site" / study)) == []


def test_differences_names_what_has_changed() -> None:
    before = [("a", "estimate", "0.483"), ("b", "mean", "2"), ("c", "variant", "told")]
    same = [("a", "estimate", "0.483"), ("b", "mean", "2.00001"), ("c", "variant", "told")]
    other = [("a", "estimate", "0.484"), ("b", "mean", "2"), ("d", "n", "3")]
    assert differences(before, same) == []
    assert differences([("b", "mean", "-6e-11")], [("b", "mean", "5.1e-12")]) == []
    assert differences([("b", "mean", "")], [("b", "mean", "0")]) != []
    assert [key for key, *_ in differences(before, other)] == [
        ("a", "estimate"),
        ("c", "variant"),
        ("d", "n"),
    ]


if __name__ == "__main__":
    store(Path(os.environ.get("BUILD") or ROOT / "build") / "site")
