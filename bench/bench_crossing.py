"""What comes over from the engine for each chapter of a study of ten million customers.

Run: python bench/bench_crossing.py            1 and 10 million customers, 4 and 41 million lines
     python bench/bench_crossing.py --quick    20 and 200 thousand, to see that it works

The purchases are made by the engine itself: customers of an online shop who come in over three
years, buy at rates that differ between them (Pareto/NBD with r = 1) and leave unseen. Tables are
checked and stored as by `make tables`; then the cells of each chapter's notebook are run in a
process of their own, and every answer of the engine is counted as it comes over. Rows at a hundred
million are what each answer would bring if it grew by the same factor once more; a counted table is
never more than `MOST_CELLS` rows, a sample never more than was drawn. Aim: under a million rows a
chapter. The small run is counted too, although it would bring back one row a customer by itself.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
MILLION = 1_000_000
DAYS = 1095
AIM = MILLION
PARAMS = """
schema_version: 1
study: crossing
title: A shop of very many customers
author: bench
relationship: noncontractual
observed_from: 2021-01-01
observed_until: 2023-12-31
timezone: UTC
currency: EUR
data:
  files:
    transactions: {file: transactions.parquet}
    customers: {file: customers.parquet, keep: [channel, region]}
segments: [channel, region, first_value_third]
horizons_weeks: [4, 13, 26, 52, 104]
lapse_weeks: 26
lapse_grid: [13, 26, 52]
tiers: {preset: value, rating_months: 12, compare: [ecommerce, retail]}
value_horizon_weeks: 52
holdout_weeks: 52
"""


def write_sales(folder: Path, customers: int) -> int:
    """Write customers and what they bought; return the number of lines."""
    import duckdb

    engine = duckdb.connect()
    engine.execute("SET threads = 2; SET memory_limit = '4GB'")
    engine.execute(f"SET temp_directory = '{folder}'")
    lot = "((hash(i * 16 + {k}) >> 11)::DOUBLE + 0.5) / 9007199254740992.0"
    a, b, c, d, e = (lot.format(k=k) for k in range(1, 6))
    each = "((hash(i * 1000 + j + {k}) >> 11)::DOUBLE + 0.5) / 9007199254740992.0"
    engine.execute(
        f"COPY (SELECT 'C' || lpad(i::VARCHAR, 9, '0') AS customer_id, "
        f"['search', 'social', 'mail', 'shop'][1 + (hash(i) % 4)::INT] AS channel, "
        f"'region ' || chr(65 + (hash(i + 77) % 10)::INT) AS region "
        f"FROM range({customers}) r(i)) TO '{folder}/customers.parquet' (FORMAT parquet)"
    )
    # i: customer; first: her first day; active: days that she stays; made: repeat purchases, of a
    # geometric law, which is a Poisson one whose rate is exponential between customers
    engine.execute(
        f"COPY (WITH people AS (SELECT i, floor({DAYS} * {a})::INT AS first, {b} AS life, "
        f"{c} AS luck, 20 * exp(4 * ({d} - 0.5)) AS spend, 30 + 240 * {e} AS pace "
        f"FROM range({customers}) r(i)), "
        f"lives AS (SELECT *, least({DAYS - 1} - first, 500 * (pow(life, -1 / 1.5) - 1)) AS active "
        "FROM people), "
        "counts AS (SELECT *, CASE WHEN active < 1 THEN 0 ELSE "
        "floor(ln(luck) / ln((active / pace) / (1 + active / pace)))::INT END AS made FROM lives), "
        "lines AS (SELECT *, unnest(range(0, least(made, 400) + 1)) AS j FROM counts) "
        "SELECT 'C' || lpad(i::VARCHAR, 9, '0') AS customer_id, DATE '2021-01-01' + first + "
        f"CASE WHEN j = 0 THEN 0 ELSE ceil(active * ({each.format(k=7)}))::INT END AS at, "
        f"round(spend * (0.3 + 1.4 * ({each.format(k=500_000_007)})), 2) AS amount "
        f"FROM lines) TO '{folder}/transactions.parquet' (FORMAT parquet)"
    )
    counted = engine.execute(f"SELECT count(*) FROM '{folder}/transactions.parquet'")
    return int(counted.fetchone()[0])


def work(folder: Path, chapter: str, large: int) -> None:
    """Store the tables, or run the cells of one chapter, in this process."""
    import warnings

    import matplotlib

    warnings.simplefilter("ignore")
    matplotlib.use("Agg")
    sys.path.insert(0, str(ROOT / "src"))
    from analysis.frames import counted, write_frames
    from analysis.params import read_params

    counted.LARGE = large
    path = folder / "params" / "crossing.yml"
    if chapter == "tables":
        write_frames(read_params(path))
        return
    notebook = json.loads((ROOT / "notebooks" / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    cells[0] = f"study, overrides, build = {str(path)!r}, {{}}, None"
    names: dict = {}
    for cell in cells:
        exec(compile(cell, chapter, "exec"), names)


def chapters_of(folder: Path) -> list[str]:
    """The notebooks whose needs the study meets."""
    sys.path.insert(0, str(ROOT / "src"))
    from analysis.params import read_params
    from reporting.project import Study

    study = Study(read_params(folder / "params" / "crossing.yml"))
    return [notebook.name for notebook in study.chapters]


def measure(folder: Path, chapter: str, large: int) -> tuple[list[tuple[str, int]], float, float]:
    """Run a chapter in a process of its own: what crossed, seconds, peak memory in GiB."""
    record = folder / "crossed" / f"{chapter}.csv"
    command = [sys.executable, __file__, "--worker", chapter, "--folder", str(folder)]
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "--large", str(large)],
        env=os.environ | {"CROSSED": str(record), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{chapter}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    with record.open(encoding="utf-8", newline="") as stream:
        crossed = [(row["purpose"], int(row["rows"])) for row in csv.DictReader(stream)]
    return crossed, seconds, float(done.stdout.splitlines()[-1])


def study_of(customers: int, large: int) -> tuple[int, dict[str, tuple]]:
    """Make a study of so many customers and measure its tables and each of its chapters."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "params").mkdir()
        (folder / "params" / "crossing.yml").write_text(PARAMS.replace("file: ", "file: ../"))
        lines = write_sales(folder, customers)
        found = {}
        for chapter in ["tables", *chapters_of(folder)]:
            found[chapter] = measure(folder, chapter, large)
            rows = sum(count for _, count in found[chapter][0])
            took = "{:.0f} s, {:.1f} GiB".format(*found[chapter][1:])
            print(f"  {customers:,} customers, {chapter}: {rows:,} rows, {took}", file=sys.stderr)
    return lines, found


