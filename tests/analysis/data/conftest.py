"""A study in a folder of its own, made of whatever a test writes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from analysis.params import Params, read_params

STUDY = {
    "schema_version": 1,
    "study": "acme",
    "title": "Acme",
    "author": "Research",
    "relationship": "noncontractual",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
}
PERIOD = "observed_from: 2023-01-01\nobserved_until: 2023-12-31\n"


class Study:
    """Files and a params file in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "params").mkdir()

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(data)
        return path

    def params(self, data: dict, **changed) -> Params:
        """Write and read the params file; `data` is its block of that name."""
        text = PERIOD + yaml.safe_dump(STUDY | changed | {"data": data}, allow_unicode=True)
        path = self.folder / "params" / "acme.yml"
        path.write_text(text, encoding="utf-8")
        return read_params(path)

    def files(self, repairs: dict | None = None, **tables) -> Params:
        """Name files (a file name, or a whole block) for tables of the contract."""
        named = {
            name: {"file": f"../{table}"}
            if isinstance(table, str)
            else table | {"file": f"../{table['file']}"}
            for name, table in tables.items()
        }
        return self.params({"files": named} | ({"repairs": repairs} if repairs else {}))


@pytest.fixture
def study(tmp_path) -> Study:
    return Study(tmp_path)
