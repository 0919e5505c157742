"""What runs that were killed left half-made goes once their process has ended."""

from __future__ import annotations

import os
import re
from pathlib import Path

from analysis.data.placing import remove

HALF_MADE = re.compile(r"\.(\d+)\..+")


def clear_partials(*folders: Path) -> None:
    """Remove what killed runs left in folders (see `analysis.data.placing.partial_path`)."""
    for folder in folders:
        for path in folder.iterdir() if folder.is_dir() else ():
            found = HALF_MADE.fullmatch(path.name)
            if found and not _runs(int(found[1])):
                remove(path)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return state != "Z"
