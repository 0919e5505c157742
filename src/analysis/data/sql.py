"""Quote names and values for DuckDB's readers."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def literal(value: Any) -> str:
    """Write a Python value as DuckDB reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(one) for one in value) + "]"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def arguments(options: Mapping[str, Any]) -> str:
    """Write the named arguments of a table function."""
    return ", ".join(f"{name} = {literal(value)}" for name, value in options.items())


def path_list(paths: Iterable[Path]) -> str:
    """Write files as DuckDB's readers take them: a bracket in a name is no pattern."""
    return literal([glob.escape(str(path)) for path in paths])