def grown(small: list[tuple[str, int]], great: list[tuple[str, int]]) -> Iterator[int]:
    """What each answer would bring if it grew once more as it has."""
    sys.path.insert(0, str(ROOT / "src"))
    from analysis.frames.counted import MOST_CELLS
    from analysis.frames.lot import SAMPLE

    before: dict[str, list[int]] = {}
    for purpose, rows in small:
        before.setdefault(purpose, []).append(rows)
    for purpose, rows in great:
        former = (before.get(purpose) or [rows]).pop(0) if before.get(purpose) else rows
        more = round(rows * max(rows / former, 1.0)) if former else rows
        if purpose.endswith("count_cells"):
            more = min(more, max(MOST_CELLS, rows))
        yield max(rows, more if rows != SAMPLE else SAMPLE)


def main() -> None:
    """Measure both sizes and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--worker")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--large", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.worker:
        import resource

        work(chosen.folder, chosen.worker, chosen.large)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
        return
    sizes = (20_000, 200_000) if chosen.quick else (MILLION, 10 * MILLION)
    (few, small), (many, great) = (study_of(size, sizes[0] // 2) for size in sizes)
    names = [f"rows at {size:,}" for size in (*sizes, 10 * sizes[1])]
    print(f"{few:,} and {many:,} lines; load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores.\n")
    print(f"| chapter | {' | '.join(names)} | answers | most in one | seconds | peak GiB |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    missed = []
    for chapter, (crossed, seconds, peak) in great.items():
        rows, ahead = sum(n for _, n in crossed), sum(grown(small[chapter][0], crossed))
        most = max((n for _, n in crossed), default=0)
        cells = [sum(n for _, n in small[chapter][0]), rows, ahead, len(crossed), most]
        told = " | ".join(f"{cell:,}" for cell in cells)
        print(f"| {chapter} | {told} | {seconds:.0f} | {peak:.1f} |")
        missed += [chapter] if ahead >= AIM else []
    if missed:
        raise SystemExit(f"a chapter must bring under {AIM:,} rows, but not {', '.join(missed)}")


if __name__ == "__main__":
    main()
