"""Wait for an event, however long a busy machine takes for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

HANGING = 1800  # seconds; only what never comes takes so long


def wait_until(holds: Callable[[], Any]) -> bool:
    """Wait until something holds; False when it seems that it never will."""
    end = time.monotonic() + HANGING
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False
