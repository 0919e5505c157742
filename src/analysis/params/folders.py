"""Where what is made of a study goes: a folder of its own, a variant's beside it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import ParamsError

if TYPE_CHECKING:
    from analysis.params import Params

LONGEST_NAME = 80
STUDY_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
TAKEN = ("index", "keys", "plan", "site", "variants")
"""What the folder of everything that is made holds beside the studies."""
PLAIN = re.compile(r"[a-z0-9.]+|True|False|\d{4}-\d\d-\d\d")


def check_study_name(name: str) -> str:
    """Return the name of a study, which is that of its params file and of its folder.

    Raises
    ------
    ParamsError
        It is none, or one that the folder of everything that is made uses itself.
    """
    if not STUDY_NAME.fullmatch(name):
        came = f"'{name[:LONGEST_NAME]}' came" if name else "none came"
        raise ParamsError(
            "STUDY must be a name of small letters, digits and _ that begins with a letter "
            f"(at most 40), but {came}; call it acme, and its file params/acme.yml"
        )
    if name in TAKEN:
        raise ParamsError(
            f"STUDY must be a name that build/ does not use itself ({', '.join(TAKEN)}), but "
            f"'{name}' came; call it {name}_study, and its file params/{name}_study.yml"
        )
    return name


def variant_of(params: Params) -> str:
    """Return the overrides as a folder's name, 'lapse_weeks-26'; empty for the study itself.

    The values count as JSON writes them, so that a day which came as text names the same folder.
    Where the values are more than plain words and numbers, a hash of them tells variants apart.
    """
    overrides = params.model_dump(mode="json", include={"overrides"})["overrides"]
    pairs = sorted(overrides.items())
    name = "_".join(f"{key}-{value}" for key, value in pairs)
    if all(map(_is_plain, overrides.values())) and len(name) <= LONGEST_NAME:
        return name
    shown = re.sub(r"[^A-Za-z0-9._]+", "-", name)[:LONGEST_NAME].strip("-.")
    exact = json.dumps(pairs, ensure_ascii=True)
    return f"{shown}--{hashlib.sha256(exact.encode()).hexdigest()[:12]}"


def _is_plain(value: Any) -> bool:
    """Whether a value is told from all others by its text; text in digits is not."""
    text = str(value)
    if isinstance(value, str) and re.fullmatch(r"[\d.]+(e\d+)?|nan|inf", text):
        return False
    return isinstance(value, str | int | float) and PLAIN.fullmatch(text) is not None


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
