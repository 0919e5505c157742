"""Fixtures that several test files share."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from long_tests import Stopwatch, function_of, stored
from not_run import pytest_sessionfinish, pytest_terminal_summary, skip_beside
from waiting import HANGING

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary"]
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
# Workers share the cores, and threads of BLAS would wait for each other; numpy reads it at import.
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

# Reports are those of the embedded renderer, also where real Quarto is on PATH: tests of how Quarto
# is called, and of what it is given, name a program of their own.
os.environ["QUARTO"] = "none"

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
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """All reports, made once by `make reports` into a folder of their own for all workers."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder if worker_id == "master" else folder.parent
    build, told = folder / "reports", folder / "reports.told"
    with (folder / "reports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.is_file():
            made = run_make(ROOT, "-j2", "reports", BUILD=str(build))
            told.write_text(f"make ended with {made.returncode}\n{made.stdout}{made.stderr}")
    text = told.read_text()
    assert text.startswith("make ended with 0\n"), text
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


WHOLE = {"built", "project", "copy_project", "make", "postgres", "spark", "connect_server"}


def pytest_xdist_auto_num_workers() -> int:
    """As many workers as there are cores, but four: each takes half a gigabyte or more."""
    return min(4, os.cpu_count() or 1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer to write down which tests take long."""
    parser.addoption("--store-long", action="store_true", help="write tests/long.txt anew")


def pytest_configure(config: pytest.Config) -> None:
    """Time the tests where they are reported: in the process that the workers report to."""
    if config.getoption("--store-long") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Stopwatch())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what makes reports or needs a server, and begin with it, so that workers end together.

    One file that waits for the reports comes first, the others last: they would only wait, too.
    """
    long = stored()
    for item in items:
        if WHOLE & set(item.fixturenames) or "engines" in item.path.parts:
            item.add_marker("whole")
        if function_of(item.nodeid) in long:
            item.add_marker("long")
    waiting = list(dict.fromkeys(item.path for item in items if "built" in item.fixturenames))

    def turn(item: pytest.Item) -> int:
        if item.path in waiting:
            return 0 if item.path == waiting[0] else 3
        return 1 if item.get_closest_marker("whole") else 2

    turns = {
        path: min(turn(i) for i in items if i.path == path) for path in {i.path for i in items}
    }
    items.sort(key=lambda item: turns[item.path])
