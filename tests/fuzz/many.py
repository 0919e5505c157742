"""Try many random small studies: python tests/fuzz/many.py 0 200"""

from __future__ import annotations

import collections
import faulthandler
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "src")]

from random_studies import write_study  # noqa: E402
from whole_study import try_study  # noqa: E402


def main():
    first, after = map(int, sys.argv[1:3])
    every = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    logging.disable(logging.CRITICAL)
    counts = collections.Counter()
    examples = {}
    tally = collections.Counter()
    for seed in map(int, sys.argv[4:]) if sys.argv[4:] else range(first, after):
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            (folder / "params").mkdir()
            path = write_study(folder / "params", seed)
            out = try_study(path, folder / "build", rendered=bool(every) and seed % every == 0)
        spent = time.monotonic() - started
        state = "PROBLEM" if out.problems else "faults" if out.faults else "ok"
        tally[state] += 1
        print(
            f"{seed} {state} {spent:.1f}s told={len(out.told)} silent={len(out.silent)} "
            f"{out.faults[:1] if out.faults else ''}",
            flush=True,
        )
        for kind, details in {**dict(reversed(out.problems))}.items():
            counts[kind] += 1
            print(f"   {kind}", flush=True)
            if kind not in examples:
                print("        " + details[-1500:].replace("\n", "\n        "), flush=True)
            examples.setdefault(kind, (seed, details))
        with open(os.environ.get("REASONS", "/dev/null"), "a") as f:
            for r in out.reasons:
                f.write(f"{seed} {r}\n")
    print(tally)
    for kind, number in counts.most_common():
        seed, details = examples[kind]
        print(f"=== {number} x {kind} (seed {seed})\n{details[-1800:]}")


if __name__ == "__main__":
    faulthandler.enable()
    main()
