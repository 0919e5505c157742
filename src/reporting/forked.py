"""A step of make in a process that the warm server forked, and its kernel in another one.

The kernel's process is forked at once, while this one has no thread and no socket, and waits until
Papermill's client would start it; to the client it is a kernel like any other, and to itself too.
"""

from __future__ import annotations

import atexit
import importlib
import multiprocessing
import os
import sys
from multiprocessing.connection import Connection

from reporting.errors import speak

KERNELS = "reporting.execute"
"""The step that runs a kernel."""


def run_step(step: list[str], environment: dict[str, str], folder: str, streams: list) -> None:
    """Run a module's `main` as `python -m` would, and leave as Python does."""
    speak(lambda: _run(step, environment, folder, streams))


def _run(step: list[str], environment: dict[str, str], folder: str, streams: list) -> None:
    import numpy as np

    for number, stream in enumerate(streams, start=1):
        os.dup2(stream.detach(), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    module, sys.argv = importlib.import_module(step[0]), list(step)
    sys.modules["__main__"] = module  # libraries ask it whether a person types
    np.random.seed()
    kernel = Kernel() if step[0] == KERNELS else None
    try:
        module.run()
    finally:
        if kernel:
            kernel.kill()
        sys.stdout.flush()
        sys.stderr.flush()
        atexit._run_exitfuncs()


class Kernel:
    """A process that waits to become a kernel; from then on as `subprocess.Popen` has it."""

    stdin = stdout = stderr = None

    def __init__(self) -> None:
        from reporting.provisioner import offer

        forks = multiprocessing.get_context("fork")
        wakes, self._waker = forks.Pipe(duplex=False)
        self._process = forks.Process(target=_become_kernel, args=(wakes, self._waker))
        self._process.start()
        wakes.close()
        self.pid = self._process.pid
        offer(self)

    def begin(self, command: list[str], environment: dict[str, str], folder: str) -> None:
        """Start the kernel with the arguments of a command that would launch one."""
        self._waker.send((command, environment, folder))

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.exitcode

    def wait(self) -> int | None:
        """Wait until it has ended."""
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal to the process alone."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.join()

    terminate = kill


def _become_kernel(wakes: Connection, waker: Connection) -> None:
    waker.close()
    os.setsid()
    try:
        command, environment, folder = wakes.recv()
    except EOFError:
        return
    from ipykernel.kernelapp import IPKernelApp

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[:] = [place for place in sys.path if place]
    sys.argv = ["ipykernel_launcher", *command[command.index("ipykernel_launcher") + 1 :]]
    try:
        IPKernelApp.launch_instance(parent_handle=os.getppid())
    finally:
        sys.stdout.flush()
        atexit._run_exitfuncs()
