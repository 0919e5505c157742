"""Check a study's data and write its frames (`make tables`)."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from reporting.crossed import crossed, keep_record, records_of
from reporting.errors import speak
from reporting.project import Study, read_study, study_file
from reporting.seals import seal, seal_of
from reporting.took import keep

NAMES = {"duckdb": "DuckDB", "postgres": "PostgreSQL", "pyspark": "Spark"}


def main() -> None:
    """Write the frames of the study that the first argument names."""
    study, began = read_study(study_file(sys.argv[1])), time.monotonic()
    from analysis.frames import write_frames

    record = keep_record(study, "tables")
    write_frames(study.params, folder=study.folder)
    made = [study.folder / "tables", *records_of(study, "tables")]
    seal(seal_of(study, "tables"), made)
    told = f" ({keep(study, 'tables', began)}{_told(study, record)})"
    print(f"  {study.name}: tables{told}", flush=True)


def _told(study: Study, record: Path) -> str:
    """What came over from a database or a cluster, and where its record lies."""
    found = crossed([record]) if study.params.data.connection else None
    if found is None:
        return ""
    return (
        f"; {found.answers} answers came over from {NAMES.get(found.engine, found.engine)}, "
        f"{found.rows:,} rows in all, "
        f"{found.largest:,} in the largest; each in {record.parent.name}/{record.name}"
    )


def run() -> None:
    """The step as make runs it."""
    speak(main)


if __name__ == "__main__":
    run()
