"""`make audit` ends with 1 where a finished report gives few customers away."""

import pytest

from reporting import commands
from reporting.errors import ReportError

SAFE = "segment,group,n,again\nall,all,100,0.5\nchannel,a,60,0.5\nchannel,b,40,0.5\n"


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("BUILD", str(tmp_path))
    folder = tmp_path / "site" / "cdnow" / "results"
    folder.mkdir(parents=True)
    return folder


def test_a_report_that_gives_nobody_away_passes(results, capsys):
    (results / "retention-segments.csv").write_text(SAFE, encoding="utf-8")
    (results / "columns.csv").write_text("file,column,heading,meaning\n", encoding="utf-8")
    commands.main(["audit", "--study", "cdnow"])
    assert "cdnow: 1 tables attacked, 0 found" in capsys.readouterr().out


def test_what_is_given_away_is_told_line_by_line(results, capsys):
    (results / "retention-segments.csv").write_text(
        SAFE.replace("b,40,0.5", "b,40,0.95"), encoding="utf-8"
    )
    (results / "value-residual.csv").write_text(SAFE.replace("a,60", "a,57"), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        commands.main(["audit", "--study", "cdnow"])
    assert ended.value.code == 1
    told = capsys.readouterr().out.splitlines()
    assert "retention-segments.csv: a number tells of few of its row" in told[1]
    assert "channel a: 57 and 60" in told[0]
    assert "2 found" in told[-1]


def test_a_study_without_a_report_is_refused(results):
    with pytest.raises(ReportError, match="must have a finished report to be audited"):
        commands.main(["audit", "--study", "cdnow"])
