"""What could not be run here is named at the end of the run, with how to have it run.

Two kinds. A file that lies beside some checkouts only may be absent anywhere, since nobody can be
asked to have it. A program that a test needs may be absent on a person's machine, never in CI.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[1]
BESIDE = "beside the checkout"
REMEDY = "to have it run: "


def skip_beside(absent: str) -> NoReturn:
    """Skip a test whose file is not ours to ship; CI permits it."""
    pytest.skip(f"{BESIDE}: {absent}")


def skip_program(absent: str, *, remedy: str) -> NoReturn:
    """Skip a test whose program is absent; CI fails for it."""
    pytest.skip(f"{absent}; {REMEDY}{remedy}")


def absent_data(name: str) -> str:
    """Why a shipped study is left out of the reports here; empty where it is made."""
    from analysis.params import read_params

    params = read_params(ROOT / "params" / f"{name}.yml")
    return params.data.absent(params.path.parent)


def skip_absent_study(name: str) -> None:
    """Skip a test of a shipped study that is left out here, its data not being ours to ship."""
    if absent := absent_data(name):
        skip_beside(f"study {name}: {absent}")


def pytest_terminal_summary(terminalreporter) -> None:
    """Name what was not run: reason, remedy, and how many tests of which file."""
    permitted, missing = _skipped(terminalreporter)
    for title, reports in (
        ("not run: files that lie beside some checkouts only", permitted),
        ("not run: programs that this machine has not", missing),
    ):
        if reports:
            terminalreporter.section(title)
        for reason in dict.fromkeys(map(_reason, reports)):
            files = Counter(_file(one) for one in reports if _reason(one) == reason)
            terminalreporter.line(f"{reason.removeprefix(BESIDE + ': ')}:")
            for file, number in files.items():
                terminalreporter.line(f"  {file}: {number} skipped")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI everything must run but for what needs a file beside the checkout."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and _skipped(reporter)[1]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _skipped(reporter) -> tuple[list, list]:
    """The skipped reports: those that are permitted anywhere, and the others."""
    reports = reporter.stats.get("skipped", [])
    permitted = [report for report in reports if _reason(report).startswith(f"{BESIDE}: ")]
    return permitted, [report for report in reports if report not in permitted]


def _reason(report) -> str:
    longrepr = report.longrepr
    return str(longrepr[2] if isinstance(longrepr, tuple) else longrepr).removeprefix("Skipped: ")


def _file(report) -> str:
    return report.nodeid.partition("::")[0]
