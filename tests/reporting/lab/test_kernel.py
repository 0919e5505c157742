"""Kernels of Lab take up what is edited; those of reports do not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from waiting import HANGING

from reporting.errors import ReportError
from reporting.lab.__main__ import HERE, OPTIONS, command, environment

MODULE = """
from dataclasses import dataclass

@dataclass(frozen=True, slots=True, eq=False)
class Result:
    table: int

    def told(self):
        return {told!r}

def find():
    return {found}
"""
Ask = Callable[[str], str]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder that kernels import from."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(HERE.parents[1])]))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    return tmp_path


def asked_kernel(specs: KernelSpecManager, folder: Path) -> Iterator[Ask]:
    """Start a kernel; what it answers to an expression."""
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=specs)
    manager.start_kernel(cwd=str(folder))
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=HANGING)

    def ask(code: str) -> str:
        told = []
        client.execute_interactive(code, timeout=HANGING, output_hook=told.append)
        data = [one["content"].get("data", {}).get("text/plain") for one in told]
        return "".join(filter(None, data))

    yield ask
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def lab(folder) -> Iterator[Ask]:
    yield from asked_kernel(KernelSpecManager(kernel_dirs=[str(HERE / "kernels")]), folder)


@pytest.fixture
def plain(folder) -> Iterator[Ask]:
    yield from asked_kernel(KernelSpecManager(), folder)


def edit(folder: Path, number: int) -> None:
    """Write the module anew, later than it was written before."""
    path = folder / "made_up.py"
    path.write_text(MODULE.format(told=f"told {number}", found=number))
    os.utime(path, ns=(number * 10**12, number * 10**12))


@pytest.mark.whole
def test_edited_function_and_frozen_class_are_taken_up_in_lab(lab, folder):
    edit(folder, 1)
    assert lab("from made_up import Result, find; kept = Result(1); find()") == "1"
    edit(folder, 2)
    assert lab("find()") == "2"
    assert lab("Result(1).told()") == "'told 2'"
    assert lab("kept.told()") == "'told 2'", "results that are there already, too"


@pytest.mark.whole
def test_edited_texts_are_read_anew_in_lab(lab):
    lab("from analysis.telling import wording; wording.catalogue('en')")
    assert lab("wording.catalogue.cache_info().currsize") == "1"
    lab("from reporting.lab import kernel; kernel.Texts._youngest = lambda self: -1")
    assert lab("wording.catalogue.cache_info().currsize") == "0"


@pytest.mark.whole
def test_other_kernels_of_the_environment_are_as_they_were(plain, folder):
    edit(folder, 1)
    assert plain("from made_up import find; find()") == "1"
    edit(folder, 2)
    assert plain("find()") == "1"


def test_options_given_come_last_and_what_they_hold_is_text():
    assert command("--port 9000 --notebook-dir='a b'")[-3:] == [
        "--port",
        "9000",
        "--notebook-dir=a b",
    ]
    assert command("")[3:] == list(OPTIONS)
    with pytest.raises(ReportError, match="ARGS must be options of JupyterLab"):
        command("--port '9")


def test_environment_of_lab_names_our_kernel_first_and_nothing_else_is_changed(monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "/mine")
    monkeypatch.setenv("ARGS", "--port 1")
    made = environment()
    assert made["JUPYTER_PATH"].split(os.pathsep) == [str(HERE), "/mine"]
    changed = {name for name in made if made[name] != os.environ.get(name)}
    assert changed == {"JUPYTER_PATH", "JUPYTER_CONFIG_PATH"}
    assert "ARGS" not in made
