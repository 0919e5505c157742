"""What a module imports is followed to its end, each file read once, and remembered by content."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reporting import imported
from reporting.imported import imports_of, keep_imports, reached


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A project of four files: `top` imports `middle`, and that what lies in `deep`."""
    files = {
        "analysis/__init__.py": "",
        "analysis/top.py": "from analysis.middle import number\n",
        "analysis/middle.py": "import reporting.deep\nnumber = 1\n",
        "analysis/aside.py": "import analysis.top\n",
        "reporting/deep/__init__.py": "from analysis import top\n",
        "reporting/deep/texts.yml": "one: two\n",
        "reporting/deep/other.py": "",
    }
    for name, text in files.items():
        path = tmp_path / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(imported, "ROOT", tmp_path)
    monkeypatch.setattr(imported, "SOURCES", tmp_path / "src")
    monkeypatch.setenv("BUILD", str(tmp_path / "build"))
    forget()
    yield tmp_path
    monkeypatch.undo()
    forget()


def forget() -> None:
    for kept in ("_next", "_content", "_named", "files_of", "_package", "_known"):
        getattr(imported, kept).cache_clear()


TOP = {
    "src/analysis/__init__.py",
    "src/analysis/middle.py",
    "src/analysis/top.py",
    "src/reporting/deep/__init__.py",
    "src/reporting/deep/texts.yml",
}


def test_reached_follows_imports_to_their_end(sources):
    assert list(reached(["analysis.top"])) == sorted(TOP)
    assert set(reached(["analysis.aside"])) == TOP | {"src/analysis/aside.py"}


def test_reached_changes_with_a_file_far_away(sources):
    before = reached(["analysis.top"])
    (sources / "src/reporting/deep/texts.yml").write_text("one: three\n")
    forget()
    after = reached(["analysis.top"])
    assert {name for name in before if before[name] != after[name]} == {
        "src/reporting/deep/texts.yml"
    }


def test_reached_reads_each_file_once(sources, monkeypatch):
    read: list[Path] = []
    plain = Path.read_text

    def noted(path: Path, *args, **kwargs):
        read.append(path)
        return plain(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", noted)
    for module in ("analysis.top", "analysis.middle", "analysis.aside"):
        reached([module])
    python = [path for path in read if path.suffix == ".py"]
    assert len(python) == len(set(python)) == 5


def test_imports_are_remembered_by_content(sources, monkeypatch):
    assert imports_of("from analysis.top import x") == {"analysis.top", "analysis.top.x"}
    keep_imports()
    kept = json.loads((sources / "build/keys/imports.json").read_text())
    assert list(kept.values()) == [["analysis.top", "analysis.top.x"]]
    forget()
    monkeypatch.setattr(imported, "_imports_of", lambda code: pytest.fail("was parsed again"))
    assert imports_of("from analysis.top import x") == {"analysis.top", "analysis.top.x"}


@pytest.mark.parametrize("broken", ["", "{", "[1]", '{"a": '])
def test_a_broken_memory_is_left_aside(sources, broken):
    path = sources / "build/keys/imports.json"
    path.parent.mkdir(parents=True)
    path.write_text(broken)
    assert imports_of("import reporting.deep") == {"reporting.deep"}
