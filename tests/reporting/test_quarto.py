"""The Quarto path, with a stand-in program that records its calls and writes files.

Real Quarto is not among the wheels, so what is tested is how it is found, called and heard, not
that it renders the staged project.
"""

import json
import sys

import pytest

from reporting import keys, quarto
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


def test_page_is_published_without_the_paths_that_quarto_writes(stand_in, staged, tmp_path):
    """As Quarto 1.10 writes an embedded cell; a text that looks like it is a text."""
    text = '<td>a data-notebook="b"</td>'
    cell = (
        f'<div class="quarto-embed-nb-cell" data-notebook="{staged}/nb/10_retention.ipynb" '
        'data-notebook-title="It\'s &gt; 1" data-notebook-cellid="fig-second">'
    )
    page = f"<html><head></head>{cell}{text}</div></html>"
    stand_in(f"Path('report.html').write_text({page!r}); Path('report.pdf').write_text('q')")
    render(staged, tmp_path)
    published = (tmp_path / "out" / "a.html").read_text()
    assert f'<div class="quarto-embed-nb-cell">{text}</div>' in published
    assert str(staged) not in published


def test_page_that_names_a_folder_of_this_machine_is_refused(stand_in, staged, tmp_path):
    alt = f'<img alt="{staged}/is a text" src="data:,">'
    named = f"<p data-from='{staged}/nb'>"
    writes = "Path('report.html').write_text({!r}); Path('report.pdf').write_text('q')"
    stand_in(writes.format(f"<html><head></head>{alt}</html>"))
    render(staged, tmp_path)
    stand_in(writes.format(f"<html><head></head>{named}</html>"))
    with pytest.raises(ReportError, match="name no folder of this machine, but <p data-from>"):
        render(staged, tmp_path)


def test_font_that_the_language_needs_is_needed_by_quarto_too(
    stand_in, staged, tmp_path, monkeypatch
):
    stand_in(WRITES)
    page = staged / "report.qmd"
    page.write_text(page.read_text().replace("toc: true", "toc: true\nlang: zh\nsubtitle: 顾客", 1))
    monkeypatch.setattr("reporting.embedded.fonts.installed_cjk", lambda: None)
    with pytest.raises(ReportError, match="the PDF must have a font with Chinese characters"):
        render(staged, tmp_path)


def test_report_key_tells_versions_of_quarto_apart_not_places(tmp_path, monkeypatch):
    found = []
    for place, said in (("a", "1.10.18"), ("b", "1.10.18"), ("b", "1.11.0")):
        program = tmp_path / place / "quarto"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\necho {said}\n")
        program.chmod(0o755)
        monkeypatch.setenv("QUARTO", str(program))
        keys.report_key.cache_clear()
        found.append(keys.report_key())
    monkeypatch.setenv("QUARTO", "none")
    keys.report_key.cache_clear()
    found.append(keys.report_key())
    keys.report_key.cache_clear()
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_find_quarto_prefers_what_is_named_then_path_then_none(stand_in, tmp_path, monkeypatch):
    stand_in(WRITES)
    program = str(tmp_path / "bin" / "quarto")
    assert quarto.find_quarto() == program
    monkeypatch.setenv("QUARTO", "none")
    assert quarto.find_quarto() is None
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
