"""What pydantic finds at fault, in one sentence each: key, what must hold, what came."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

LONGEST_TOLD = 80
FOLLOWS = "default_factory_not_called"
"""What pydantic adds where a default depends on a value that is at fault itself."""


def key_of(fault: dict) -> str:
    """The dotted key that a fault is about."""
    return ".".join(str(part) for part in fault["loc"])


def sentence_of(fault: dict, known: Sequence[str]) -> str:
    """What must hold, and what came; `known` are the keys there are."""
    key = key_of(fault)
    hidden = fault["loc"][:2] == ("data", "connection")
    came = "(not shown)" if hidden else _told(without_secrets(fault.get("input")))
    match fault["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(str(fault["loc"][-1]), known, n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            return f"{key[:LONGEST_TOLD]} must be a known key, but is not{hint}"
        case "missing":
            return f"{key} must be given, but is missing; add a line `{key}: …`"
        case "value_error":
            message = str(fault["ctx"]["error"])
            told = not key or ", but " in message
            return message if told else f"{key} {message}, but {came} came"
        case _:
            rule = fault["msg"].replace("Input should be ", "must be ").replace("Value", "must")
            hint = " (put the value in quotes)" if fault["type"] == "string_type" else ""
            return f"{key} {rule}, but {came} came{hint}"


def _told(came: Any) -> str:
    told = repr(came)
    return told if len(told) <= LONGEST_TOLD else f"{told[:LONGEST_TOLD]}… ({len(told):,} signs)"


def without_secrets(came: Any) -> Any:
    """Leave out what may hold the password of a connection."""
    address = isinstance(came, str) and ("://" in came or "@" in came)
    hidden = isinstance(came, (dict, list, tuple)) or address
    return "(not shown)" if hidden else came
