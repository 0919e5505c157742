"""Runs the notebooks, stages a report, renders it (real Quarto, or the embedded renderer)."""

import sys

STOPPED = "Stopped; what was finished stays: run make again to go on."
_told = sys.excepthook


def _tell(kind, error, trace) -> None:
    """A signal while a step still imports ends it in the same sentence as later."""
    if issubclass(kind, KeyboardInterrupt):
        print(STOPPED, file=sys.stderr)
    else:
        _told(kind, error, trace)


sys.excepthook = _tell
