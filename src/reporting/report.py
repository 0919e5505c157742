"""Stage and render one study's report, then list all reports (`make report`)."""

from __future__ import annotations

import json
import signal
import sys
import time

from reporting.errors import speak
from reporting.project import build_folder, params_folder, read_study, write_if_changed
from reporting.rendering import render_report
from reporting.site import write_index
from reporting.staging import run_stamp, stage_report


def main() -> None:
    """Make the report of the study that the first argument names."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    study = read_study(params_folder() / f"{sys.argv[1]}.yml")
    started = time.monotonic()
    staged = stage_report(study)
    renderer = render_report(staged, study.folder / "report.html", study.folder / "report.pdf")
    described = {
        "title": study.params.title,
        "subtitle": study.params.subtitle,
        "study": study.name,
        "simulated": study.params.simulated,
        "period": [str(study.params.observed_from), str(study.params.observed_until)],
        "finished": run_stamp(study)["finished"],
        "data": json.loads((study.folder / "tables" / "key.json").read_text("utf-8"))["description"],
        "renderer": renderer,
    }
    write_if_changed(study.folder / "report.json", json.dumps(described, indent=1) + "\n")
    write_index(build_folder())
    print(f"  {study.name}: report.html, report.pdf ({time.monotonic() - started:.1f} s)", flush=True)


if __name__ == "__main__":
    speak(main)
