"""What ends a make target is one sentence, also where a query is interrupted."""

from __future__ import annotations

import os
import signal
import threading

import duckdb
import pytest

from analysis.errors import ParamsError
from reporting.errors import speak


def endless_query() -> None:
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    duckdb.sql(
        "SELECT sum(a.range * b.range % 7) FROM range(1000000) a, range(1000000) b"
    ).fetchall()


def stopped() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", [stopped, endless_query])
def test_who_is_stopped_is_told_so(capsys, step):
    with pytest.raises(SystemExit) as ended:
        speak(step)
    assert ended.value.code == 130
    assert capsys.readouterr().err.startswith("Stopped; ")


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
