"""Half-made things carry the number of their process and go once that process has ended."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

HALF_MADE = re.compile(r"\..+\.(\d+)(?:\.\w+)?|.+\.(?:new|old)-(\d+)|.+\.json\.(\d+)")


def partial_path(place: Path) -> Path:
    """Where something is made before it goes to its place: hidden, beside it."""
    return place.with_name(f".{place.stem}.{os.getpid()}{place.suffix}")


def clear_partials(folder: Path) -> None:
    """Remove what runs that were killed left half-made in a study's folder."""
    for inside in (folder, folder / "notebooks", folder / "took"):
        for path in inside.iterdir() if inside.is_dir() else ():
            found = HALF_MADE.fullmatch(path.name)
            if found and not _runs(int(next(part for part in found.groups() if part))):
                remove(path)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return state != "Z"
