"""Where what is made of a study goes: a folder of its own, a variant's beside it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from analysis.params import Params

LONGEST_NAME = 80


def variant_of(params: Params) -> str:
    """Return the overrides as a folder's name, 'lapse_weeks-26'; empty for the study itself.

    The values count as JSON writes them, so that a day which came as text names the same folder.
    """
    overrides = params.model_dump(mode="json", include={"overrides"})["overrides"]
    pairs = "_".join(f"{key}-{value}" for key, value in sorted(overrides.items()))
    name = re.sub(r"[^A-Za-z0-9._]+", "-", pairs).strip("-")
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[:LONGEST_NAME]}-{hashlib.sha256(pairs.encode()).hexdigest()[:8]}"


def study_folder(params: Params, build: str | Path | None = None) -> Path:
    """Return `build/cdnow`, or `build/variants/cdnow/lapse_weeks-26` where values are overridden.

    Parameters
    ----------
    params : Params
    build : str or Path, optional
        The folder of everything that is made; the one beside `params/` where none is given.
    """
    root = Path(build).resolve() if build is not None else params.path.parent.parent / "build"
    variant = variant_of(params)
    return root / "variants" / params.study / variant if variant else root / params.study
