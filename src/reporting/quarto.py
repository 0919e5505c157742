"""Real Quarto, when it is there: found by QUARTO, on PATH or in the environment, and run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from reporting.errors import ReportError

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
TAG = re.compile(r"""<[A-Za-z](?:[^<>"']|"[^"]*"|'[^']*')*>""")
EMBEDDED = re.compile(r"""\sdata-notebook(?:-\w+)?=(?:"[^"]*"|'[^']*')""", re.IGNORECASE)
EMBEDDED_ONLY = "none"
SECONDS = 600
LAST_LINES = 8


def find_quarto() -> str | None:
    """The Quarto program: what QUARTO names, else one on PATH or in the environment, else None.

    Returns
    -------
    str or None
        None too where QUARTO is `none`: the embedded renderer makes the reports.

    Raises
    ------
    ReportError
        QUARTO names something that does not run; an absent Quarto is no fault.
    """
    named = os.environ.get("QUARTO")
    if named == EMBEDDED_ONLY:
        return None
    if not named:
        return shutil.which("quarto") or shutil.which(
            "quarto", path=str(Path(sys.executable).parent)
        )
    found = shutil.which(named)
    if not found:
        raise ReportError(f"QUARTO must name a program, but {named} does not run; mend or unset it")
    return found


def version(program: str) -> str:
    """The version that the program says it is."""
    done = _run([program, "--version"], Path.cwd())
    if done.returncode or not done.stdout.strip():
        raise ReportError(
            f"{program} must be Quarto, but `quarto --version` failed: {_last_lines(done)}; "
            "mend it, or set QUARTO to another"
        )
    return done.stdout.strip().splitlines()[-1]


def render(program: str, staged: Path, html: Path, pdf: Path, work: Path) -> str:
    """Render a copy of `staged` in `work`, put the two files at their places, name the version.

    Raises
    ------
    ReportError
        Quarto fails, warns, or leaves a format out; its last lines are quoted.
    """
    name = version(program)
    shutil.copytree(staged, work)
    done = _run([program, "render", "report.qmd"], work)
    if done.returncode:
        raise ReportError(
            f"report.qmd must render in Quarto {name}, but it said: {_last_lines(done)}"
        )
    if warnings := _warnings(done):
        raise ReportError(
            f"report.qmd must render in Quarto {name} without a warning, but: {'; '.join(warnings)}"
        )
    for made, place in ((work / "report.html", html), (work / "report.pdf", pdf)):
        if not made.is_file():
            raise ReportError(
                f"Quarto {name} must make {made.name}, but it did not: {_last_lines(done)}; "
                "look at format: in _quarto.yml"
            )
        os.replace(made, place)
    html.write_text(without_notebooks(html.read_text(encoding="utf-8")), encoding="utf-8")
    if (work / "brief.qmd").is_file():
        _render_brief(program, name, pdf, work)
    return f"quarto {name}"


def _render_brief(program: str, name: str, pdf: Path, work: Path) -> None:
    done = _run([program, "render", "brief.qmd", "--to", "typst"], work)
    if done.returncode or not (work / "brief.pdf").is_file():
        raise ReportError(
            f"brief.qmd must render in Quarto {name}, but it said: {_last_lines(done)}"
        )
    os.replace(work / "brief.pdf", pdf.with_name(f"{pdf.stem}-brief.pdf"))


def without_notebooks(page: str) -> str:
    """The page without the absolute paths that Quarto writes where it has embedded a cell."""
    return TAG.sub(lambda tag: EMBEDDED.sub("", tag[0]), page)


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
            env={**os.environ, "NO_COLOR": "1"},
            check=False,
        )
    except OSError as fault:
        raise ReportError(
            f"{command[0]} must run, but {fault.strerror}; mend it, or unset QUARTO"
        ) from fault
    except subprocess.TimeoutExpired as fault:
        raise ReportError(
            f"{' '.join(command)} must end within {SECONDS} s, but it did not; run it by hand"
        ) from fault


def _said(done: subprocess.CompletedProcess[str]) -> list[str]:
    text = COLOUR.sub("", f"{done.stdout}\n{done.stderr}")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _warnings(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in _said(done) if re.match(r"\[?warn(ing)?\b", line, re.IGNORECASE)]


def _last_lines(done: subprocess.CompletedProcess[str]) -> str:
    lines = _said(done)
    errors = [line for line in lines if re.match(r"error\b", line, re.IGNORECASE)]
    return " / ".join(errors[:1] + lines[-LAST_LINES:]) or "nothing"
