"""What modules read from the environment when they are imported: the same warm and cold."""

from __future__ import annotations

import os

EARLY = {
    "JUPYTER_PREFER_ENV_PATH": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    # under make -j kernels share the cores; threads of BLAS would wait for each other
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def set_early() -> None:
    """Set what nobody has set."""
    for name, value in EARLY.items():
        os.environ.setdefault(name, value)
