"""Fixtures that several test files share."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from not_run import pytest_sessionfinish, pytest_terminal_summary, skip_beside
from waiting import HANGING

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary"]
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

ROOT = Path(__file__).parents[1]
COPIED = ("src", "notebooks", "reports", "params", "Makefile", "requirements.lock")
Make = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The small real surveys that lie beside the checkout and may not be copied into it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        skip_beside("the survey files of ../shared/data, which are not ours to ship")
    return folder


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All reports, made once by `make reports` into a folder of their own."""
    build = tmp_path_factory.mktemp("reports")
    made = run_make(ROOT, "-j2", "reports", BUILD=str(build))
    assert made.returncode == 0, made.stdout + made.stderr
    return build


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project that a test may break; it shares the environment."""
    return copied_project(tmp_path / "project")


@pytest.fixture(scope="session")
def copy_project() -> Callable[[Path], Path]:
    """The function that copies the project, for fixtures that several tests share."""
    return copied_project


def copied_project(folder: Path) -> Path:
    """Copy what makes reports into a new folder; the environment is shared."""
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy2(source, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def run_make(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run make as a person would, in a folder, with settings in the environment."""
    inherited = {key: value for key, value in os.environ.items() if key not in UNSET}
    environment = inherited | {"PYTHONPATH": str(folder / "src")} | settings
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGING,
        stdin=subprocess.DEVNULL,
    )


UNSET = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "STUDY", "SET", "BUILD", "PARAMS")


@pytest.fixture(scope="session")
def make() -> Make:
    """The function that runs make."""
    return run_make
