"""How a report grows with its customers: seconds and memory a chapter at 10^4, 10^5 and 10^6.

Run: python bench/bench_scale.py                              the three sizes, some twenty minutes
     python bench/bench_scale.py --customers 2000 20000       others, to see that it works

The study is `market`, an invented shop, with more customers (a million make 8.6 million purchase
lines). Each report is made by `make -j2 report` from nothing; what a step took is its own record
(`build/<study>/took`): seconds on the wall, and the most memory that one process of it held. The
memory of the whole is that of all processes of make together, what they share counted once
(proportional set size), looked at four times a second. Aims: a report of a million customers in ten
minutes and 4 GiB on two cores, and no step that grows faster than its customers; a step under five
seconds is not judged, since what it imports and draws does not grow.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SIZES = (10_000, 100_000, 1_000_000)
SUBREAPER = 36
LONGEST, MOST_GIB = 600, 4.0
JUDGED = 5.0
LINEAR = 1.15
"""How much faster than its customers a step may seem to grow: no two runs take the same."""


@dataclass(frozen=True, slots=True)
class Made:
    """One report: seconds on the wall and of the processor, memory in GiB, and each step's own."""

    wall: float
    used: float
    gib: float
    steps: dict[str, tuple[float, float]]


def make_report(folder: Path, customers: int) -> Made:
    """Make the report of so many customers from nothing."""
    params, build = folder / "params", folder / "build"
    params.mkdir(parents=True)
    text = (ROOT / "params" / "market.yml").read_text(encoding="utf-8")
    text = text.replace("customers: 5000", f"customers: {customers}")
    (params / "market.yml").write_text(text, encoding="utf-8")
    environment = os.environ | {"PARAMS": str(params), "BUILD": str(build)}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = ["make", "-j2", "report", "STUDY=market", f"TIMEOUT={6 * LONGEST}"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=sys.stderr) as made:
        watch = Watch()
        watch.start()
        if made.wait():
            raise SystemExit(f"make must succeed with {customers:,} customers, but did not")
    wall = time.perf_counter() - began
    while True:  # the server of the steps is a child of this process now
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    records = sorted((build / "market" / "took").glob("*.json"))
    told = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in records}
    order = ["tables", *sorted(set(told) - {"tables", "report"}), "report"]
    steps = {name: (told[name]["seconds"], told[name]["gib"]) for name in order}
    return Made(wall, used, watch.stop(), steps)


class Watch(threading.Thread):
    """Looks at the memory of all processes below this one."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.over = 0, threading.Event()

    def run(self) -> None:
        """Look until told to stop."""
        while not self.over.wait(0.25):
            self.most = max(self.most, sum(map(_pss, _below(os.getpid()))))

    def stop(self) -> float:
        """The most that was seen, in GiB."""
        self.over.set()
        self.join()
        return self.most / 2**20


def _below(process: int) -> list[int]:
    """The processes that descend from one."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(path.parent.name))
    found, ahead = [], [process]
    while ahead:
        below = parents.get(ahead.pop(), [])
        found += below
        ahead += below
    return found


def _pss(process: int) -> int:
    """The memory of a process in KiB, shared pages by their share."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def main() -> None:
    """Make the report of each size and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, nargs="+", default=SIZES)
    sizes = sorted(parser.parse_args().customers)
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as name:
        made = {size: make_report(Path(name) / str(size), size) for size in sizes}
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}.\n")
    heads = [f"{size:,}: s | GiB" for size in sizes]
    print(f"| step | {' | '.join(heads)} | growth |\n|---|{'--:|' * (2 * len(sizes) + 1)}")
    missed = []
    for step in made[sizes[-1]].steps:
        own = [made[size].steps[step] for size in sizes]
        cells = " | ".join(f"{seconds:.1f} | {gib:.2f}" for seconds, gib in own)
        growth = own[-1][0] / own[-2][0] if len(sizes) > 1 else 1.0
        print(f"| {step} | {cells} | {growth:.1f} |")
        if own[-1][0] > JUDGED and growth > LINEAR * sizes[-1] / sizes[max(len(sizes) - 2, 0)]:
            missed.append(f"{step} grows faster than its customers")
    whole = [f"{made[size].wall:.0f} | {made[size].gib:.2f}" for size in sizes]
    print(f"| all, on the wall | {' | '.join(whole)} | |")
    used = [f"{made[size].used:.0f} |" for size in sizes]
    print(f"| all, of the processor | {' | '.join(used)} | |")
    largest = made[sizes[-1]]
    missed += [f"{largest.wall:.0f} s are more than {LONGEST}"] if largest.wall > LONGEST else []
    missed += [f"{largest.gib:.1f} GiB are more than 4"] if largest.gib > MOST_GIB else []
    if missed:
        print(f"\nMissed: {'; '.join(missed)}.")


if __name__ == "__main__":
    main()
