"""Make the Python environment from requirements.lock; needs nothing but a plain python3."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
VERSIONS = ("3.13", "3.12", "3.11")


def main(folder: Path) -> None:
    """Make `folder` the environment of the lock, unless it is so already."""
    stamp = folder / ".ready"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        stamp.touch()
        return
    if folder.is_symlink():
        raise SystemExit(
            f"{folder} must hold what requirements.lock names, but is a link to an environment "
            "that does not; remove the link, or run make env where it leads."
        )
    started = time.monotonic()
    print(
        f"Making the environment {folder} (once; about 1.5 GB, two to five minutes) …", flush=True
    )
    shutil.rmtree(folder, ignore_errors=True)
    make_bare(find_python(), folder)
    run([*installer(folder), "--require-hashes", "-r", str(LOCK)], NOT_INSTALLED)
    packages = next(folder.glob("lib/python3*/site-packages"))
    (packages / "project.pth").write_text(os.path.relpath(ROOT / "src", packages) + "\n")
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e9
    stamp.write_text(wanted)
    print(f"The environment is ready: {size:.1f} GB in {time.monotonic() - started:.0f} s.")
    print(FILTER, flush=True)


def add(folder: Path, what: str) -> None:
    """Bring an optional part into the environment: `spark`, or `quarto`."""
    if what == "spark":
        lock = ROOT / "requirements-spark.lock"
        run([*installer(folder), "--require-hashes", "-r", str(lock)], NOT_INSTALLED)
    else:
        run([*installer(folder), "quarto-cli"], NO_QUARTO)


NOT_INSTALLED = (
    "The packages of the lock must be installable, but the step above failed; "
    "see that a package index can be reached, then run make again."
)
NO_QUARTO = (
    "Quarto's own download must be reached to bring it in, but the step above failed; the embedded "
    "renderer goes on making the reports, or install Quarto yourself and name it with QUARTO=path."
)
FILTER = (
    "JupyterLab saves notebooks without outputs (make lab). To have git leave outputs out, whoever "
    "saved them:\n  git config filter.notebook.clean 'python3 src/reporting/lab/cleaning.py'"
)
PIP_OPTIONS = (
    "--quiet",
    "--disable-pip-version-check",
    "--no-input",
    "--compile",
)


def find_python() -> str:
    """The path of a python that the lock is made for."""
    for name in ("python3", *(f"python{version}" for version in VERSIONS)):
        path = shutil.which(name)
        if path and version_of(path) in VERSIONS:
            return path
    raise SystemExit(
        f"Python {' or '.join(reversed(VERSIONS))} must be on PATH, but is not; "
        "install it (Debian, Ubuntu: apt install python3 python3-venv)."
    )


def version_of(python: str) -> str:
    """The version of an interpreter as '3.11'; empty when it does not run."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def make_bare(python: str, folder: Path) -> None:
    """Make an environment without packages: by uv, by venv, or by venv without pip."""
    if shutil.which("uv"):
        run(["uv", "venv", "--quiet", "--python", python, str(folder)], NOT_INSTALLED)
        return
    if succeeds([python, "-m", "venv", str(folder)]):
        return
    shutil.rmtree(folder, ignore_errors=True)
    bare = succeeds([python, "-m", "venv", "--without-pip", str(folder)])
    if not (bare and succeeds([python, "-m", "pip", "--version"])):
        raise SystemExit(
            "pip must be there to make the environment, but is not; "
            "install it (Debian, Ubuntu: apt install python3-venv or python3-pip)."
        )


def installer(folder: Path) -> list[str]:
    """The command that installs into the environment, packages to follow."""
    inside = str(folder / "bin/python")
    if shutil.which("uv"):
        return ["uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", inside]
    if succeeds([inside, "-m", "pip", "--version"]):
        return [inside, "-m", "pip", "install", *PIP_OPTIONS]
    return [find_python(), "-m", "pip", "--python", inside, "install", *PIP_OPTIONS]


def succeeds(command: list[str]) -> bool:
    """Whether a command ends well; its words are not shown."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
    return subprocess.run(command, **quiet).returncode == 0


def run(command: list[str], otherwise: str) -> None:
    """Run a step; its own words go to the terminal, our sentence follows when it fails."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    if subprocess.run(command, env=environment, check=False).returncode:
        raise SystemExit(otherwise)


if __name__ == "__main__":
    try:
        if len(sys.argv) == 3:
            add(Path(sys.argv[1]), sys.argv[2])
        else:
            main(Path(sys.argv[1]))
    except KeyboardInterrupt:
        raise SystemExit("Stopped; run make again to begin anew.") from None
