"""Steps of make in processes that a warm server forks: as they would run alone, and no longer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from light_project import STAGED, LightProject
from waiting import HANGING, wait_until

from reporting import warm

WAITS = """from pathlib import Path
import time
Path("../started").touch()
while not Path("../go").exists():
    time.sleep(0.05)"""


@pytest.fixture(scope="module")
def light(tmp_path_factory, copy_project, make):
    """A light project whose report has been made once, with the warm server."""
    return LightProject.of(copy_project(tmp_path_factory.mktemp("warm") / "project"), make)


@pytest.fixture
def waiting(light):
    """Make runs, and its notebook waits for a file `go`."""
    light.write_cell(WAITS)
    running = light.start()
    assert wait_until((light.folder / "started").is_file)
    yield light, running
    running.communicate(timeout=HANGING)
    for name in ("started", "go"):
        (light.folder / name).unlink(missing_ok=True)
    light.mend()
    assert light.make("reports").returncode == 0
    assert light.published() == light.good


def processes_of(light, said: str) -> list[int]:
    """The processes of the copy whose command line holds a text."""
    lines = {pid: Path(f"/proc/{pid}/cmdline") for pid in light.processes()}
    return [pid for pid, line in lines.items() if said in line.read_text(errors="replace")]


def server_of(light) -> int:
    (server,) = processes_of(light, "reporting.warm_server")
    return server


def fork_of(light) -> int:
    """The process of the notebook's step: a child of the fork server, and its kernel's parent."""
    forks = processes_of(light, "multiprocessing.forkserver")
    stats = {pid: Path(f"/proc/{pid}/stat").read_text() for pid in forks}
    parents = {pid: int(stat.rpartition(")")[2].split()[1]) for pid, stat in stats.items()}
    (fork,) = [pid for pid in forks if pid in parents.values() and parents[pid] in parents]
    return fork


def test_same_bytes_as_without_a_server(light):
    place = light.folder / "alone"
    assert light.make("reports", "WARM=", BUILD=str(place)).returncode == 0
    for name in light.good:
        folder = place / "tiny" if name == STAGED else place / "site" / "tiny"
        assert (folder / name).read_bytes() == light.good[name], name


def test_server_ends_with_its_make(waiting):
    light, running = waiting
    server = server_of(light)
    (light.folder / "go").touch()
    assert "light (" in running.communicate(timeout=HANGING)[0]
    assert running.returncode == 0
    assert wait_until(lambda: not Path(f"/proc/{server}").exists())
    assert wait_until(lambda: not light.processes())


def test_step_runs_without_a_server_that_died(waiting):
    light, running = waiting
    os.kill(server_of(light), signal.SIGKILL)
    (light.folder / "go").touch()
    told = running.communicate(timeout=HANGING)[0]
    assert running.returncode == 0, told
    assert told.count("the warm server ended before its time: tiny 10_light runs without it") == 1
    assert wait_until(lambda: not light.processes())


def test_killed_step_is_the_only_one_that_fails(waiting):
    light, running = waiting
    os.kill(fork_of(light), signal.SIGKILL)
    told = running.communicate(timeout=HANGING)[0]
    assert running.returncode != 0
    assert "Error 137" in told, told
    assert "Traceback" not in told
    assert wait_until(lambda: not light.processes()), "its kernel was left behind"
    assert light.published() == light.good


def test_folder_that_others_may_enter_is_not_used(monkeypatch, tmp_path, capfd):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = warm.server_folder(os.getpid())
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    monkeypatch.setenv(warm.MAKE, str(os.getpid()))
    assert warm._warm(["reporting.execute", "tiny", "10_light"]) is None
    told = capfd.readouterr().err
    assert told == "  the warm server could not be started: tiny 10_light runs without it\n"
    assert not (folder / "server").exists()


def test_server_forks_before_duckdb_is_imported():
    code = "import reporting.preload, sys; print(*sys.modules)"
    asked = [sys.executable, "-c", code]
    imported = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split()
    assert {"papermill", "ipykernel.kernelapp", "pandas", "analysis.study"} <= set(imported)
    assert "duckdb" not in imported, "its import starts a thread, and a process with threads forks"


def test_step_is_not_run_again_for_a_make_that_is_gone(waiting):
    light, running = waiting
    server = server_of(light)
    os.kill(running.pid, signal.SIGKILL)
    assert wait_until(lambda: not Path(f"/proc/{server}").exists())
    assert wait_until(lambda: not light.processes()), "a step runs for nobody"
    assert "runs without it" not in running.communicate(timeout=HANGING)[0]
    assert light.published() == light.good
