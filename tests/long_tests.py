"""Tests that take long are left out by `make test-quick`; which they are is written down.

`tests/long.txt` names them, one function a line. `pytest --store-long` measures anew while it runs
everything and writes the file.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

LIST = Path(__file__).parent / "long.txt"
LONG = 0.4
"""Seconds that a test may take to be among those that are soon over."""
HEAD = f"""\
# Tests of more than {LONG} seconds, which `make test-quick` leaves out.
# Written by: python -m pytest --store-long
"""


def stored() -> set[str]:
    """The functions that take long, as `file::function` from the top of the checkout."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def function_of(nodeid: str) -> str:
    """The test function of a test, whatever it is given."""
    return nodeid.partition("[")[0]


class Stopwatch:
    """Adds up how long each test takes, its fixtures included, and writes down the long ones."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return  # a run that came to no end knows of a part only
        long = {function_of(test) for test, took in self.seconds.items() if took > LONG}
        LIST.write_text(HEAD + "".join(f"{name}\n" for name in sorted(long)), encoding="utf-8")
