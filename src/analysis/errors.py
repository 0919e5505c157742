"""The two faults a user can mend; anything else that is raised is a bug of ours."""

from __future__ import annotations

from typing import Any


class ParamsError(ValueError):
    """The params file (or an override) must be mended; the message says which key and how."""


class DataError(ValueError):
    """A table must be mended; the message names table, column, count and first place.

    Attributes
    ----------
    why : Note or None
        Where it may be told to readers that something is not estimable: the cause, for them.
    """

    def __init__(self, message: str = "", *, why: Any = None) -> None:
        super().__init__(message)
        self.why = why
