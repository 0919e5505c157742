"""Run a step of make in a process forked from one that has imported all that steps import.

`python -m reporting.warm reporting.execute cdnow 10_retention` asks the warm server of this make
for it, starting one where there is none (`warm_server`). Signals are passed on; the step ends as it
would have alone. Where no server can be had the step runs as `python -m reporting.execute …`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from multiprocessing.connection import Client, Connection
from multiprocessing.reduction import send_handle
from pathlib import Path

from reporting.errors import speak

MAKE = "WARM"
"""The variable of the environment that holds the number of make's process."""
LONGEST = 80
STOPPED = 128 + signal.SIGTERM
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run the module and the arguments that the command line names."""
    step = sys.argv[1:]
    code = _warm(step)
    if code is None:
        os.execv(sys.executable, [sys.executable, "-m", *step])
    sys.exit(code)


def _warm(step: list[str]) -> int | None:
    """The exit code of a step that the server ran; None where it must be run without one."""
    make = os.environ.get(MAKE, "")
    if not make.isdecimal() or not sys.platform.startswith("linux"):
        return None
    pid = None
    try:
        with connected(int(make)) as server:
            server.send((step, dict(os.environ), os.getcwd()))
            for stream in (1, 2):
                send_handle(server, stream, None)
            pid = server.recv()
            for number in passed_on():
                signal.signal(number, lambda number, _: _send(pid, number))
            return server.recv()
    except (OSError, EOFError):
        if pid is not None:
            _send(pid, signal.SIGKILL)
        if not Path(f"/proc/{make}").exists():
            return STOPPED  # the server has ended with its make, as it should
        for number in passed_on():
            signal.signal(number, signal.SIG_DFL)
        told = "ended before its time" if pid else "could not be started"
        print(f"  the warm server {told}: {' '.join(step[1:])} runs without it", file=sys.stderr)
        return None


def passed_on() -> list[int]:
    """The signals that end a step, but for those that are to be ignored, as under nohup."""
    return [one for one in ENDING if signal.getsignal(one) is not signal.SIG_IGN]


def _send(pid: int, number: int) -> None:
    """Send a signal to a process that may have ended by now."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def connected(make: int) -> Connection:
    """Connect to the server of a make, which the first that asks starts.

    Raises
    ------
    OSError, EOFError
        There is none, and none can be started.
    """
    folder = server_folder(make)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} must be this user's alone")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return Client(str(folder / "server"), "AF_UNIX")
        except (FileNotFoundError, ConnectionRefusedError):
            _start(make, folder)
    return Client(str(folder / "server"), "AF_UNIX")


def server_folder(make: int) -> Path:
    """Where the server of a make listens; a socket's name may hold a hundred characters only."""
    place = tempfile.gettempdir()
    return Path(place if len(place) < LONGEST else "/tmp") / f"warm-{os.getuid()}-{make}"


def _start(make: int, folder: Path) -> None:
    (folder / "server").unlink(missing_ok=True)
    code = "from reporting.warm_server import main; main()"
    started = subprocess.Popen(
        [sys.executable, "-c", code, str(make), str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    if not started.stdout.readline():
        raise EOFError


if __name__ == "__main__":
    speak(main)
