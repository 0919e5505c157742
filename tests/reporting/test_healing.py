"""What is broken among the things that were made is noticed and remade; the clock may be wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from light_project import CHAPTER, LightProject

BROKEN = (
    "keys/10_light",
    "keys/tables",
    "keys/report",
    "keys/index",
    "keys/index.json",
    "plan.mk",
    "tiny/study.json",
    "tiny/tables/key.json",
    "tiny/tables/customers.parquet",
    "tiny/tables/audit.parquet",
    "tiny/notebooks/10_light.ipynb",
    "tiny/seals/tables.json",
    "tiny/seals/10_light.json",
    "tiny/seals/report.json",
    "tiny/report/report.qmd",
    "tiny/report/nb/10_light.ipynb",
    "site/tiny/report.html",
    "site/tiny/report.pdf",
    "site/tiny/report.json",
    "site/tiny/results/light-weeks.csv",
    "site/tiny/results/findings.json",
    "site/index.html",
)
SEALED = {
    "tiny/tables/customers.parquet": "tables tiny",
    "tiny/tables/audit.parquet": "tables tiny",
    "tiny/tables/key.json": "tables tiny",
    "tiny/notebooks/10_light.ipynb": "execute tiny 10_light",
    "tiny/report/report.qmd": "report tiny",
    "tiny/report/nb/10_light.ipynb": "report tiny",
    "site/tiny/report.html": "report tiny",
    "site/tiny/report.pdf": "report tiny",
    "site/tiny/report.json": "report tiny",
    "site/tiny/results/light-weeks.csv": "report tiny",
    "site/tiny/results/findings.json": "report tiny",
    "site/index.html": "site",
}
FOLDERS = ("keys", "tiny/tables", "tiny/report", "site")
AHEAD = 4_000_000_000


@pytest.fixture(scope="module")
def light(tmp_path_factory, copy_project, make):
    folder = copy_project(tmp_path_factory.mktemp("healing") / "project")
    return LightProject.of(folder, make)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garble(path: Path) -> None:
    path.write_bytes(b"\xff\x00[")


@pytest.fixture(scope="module")
def whole(light) -> dict[str, bytes]:
    return light_tree(light)


def light_tree(light) -> dict[str, bytes]:
    """All that was made, but for what holds times, tells of runs or is written anew by Parquet."""
    build = light.folder / "build"
    files = [path for path in build.rglob("*") if path.is_file() and path.suffix != ".parquet"]
    made = {path.relative_to(build).as_posix(): path for path in files}
    timed = ("tiny/took/", "tiny/seals/", "tiny/notebooks/", "tiny/crossed/", "keys/imports.json")
    return {name: path.read_bytes() for name, path in made.items() if not name.startswith(timed)}


@pytest.mark.parametrize("harm", [cut, garble, Path.unlink], ids=["cut", "garbled", "missing"])
def test_every_broken_file_is_remade_in_one_run(light, whole, harm):
    """All at once: each is noticed by its own seal, or by make."""
    build = light.folder / "build"
    for name in BROKEN:
        harm(build / name)
    made = light.make("-j2", "reports")
    assert made.returncode == 0, made.stdout + made.stderr
    assert "Traceback" not in made.stderr
    assert light_tree(light) == whole
    assert light.published() == light.good
    assert (build / "tiny/tables/customers.parquet").read_bytes()[-4:] == b"PAR1"
    assert light.make("reports").stdout.count("tiny:") == 0


@pytest.mark.parametrize(("name", "step"), SEALED.items())
def test_each_file_is_noticed_alone(light, whole, name, step):
    """`make -n` says what it would do; then everything is as it was, times too."""
    files = [path for path in (light.folder / "build").rglob("*") if path.is_file()]
    kept = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}
    cut(light.folder / "build" / name)
    told = light.make("-n", "reports").stdout
    for path, (raw, time_ns) in kept.items():
        path.write_bytes(raw)
        os.utime(path, ns=(time_ns, time_ns))
    assert f"reporting.warm reporting.{step}" in told
    assert "reporting.warm" not in light.make("-n", "reports").stdout


@pytest.mark.parametrize("name", FOLDERS)
def test_missing_folder_is_remade(light, whole, name):
    shutil.rmtree(light.folder / "build" / name)
    made = light.make("-j2", "reports")
    assert made.returncode == 0, made.stdout + made.stderr
    assert light_tree(light) == whole


def test_outputs_of_the_future_do_not_stop_a_rebuild(light):
    files = [path for path in (light.folder / "build").rglob("*") if path.is_file()]
    for path in files:
        os.utime(path, (AHEAD, AHEAD))
    light.write("reports/_light.qmd", CHAPTER + "\nAnother sentence.\n")
    try:
        made = light.make("-j2", "reports")
        assert made.returncode == 0, made.stderr
        assert b"Another sentence." in (light.site / "report.html").read_bytes()
        assert light.make("reports").stdout.count("tiny:") == 0, "it is made again and again"
    finally:
        light.mend()
        assert light.make("-j2", "reports").returncode == 0
    assert light.published() == light.good


def test_nobody_who_reads_on_is_no_fault_of_the_disk(light):
    asked = f"{light.folder}/.venv/bin/python -m reporting.commands validate --study tiny | true"
    environment = os.environ | {"PYTHONPATH": str(light.folder / "src"), "PYTHONUNBUFFERED": "1"}
    quiet = {"env": environment, "cwd": light.folder, "capture_output": True, "text": True}
    told = subprocess.run(asked, shell=True, check=False, **quiet).stderr
    assert "Traceback" not in told
    assert "readable and writable" not in told
