"""The embedded engine: DuckDB, held to a share of the machine."""

from __future__ import annotations

import os

import ibis

from analysis.errors import ParamsError

MEMORY_SHARE = 0.3


def open_duckdb(timezone: str, database: str = ":memory:", read_only: bool = False):
    """Open DuckDB for one kernel: capped threads and memory, days counted in `timezone`.

    `ANALYSIS_THREADS` (2) and `ANALYSIS_MEMORY` (30 % of the machine, so that two kernels fit
    side by side under `make -j2`) change the caps.
    """
    threads = os.environ.get("ANALYSIS_THREADS", "2")
    if not threads.isdigit() or int(threads) < 1:
        raise ParamsError(f"ANALYSIS_THREADS must be a whole number above 0, but '{threads}' came")
    connection = ibis.duckdb.connect(
        database,
        read_only=read_only,
        threads=int(threads),
        memory_limit=os.environ.get("ANALYSIS_MEMORY", _memory_limit()),
    )
    connection.raw_sql(f"SET TimeZone = '{timezone}'")
    return connection


def _memory_limit() -> str:
    try:
        ram = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        ram = 8 * 2**30
    return f"{max(int(ram * MEMORY_SHARE / 2**20), 512)}MiB"
