"""Stage and render one study's report, then list all reports (`make report`)."""

from __future__ import annotations

import json
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.notes import read_note
from analysis.telling.wording import wording_for
from reporting.chapters import not_translated
from reporting.errors import ReportError, speak
from reporting.executed import run_stamp
from reporting.partial import partial_path, remove
from reporting.project import ROOT, Study, build_folder, read_study, study_file
from reporting.rendering import render_report
from reporting.site import write_index
from reporting.staging import stage_report
from reporting.took import REPORT, keep

# The PDF comes last: Make takes the report as made when its youngest file is in place.
PUBLISHED = ("report", "results", "report.json", "report.html", "report.pdf")


def main() -> None:
    """Make the report of the study that the first argument names, or of one chapter of it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    study = read_study(study_file(sys.argv[1]))
    started = time.monotonic()
    if len(sys.argv) > 2:
        page = make_chapter(study, sys.argv[2])
        print(f"  {page} ({time.monotonic() - started:.1f} s)", flush=True)
        return
    make_report(study)
    write_index(build_folder())
    if told := not_translated(study):
        print(f"  {study.name}: {told}", flush=True)
    told = keep(study, REPORT, started)
    print(f"  {study.name}: report.html, report.pdf ({told})", flush=True)


def make_report(study: Study) -> None:
    """Make everything aside and put it in place when all of it is whole.

    Raises
    ------
    ReportError
        What must be mended; the last good report stays, and the staged sources that could not be
        rendered are kept in `report.failed/`.
    """
    aside, failed = partial_path(study.folder / "report"), study.folder / "report.failed"
    remove(aside)
    remove(failed)
    try:
        staged = stage_report(study, aside)
        try:
            renderer = render_report(staged, aside / "report.html", aside / "report.pdf")
        except ReportError as error:
            staged.replace(failed)
            faults = [f"{study.name}: {fault}" for fault in error.faults]
            raise ReportError(faults) from None
        described = json.dumps(description_of(study, renderer), indent=1)
        (aside / "report.json").write_text(described + "\n", encoding="utf-8")
        put_in_place(aside, study.folder)
    finally:
        remove(aside)


def make_chapter(study: Study, chapter: str) -> str:
    """Render one chapter alone, for the person who works on it: `chapters/<chapter>/`.

    Returns
    -------
    str
        Where the page lies, from the project's folder.
    """
    alone = replace(study, only=chapter)
    place = study.folder / "chapters" / chapter
    aside = partial_path(place)
    remove(aside)
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        staged = stage_report(alone, aside)
        render_report(staged, aside / "report.html", aside / "report.pdf")
        remove(place)
        aside.replace(place)
    finally:
        remove(aside)
    page = place / "report.html"
    return str(page.relative_to(ROOT) if page.is_relative_to(ROOT) else page)


def description_of(study: Study, renderer: str) -> dict[str, Any]:
    """What the list of all reports says of this one."""
    described = json.loads((study.folder / "tables" / "key.json").read_text("utf-8"))["description"]
    data = wording_for(study.params).note(read_note(described["title"]))
    return {
        "title": study.params.title,
        "subtitle": study.params.subtitle,
        "study": study.name,
        "language": study.params.language,
        "simulated": study.params.simulated,
        "period": [str(study.params.observed_from), str(study.params.observed_until)],
        "finished": run_stamp(study)["finished"],
        "data": described | {"title": data},
        "renderer": renderer,
    }


def put_in_place(aside: Path, folder: Path) -> None:
    """Replace what the last report left by what lies aside, each file or folder as a whole."""
    for name in PUBLISHED:
        place = folder / name
        if place.is_dir():
            place.replace(aside / f"{name}.last")
        (aside / name).replace(place)


def run() -> None:
    """The step as make runs it."""
    speak(main)


if __name__ == "__main__":
    run()
