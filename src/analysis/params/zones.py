"""Names of time zones."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as Europe/Berlin") from None
    return name


Zone = Annotated[str, AfterValidator(_known)]
"""A time zone of the IANA database, such as Europe/Berlin or UTC."""

LOCAL = "local"
ClockZone = Annotated[str, AfterValidator(lambda name: name if name == LOCAL else _known(name))]
"""The zone in which times are written; `local` is that of the study."""
