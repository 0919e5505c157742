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
    started = time.monotonic()
    print(
        f"Making the environment {folder} (once; about 1.5 GB, two to five minutes) …", flush=True
    )
    shutil.rmtree(folder, ignore_errors=True)
    python = find_python()
    if shutil.which("uv"):
        run(["uv", "venv", "--quiet", "--python", python, str(folder)])
        installer = ["uv", "pip", "install", "--quiet", "--compile-bytecode", "--python"]
        run([*installer, str(folder / "bin/python"), "--require-hashes", "-r", str(LOCK)])
    else:
        run([*venv_with_pip(python, folder), "install", *PIP_OPTIONS, "-r", str(LOCK)])
    packages = next(folder.glob("lib/python3*/site-packages"))
    (packages / "project.pth").write_text(os.path.relpath(ROOT / "src", packages) + "\n")
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e9
    stamp.write_text(wanted)
    print(f"The environment is ready: {size:.1f} GB in {time.monotonic() - started:.0f} s.")


PIP_OPTIONS = (
    "--quiet",
    "--require-hashes",
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


def venv_with_pip(python: str, folder: Path) -> list[str]:
    """Make a bare environment; the pip command that installs into it."""
    inside = str(folder / "bin/python")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
    if subprocess.run([python, "-m", "venv", str(folder)], **quiet).returncode == 0:
        return [inside, "-m", "pip"]
    shutil.rmtree(folder, ignore_errors=True)
    bare = subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], **quiet)
    if (
        bare.returncode == 0
        and subprocess.run([python, "-m", "pip", "--version"], **quiet).returncode == 0
    ):
        return [python, "-m", "pip", "--python", inside]
    raise SystemExit(
        "pip must be there to make the environment, but is not; "
        "install it (Debian, Ubuntu: apt install python3-venv or python3-pip)."
    )


def run(command: list[str]) -> None:
    """Run a step; its own words go to the terminal, our sentence follows when it fails."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    if subprocess.run(command, env=environment, check=False).returncode:
        raise SystemExit(
            "The packages of requirements.lock must be installable, but the step above failed; "
            "see that a package index can be reached, then run make again."
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
