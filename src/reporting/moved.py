"""What moved since the last run of a study: five indices, and each finding that says otherwise.

Both are read from `findings.json`, of the last run and of this one. Why a number moved is told by
what differs between the runs: other data, other parameters, another method; and where the last
number lies inside the interval of this one, that luck alone may have moved it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from analysis.telling.wording import Wording, wording_for
from reporting.executed import run_stamp
from reporting.project import Study

INDICES = {
    "current": (("data", "bases"),),
    "at_risk": (("stages", "now"),),
    "stay": (("retention", "second_purchase"), ("renewals", "rates")),
    "satisfaction": (("satisfaction", "level"),),
    "ahead": (("value", "residual"), ("renewals", "worth")),
}
"""The same five of every study, each with the facts that tell it."""

MOST_RUNS, MOST_MOVED = 10, 8
CAUSES = ("data", "parameters", "code")
Findings = Mapping[tuple[str, str], Mapping[str, Any]]


def since_last(study: Study, *, last: Path, made: Path) -> dict[str, Any]:
    """What the list of reports says of a run beside those before it.

    Parameters
    ----------
    study : Study
    last : Path
        The folder of the last report; nothing need lie there.
    made : Path
        That of this one, with `results/findings.json`.

    Returns
    -------
    dict
        `indices`, `run` (what it was made of), `runs` (those before it), `moved`.
    """
    say = wording_for(study.params)
    run = run_of(study)
    known, before, now = _read(last / "report.json"), findings_in(last), findings_in(made)
    earlier = known.get("run") or {}
    runs = known.get("runs", [])
    if earlier and earlier != run:
        runs = [earlier, *runs][:MOST_RUNS]
        moved = list(moves(before, now, causes_of(earlier, run), say))[:MOST_MOVED]
    else:
        moved = known.get("moved", [])
    return {"indices": list(indices(now, say)), "run": run, "runs": runs, "moved": moved}


def run_of(study: Study) -> dict[str, str]:
    """When a study was run, and digests of what it was run with."""
    stamp = run_stamp(study)
    resolved = json.loads((study.folder / "study.json").read_text("utf-8"))
    parameters = study.params.model_dump_json(exclude={"data", "overrides"})
    return {
        "finished": stamp["finished"],
        "data": resolved["fingerprint"][:16],
        "parameters": hashlib.sha256(parameters.encode()).hexdigest()[:16],
        "code": stamp["commit"],
    }


def causes_of(earlier: Mapping[str, str], run: Mapping[str, str]) -> list[str]:
    """What differs between two runs, of data, parameters and code."""
    return [cause for cause in CAUSES if earlier.get(cause) != run.get(cause)]


def indices(now: Findings, say: Wording) -> Iterator[dict[str, str]]:
    """The five indices as told: name, value, and the value of a year before where it is known."""
    for name, places in INDICES.items():
        fact = next((now[place] for place in places if place in now), None)
        value = _told(fact, fact["estimate"], say) if fact else ""
        beside = (fact or {}).get("comparator") or {}
        year = beside.get("estimate") if beside.get("kind") == "year_before" else None
        before = _told(fact, year, say) if year is not None else ""
        yield {"name": say(f"index.indices.{name}"), "value": value, "before": before}


def moves(before: Findings, now: Findings, causes: list[str], say: Wording) -> Iterator[str]:
    """Each number that is told otherwise than before, and why it may be."""
    for place, fact in now.items():
        old = before.get(place)
        if old is None or None in (old["estimate"], fact["estimate"]):
            continue
        was, told = _told(fact, old["estimate"], say), _told(fact, fact["estimate"], say)
        if was == told or old["unit"] != fact["unit"]:
            continue
        why = [say(f"index.causes.{cause}") for cause in causes]
        if _within(old["estimate"], fact):
            why.append(say("index.causes.luck"))
        reason = ", ".join(why) or say("index.causes.unknown")
        yield say("index.moved", was=was, now=told, sentence=fact["sentence"], why=reason)


def findings_in(folder: Path) -> Findings:
    """The findings of a report by chapter and key; none where there is no whole record."""
    found = _read(folder / "results" / "findings.json").get("findings", [])
    return {(one["chapter"], one["key"]): one for one in found if not one.get("silent")}


def _within(number: float, fact: Mapping[str, Any]) -> bool:
    low, high = fact.get("low"), fact.get("high")
    return low is not None and high is not None and low <= number <= high


def _told(fact: Mapping[str, Any], number: float | None, say: Wording) -> str:
    if number is None or not fact["unit"]:
        return ""
    return say.formats.show(number, fact["unit"])


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
