"""Run one notebook for one study with Papermill, in a kernel of its own."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reporting.errors import ReportError, speak
from reporting.plan import lock_key
from reporting.project import ROOT, Study, notebooks, params_folder, read_study

# Validating URIs in notebook metadata is not needed, and its import takes two seconds.
sys.modules["rfc3987_syntax"] = None

DEFAULT_TIMEOUT = 900
STAMPED = ("pandas", "numpy", "scipy", "statsmodels", "scikit-learn", "ibis-framework", "duckdb")


def main() -> None:
    """Run the notebook that the second argument names for the study that the first one names."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    study = read_study(params_folder() / f"{sys.argv[1]}.yml")
    os.environ["STUDY_FOLDER"] = str(study.folder)
    notebook = next(found for found in notebooks() if found.name == sys.argv[2])
    started = time.monotonic()
    run_notebook(study, notebook.path)
    print(f"  {study.name}: {notebook.name} ({time.monotonic() - started:.0f} s)", flush=True)


def run_notebook(study: Study, source: Path) -> Path:
    """Run a notebook; its executed copy appears only when every cell went well.

    Raises
    ------
    ReportError
        Notebook, cell and last line of what went wrong; the run is kept as `*.failed.ipynb`.
    """
    target = study.folder / "notebooks" / source.name
    failed = target.with_suffix(".failed.ipynb")
    partial = target.with_name(f".{source.stem}.{os.getpid()}.ipynb")
    target.parent.mkdir(parents=True, exist_ok=True)
    failed.unlink(missing_ok=True)
    try:
        problem = _execute(study, source, partial)
        if problem is None:
            _stamp(partial)
            partial.replace(target)
            return target
        partial.replace(failed)
    finally:
        partial.unlink(missing_ok=True)
    raise ReportError(
        f"notebooks/{source.name} must run for {study.name}, but {problem}; "
        f"see {_short(failed)}, or open the notebook with make lab"
    )


def _execute(study: Study, source: Path, partial: Path) -> str | None:
    """Run into `partial`; what went wrong, or None."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    timeout = int(os.environ.get("TIMEOUT") or DEFAULT_TIMEOUT)
    with tempfile.TemporaryDirectory(prefix="nb-") as sockets:
        config = Config()
        config.KernelManager.transport = "ipc"
        config.KernelManager.ip = f"{sockets}/k"
        try:
            papermill.execute_notebook(
                source,
                partial,
                parameters={
                    "study": os.path.relpath(study.params.path, source.parent),
                    "overrides": dict(study.params.overrides),
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
            return f"cell {error.exec_count} says {_last_line(error.ename, error.evalue)}"
        except CellTimeoutError:
            return (
                f"a cell took longer than {timeout} s; give it more with "
                f"TIMEOUT={timeout * 4}, or mend the cell"
            )
        except DeadKernelError:
            return "its kernel died (out of memory, or killed)"
    return _display_error(partial)


def _display_error(executed: Path) -> str | None:
    """An error raised while a result was displayed, which nbclient does not report."""
    for cell in json.loads(executed.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                number = cell["execution_count"]
                return f"cell {number} says {_last_line(output['ename'], output['evalue'])}"
            if output.get("name") == "stderr" and "Traceback (most recent" in output["text"]:
                last = output["text"].strip().splitlines()[-1]
                return f"cell {cell['execution_count']} says {last}"
    return None


def _last_line(name: str, value: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", f"{name}: {value}").strip()
    return " ".join(plain.split())


def _stamp(executed: Path) -> None:
    """Write into the executed notebook what the numbers were made with."""
    content: dict[str, Any] = json.loads(executed.read_text(encoding="utf-8"))
    content["metadata"].pop("papermill", None)
    content["metadata"]["provenance"] = {
        "commit": commit(),
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


def commit() -> str:
    """The commit that the working tree stands at, marked when the tree holds more than it."""
    asked = {"cwd": ROOT, "capture_output": True, "text": True, "check": False}
    try:
        head = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], **asked)
        if head.returncode:
            return "not under version control"
        changed = subprocess.run(["git", "status", "--porcelain"], **asked).stdout.strip()
    except FileNotFoundError:
        return "not known (git is not installed)"
    return head.stdout.strip() + (" with changes not committed" if changed else "")


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    speak(main)
