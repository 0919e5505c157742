"""Take many random small studies from validate to the report, and store what became of them.

Run: python tests/fuzz/many.py 0 200                            seeds 0 to 199
     python tests/fuzz/many.py 0 200 --rendered 20              every 20th to its page and PDF
     python tests/fuzz/many.py 51 52                            one seed
     python tests/fuzz/many.py 0 1000 --store docs/fuzz.md      store the result

A seed draws the same study on any machine. Each either is refused by validate, with one sentence a
fault, or gives every chapter that suits it: without an exception or a warning, without a missing
number in any text, without a blank figure or an empty table, each silence with its reason.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "src")]

from random_studies import write_study  # noqa: E402
from whole_study import Outcome, try_study  # noqa: E402

INTRODUCTION = """# Random small studies

Made by `python tests/fuzz/many.py {first} {after} --store docs/fuzz.md`.

Studies of 1 to 300 customers with any subset of the tables, drawn from a seed
(`tests/fuzz/random_studies.py`): all amounts equal, none or all ended, everybody bought once, one
group or one a customer, answers all alike or all missing, windows of two days to three years, a
`min_cell` of 1 to 1,000, and what else real exports bring. Each must be refused by `make validate`
in one sentence a fault, or give every chapter that suits it: no exception, no warning, no missing
number in a text, no blank figure, no empty table, a reason for each silence. A few seeds are in the
tests (`tests/fuzz/test_random_studies.py`).
"""


@dataclass
class Tally:
    """What became of the studies tried so far."""

    studies: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)
    problems: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, seed: int, outcome: Outcome) -> str:
        """Count a study; what it came to, in one word."""
        came = "PROBLEM" if outcome.problems else "refused" if outcome.faults else "reported"
        self.studies[came] += 1
        self.refusals.update({re.sub(r"[\d,]*\d", "N", fault) for fault in outcome.faults})
        self.told.update(outcome.told)
        self.silent.update(outcome.silent)
        for kind, details in outcome.problems:
            if kind not in self.problems:
                self.problems[kind] = (seed, details)
        return came

    def lines(self) -> Iterator[str]:
        """The result as Markdown."""
        yield "| studies | |\n| --- | --: |"
        for came in ("reported", "refused", "PROBLEM"):
            yield f"| {came} | {self.studies[came]:,} |"
        yield "\n| what validate said (N: a number) | studies |\n| --- | --: |"
        yield from (f"| {fault} | {count:,} |" for fault, count in self.refusals.most_common())
        yield "\n| chapter | with something to tell | reasons only |\n| --- | --: | --: |"
        for chapter in sorted({*self.told, *self.silent}):
            yield f"| {chapter} | {self.told[chapter]:,} | {self.silent[chapter]:,} |"


def main() -> None:
    """Try the seeds that are asked for; exit code 1 where one has a problem."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("first", type=int)
    parser.add_argument("after", type=int)
    parser.add_argument("--rendered", type=int, default=0, metavar="EVERY")
    parser.add_argument("--store", type=Path)
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    tally = Tally()
    for seed in range(asked.first, asked.after):
        outcome = try_seed(seed, rendered=bool(asked.rendered) and not seed % asked.rendered)
        before = len(tally.problems)
        told = (*outcome.faults[:1], f"{len(outcome.told)} chapters told")[0]
        print(f"{seed} {tally.add(seed, outcome)}: {told}", flush=True)
        new = list(tally.problems)[before:]
        for kind, details in dict(reversed(outcome.problems)).items():
            more = details[-1500:].replace("\n", "\n    ") if kind in new else "(as before)"
            print(f"  {kind}\n    {more}", flush=True)
        if asked.store:  # after each, so that a run that is stopped leaves what it found
            head = INTRODUCTION.format(first=asked.first, after=seed + 1)
            result = "\n".join(tally.lines())
            asked.store.write_text(f"{head}\n{result}\n", encoding="utf-8")
    print("\n".join(tally.lines()))
    sys.exit(bool(tally.problems))


def try_seed(seed: int, *, rendered: bool = False) -> Outcome:
    """Draw the study of a seed into a folder of its own and take it the whole way."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "params").mkdir()
        path = write_study(folder / "params", seed)
        return try_study(path, folder / "build", rendered=rendered)


if __name__ == "__main__":
    main()
