"""Run one notebook for one study with Papermill, in a kernel of its own."""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.data.placing import OWNER_ONLY, writing
from analysis.notes import Note, note, written
from reporting.crossed import keep_record, records_of
from reporting.early import set_early
from reporting.errors import ReportError, speak
from reporting.keys import lock_key
from reporting.project import (
    ROOT,
    Study,
    build_folder,
    notebooks,
    read_study,
    shown_path,
    study_file,
)
from reporting.seals import seal, seal_of
from reporting.took import keep

# Validating URIs in notebook metadata is not needed, and its import takes two seconds.
sys.modules["rfc3987_syntax"] = None

DEFAULT_TIMEOUT = 900
LEAVING = 30.0
"""Seconds that a kernel is given to end: it gives its session back to a cluster."""
LONGEST_FOLDER = 60
ADDED = {"injected-parameters", "papermill-error-cell-tag"}
LABEL = re.compile(r"^#\|\s*label:\s*(\S+)\s*$", re.MULTILINE)
STAMPED = ("pandas", "numpy", "scipy", "statsmodels", "scikit-learn", "ibis-framework", "duckdb")


def main() -> None:
    """Run the notebook that the second argument names for the study that the first one names."""
    study = read_study(study_file(sys.argv[1]))
    os.environ.pop("REFRESH", None)  # `make tables` has asked the source anew
    notebook = next(found for found in notebooks() if found.name == sys.argv[2])
    logging.disable(logging.CRITICAL)
    started = time.monotonic()
    run_notebook(study, notebook.path)
    print(f"  {study.name}: {notebook.name} ({keep(study, notebook.name, started)})", flush=True)


def run_notebook(study: Study, source: Path) -> Path:
    """Run a notebook; its executed copy appears only when every cell went well.

    Raises
    ------
    ReportError
        Notebook, cell and last line of what went wrong; the run is kept as `*.failed.ipynb`.
    """
    target = study.folder / "notebooks" / source.name
    failed = target.with_suffix(".failed.ipynb")
    failed.unlink(missing_ok=True)
    keep_record(study, source.stem)
    with writing(target) as partial:
        problem = _execute(study, source, partial)
        if problem is not None:
            _keep_failed(partial, failed)
            raise ReportError(
                f"notebooks/{source.name} must run for {study.name}, but {problem}; "
                f"see {shown_path(failed)}, or open the notebook with make lab"
            )
        _stamp(partial)
        partial.chmod(OWNER_ONLY)
    seal(seal_of(study, source.stem), [target, *records_of(study, source.stem)])
    return target


def _keep_failed(partial: Path, failed: Path) -> None:
    """Keep the run that failed, for its owner: what a cell printed may name persons."""
    partial.chmod(OWNER_ONLY)
    partial.replace(failed)


def _execute(study: Study, source: Path, partial: Path) -> str | None:
    """Run into `partial`; what went wrong, or None."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    timeout = cell_timeout()
    with tempfile.TemporaryDirectory(prefix="nb-", dir=socket_folder()) as sockets:
        os.environ["IPYTHONDIR"] = f"{sockets}/ipython"
        config = Config()
        config.KernelManager.transport = "ipc"
        config.KernelManager.ip = f"{sockets}/k"
        config.KernelManager.shutdown_wait_time = LEAVING
        try:
            papermill.execute_notebook(
                source,
                partial,
                parameters={
                    "study": os.path.relpath(study.params.path, source.parent),
                    "overrides": study.params.model_dump(mode="json")["overrides"],
                    "build": os.path.relpath(build_folder(), source.parent),
                },
                kernel_name="python3",
                cwd=source.parent,
                progress_bar=False,
                execution_timeout=timeout,
                start_timeout=120,
                config=config,
                extra_arguments=["--IPKernelApp.log_level=50"],
            )
        except PapermillExecutionError as error:
            raised = _last_line(error.ename, error.evalue)
            return _raised_in(partial) or f"cell {error.exec_count} says {raised}"
        except CellTimeoutError:
            return (
                f"{_running_in(partial)} took longer than {timeout} s; give it more with "
                f"TIMEOUT={timeout * 4}, or mend the cell"
            )
        except DeadKernelError:
            return f"its kernel died in {_running_in(partial)} (out of memory, or killed)"
    return _raised_in(partial)


def cell_timeout() -> int:
    """The seconds that a cell may take: TIMEOUT, or a quarter of an hour."""
    given = os.environ.get("TIMEOUT") or str(DEFAULT_TIMEOUT)
    if not given.isdecimal() or not int(given):
        raise ReportError(f"TIMEOUT must be whole seconds such as 900, but '{given}' came")
    return int(given)


def socket_folder() -> str | None:
    """Where the kernel's sockets lie; their names may hold a hundred characters only."""
    return None if len(tempfile.gettempdir()) <= LONGEST_FOLDER else "/tmp"


