"""The warm server of one make: the standard library's `forkserver`, with all imports done.

It listens in a folder that only its user may enter, forks a process for every step that is asked
for (`warm`), and ends with its make, however that ends. Who asked and went away takes the step
along; a step that is killed takes nobody along.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import select
import shutil
import signal
import sys
import threading
from multiprocessing.connection import Connection, Listener, wait
from multiprocessing.reduction import DupFd, recv_handle
from pathlib import Path

from reporting.early import set_early
from reporting.forked import run_step
from reporting.took import ask_make

LEAVING = 60
"""Seconds that a step is given to end when who asked for it has gone."""


def main() -> None:
    """Serve the make whose process the first argument names, in the folder of the second."""
    make, folder = os.pidfd_open(int(sys.argv[1])), Path(sys.argv[2])
    set_early()
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["reporting.preload"])
    running: set[multiprocessing.Process] = set()
    with Listener(str(folder / "server"), "AF_UNIX") as listener:
        print("ready", flush=True)
        threading.Thread(target=_listen, args=(listener, forks, running), daemon=True).start()
        threading.Thread(target=ask_make, args=(folder,), daemon=True).start()
        select.select([make], [], [])
        for step in list(running):
            step.terminate()
        for step in list(running):
            step.join(LEAVING)
            step.kill()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _listen(listener: Listener, forks, running: set) -> None:
    while True:
        asked = listener.accept()
        threading.Thread(target=_serve, args=(asked, forks, running), daemon=True).start()


def _serve(asked: Connection, forks, running: set) -> None:
    """Run one step, and tell who asked for it its process and how it ended."""
    with asked, contextlib.suppress(OSError, EOFError):
        step, environment, folder = asked.recv()
        streams = [recv_handle(asked) for _ in range(2)]
        shared = [DupFd(stream) for stream in streams]
        fork = forks.Process(target=run_step, args=(step, environment, folder, shared))
        fork.start()
        running.add(fork)
        held = _hold(fork.pid)
        try:
            asked.send(fork.pid)
            if fork.sentinel not in wait([fork.sentinel, asked]):
                fork.terminate()
                fork.join(LEAVING)
                fork.kill()
            fork.join()
            asked.send(fork.exitcode if fork.exitcode >= 0 else 128 - fork.exitcode)
        finally:
            running.discard(fork)
            if held is not None:  # it runs on where the process that forked it was killed
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(held, signal.SIGKILL)
                os.close(held)
            for stream in streams:
                os.close(stream)


def _hold(pid: int) -> int | None:
    """A process that is never taken for another one of the same number; None if it has ended."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None
