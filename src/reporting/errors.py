"""What ends a make target: one sentence for the person at the terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from analysis.errors import DataError, ParamsError

UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class ReportError(ValueError):
    """A notebook, a report source or a run must be mended: every fault found, one sentence each.

    Attributes
    ----------
    faults : list of str
        Each names file, line, cell or label, and what to do.
    """

    def __init__(self, faults: str | list[str]) -> None:
        self.faults = [faults] if isinstance(faults, str) else list(faults)
        super().__init__("\n".join(self.faults))


def printable(text: str) -> str:
    """A text for the terminal: no name in it can move the cursor or colour what follows."""
    return "\n".join(UNSEEN.sub(" ", line) for line in text.split("\n"))


def speak(step: Callable[[], None]) -> None:
    """Run a step; a fault that a user can mend ends it with its sentence and exit code 1."""
    try:
        step()
    except (KeyboardInterrupt, RuntimeError) as error:
        if not isinstance(error.__cause__ or error, KeyboardInterrupt):
            raise  # DuckDB says a RuntimeError of its own where a query is interrupted
        print("Stopped; what was finished stays: run make again to go on.", file=sys.stderr)
        raise SystemExit(130) from None
    except (ReportError, ParamsError, DataError) as error:
        print(printable(str(error)), file=sys.stderr)
        raise SystemExit(1) from None
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        place = error.filename or "the disk"
        said = f"{place} must be readable and writable, but: {error.strerror}"
        print(printable(said), file=sys.stderr)
        raise SystemExit(1) from None
