"""What a person has still to decide: the value `???` stops every run that would need it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

UNDECIDED = "???"
TEXTS_OF_DATA = ("missing", "filters", "constants")  # where ??? may be what the data hold
OTHERWISE = "write a column of the source, or take the line out where none is needed"
DECISIONS = {
    "date_format": 'write how the days are written, such as "%d/%m/%Y" (day first), "%m/%d/%Y" '
    "(month first), excel, excel1904, epoch_s or epoch_ms",
    "decimal": 'write the sign before the decimals, "." or ",", and under thousands: the sign '
    "between thousands where there is one",
    "amounts_in": "write whole (euros, dollars) or cents (hundredths of them)",
    "times_in": "write the zone in which the times are written, such as UTC; local where it is "
    "that of timezone:",
    "timezone": "write the time zone of the company, such as Europe/Berlin",
    "currency": "write the ISO 4217 code of the amounts, such as EUR",
    "observed_from": "write the first day of the observation, such as 2023-01-01",
    "observed_until": "write the last day of the observation, such as 2024-12-31",
    "file": "write the path of the file, relative to the params file",
}


def undecided_keys(values: Any, key: str = "") -> Iterator[str]:
    """Yield the dotted key of each value that is `???`."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            if name not in TEXTS_OF_DATA:
                yield from undecided_keys(value, f"{key}.{name}" if key else name)
    elif isinstance(values, list | tuple):
        for place, value in enumerate(values):
            yield from undecided_keys(value, f"{key}.{place}")
    elif values == UNDECIDED:
        yield key


def undecided_sentence(key: str) -> str:
    """Say of one key that a person must decide."""
    parts = key.split(".")
    remedy = DECISIONS.get("date_format" if "date_format" in parts else parts[-1], OTHERWISE)
    return f"{key} must be decided by a person, but is still ???; {remedy}"
