"""What is made of each study, what is stale and why, what was left out (`make status`).

What make would do, and why, the rules of its plan and the times of the files say. Nothing is run.
"""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

from analysis.errors import ParamsError
from reporting.errors import printable, speak
from reporting.project import ROOT, Study, read_study, shown_path, study_files
from reporting.took import took

UNIT = 1000
RULE = re.compile(r"(.+?)(?: &)?: (.+)")
REASONS = (
    (re.compile(r"/keys/report$"), "what pages are made of has changed"),
    (re.compile(r"/keys/[^/]+$"), "its code has changed"),
    (re.compile(r"/study\.json$"), "parameters or data have changed"),
    (re.compile(r"/tables/[^/]+$"), "frames are newer"),
    (re.compile(r"\.ipynb$"), "a notebook was run since"),
)


def main() -> None:
    """Print a paragraph a study; the argument is the plan that make has just written."""
    rules = read_rules(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for path in study_files():
        try:
            study = read_study(path)
            if study.params.data.absent(study.params.path.parent):
                continue  # the plan has said so
            lines = status_of(study, rules)
        except ParamsError as error:
            lines = [f"cannot be made: {str(error).splitlines()[0]}"]
        head, *others = lines
        print(printable(f"{path.stem}: {head}"))
        for line in others:
            print(printable(f"  {line}"))


def read_rules(plan: str) -> dict[str, list[str]]:
    """The files that each file of a plan is made of."""
    rules: dict[str, list[str]] = {}
    for line in plan.splitlines():
        rule = RULE.fullmatch(line)
        if rule is None or line.startswith(("\t", ".", "#")):
            continue
        for target in _words(rule[1]):
            rules.setdefault(target, []).extend(_words(rule[2]))
    return rules


def _words(text: str) -> list[str]:
    """The names in a rule, without what make reads into them."""
    words = re.split(r"(?<!\\)\s+", text.strip())
    return [re.sub(r"\\(.)", r"\1", word).replace("$$", "$") for word in words]


def status_of(study: Study, rules: dict[str, list[str]]) -> list[str]:
    """What is made of a study, then a line for each thing that is stale."""
    named = f"report-{study.params.study}"
    if named not in rules:
        return ["cannot be made: make reports says why"]
    page = next(name for name in rules[named] if name.endswith("report.html"))
    missing, stale = [], []
    for target in _all_of(page, rules):
        why = reason(target, rules)
        if why == NEVER:
            missing.append(_short(target))
        elif why:
            stale.append(f"stale: {_short(target)} ({why})")
    lines = [_made(study, ROOT / page)]
    if missing and len(missing) < len(_all_of(page, rules)):
        lines.append(f"not made: {', '.join(missing)}")
    return [*lines, *stale]


NEVER = "not made yet"


def reason(target: str, rules: dict[str, list[str]]) -> str:
    """Why a file would be made anew; empty where it would not."""
    place = ROOT / target
    if not place.is_file():
        return NEVER
    written = place.stat().st_mtime_ns
    for name in rules.get(target, ()):
        if name == "FORCE":
            continue
        other = ROOT / name
        if not other.is_file() or other.stat().st_mtime_ns > written:
            found = (told for pattern, told in REASONS if pattern.search(name))
            return next(found, f"{name} is newer")
    older = (name for name in rules.get(target, ()) if name in rules and reason(name, rules))
    first = next(older, "")
    return f"{_short(first)} is stale" if first else ""


def _all_of(target: str, rules: dict[str, list[str]]) -> list[str]:
    """A file and all that it is made of, as far as make makes it; what comes first is first."""
    found: list[str] = []
    for name in rules.get(target, ()):
        if name in rules:
            found += [one for one in _all_of(name, rules) if one not in found]
    return [*found, target]


def _short(target: str) -> str:
    place = Path(target)
    names = {"report.html": "report", "report.pdf": "report"}
    return names.get(place.name, "tables" if place.parent.name == "tables" else place.stem)


def _made(study: Study, page: Path) -> str:
    if not page.is_file():
        return "no report yet"
    written = time.strftime("%Y-%m-%d %H:%M", time.localtime(page.stat().st_mtime))
    size = sum(page.with_suffix(one).stat().st_size for one in (".html", ".pdf"))
    steps = [took(study.folder, one) for one in ("tables", "report")]
    steps += [took(study.folder, one.name) for one in study.chapters]
    seconds = sum(one.seconds for one in steps if one is not None)
    made = f"{shown_path(page)} of {written}, {len(study.chapters)} chapters"
    return f"{made}, {size / UNIT**2:.1f} MB, {seconds:.0f} s of work"


if __name__ == "__main__":
    os.environ.pop("REFRESH", None)
    speak(main)
