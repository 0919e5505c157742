"""How long each step took, and from that: how much of this make is done, and how long it goes on.

Every step leaves `took/<step>.json` in its study's folder: seconds, and the most memory that it
held. Which steps a make takes is for make to say (`make --dry-run`), and the warm server asks it
once (`ask_make`).
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from analysis.data.placing import write_text
from reporting.project import ROOT, Study, build_folder

FOLDER = "took"
REPORT = "report"
STEPS = "steps.json"
ASKED = "STEPS_ASKED"
"""Set where make is asked for its steps beside one that runs: by the plan that this one made."""
STEP = re.compile(r"reporting\.warm reporting\.(tables|execute|report) (\S+) ?(\w*)$", re.MULTILINE)
KIB_PER_GIB = 2**20
MINUTE = 60


@dataclass(frozen=True, slots=True)
class Took:
    """What one step took, now or the last time.

    Attributes
    ----------
    seconds : float
        On the wall.
    gib : float
        The most memory that one process of the step held.
    at : float
        When it ended, in seconds since 1970.
    """

    seconds: float
    gib: float
    at: float


def keep(study: Study, step: str, began: float) -> str:
    """Record a step that began at `began` (`time.monotonic`); tell what it took and what is left.

    Returns
    -------
    str
        '4 s', or '4 s; 35 % done, about 2 min left' where this make has told its steps.
    """
    seconds = time.monotonic() - began
    place = study.folder / FOLDER / f"{step}.json"
    told = {"seconds": round(seconds, 2), "gib": round(_peak(), 3)}
    write_text(place, json.dumps(told) + "\n")
    return "; ".join(filter(None, (f"{seconds:.0f} s", left_of_make(study))))


def _peak() -> float:
    asked = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(whose).ru_maxrss for whose in asked) / KIB_PER_GIB


def took(folder: Path, step: str) -> Took | None:
    """What a step of the study in `folder` took; None where it is not known."""
    place = folder / FOLDER / f"{step}.json"
    try:
        told = json.loads(place.read_text(encoding="utf-8"))
        return Took(float(told["seconds"]), float(told["gib"]), place.stat().st_mtime)
    except (OSError, ValueError, LookupError, TypeError):
        return None


def ask_make(folder: Path) -> None:
    """Write into the server's folder which steps this make takes, and when it began."""
    goals = os.environ.get("GOALS", "").split()
    if not goals:
        return
    kept = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "GNUMAKEFLAGS")
    environment = {name: text for name, text in os.environ.items() if name not in kept}
    environment |= {ASKED: "1"}
    began = time.time()
    asked = subprocess.run(
        ["make", "--dry-run", *goals],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    steps = [
        (study, part if verb == "execute" else {"tables": "tables"}.get(verb, part or REPORT))
        for verb, study, part in STEP.findall(asked.stdout)
    ]
    write_text(folder / STEPS, json.dumps({"began": began, "steps": steps}))


def left_of_make(study: Study) -> str:
    """'35 % done, about 2 min left' of this make; '3 of 20 steps' where no times are known."""
    from reporting.warm import MAKE, server_folder

    make = os.environ.get(MAKE, "")
    if not make.isdecimal():
        return ""
    try:
        told = json.loads((server_folder(int(make)) / STEPS).read_text(encoding="utf-8"))
        began, steps = float(told["began"]), [(name, step) for name, step in told["steps"]]
    except (OSError, ValueError, LookupError, TypeError):
        return ""
    own, folder = study.params.study, study.folder
    places = (folder if name == own else build_folder() / name for name, _ in steps)
    known = [took(place, step) for place, (_, step) in zip(places, steps, strict=True)]
    return share_done(known, began, time.time())


def share_done(steps: Iterable[Took | None], began: float, now: float) -> str:
    """How much is done and how long the rest takes, as long as the last time and as side by side.

    A step that has never run is taken to be as long as the middle one.
    """
    steps = list(steps)
    if not steps:
        return ""
    known = [one.seconds for one in steps if one is not None]
    done = [one.seconds for one in steps if one is not None and one.at >= began]
    ahead = [one for one in steps if one is None or one.at < began]
    if len(known) < len(steps) / 2:
        return f"{len(done)} of {len(steps)} steps"
    if not ahead or not done:
        return ""
    usual = median(known)
    left = sum(usual if one is None else one.seconds for one in ahead)
    share = sum(done) / (sum(done) + left)
    side_by_side = max(sum(done) / max(now - began, 1e-9), 1.0)
    return f"{share:.0%} done, about {_duration(left / side_by_side)} left".replace("%", " %")


def _duration(seconds: float) -> str:
    if seconds < MINUTE:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / MINUTE:.0f} min"
