"""The environment is made once, by uv or by pip, and a broken one is made anew."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
# A python3 that writes down how it is called and makes what `venv` would make.
PYTHON = """#!/bin/sh
echo "python3 $*" >> "$LOG"
case "$*" in
  -c*) echo "$VERSION" ;;
  "-m venv --without-pip "*) shift 3; make_it=1; bare=1 ;;
  "-m venv "*) shift 2; [ -n "$NO_ENSUREPIP" ] && exit 1; make_it=1 ;;
  "-m pip --version") [ -n "$NO_PIP" ] || [ -e "${0%/*}/bare" ] && exit 1 ;;
esac
if [ -n "$make_it" ]; then
  /bin/mkdir -p "$1/bin" "$1/lib/python$VERSION/site-packages"
  /bin/cp "$0" "$1/bin/python"
  [ -z "$bare" ] || : > "$1/bin/bare"
fi
[ -z "$FAILS" ] || case "$*" in *install*) exit 1 ;; esac
exit 0
"""
UV = """#!/bin/sh
echo "uv $*" >> "$LOG"
case "$1" in venv)
  for folder; do :; done
  /bin/mkdir -p "$folder/bin" "$folder/lib/python$VERSION/site-packages" ;;
esac
[ -z "$FAILS" ] || [ "$1" = venv ]
"""


class Machine:
    """A machine that has only what a test puts on its PATH."""

    def __init__(self, folder: Path) -> None:
        self.project, self.programs = folder / "project", folder / "programs"
        self.log = folder / "calls"
        (self.project / "src" / "reporting").mkdir(parents=True)
        self.programs.mkdir()
        self.script = self.project / "src" / "reporting" / "environment.py"
        shutil.copy2(ROOT / "src" / "reporting" / "environment.py", self.script)
        self.lock = self.project / "requirements.lock"
        self.lock.write_text("pandas==3.0.0\n")
        self.venv = self.project / ".venv"

    def has(self, name: str, text: str) -> None:
        program = self.programs / name
        program.write_text(text)
        program.chmod(0o755)

    def make(self, *optional: str, **settings: str) -> subprocess.CompletedProcess[str]:
        own = {"PATH": str(self.programs), "LOG": str(self.log), "VERSION": "3.12"}
        return subprocess.run(
            [sys.executable, str(self.script), ".venv", *optional],
            cwd=self.project,
            env=own | settings,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> str:
        told = self.log.read_text() if self.log.exists() else ""
        self.log.unlink(missing_ok=True)
        return told

    def stamped(self) -> bool:
        stamp = self.venv / ".ready"
        wanted = hashlib.sha256(self.lock.read_bytes()).hexdigest()
        return stamp.is_file() and stamp.read_text() == wanted


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


def test_environment_by_uv_checks_hashes_and_compiles(machine):
    machine.has("python3", PYTHON)
    machine.has("uv", UV)
    made = machine.make()
    assert made.returncode == 0, made.stderr
    calls = machine.calls()
    assert re.search(r"uv venv .*\.venv", calls)
    assert re.search(r"uv pip install .*--compile-bytecode .*--require-hashes -r .*\.lock", calls)
    assert "GB" in made.stdout
    assert "minutes" in made.stdout
    assert "is ready" in made.stdout
    assert machine.stamped()
    (path_file,) = machine.venv.glob("lib/python3.12/site-packages/*.pth")
    assert (path_file.parent / path_file.read_text().strip()).resolve() == machine.project / "src"

    assert machine.make().stdout == "", "the next time costs nothing"
    assert machine.calls() == ""


@pytest.mark.parametrize(
    ("settings", "installer"),
    [
        ({}, r"python3 -m pip install "),
        ({"NO_ENSUREPIP": "1"}, r"python3 -m pip --python .venv/bin/python install "),
    ],
)
def test_environment_by_pip_checks_hashes_and_compiles(machine, settings, installer):
    machine.has("python3", PYTHON)
    made = machine.make(**settings)
    assert made.returncode == 0, made.stderr
    calls = machine.calls()
    assert re.search(installer + r".*--no-input --compile --require-hashes -r .*\.lock", calls)
    assert ("--without-pip" in calls) == bool(settings)
    assert machine.stamped()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"NO_ENSUREPIP": "1", "NO_PIP": "1"}, "pip must be there .* apt install python3-venv"),
        ({"VERSION": "3.9"}, "Python 3.11 or 3.12 or 3.13 must be on PATH, but is not"),
        ({"VERSION": "3.14"}, "Python 3.11 or 3.12 or 3.13 must be on PATH, but is not"),
        ({"FAILS": "1"}, "packages of the lock must be installable, .* run make again"),
    ],
)
def test_environment_that_cannot_be_made_ends_with_a_sentence(machine, settings, sentence):
    machine.has("python3", PYTHON)
    made = machine.make(**settings)
    assert made.returncode == 1
    assert re.search(sentence, made.stderr)
    assert "Traceback" not in made.stderr
    assert not machine.stamped()
    assert machine.make().returncode == 0, "the next run makes it"
    assert machine.stamped()


def test_environment_half_made_or_of_another_lock_is_made_anew(machine):
    machine.has("python3", PYTHON)
    (machine.venv / "bin").mkdir(parents=True)
    (machine.venv / "bin" / "leftover").touch()
    assert machine.make().returncode == 0
    assert not (machine.venv / "bin" / "leftover").exists()

    machine.lock.write_text("pandas==3.0.1\n")
    machine.calls()
    assert machine.make().returncode == 0
    assert "install" in machine.calls()
    assert machine.stamped()


def test_optional_part_is_added_to_the_environment(machine):
    machine.has("python3", PYTHON)
    assert machine.make().returncode == 0
    machine.calls()
    assert machine.make("spark").returncode == 0
    assert re.search(r"--compile --require-hashes -r .*requirements-spark\.lock", machine.calls())
    refused = machine.make("quarto", FAILS="1")
    assert refused.returncode == 1
    assert "the embedded renderer goes on making the reports" in refused.stderr


def test_environment_takes_another_python_that_fits(machine):
    machine.has("python3", PYTHON.replace('echo "$VERSION"', "echo 3.9"))
    machine.has("python3.12", PYTHON)
    made = machine.make()
    assert made.returncode == 0, made.stderr
    assert machine.stamped()


def test_environment_behind_a_link_is_left_alone(machine, tmp_path):
    machine.has("python3", PYTHON)
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "kept").touch()
    machine.venv.symlink_to(shared)
    made = machine.make()
    assert made.returncode == 1
    assert "is a link to an environment" in made.stderr
    assert (shared / "kept").exists()


def test_make_helps_and_cleans_without_an_environment(tmp_path):
    programs, folder = tmp_path / "programs", tmp_path / "project"
    programs.mkdir()
    for name in ("sh", "awk", "rm", "make"):
        (programs / name).symlink_to(shutil.which(name))
    (folder / "build").mkdir(parents=True)
    (folder / "params").mkdir()
    (folder / "params" / "acme.yml").touch()
    (folder / "src" / "reporting").mkdir(parents=True)
    for name in ("Makefile", "requirements.lock", "src/reporting/environment.py"):
        shutil.copy2(ROOT / name, folder / name)
    bare = {"PATH": str(programs), "HOME": str(tmp_path / "nobody")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(programs / "make"), *arguments]
        return subprocess.run(
            command, cwd=folder, env=bare, capture_output=True, text=True, check=False
        )

    told = run()
    assert told.returncode == 0, told.stderr
    assert told.stdout == run("help").stdout
    text = (ROOT / "Makefile").read_text()
    verbs = re.search(r"\.PHONY: (.*)", text)[1].split()
    for verb in set(verbs) - {"FORCE"}:
        assert re.search(rf"^  {verb} ", told.stdout, re.MULTILINE), verb
    assert "acme" in told.stdout
    assert run("clean").returncode == 0
    assert not (folder / "build").exists()
    refused = run("env")
    assert refused.returncode != 0
    assert "python3 must be on PATH, but is not" in refused.stderr
    assert not (tmp_path / "nobody").exists()


def test_conda_environment_takes_the_same_python_and_lock():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert conda["channels"] == ["conda-forge"]
    named = {re.match(r"\w+", line)[0]: line for line in conda["dependencies"][:-1]}
    assert set(named) == {"python", "quarto", "make", "pip"}
    version = named["python"].partition("=")[2]
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"]).groups()
    assert int(low) <= int(version.removeprefix("3.")) < int(high)
    assert conda["dependencies"][-1] == {"pip": ["-r requirements.lock"]}
    versions = re.search(
        r"VERSIONS = \((.*)\)", (ROOT / "src/reporting/environment.py").read_text()
    )
    mine = {int(minor) for minor in re.findall(r"3\.(\d+)", versions[1])}
    assert mine == set(range(int(low), int(high)))


@pytest.mark.parametrize("lock", sorted(ROOT.glob("*.lock")), ids=lambda path: path.name)
def test_lock_names_no_address_and_no_place(lock):
    lines = lock.read_text().splitlines()
    pins = [line for line in lines if re.match(r"[A-Za-z0-9]", line)]
    assert len(pins) > 1
    for line in lines:
        assert "://" not in line, line
        assert not line.startswith(("--index", "--extra-index", "--find-links", "-e ", "-f ")), line
        assert not re.search(r"(?:^|\s|@ )/(?:\w+/)+", line), line
    assert all(re.match(r"[A-Za-z0-9._-]+==\S+", pin) for pin in pins)
    assert sum("--hash=sha256:" in line for line in lines) >= len(pins)


def test_what_must_lie_beside_the_code_is_there():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert "## For readers: changes of method that move numbers" in changes
    assert f"### {project['version']}" in changes


def test_environment_has_compiled_bytecode():
    packages = next((ROOT / ".venv").glob("lib/python3*/site-packages"))
    tag = f"cpython-3{packages.parent.name.removeprefix('python3.')}"
    for module in ("pandas/core/frame", "papermill/execute", "matplotlib/figure"):
        folder, _, name = module.rpartition("/")
        assert (packages / folder / "__pycache__" / f"{name}.{tag}.pyc").is_file(), module
