"""What is written comes to its place as a whole, synced and then renamed; or nothing comes.

It is made under a hidden name beside its place, which bears the number of its process: what a
killed run leaves half-made is known by it, and goes with the next run. What was placed can be asked
later whether it still is as it was written (`seals_of`, `are_whole`).
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

OWNER_ONLY = 0o600
"""The mode of a file that names persons."""
ENDS = 65_536
"""Bytes at the beginning and at the end of a file that its seal looks at, besides its size."""
SLACK = 1.0
"""Seconds that a clock of another machine may be ahead."""
IN_FOLDER, EXCHANGE = -100, 2  # AT_FDCWD; RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS


def partial_path(place: Path) -> Path:
    """Where something is made before it goes to its place: hidden, beside it."""
    return place.with_name(f".{os.getpid()}.{place.name}")


def last_path(place: Path) -> Path:
    """Where the old one lies for a moment, where the file system cannot exchange two folders."""
    return place.with_name(f".{place.name}.last")


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def writing(place: Path) -> Iterator[Path]:
    """Write a file or a folder under the path that is given, which takes its place at the end.

    Raises
    ------
    OSError
        It could not be written; the error names the place, and what was there stays.
    """
    fresh = partial_path(place)
    try:
        with naming(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            remove(fresh)
            yield fresh
            put(fresh, place)
    finally:
        remove(fresh)


def write_text(place: Path, text: str, *, mode: int | None = None) -> None:
    """Write a text file as a whole; `mode` where it is not for everybody."""
    flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
    with writing(place) as fresh, open(os.open(fresh, flags, mode or 0o666), "wb") as stream:
        stream.write(text.encode())


@contextmanager
def naming(place: Path) -> Iterator[None]:
    """Let an error of the disk name the place that somebody knows, whoever reports it."""
    try:
        yield
    except OSError as error:
        named = str(error.filename or "")
        if error.errno and (not named or partial_path(place).name in named):
            error.filename = str(place)
        raise
    except Exception as error:
        if os.strerror(errno.ENOSPC) in str(error):  # as DuckDB says it
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place)) from error
        raise


def put(fresh: Path, place: Path) -> None:
    """Put a file or a folder in its place, in one step, after the disk has it.

    A folder that was there is exchanged for the new one and removed.
    """
    sync(fresh)
    if fresh.is_dir() and place.exists():
        _exchange(fresh, place)
        remove(fresh)
        remove(last_path(place))
    else:
        if place.is_dir():
            remove(place)
        fresh.replace(place)
    _sync_one(place.parent)


def recover(place: Path) -> None:
    """Bring back the folder that a killed run had moved away to put another there."""
    last = last_path(place)
    if last.exists() and not place.exists():
        last.rename(place)
    elif last.exists():
        remove(last)


def sync(path: Path) -> None:
    """Wait until the disk has a file, or all of a folder."""
    for inside in sorted(path.rglob("*")) if path.is_dir() else ():
        if not inside.is_symlink():
            _sync_one(inside)
    _sync_one(path)


def _sync_one(path: Path) -> None:
    try:
        opened = os.open(path, os.O_RDONLY)
    except PermissionError:
        return  # a folder that may be entered, not read
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF):  # what cannot be synced here
            raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        os.close(opened)


def _exchange(fresh: Path, place: Path) -> None:
    """Exchange two folders in one step, or in two where the file system has no such step."""
    names = os.fsencode(fresh), os.fsencode(place)
    system = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin" and hasattr(system, "renamex_np"):
        failed = system.renamex_np(*names, EXCHANGE)
    elif hasattr(system, "renameat2"):
        failed = system.renameat2(IN_FOLDER, names[0], IN_FOLDER, names[1], EXCHANGE)
    else:
        failed = True
    if failed:
        place.rename(last_path(place))
        fresh.rename(place)


def is_of_the_future(path: Path) -> bool:
    """Whether a file bears a time that has not come yet."""
    return path.stat().st_mtime > time.time() + SLACK


def seals_of(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """What tells later whether files are as they are now; folders count with all they hold.

    Returns
    -------
    dict of str to str
        The path below `root` -> size and hash (of a long file, of its beginning and its end).
    """
    files: set[Path] = set()
    for path in paths:
        inside = path.rglob("*") if path.is_dir() else [path]
        files |= {one for one in inside if one.is_file()}
    return {file.relative_to(root).as_posix(): _seal(file) for file in sorted(files)}


def are_whole(seals: Mapping[str, str], root: Path) -> bool:
    """Whether all files are there and as they were sealed."""
    try:
        return bool(seals) and all(_seal(root / name) == seal for name, seal in seals.items())
    except OSError:
        return False


def _seal(path: Path) -> str:
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        digest = hashlib.sha256(stream.read(ENDS))
        if size > ENDS:
            stream.seek(max(ENDS, size - ENDS))
            digest.update(stream.read(ENDS))
    return f"{size} {digest.hexdigest()[:24]}"
