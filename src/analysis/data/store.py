"""Tables and frames on disk, read again only while nothing they were made from has changed."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from analysis.data.engine import open_duckdb
from analysis.data.located import KEY_FILE, source_fingerprint
from analysis.data.placing import OWNER_ONLY, writing
from analysis.data.tables import Description, Tables
from analysis.notes import read_note, written
from analysis.params import Params

KEYED_PARAMS = (
    *("data", "observed_from", "observed_until", "timezone", "currency", "relationship"),
    *("segments", "covariates", "satisfaction"),  # they name columns that are taken along
    "group_labels",
)
KEYED_CODE = (
    *("errors", "names", "notes", "units"),
    *("params", "schemas", "simulate", "data", "frames"),
)
MAGIC = b"PAR1"
KEYED_PACKAGES = ("duckdb", "ibis-framework", "numpy", "pandas", "pyarrow")


def known_fingerprint(params: Params, folder: Path) -> str:
    """Return the fingerprint as far as it is known without opening a connection; else ''."""
    if params.data.connection is None:
        return source_fingerprint(params, folder=folder)
    if os.environ.get("REFRESH") == "1":
        return ""
    return read_key(folder).get("key", {}).get("fingerprint", "")


def read_key(folder: Path) -> dict[str, Any]:
    """Return the key that lies beside a study's stored tables; empty when there is none."""
    try:
        known = json.loads((folder / "tables" / KEY_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def store_key(params: Params, fingerprint: str) -> dict[str, Any]:
    """Return all that the stored tables depend on: data params, data, code, versions."""
    values = params.model_dump(mode="json", include=set(KEYED_PARAMS), exclude_none=True)
    versions = {name: importlib.metadata.version(name) for name in KEYED_PACKAGES}
    key = {"params": values, "fingerprint": fingerprint, "code": code_hash(), "versions": versions}
    return json.loads(json.dumps(key))


def code_hash() -> str:
    """Hash the source of floors 1-4 by content."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for name in KEYED_CODE:
        sources = [root / f"{name}.py", *(root / name).rglob("*.py")]
        for source in sorted(path for path in sources if path.is_file()):
            digest.update(source.relative_to(root).as_posix().encode())
            digest.update(source.read_bytes())
    return digest.hexdigest()


def read_stored(params: Params, folder: Path, fingerprint: str) -> Tables | None:
    """Return the tables that are stored in a study's folder when their key matches, else None."""
    found = read_key(folder)
    if found.get("key") != store_key(params, fingerprint):
        return None
    folder = folder / "tables"
    files = [folder / f"{name}.parquet" for name in (*found["tables"], *found["frames"], "audit")]
    if not all(map(_is_parquet, files)):
        return None
    connection = open_duckdb(params.timezone)
    by_name = {
        name: connection.read_parquet(str(folder / f"{name}.parquet"), table_name=name)
        for name in found["tables"]
    }
    stored = {
        name: (folder / f"{name}.parquet", made_with) for name, made_with in found["frames"].items()
    }
    audit = pd.read_parquet(folder / "audit.parquet")
    audit["reason"] = [read_note(reason) for reason in audit["reason"]]
    told = found["description"]
    described = Description(**told | {"title": read_note(told["title"])})
    float_ids = tuple(found["float_ids"])
    return Tables(connection, by_name, audit, described, fingerprint, stored, float_ids)


def write_stored(
    params: Params,
    tables: Tables,
    frames: Mapping[str, tuple[pd.DataFrame | ibis.Table, dict]],
    folder: Path,
) -> None:
    """Write tables and frames into `folder/tables`, as a whole in the place of the old ones.

    They name persons: nobody but their owner may read them. Tables that live in a database or a
    cluster stay there: only the frames are written.
    """
    with writing(folder / "tables") as fresh:
        fresh.mkdir(mode=0o700)
        embedded = list(tables) if tables.connection.name == "duckdb" else []
        for name in embedded:
            tables[name].to_parquet(fresh / f"{name}.parquet")
        for name, (frame, _) in frames.items():
            frame.to_parquet(fresh / f"{name}.parquet")
        reasons = [written(reason) for reason in tables.audit["reason"]]
        tables.audit.assign(reason=reasons).to_parquet(fresh / "audit.parquet")
        title = written(tables.description.title)
        made = {
            "key": store_key(params, tables.fingerprint),
            "tables": embedded,
            "frames": {name: made_with for name, (_, made_with) in frames.items()},
            "description": asdict(tables.description) | {"title": title},
            "float_ids": list(tables.float_ids),
        }
        (fresh / KEY_FILE).write_text(json.dumps(made, indent=1, sort_keys=True), "utf-8")
        for path in fresh.iterdir():
            path.chmod(OWNER_ONLY)


def _is_parquet(path: Path) -> bool:
    """Whether a file begins and ends as Parquet does; one that was cut short does not end so."""
    try:
        with path.open("rb") as stream:
            begins = stream.read(len(MAGIC))
            stream.seek(-len(MAGIC), 2)
            return begins == stream.read() == MAGIC
    except OSError:
        return False
