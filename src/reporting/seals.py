"""Whether what the steps made is whole: each seals its results, and the plan looks at the seals.

Make decides what is stale, by the times of its targets, and nobody else does. But it knows nothing
of a file that was cut short, nor of one that is dated in the future. So before it decides, results
that are not as they were sealed, or of a day to come, are dated back: make remakes them, and what
lies there stays until the new ones take its place.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from analysis.data.placing import are_whole, is_of_the_future, seals_of, write_text
from reporting.project import Study, build_folder

FOLDER = "seals"
LONG_AGO = 86_400.0


def seal(place: Path, paths: Iterable[Path]) -> None:
    """Note how the results of a step, all below the build folder, were written."""
    found = seals_of(paths, build_folder())
    write_text(place, json.dumps(found, indent=1) + "\n")


def seal_of(study: Study, step: str) -> Path:
    """Where the seal of a step of a study lies."""
    return study.folder / FOLDER / f"{step}.json"


def index_seal() -> Path:
    """Where it is noted of which reports the list of all was made."""
    return build_folder() / "keys" / "index.json"


def date_back_unsound(place: Path, targets: Iterable[Path]) -> None:
    """Date back the targets of a step that is not as it was sealed, or of a day to come."""
    made = [target for target in targets if target.exists()]
    if made and (any(map(is_of_the_future, made)) or not _is_sound(place)):
        for target in made:
            os.utime(target, (LONG_AGO, LONG_AGO))


def _is_sound(place: Path) -> bool:
    try:
        seals = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(seals, dict) and are_whole(seals, build_folder())
