"""No test depends on how fast the machine is: none sleeps, looks at the clock, or gives up early.

A test waits for an event (`waiting.wait_until`); a bound is `waiting.HANGING`, which only what
never comes reaches.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = sorted(TESTS.rglob("*.py"))
CLOCKS = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"}
CLOCKS |= {"process_time", "process_time_ns", "time_ns"}
BOUNDED = {"wait", "join", "result", "acquire", "communicate"}
BOUNDS = {"timeout", "startup_timeout", "start_timeout", "execution_timeout"}


def fixed_waits(text: str) -> list[str]:
    """Each place of a source that waits for a fixed time, or asks what time it is."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return [f"line {call.lineno}: {ast.unparse(call)}" for call in calls if _waits(call)]


def _waits(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    return (
        name in CLOCKS | {"sleep"}
        or ast.unparse(call.func) in ("time.time", "mark.timeout", "pytest.mark.timeout")
        or any(_is_number(given.get(bound)) for bound in BOUNDS)
        or (name in BOUNDED and any(map(_is_number, call.args)))
        or (name == "settings" and "deadline" in given and _is_number(given["deadline"]))
    )


def _is_number(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, int | float)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_waits_for_a_fixed_time(path):
    if path.name != "waiting.py":
        assert fixed_waits(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "code",
    [
        "time.sleep(1)",
        "sleep(seconds)",
        "assert time.perf_counter() - begun < 10",
        "begun = time.time()",
        "subprocess.run(command, timeout=30)",
        "process.communicate(timeout=30)",
        "process.wait(5)",
        "NotebookClient(content, timeout=300)",
        "settings(max_examples=5, deadline=200)",
        "pytest.mark.timeout(60)",
    ],
)
def test_fixed_waits_are_found(code):
    assert len(fixed_waits(code)) == 1


@pytest.mark.parametrize(
    "code",
    [
        "process.communicate(timeout=HANGING)",
        "', '.join(names)",
        "settings(deadline=None)",
        "HANGS = 'time.sleep(300)'",
        "light.make('reports', TIMEOUT='5')",
    ],
)
def test_waits_for_events_pass(code):
    assert fixed_waits(code) == []
