"""Check a study's data and write its frames (`make tables`)."""

from __future__ import annotations

import signal
import sys

from reporting.errors import speak
from reporting.project import params_folder, read_study


def main() -> None:
    """Write the frames of the study that the first argument names."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    study = read_study(params_folder() / f"{sys.argv[1]}.yml")
    from analysis.frames import write_frames

    write_frames(study.params, folder=study.folder)
    print(f"  {study.name}: tables", flush=True)


if __name__ == "__main__":
    speak(main)
