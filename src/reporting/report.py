"""Stage and render one study's report, then list all reports (`make report`)."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from typing import Any

from analysis.data.placing import put, remove, writing
from analysis.notes import read_note
from analysis.telling.wording import wording_for
from reporting.chapters import not_translated
from reporting.errors import ReportError, speak
from reporting.executed import run_stamp
from reporting.moved import since_last
from reporting.project import Study, read_study, shown_path, study_file
from reporting.rendering import render_report
from reporting.seals import seal, seal_of
from reporting.site import write_index
from reporting.staging import stage_report
from reporting.took import REPORT, keep


def main() -> None:
    """Make the report of the study that the first argument names, or of one chapter of it."""
    study = read_study(study_file(sys.argv[1]))
    started = time.monotonic()
    if len(sys.argv) > 2:
        page = make_chapter(study, sys.argv[2])
        print(f"  {page} ({time.monotonic() - started:.1f} s)", flush=True)
        return
    make_report(study)
    write_index()
    if told := not_translated(study):
        print(f"  {study.name}: {told}", flush=True)
    page, told = shown_path(study.site / "report.html"), keep(study, REPORT, started)
    print(f"  {study.name}: {page}, report.pdf ({told})", flush=True)


def make_report(study: Study) -> None:
    """Make everything aside and put it in place, in one step, when all of it is whole.

    Page, PDF, results and description go to `build/site/`; the sources that they were rendered
    from stay with the study, in `report/`.

    Raises
    ------
    ReportError
        What must be mended; the last good report stays, and the staged sources that could not be
        rendered are kept in `report.failed/`.
    """
    failed = study.folder / "report.failed"
    remove(failed)
    with writing(study.site) as aside:
        staged = stage_report(study, aside)
        try:
            renderer = render_report(staged, aside / "report.html", aside / "report.pdf")
        except ReportError as error:
            staged.replace(failed)
            faults = [f"{study.name}: {fault}" for fault in error.faults]
            raise ReportError(faults) from None
        told = since_last(study, last=study.site, made=aside)
        described = json.dumps(description_of(study, renderer) | told, indent=1)
        (aside / "report.json").write_text(described + "\n", encoding="utf-8")
        put(staged, study.folder / "report")
    seal(seal_of(study, "report"), [study.site, study.folder / "report"])


def make_chapter(study: Study, chapter: str) -> str:
    """Render one chapter alone, for the person who works on it: `chapters/<chapter>/`.

    Returns
    -------
    str
        Where the page lies, from the project's folder.
    """
    alone = replace(study, only=chapter)
    place = study.folder / "chapters" / chapter
    with writing(place) as aside:
        staged = stage_report(alone, aside)
        render_report(staged, aside / "report.html", aside / "report.pdf")
    return shown_path(place / "report.html")


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


def run() -> None:
    """The step as make runs it."""
    speak(main)


if __name__ == "__main__":
    run()
