"""Answer what a proposed params file leaves to a person."""

from __future__ import annotations

import re

USUAL = {
    "currency": "EUR",
    "timezone": "Europe/Berlin",
    "times_in": "local",
    "amounts_in": "whole",
}


def answered(text: str, **answers: str) -> str:
    """Write the answers (key to value, as YAML has it) in place of `???`."""
    for key, value in (USUAL | answers).items():
        text = re.sub(rf"(?m)^(\s*{key}: )\?\?\?", lambda found, v=value: found[1] + v, text)
    return text
