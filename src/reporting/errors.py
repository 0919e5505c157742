"""What ends a make target: one sentence for the person at the terminal."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from analysis.errors import DataError, ParamsError
from reporting import STOPPED

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


NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def speak(step: Callable[[], None]) -> None:
    """Run a step; a signal, or a fault that a user can mend, ends it with its sentence.

    The exit code is 130 for a signal that asks to end, 1 for a fault.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
            signal.signal(number, signal.default_int_handler)
    try:
        step()
    except (KeyboardInterrupt, RuntimeError) as error:
        if not isinstance(error.__cause__ or error, KeyboardInterrupt):
            raise  # DuckDB says a RuntimeError of its own where a query is interrupted
        _end(STOPPED, 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _end("Stopped: nobody reads on; run make again to go on.", 1)
    except (ReportError, ParamsError, DataError) as error:
        _end(str(error), 1)
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        _end(of_the_disk(error), 1)


def of_the_disk(error: OSError, otherwise: str = "the disk") -> str:
    """What is wrong with a file, in one sentence that names it."""
    place = os.fsdecode(error.filename or otherwise)
    if error.errno in NO_ROOM:
        return f"{place} must have room on its disk, but: {error.strerror}; make room, then go on"
    return f"{place} must be readable and writable, but: {error.strerror}"


def _end(sentence: str, code: int) -> NoReturn:
    print(printable(sentence), file=sys.stderr)
    raise SystemExit(code) from None
