"""Open JupyterLab at the checkout, the notebooks in front (`make lab`; ARGS go to it as given).

The server and its kernels alone are set up, by options and the environment: nobody's own Jupyter
configuration is written, and no other kernel is changed.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from reporting.errors import ReportError, speak
from reporting.project import ROOT

HERE = Path(__file__).parent
OPTIONS = (
    f"--ServerApp.root_dir={ROOT}",
    "--LabApp.default_url=/lab/tree/notebooks",
    "--ContentsManager.pre_save_hook=reporting.lab.cleaning.clean_before_save",
)


def command(given: str) -> list[str]:
    """Return the command that opens Lab; what is given comes last and so holds.

    Raises
    ------
    ReportError
        The options given are no words of a command line.
    """
    try:
        words = shlex.split(given)
    except ValueError as error:
        raise ReportError(
            f"ARGS must be options of JupyterLab such as '--port 9000 --no-browser', but '{given}' "
            f"came ({error})"
        ) from None
    return [sys.executable, "-m", "jupyterlab", *OPTIONS, *words]


def environment() -> dict[str, str]:
    """Return the environment of Lab: our kernel and settings before all others."""
    found = dict(os.environ)
    for name, folder in (("JUPYTER_PATH", HERE), ("JUPYTER_CONFIG_PATH", HERE / "config")):
        found[name] = os.pathsep.join(filter(None, (str(folder), found.get(name, ""))))
    found.pop("ARGS", None)
    return found


def main() -> None:
    """Become JupyterLab."""
    line = command(os.environ.get("ARGS", ""))
    os.execve(line[0], line, environment())


if __name__ == "__main__":
    speak(main)
