"""The customer frame from millions of purchases: this project, pandas, Polars and lifetimes.

Run: python bench/bench_frames.py            1 and 10 million, and 50 million for ours alone
     python bench/bench_frames.py --quick    0.2 million, to see that it works

Every contender starts from the same Parquet file, in a process of its own, on the same cores. The
clock covers reading the file and making the frame, not imports; the memory is the most that the
process ever held. 'checked' is ours with all checks of the data before it (`read_tables`), which
the others do not make. All must find the same number of repeat purchases. Polars is no dependency
of this project: it takes part where somebody has installed it. Aim: at 10 million 8 times faster
than lifetimes, 4 times after all checks, with under half its memory, and 50 million at most 5.3
times as much. An aim that is missed is seen in the table; only contenders that disagree end the run
with an error.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from datetime import date
from importlib.util import find_spec
from pathlib import Path

SOURCES = Path(__file__).parents[1] / "src"
FIRST, LAST = date(2021, 1, 1), date(2023, 12, 31)
PURCHASES_EACH = 10
MILLION = 1_000_000
RUNS = 3
PARAMS = """
schema_version: 1
study: bench
title: bench
author: bench
relationship: noncontractual
observed_from: 2021-01-01
observed_until: 2023-12-31
timezone: UTC
currency: EUR
data: {files: {transactions: {file: FILE}}}
"""


def write_purchases(path: Path, purchases: int) -> None:
    """Write purchases of customers who buy ten times on average over three years."""
    import duckdb

    days, customers = (LAST - FIRST).days + 1, max(purchases // PURCHASES_EACH, 1)
    duckdb.sql(
        f"COPY (SELECT 'C' || lpad((hash(i) % {customers})::VARCHAR, 9, '0') AS customer_id, "
        f"DATE '{FIRST}' + (hash(i + 7000000000) % {days})::INTEGER AS at, "
        "round(5 + hash(i + 9000000000) % 20000 / 100, 2) AS amount "
        f"FROM range({purchases}) t(i)) TO '{path}' (FORMAT parquet)"
    )


def frame_here(path: Path) -> int:
    """Make the frame of this project from tables that have been checked before."""
    import pandas as pd

    from analysis.data.engine import open_duckdb
    from analysis.data.tables import Description, Tables
    from analysis.frames import customer_frame

    connection = open_duckdb("UTC")
    transactions = connection.read_parquet(str(path), table_name="transactions")
    by_name = {"transactions": transactions}
    by_name["customers"] = transactions.select("customer_id").distinct()
    described = Description("bench", "", "", "files")
    tables = Tables(connection, by_name, pd.DataFrame(), described, "")
    return int(customer_frame(tables, _params(path))["frequency"].sum())


def frame_checked(path: Path) -> int:
    """Make the frame of this project with all checks of the data before it."""
    from analysis.data import read_tables
    from analysis.frames import customer_frame

    params = _params(path)
    return int(customer_frame(read_tables(params, stored=False), params)["frequency"].sum())


def frame_pandas(path: Path) -> int:
    """Make the same columns with pandas, the way one would by hand."""
    import pandas as pd

    rows = pd.read_parquet(path)
    rows["at"] = pd.to_datetime(rows["at"])
    days = rows.groupby(["customer_id", "at"], as_index=False)["amount"].sum()
    by_customer = days.groupby("customer_id")
    frame = by_customer.agg(
        first_at=("at", "min"),
        last_at=("at", "max"),
        purchases=("at", "size"),
        revenue=("amount", "sum"),
    )
    later = days[days["at"] > days["customer_id"].map(frame["first_at"])]
    repeats = later.groupby("customer_id").agg(second_at=("at", "min"), spent=("amount", "sum"))
    frame = frame.join(repeats)
    frame["frequency"] = frame["purchases"] - 1
    frame["monetary_value"] = frame["spent"] / frame["frequency"].where(frame["frequency"] > 0)
    frame["recency_weeks"] = (frame["last_at"] - frame["first_at"]).dt.days / 7
    frame["age_weeks"] = (pd.Timestamp(LAST) - frame["first_at"]).dt.days / 7
    return int(frame["frequency"].sum())


def frame_polars(path: Path) -> int:
    """Make the same columns with Polars, lazily, on all cores."""
    import polars as pl

    at, amount = pl.col("at"), pl.col("amount")
    days = pl.scan_parquet(path).group_by("customer_id", "at").agg(amount.sum())
    frame = days.group_by("customer_id").agg(
        first_at=at.min(),
        last_at=at.max(),
        second_at=at.filter(at > at.min()).min(),
        purchases=pl.len(),
        revenue=amount.sum(),
        spent=amount.filter(at > at.min()).sum(),
    )
    frame = frame.with_columns(
        frequency=pl.col("purchases").cast(pl.Int64) - 1,
        recency_weeks=(pl.col("last_at") - pl.col("first_at")).dt.total_days() / 7,
        age_weeks=(pl.lit(LAST) - pl.col("first_at")).dt.total_days() / 7,
    )
    repeated = pl.when(pl.col("frequency") > 0).then(pl.col("frequency"))
    frame = frame.with_columns(monetary_value=pl.col("spent") / repeated)
    return int(frame.collect()["frequency"].sum())


def frame_lifetimes(path: Path) -> int:
    """Make the frame of lifetimes (fewer columns: frequency, recency, T, monetary value)."""
    import pandas as pd
    from lifetimes.utils import summary_data_from_transaction_data

    frame = summary_data_from_transaction_data(
        pd.read_parquet(path),
        "customer_id",
        "at",
        monetary_value_col="amount",
        observation_period_end=LAST,
    )
    return int(frame["frequency"].sum())


CONTENDERS = {
    "ours": frame_here,
    "ours, checked": frame_checked,
    "pandas": frame_pandas,
    "polars": frame_polars,
    "lifetimes": frame_lifetimes,
}


def measure(contender: str, path: Path) -> dict[str, float]:
    """Run one contender in a process of its own: seconds, peak memory in GiB, repeats found."""
    command = [sys.executable, __file__, "--worker", contender, "--file", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {"fault": last}
    return json.loads(done.stdout.splitlines()[-1])


def work(contender: str, path: Path) -> None:
    """Run one contender here and print what it took."""
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(SOURCES))
    run = CONTENDERS[contender]
    _import_first(contender)
    begin = time.perf_counter()
    repeats = run(path)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"seconds": seconds, "peak": peak, "repeats": repeats}))


def main() -> None:
    """Measure all contenders and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--worker", choices=CONTENDERS)
    parser.add_argument("--file", type=Path)
    chosen = parser.parse_args()
    if chosen.worker:
        work(chosen.worker, chosen.file)
        return
    present = tuple(name for name in CONTENDERS if name != "polars" or find_spec("polars"))
    plan = (
        {200_000: present}
        if chosen.quick
        else {
            MILLION: present,
            10 * MILLION: present,
            50 * MILLION: ("ours",),
        }
    )
    print_machine()
    print(
        "| purchases | contender | seconds | peak GiB | time against ours | memory against ours |"
    )
    print("|---:|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for purchases, contenders in plan.items():
            path = Path(folder) / f"purchases_{purchases}.parquet"
            write_purchases(path, purchases)
            runs = [{name: measure(name, path) for name in contenders} for _ in range(RUNS)]
            medians = {name: median_of([run[name] for run in runs]) for name in contenders}
            print_rows(purchases, medians)
            path.unlink()


def print_rows(purchases: int, found: dict[str, dict[str, float]]) -> None:
    """Print the rows of one size; contenders that disagree are an error, a missed aim is none."""
    ours = found["ours"]
    for name, took in found.items():
        if "fault" in took:
            print(f"| {purchases:,} | {name} | fails: {took['fault']} | | | |", flush=True)
            continue
        if "fault" not in ours and took["repeats"] != ours["repeats"]:
            raise SystemExit(f"{name} found {took['repeats']} repeats, ours {ours['repeats']}")
        cells = f"{took['seconds']:.1f} | {took['peak']:.2f}"
        ratios = " | ".join(_ratio(took, ours, part) for part in ("seconds", "peak"))
        print(f"| {purchases:,} | {name} | {cells} | {ratios} |", flush=True)


def _ratio(took: dict[str, float], ours: dict[str, float], part: str) -> str:
    return f"{took[part] / ours[part]:.1f}" if part in ours else ""


def median_of(runs: list[dict[str, float]]) -> dict[str, float]:
    """Take the run of median time; where one failed, that one."""
    failed = [run for run in runs if "fault" in run]
    if failed:
        return failed[0]
    return sorted(runs, key=lambda run: run["seconds"])[(len(runs) - 1) // 2]


def print_machine() -> None:
    """Say what the times were taken on: others who use the machine lengthen them."""
    load, cores = os.getloadavg()[0], os.cpu_count()
    busy = ": it is in use, so times are longer and ratios rough" if load > cores / 2 else ""
    print(f"{cores} cores, load {load:.1f}{busy}. Median of {RUNS} interleaved runs.\n")


def _import_first(contender: str) -> None:
    """Import what a contender needs before the clock runs."""
    import pandas  # noqa: F401

    if contender == "lifetimes":
        import lifetimes.utils  # noqa: F401
    elif contender == "polars":
        import polars  # noqa: F401
    elif contender.startswith("ours"):
        import analysis.data.reading
        import analysis.frames  # noqa: F401


def _params(path: Path):
    from analysis.params import read_params

    file = path.with_name("bench.yml")
    file.write_text(PARAMS.replace("FILE", path.name), encoding="utf-8")
    return read_params(file)


if __name__ == "__main__":
    main()
