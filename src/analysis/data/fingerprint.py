"""A short text that changes when the data of a study change, found without reading them twice."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from analysis.data.faults import FaultyData
from analysis.data.located import named_files, package_files
from analysis.params import Params
from analysis.params.folders import study_folder


def source_fingerprint(params: Params, *, folder: Path | None = None) -> str:
    """Return what changes when a study's data do, without opening them.

    Files count by content (sha256, remembered by size and time in the study's folder), simulated
    companies by their parameters. A connection is not looked at: its fingerprint lies in the
    stored `key.json`.
    """
    folder = study_folder(params) if folder is None else folder
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
    known = _read_cache(cache)
    found = {}
    for path in sorted(paths):
        stat = path.stat()
        seen = f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}"
        if seen not in known:
            with path.open("rb") as stream:
                known[seen] = hashlib.file_digest(stream, "sha256").hexdigest()
        found[seen] = known[seen]
    _write_cache(cache, found)
    return {f"{i} {Path(seen.rsplit(' ', 2)[0]).name}": sha for i, (seen, sha) in _numbered(found)}


def _numbered(found: Mapping[str, str]):
    return enumerate(found.items())


def _read_cache(cache: Path) -> dict[str, str]:
    try:
        return json.loads(cache.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _write_cache(cache: Path, found: Mapping[str, str]) -> None:
    if _read_cache(cache) == found:
        return
    cache.parent.mkdir(parents=True, exist_ok=True)
    fresh = cache.with_name(f"{cache.name}.{os.getpid()}")
    fresh.write_text(json.dumps(found), "utf-8")
    fresh.replace(cache)
