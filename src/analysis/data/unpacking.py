"""Packed files are unpacked on the way, up to a stated limit: a small file may hold terabytes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path
from typing import BinaryIO

from analysis.data.faults import Fault, FaultyData
from analysis.data.located import members

MOST_UNPACKED = 20 * 2**30
"""Bytes that a packed file may hold."""
MOST_TIMES, FREE = 150, 64 * 2**20
"""From 64 MB on no table holds more than 150 times what it is packed into; tables hold 3 to 30."""
BLOCK = 2**18


def check_packed(name: str, path: Path) -> None:
    """Refuse an archive of several files: each would have to be named."""
    inside = members(path) if path.suffix.lower() == ".zip" else ["itself"]
    if len(inside) != 1:
        came = f"{path.name} holds {len(inside):,}"
        fault = Fault(name, "", "must hold one file in a .zip", came, remedy="unpack it")
        raise FaultyData([fault])


def check_workbook(name: str, path: Path) -> None:
    """Refuse a workbook, a .zip of its own, that holds more than it may."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        held = sum(one.file_size for one in archive.infolist())
    if held > MOST_UNPACKED or held > max(FREE, MOST_TIMES * path.stat().st_size):
        raise _too_much(name, path, held)


def unpacked(path: Path, name: str = "the file") -> BinaryIO:
    """Open a file in binary; packed files are unpacked on the way.

    Raises
    ------
    FaultyData
        While it is read: it holds more than `MOST_UNPACKED`, or many times what it is packed into.
    """
    stream = _opened(path)
    if stream is None:
        return path.open("rb")
    return io.BufferedReader(_Bounded(stream, path, name), BLOCK)


def _opened(path: Path):
    match path.suffix.lower():
        case ".gz":
            return gzip.open(path)
        case ".bz2":
            return bz2.open(path)
        case ".xz":
            return lzma.open(path)
        case ".zip":
            return zipfile.ZipFile(path).open(members(path)[0])
        case ".zst":
            import pyarrow as pa

            return pa.input_stream(path, compression="zstd")
    return None


class _Bounded(io.RawIOBase):
    """A stream that counts what it gives, and stops where that is too much."""

    def __init__(self, stream, path: Path, name: str) -> None:
        self.stream, self.path, self.name = stream, path, name
        self.most = min(MOST_UNPACKED, max(FREE, MOST_TIMES * path.stat().st_size))
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, into) -> int:
        block = self.stream.read(len(into))
        self.given += len(block)
        if self.given > self.most:
            raise _too_much(self.name, self.path, self.given)
        into[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self.stream.close()
        super().close()


def _too_much(name: str, path: Path, held: int) -> FaultyData:
    packed = path.stat().st_size
    rule = (
        f"must not unpack to more than {MOST_UNPACKED >> 30} GB, nor to more than {MOST_TIMES} "
        f"times its size from {FREE >> 20} MB on"
    )
    came = f"{path.name} ({packed:,} bytes) holds {held:,} bytes or more"
    return FaultyData([Fault(name, "", rule, came, remedy="unpack it and look at it")])
