"""What was not run is named at the end; CI bears the absence of files beside it, and no other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SKIPS = {
    "beside": 'skip_beside("the survey files of ../shared/data")',
    "program": 'skip_program("PostgreSQL is not installed", remedy="apt-get install postgresql")',
    "other": 'pytest.importorskip("no_such_module")',
}


def run(folder: Path, *kinds: str, ci: str, workers: str = "0") -> subprocess.CompletedProcess[str]:
    """Run a file with one test that passes and one a kind of skip."""
    lines = ["import pytest", "from not_run import skip_beside, skip_program"]
    lines += ["def test_passes():", "    assert True"]
    for kind in kinds:
        lines += [f"def test_{kind}():", f"    {SKIPS[kind]}"]
    (folder / "test_some.py").write_text("\n".join(lines) + "\n")
    paths = os.pathsep.join((str(TESTS), str(TESTS.parent / "src")))
    environment = os.environ | {"PYTHONPATH": paths, "CI": ci}
    environment = {k: v for k, v in environment.items() if not k.startswith("PYTEST")}
    plain = ["-p", "no:cacheprovider", "-p", "not_run", "-n", workers, "--rootdir", str(folder)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plain, "test_some.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


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
def test_ci_fails_for_programs_only(tmp_path, kinds, ci, ends_well):
    ran = run(tmp_path, *kinds, ci=ci)
    assert (ran.returncode == 0) == ends_well, ran.stdout
    assert "1 passed" in ran.stdout


@pytest.mark.parametrize("workers", ["0", "2"])
def test_end_of_the_run_names_what_was_not_run_and_the_remedy(tmp_path, workers):
    ran = run(tmp_path, "beside", "program", ci="true", workers=workers)
    assert ran.returncode == 1
    end = ran.stdout[ran.stdout.index("not run: files that lie beside some checkouts only") :]
    beside, programs = end.split("not run: programs that this machine has not")
    assert "the survey files of ../shared/data:\n  test_some.py: 1 skipped" in beside
    remedy = "PostgreSQL is not installed; to have it run: apt-get install postgresql"
    assert f"{remedy}:\n  test_some.py: 1 skipped" in programs


def test_end_of_a_whole_run_names_nothing(tmp_path):
    assert "not run" not in run(tmp_path, ci="true").stdout
