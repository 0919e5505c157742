"""Kill many runs of make at random moments and fill many disks, and store what became of them.

Run: python tests/stopped/many.py --kills 60 --disks 8 --store docs/stopped.md

Each kill begins with the report of one version of a study, whole, and stops the make of the other
version; the disks are file systems in memory of several sizes, which only root may mount.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(place) for place in (TESTS, TESTS / "reporting", TESTS / "stopped")]
sys.path.insert(0, str(TESTS.parent / "src"))

from conftest import copied_project  # noqa: E402
from stopping import Kill, Shop, fill_once, kill_once, next_run  # noqa: E402

COMPLETED = 0.3
"""The share of kills after which the next run is let alone."""
INTRODUCTION = """# Stopped runs and full disks

Made by `python tests/stopped/many.py --kills {kills} --disks {disks} --store docs/stopped.md`.

A study of 300 customers with two real notebooks (data, retention) in two versions. Each
kill begins with the whole report of one version and stops `make -j2 reports` of the other at a
random moment: after a random number of changes to `build/`, by SIGKILL (three times in five),
SIGTERM or SIGINT, to make with all its processes or to a single one. Each disk is a file system in
memory that is small, with the whole report of one version or with nothing on it. Then must hold:

* the report in `build/site/` is the old one or the new one, every byte of it, never a mixture;
* no file is half-written: every notebook, table and record reads; no process is left;
* nobody is told a traceback; a full disk is told in one sentence that names the file;
* the next make, killed in its turn or let alone (three times in ten), in the end completes and
  gives the same bytes as one from nothing; nothing half-made remains.
"""


def main() -> None:
    """Kill and fill as often as is asked for; exit code 1 where something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--disks", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        shop = Shop.of(copied_project(Path(place).resolve() / "project"))
        print(f"{shop.changes} changes in a run from nothing", flush=True)
        kills, disks = [], []
        random_ = random.Random(asked.seed)
        version = 0
        for number in range(asked.kills):
            last = random_.random() < COMPLETED or number == asked.kills - 1
            kills.append(kill_once(shop, random_, version, last=last))
            version = 1 - version if last or kills[-1].ended == "made" else version
            tell(number, kills[-1])
            store(asked.store, kills, disks)
        for number in range(asked.disks):
            disks.append(fill_disk(shop, number, asked.disks))
            tell(number, disks[-1])
            store(asked.store, kills, disks)
    sys.exit(any(one.faults for one in kills + disks))


def fill_disk(shop: Shop, number: int, disks: int) -> Kill:
    """Make the study on a disk too small, then on the same one with room."""
    build, shop.build = shop.build, shop.folder / "small disk"
    shop.build.mkdir(exist_ok=True)
    need = sum(len(raw) for raw in shop.good[0].values())
    mount = ["mount", "-t", "tmpfs", "-o"]
    room = f"size={max(4096, need * (number + 1) * 2 // disks)}"
    try:
        if number % 2:  # with the whole report of the other version on it
            subprocess.run([*mount, "size=1g", "tmpfs", str(shop.build)], check=True)
            shop.write(0)
            prepared = next_run(shop, 0)
            held = sum(file.stat().st_size for file in shop.build.rglob("*") if file.is_file())
            room = f"size={held + 4096 * (50 + 60 * number)}"
            subprocess.run([*mount, f"remount,{room}", str(shop.build)], check=True)
        else:
            prepared = []
            subprocess.run([*mount, room, "tmpfs", str(shop.build)], check=True)
        found = fill_once(shop, number % 2, shop.start)
        subprocess.run([*mount, "remount,size=1g", str(shop.build)], check=True)
        faults = (*prepared, *found.faults, *next_run(shop, number % 2))
        return Kill(room, found.sent, 0, found.ended, faults)
    finally:
        subprocess.run(["umount", str(shop.build)], check=False)
        shop.build = build


def tell(number: int, one: Kill) -> None:
    """A line for each."""
    print(f"{number} {one.sent} {one.role} after {one.after}: {one.ended}", *one.faults, flush=True)


def store(path: Path | None, kills: list[Kill], disks: list[Kill]) -> None:
    """Write what is known so far, so that a run that is stopped leaves what it found."""
    if path is None:
        return
    lines = [INTRODUCTION.format(kills=len(kills), disks=len(disks))]
    lines += ["| killed | by | runs | of them stopped | faults |", "|---|---|--:|--:|--:|"]
    for (role, sent), runs in sorted(Counter((one.role, one.sent) for one in kills).items()):
        own = [one for one in kills if (one.role, one.sent) == (role, sent)]
        stopped, faults = sum(o.ended == "stopped" for o in own), sum(bool(o.faults) for o in own)
        lines.append(f"| {role} | {sent} | {runs} | {stopped} | {faults} |")
    lines.append(f"\n{len(kills)} kills, {sum(bool(one.faults) for one in kills)} with a fault.")
    if disks:
        stopped = sum(one.ended == "stopped" for one in disks)
        faults = sum(bool(one.faults) for one in disks)
        lines.append(f"\n{len(disks)} disks, {stopped} of them too small, {faults} with a fault.")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
