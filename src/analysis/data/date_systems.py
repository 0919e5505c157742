"""From which day a workbook counts its days: what the file itself states."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

SYSTEM_1900, SYSTEM_1904 = "excel", "excel1904"
STATED_XLSX = re.compile(rb'<(?:\w+:)?workbookPr\b[^>]*\bdate1904\s*=\s*"(?:1|true|on)"')
STATED_ODS = re.compile(rb'<table:null-date\b[^>]*table:date-value\s*=\s*"(\d{4}-\d{2}-\d{2})"')
ODS_DAYS = {b"1899-12-30": SYSTEM_1900, b"1904-01-01": SYSTEM_1904}
# BIFF8: the record DATEMODE (0x22) stands before PRECISION (0x0E), each of two bytes
STATED_XLS = re.compile(rb"\x22\x00\x02\x00([\x00\x01])\x00\x0e\x00\x02\x00[\x00\x01]\x00")
BOOK_PROPERTIES = 153  # BrtWbProp: the first bit of its flags is f1904


def date_system(path: Path) -> str | None:
    """Return 'excel' (days since 1900), 'excel1904', or None where the file does not say."""
    ending = path.suffix.lower()
    if ending == ".xls":
        stated = STATED_XLS.search(path.read_bytes())
        return None if stated is None else (SYSTEM_1900, SYSTEM_1904)[stated[1][0]]
    with zipfile.ZipFile(path) as archive:
        if ending == ".ods":
            stated = STATED_ODS.search(archive.read("content.xml"))
            return ODS_DAYS.get(stated[1]) if stated else SYSTEM_1900
        book = next((n for n in archive.namelist() if re.search(r"workbook\.(xml|bin)$", n)), None)
        if book is None:
            return None
        content = archive.read(book)
    if book.endswith(".bin"):
        return _of_binary(content)
    return SYSTEM_1904 if STATED_XLSX.search(content) else SYSTEM_1900


def _of_binary(content: bytes) -> str | None:
    for kind, record in _records(content):
        if kind == BOOK_PROPERTIES:
            return SYSTEM_1904 if record[:1] and record[0] & 1 else SYSTEM_1900
    return None


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield kind and bytes of each record of an .xlsb part; kind and size vary in length."""
    place = 0
    while place < len(content):
        kind, place = _number(content, place, 2)
        size, place = _number(content, place, 4)
        yield kind, content[place : place + size]
        place += size


def _number(content: bytes, place: int, most: int) -> tuple[int, int]:
    value = 0
    for step in range(most):
        byte = content[place] if place < len(content) else 0
        place += 1
        value |= (byte & 0x7F) << (7 * step)
        if not byte & 0x80:
            break
    return value, place
