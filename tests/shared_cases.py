"""Small inputs that came out wrong once; they lie beside some checkouts, not ours to ship."""

from __future__ import annotations

import shutil
from pathlib import Path

from not_run import ROOT, skip_beside


def shared_case(name: str, folder: Path) -> Path:
    """Copy a case into a folder of the test, so that what is built lies beside the copy."""
    beside = (parent / "shared" / "cases" / name for parent in ROOT.parents)
    found = next((path for path in beside if path.is_dir()), None)
    if found is None:
        skip_beside("the small inputs of ../shared/cases, which are not ours to ship")
    return Path(shutil.copytree(found, folder / name))
