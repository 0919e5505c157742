"""The slides of one report (`make slides STUDY=cdnow`): page one, and one slide a chapter's figure.

They are set from the same staged sources as the report, 16 : 9.
"""

from __future__ import annotations

import os

from reporting.errors import speak
from reporting.project import read_study, shown_path, study_file
from reporting.rendering import render_slides


def main() -> None:
    """Make `report-slides.pdf` in the folder of the study that STUDY names."""
    study = read_study(study_file(os.environ.get("STUDY", "").strip()))
    slides = study.folder / "report-slides.pdf"
    render_slides(study.folder / "report", slides)
    print(f"  {shown_path(slides)}", flush=True)


if __name__ == "__main__":
    speak(main)
