"""The Quarto path, with a stand-in program that records its calls and writes files.

Real Quarto is not among the wheels, so what is tested is how it is found, called and heard, not
that it renders the staged project.
"""

import json
import sys

import pytest

from reporting import quarto
from reporting.errors import ReportError
from reporting.rendering import render_report

STAND_IN = """\
#!{python}
import json, os, sys
from pathlib import Path
record = Path({record!r})
calls = json.loads(record.read_text()) if record.exists() else []
calls.append([sys.argv[1:], sorted(os.listdir())])
record.write_text(json.dumps(calls))
if sys.argv[1:] == ["--version"]:
    print("1.10.18")
    sys.exit(0)
{body}
"""
WRITES = (
    "Path('report.html').write_text('<html><head></head>q</html>'); "
    "Path('report.pdf').write_text('q')"
)


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Make a program that stands in for Quarto; returns (what it does, its record of calls)."""
    program, record = tmp_path / "bin" / "quarto", tmp_path / "record.json"
    program.parent.mkdir()

    def install(body):
        text = STAND_IN.format(python=sys.executable, record=str(record), body=body)
        program.write_text(text)
        program.chmod(0o755)
        monkeypatch.setenv("QUARTO", str(program))
        return record

    return install


def render(staged, tmp_path):
    return render_report(staged, tmp_path / "out" / "a.html", tmp_path / "out" / "a.pdf")


def test_render_runs_quarto_on_a_copy_and_names_its_version(stand_in, staged, tmp_path):
    record = stand_in(WRITES)
    assert render(staged, tmp_path) == "quarto 1.10.18"
    (version, _), (call, files) = json.loads(record.read_text())
    assert version == ["--version"]
    assert call == ["render", "report.qmd"]
    assert {"_quarto.yml", "report.qmd", "nb", "fonts", "theme.css", "theme.lua"} <= set(files)
    page = (tmp_path / "out" / "a.html").read_text()
    assert page.startswith("<html><head>\n<meta ")
    assert page.endswith("</head>q</html>")
    assert (tmp_path / "out" / "a.pdf").read_text() == "q"
    assert not (staged / "report.html").exists()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            "print('processing'); print('ERROR: no such label'); sys.exit(1)",
            r"must render in Quarto 1\.10\.18, but it said: ERROR: no such label",
        ),
        (
            WRITES + "; print('WARNING: unresolved reference', file=sys.stderr)",
            "without a warning, but: WARNING: unresolved reference",
        ),
        ("Path('report.html').write_text('q')", r"must make report\.pdf, but it did not"),
    ],
)
def test_render_refuses_and_keeps_the_last_good_pair(stand_in, staged, tmp_path, body, sentence):
    stand_in(body)
    (tmp_path / "out").mkdir()
    for name in ("a.html", "a.pdf"):
        (tmp_path / "out" / name).write_text("good")
    with pytest.raises(ReportError, match=sentence):
        render(staged, tmp_path)
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == {
        "a.html": "good",
        "a.pdf": "good",
    }


def test_find_quarto_prefers_what_is_named_then_path_then_none(stand_in, tmp_path, monkeypatch):
    stand_in(WRITES)
    program = str(tmp_path / "bin" / "quarto")
    assert quarto.find_quarto() == program
    monkeypatch.delenv("QUARTO")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert quarto.find_quarto() == program
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    assert quarto.find_quarto() == program
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert quarto.find_quarto() is None


def test_find_quarto_refuses_a_name_that_does_not_run(monkeypatch, tmp_path):
    monkeypatch.setenv("QUARTO", str(tmp_path / "absent"))
    with pytest.raises(ReportError, match=r"QUARTO must name a program, but .*absent does not run"):
        quarto.find_quarto()


def test_version_refuses_a_program_that_is_not_quarto(tmp_path):
    program = tmp_path / "quarto"
    program.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(ReportError, match=r"must be Quarto, but .*broken"):
        quarto.version(str(program))
