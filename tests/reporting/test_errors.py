"""What ends a make target is one sentence, also where a query is interrupted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import HANGING

from analysis.errors import ParamsError
from reporting.errors import speak

ENDLESS = """
import os, signal, threading
import duckdb
from reporting.errors import speak

def endless_query():
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    duckdb.sql(
        "SELECT sum(a.range * b.range % 7) FROM range(1000000) a, range(1000000) b"
    ).fetchall()

speak(endless_query)
"""


def test_who_is_stopped_is_told_so(capsys):
    def stopped() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        speak(stopped)
    assert ended.value.code == 130
    assert capsys.readouterr().err.startswith("Stopped; ")


def test_who_stops_a_query_is_told_so():
    """In a process of its own: the signal would end that of the tests."""
    ended = subprocess.run(
        [sys.executable, "-c", ENDLESS],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGING,
    )
    assert ended.returncode == 130, ended.stderr
    assert ended.stderr.startswith("Stopped; ")


def test_a_fault_is_its_sentence(capsys):
    def faulty() -> None:
        raise ParamsError("min_cell must be 1 or more, but 0 came")

    with pytest.raises(SystemExit) as ended:
        speak(faulty)
    assert ended.value.code == 1
    assert capsys.readouterr().err == "min_cell must be 1 or more, but 0 came\n"


def test_a_bug_stays_one():
    def broken() -> None:
        raise RuntimeError("no sentence")

    with pytest.raises(RuntimeError, match="no sentence"):
        speak(broken)
