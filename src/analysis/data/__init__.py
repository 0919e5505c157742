"""From what a params file names to checked tables: the only door between files and analysis."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.data.crossing import Crossing, crossings, fetch, fetch_count, fetch_rows
    from analysis.data.located import source_fingerprint
    from analysis.data.past import tables_until
    from analysis.data.reading import check_source, read_tables
    from analysis.data.store import write_stored
    from analysis.data.tables import Description, Tables

__all__ = [
    "Crossing",
    "Description",
    "Tables",
    "check_source",
    "crossings",
    "fetch",
    "fetch_count",
    "fetch_rows",
    "read_tables",
    "source_fingerprint",
    "tables_until",
    "write_stored",
]

HOMES = {
    "Crossing": "crossing",
    "crossings": "crossing",
    "fetch": "crossing",
    "fetch_count": "crossing",
    "fetch_rows": "crossing",
    "Description": "tables",
    "Tables": "tables",
    "check_source": "reading",
    "read_tables": "reading",
    "source_fingerprint": "located",
    "tables_until": "past",
    "write_stored": "store",
}


def __getattr__(name: str) -> Any:
    """Import a part when it is first asked for: planning a build needs no engine."""
    if name not in HOMES:
        raise AttributeError(f"analysis.data has no {name}")
    return getattr(importlib.import_module(f"analysis.data.{HOMES[name]}"), name)
