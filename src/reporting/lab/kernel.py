"""What kernels of JupyterLab have that those of reports have not: edited code is taken up.

An extension of IPython, which `kernels/python3/kernel.json` names; Papermill never sees it.
"""

from __future__ import annotations

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Set a kernel up as it starts."""
    shell.run_line_magic("load_ext", "autoreload")
    shell.run_line_magic("autoreload", "2")
