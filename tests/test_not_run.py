"""What was not run is named at the end; CI bears the absence of files beside it, and no other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
TESTS = Path(__file__).parent
CONFTEST = f"import sys; sys.path.insert(0, {str(TESTS)!r})\nfrom not_run import *"
SKIPS = {
    "beside": 'skip_beside("the survey files of ../shared/data")',
    "program": 'skip_program("PostgreSQL is not installed", remedy="apt-get install postgresql")',
    "other": 'pytest.importorskip("no_such_module")',
}


@pytest.fixture
def run(pytester, monkeypatch):
    """Run one test that passes and one a kind of skip; whether it ended well, and what it told."""

    def run(*kinds: str, ci: str, workers: int = 0) -> tuple[bool, str]:
        lines = ["import pytest", "from not_run import skip_beside, skip_program"]
        lines += ["def test_passes():", "    assert True"]
        for kind in kinds:
            lines += [f"def test_{kind}():", f"    {SKIPS[kind]}"]
        pytester.makepyfile(test_some="\n".join(lines))
        pytester.makeconftest(CONFTEST)
        monkeypatch.setenv("CI", ci)
        monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
        monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
        ran = pytester.runpytest_inprocess("-n", str(workers))
        return ran.ret == pytest.ExitCode.OK, "\n".join(ran.outlines)

    return run


@pytest.mark.parametrize(
    ("kinds", "ci", "ends_well"),
    [
        ((), "true", True),
        (("beside",), "true", True),
        (("beside", "program"), "true", False),
        (("other",), "true", False),
        (("beside", "program", "other"), "", True),
    ],
)
def test_ci_fails_for_programs_only(run, kinds, ci, ends_well):
    ended_well, told = run(*kinds, ci=ci)
    assert ended_well == ends_well, told
    assert "1 passed" in told


@pytest.mark.parametrize("workers", [0, 2])
def test_end_of_the_run_names_what_was_not_run_and_the_remedy(run, workers):
    ended_well, told = run("beside", "program", ci="true", workers=workers)
    assert not ended_well
    end = told[told.index("not run: files that lie beside some checkouts only") :]
    beside, programs = end.split("not run: programs that this machine has not")
    assert "the survey files of ../shared/data:\n  test_some.py: 1 skipped" in beside
    remedy = "PostgreSQL is not installed; to have it run: apt-get install postgresql"
    assert f"{remedy}:\n  test_some.py: 1 skipped" in programs


def test_end_of_a_whole_run_names_nothing(run):
    assert "not run" not in run(ci="true")[1]


def skips(text: str) -> list[int]:
    """The lines of a source that skip a test by another door than `not_run`."""
    names = {"skip", "skipif", "importorskip", "SkipTest"}
    attributes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)]
    return [node.lineno for node in attributes if node.attr in names]


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: path.name)
def test_every_skip_is_by_the_door_that_names_the_remedy(path):
    if path.name != "not_run.py":
        assert skips(path.read_text(encoding="utf-8")) == []


def test_other_skips_are_found():
    assert skips("pytest.skip('no')") == skips("@pytest.mark.skipif(True)\ndef f(): pass") == [1]
    assert skips("lib = pytest.importorskip('lib')") == [1]
    assert skips("skip_program('Java', remedy='install it')") == []
