"""What lies where a team points: files, the tables inside them, and those that belong together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.data import lists
from analysis.data.faults import FaultyData
from analysis.data.files import open_paths
from analysis.data.heads import open_text
from analysis.data.located import file_kind, is_pattern
from analysis.data.raw import RawTable
from analysis.errors import DataError
from analysis.params.source import TableSource

DATABASES = ("sqlite", "duckdb")


@dataclass(frozen=True, slots=True)
class Part:
    """One table of an export: files of one kind, or a table or sheets of one file."""

    paths: tuple[Path, ...]
    inside: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """How it is read: 'delimited', 'parquet', 'excel' …"""
        return file_kind(self.paths[0])

    @property
    def label(self) -> str:
        """What to call it: the table or sheet, or the file."""
        return " and ".join(self.inside) or self.paths[0].name

    def source(self) -> TableSource:
        """How the part is opened before anything is known of its columns."""
        named = {}
        if self.inside and self.kind == "excel":
            named = {"sheet": self.inside if len(self.inside) > 1 else self.inside[0]}
        elif self.inside:
            named = {"table": self.inside[0]}
        if self.kind == "delimited" and not all(_is_utf8(path) for path in self.paths):
            named["encoding"] = "cp1252"
        return TableSource(**named)

    def open(self, connection, name: str = "proposed") -> RawTable:
        """Open it as one table of the embedded engine."""
        return open_paths(connection, name, self.source(), list(self.paths))


def found_files(origin: Path) -> list[Path]:
    """List the files of a known kind: of a folder, of a pattern such as `sales_*.csv`, or one."""
    if is_pattern(origin, origin.name):
        files = sorted(origin.parent.glob(origin.name))
    elif not origin.exists():
        raise DataError(f"FROM must be a file or folder, but {origin} does not exist")
    else:
        files = sorted(origin.iterdir()) if origin.is_dir() else [origin]
    return [file for file in files if file.is_file() and file_kind(file)]


def parts_of(files: list[Path]) -> Iterator[Part]:
    """Yield each file, and each table or sheet inside it."""
    for file in files:
        kind = file_kind(file)
        inside = lists.names_inside(file, kind) if kind in ("excel", *DATABASES) else []
        if len(inside) < 2:
            yield Part((file,))
        else:
            yield from (Part((file,), (name,)) for name in inside)


def together(parts: list[tuple[Part, tuple[str, ...]]]) -> list[Part]:
    """Lay together what has the same columns: the files of a year each, sheets of one workbook."""
    groups: dict[tuple, Part] = {}
    for part, columns in parts:
        alike = (part.paths[0] if part.inside else "".join(part.paths[0].suffixes[-2:]), part.kind)
        key = (*alike, tuple(sorted(columns)))
        if part.kind in DATABASES or key not in groups:
            groups[(*key, part.inside) if part.kind in DATABASES else key] = part
        elif part.inside:
            groups[key] = replace(groups[key], inside=(*groups[key].inside, *part.inside))
        else:
            groups[key] = replace(groups[key], paths=(*groups[key].paths, *part.paths))
    return list(groups.values())


def _is_utf8(file: Path) -> bool:
    try:
        with open_text("proposed", TableSource(), file) as text:
            while text.read(2**20):
                pass
    except FaultyData:
        return False
    return True
