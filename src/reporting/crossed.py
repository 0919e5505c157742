"""What came over from a study's engine while its tables and notebooks were made."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

from analysis.data.located import RECORD
from reporting.project import Study

FOLDER = "crossed"


@dataclass(frozen=True, slots=True)
class Crossed:
    """How much came over: answers of the engine, their rows in all, the largest and who asked."""

    engine: str
    answers: int
    rows: int
    largest: int
    asked_by: str


def records_of(study: Study, run: str) -> list[Path]:
    """The record of a run, where its engine was asked at all."""
    return [path for path in (record_of(study, run),) if path.is_file()]


def record_of(study: Study, run: str) -> Path:
    """Where the record of a run lies: of `tables`, or of a notebook by its name."""
    return study.folder / FOLDER / f"{run}.csv"


def keep_record(study: Study, run: str) -> Path:
    """Begin the record of a run anew and return its file."""
    path = record_of(study, run)
    path.unlink(missing_ok=True)
    os.environ[RECORD] = str(path)
    return path


def crossed(paths: list[Path]) -> Crossed | None:
    """Sum up records; None where nothing was asked."""
    lines = [line for path in paths if path.is_file() for line in _lines(path)]
    if not lines:
        return None
    largest = max(lines, key=lambda line: int(line["rows"]))
    rows = sum(int(line["rows"]) for line in lines)
    return Crossed(largest["engine"], len(lines), rows, int(largest["rows"]), largest["purpose"])


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
