"""How long all reports take: this commit, the same without its warm server, and an earlier commit.

Run: python bench/bench_reports.py [--against COMMIT] [--study NAME]

Each is built by `make -j2` from an empty `build/`, one after the other on this machine, with the
environment ready; processor seconds are those of make and of all that it started. Results of this
commit must be the same bytes with the warm server and without it. Aim: a third of what the commit
before the warm server took. Then makes that have nothing to do, with six studies and with sixty:
aims are 0.5 and 1.5 seconds. Where others use the machine, processor seconds say more than those on
the wall.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BEFORE = "e1efc78"
SUBREAPER = 36
TARGETS = re.compile(r"[^\t#.:]*/[^:]*:")
STUDIES = (6, 60)
KINDS = ("results/*.csv", "results/*.json", "report.html")


def checkout(commit: str, place: Path) -> Path:
    """A clone at a commit, with this environment: its own where its lock is another one."""
    subprocess.run(["git", "clone", "--quiet", ROOT, place], check=True)
    subprocess.run(["git", "checkout", "--quiet", commit], cwd=place, check=True)
    lock = "requirements.lock"
    if (place / lock).read_bytes() == (ROOT / lock).read_bytes():
        shutil.copytree(ROOT / ".venv", place / ".venv", symlinks=True, copy_function=os.link)
        (place / ".venv" / ".ready").touch()
    subprocess.run(["make", "env"], cwd=place, check=True, stdout=subprocess.DEVNULL)
    return place


def timed(folder: Path, *options: str) -> tuple[float, float]:
    """Seconds on the wall and of the processor until all that make started has ended."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    made = subprocess.run(
        ["make", "-j2", *options], cwd=folder, check=False, capture_output=True, text=True
    )
    wall = time.perf_counter() - began
    if made.returncode:
        raise SystemExit(f"{folder.name}: make must succeed, but said\n{made.stderr[-2000:]}")
    while True:  # servers whose make has gone are children of this process now
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, used


def nothing_to_do(folder: Path, studies: int) -> tuple[float, float]:
    """Seconds of a make that finds everything made; the quickest of three.

    The studies are copies of those that are shipped, what is made of them empty files: make looks
    at nothing but their times.
    """
    shipped = sorted(path for path in (folder / "params").glob("*.yml") if path.stem != "ecsi_bank")
    params, build = folder / f"params-{studies}", folder / f"build-{studies}"
    params.mkdir()
    for number in range(studies):
        text = shipped[number % len(shipped)].read_text(encoding="utf-8")
        text = re.sub(r"(?m)^study: .*$", f"study: copy_{number}", text)
        (params / f"copy_{number}.yml").write_text(text, encoding="utf-8")
    options = ["reports", f"PARAMS={params}", f"BUILD={build}"]
    timed(folder, "--dry-run", *options)
    for line in (build / "plan.mk").read_text(encoding="utf-8").splitlines():
        if TARGETS.match(line):
            for name in line.partition(":")[0].replace("&", "").split():
                made = folder / name
                made.parent.mkdir(parents=True, exist_ok=True)
                made.touch()
    return min(timed(folder, *options) for _ in range(3))


def contents(build: Path) -> dict[str, bytes]:
    """What a build says: results and pages of every study, by name."""
    sites = (build / "site", build)  # earlier commits kept reports beside the tables
    site = next(folder for folder in sites if folder.is_dir())
    found = (file for kind in KINDS for file in site.glob(f"*/{kind}"))
    return {str(file.relative_to(site)): file.read_bytes() for file in found}


def main() -> None:
    """Build three times and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", default=BEFORE)
    parser.add_argument("--study", help="this one alone")
    chosen = parser.parse_args()
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
    goal = ["report", f"STUDY={chosen.study}"] if chosen.study else ["reports"]
    with tempfile.TemporaryDirectory() as name:
        now = checkout("HEAD", Path(name) / "now")
        then = checkout(chosen.against, Path(name) / "then")
        took = {chosen.against: timed(then, *goal)}
        took["this commit, no server"] = timed(now, *goal, "WARM=")
        cold = contents(now / "build")
        shutil.rmtree(now / "build")
        took["this commit"] = timed(now, *goal)
        warm = contents(now / "build")
        idle = {studies: nothing_to_do(now, studies) for studies in STUDIES}
    base = took[chosen.against]
    print("| commit | seconds | of it | processor seconds | of it |\n|---|--:|--:|--:|--:|")
    for label, (wall, used) in took.items():
        shares = f"{wall / base[0]:.2f} | {used:.0f} | {used / base[1]:.2f}"
        print(f"| {label} | {wall:.0f} | {shares} |")
    for studies, (wall, used) in idle.items():
        print(f"| nothing to do, {studies} studies | {wall:.2f} | | {used:.2f} | |")
    other = sorted(name for name in cold | warm if cold.get(name) != warm.get(name))
    if other:
        sys.exit(f"the warm server must give the same bytes, but not in {', '.join(other)}")
    print(f"\n{len(warm)} files of results are the same bytes with the server and without it.")


if __name__ == "__main__":
    main()