def _cells_of(executed: Path) -> list[tuple[str, dict[str, Any]]]:
    """The code cells with their names for people: the label, or the number as committed."""
    try:
        cells = json.loads(executed.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError):
        return []  # the run was broken off before it was written
    own = [cell for cell in cells if not ADDED & set(cell["metadata"].get("tags", ()))]
    return [
        (_name_of(number, "".join(cell["source"])), cell)
        for number, cell in enumerate(own, start=1)
        if cell["cell_type"] == "code"
    ]


def _name_of(number: int, code: str) -> str:
    label = LABEL.search(code)
    if label:
        return f"cell {label[1]}"
    first = next((line for line in code.splitlines() if line.strip()), "")
    return f"cell {number} ('{first[:60]}')"


def _raised_in(executed: Path) -> str | None:
    """The cell that raised, and what; also while displaying, which nbclient does not report."""
    for name, cell in _cells_of(executed):
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                return f"{name} says {_last_line(output['ename'], output['evalue'])}"
            told = "".join(output.get("text", ()))
            if output.get("name") == "stderr" and "Traceback (most recent" in told:
                return f"{name} says {told.strip().splitlines()[-1]}"
    return None


def _running_in(executed: Path) -> str:
    """The cell that did not come to its end."""
    begun = [
        name
        for name, cell in _cells_of(executed)
        if cell["metadata"].get("papermill", {}).get("start_time")
    ]
    return begun[-1] if begun else "its first cell"


def _last_line(name: str, value: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", f"{name}: {value}").strip()
    return " ".join(plain.split())


def _stamp(executed: Path) -> None:
    """Write into the executed notebook what the numbers were made with."""
    content: dict[str, Any] = json.loads(executed.read_text(encoding="utf-8"))
    content["metadata"].pop("papermill", None)
    content["metadata"]["provenance"] = {
        "commit": written(commit()),
        "finished": _now().strftime("%Y-%m-%d %H:%M UTC"),
        "lock": lock_key()[:12],
        "python": sys.version.split()[0],
        "versions": {name: importlib.metadata.version(name) for name in STAMPED},
    }
    executed.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _now() -> datetime:
    """The time now, or the one that SOURCE_DATE_EPOCH fixes for a reproducible build."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(fixed), UTC) if fixed else datetime.now(UTC)


def commit() -> Note | str:
    """The commit that the working tree stands at, marked when the tree holds more than it."""
    asked = {"cwd": ROOT, "capture_output": True, "text": True, "check": False}
    try:
        head = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], **asked)
        if head.returncode:
            return "not under version control"
        changed = subprocess.run(["git", "status", "--porcelain"], **asked).stdout.strip()
    except FileNotFoundError:
        return "not known (git is not installed)"
    found = head.stdout.strip()
    return note("source.changed", commit=found) if changed else found


def run() -> None:
    """The step as make runs it."""
    set_early()
    speak(main)


if __name__ == "__main__":
    run()
