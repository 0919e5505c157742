"""A PDF in less room: what is no stream goes into compressed object streams.

An accessible PDF holds an object for every cell of every table, and Typst writes each as plain
text. PDF 1.5 and later (ISO 32000-1, 7.5.7 and 7.5.8) allow them to lie together, compressed, and
the table of places with them; nothing on the pages changes.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

TOGETHER = 200
"""Objects in one stream: a reader unpacks all of them to find one."""
XREF = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
TABLE = re.compile(rb"xref\s+0 (\d+)\s+")
TRAILER = re.compile(rb"trailer\s*<<(.*)>>\s*startxref", re.DOTALL)
HEAD = re.compile(rb"(\d+) 0 obj\s*")
ENTRY = 20
"""Bytes of a line of the table of places."""


@dataclass(frozen=True, slots=True)
class _Object:
    number: int
    body: bytes

    @property
    def is_stream(self) -> bool:
        return self.body.endswith(b"endstream")


def packed(pdf: bytes) -> bytes:
    """The same PDF with its plain objects packed; one written in another way stays as it is."""
    found = _read(pdf)
    if found is None:
        return pdf
    objects, trailer = found
    streams = [one for one in objects if one.is_stream]
    plain = [one for one in objects if not one.is_stream]
    last = max(one.number for one in objects)
    groups = [plain[at : at + TOGETHER] for at in range(0, len(plain), TOGETHER)]
    kept = [*streams, *(_Object(last + k, _together(own)) for k, own in enumerate(groups, 1))]
    out = bytearray(pdf[: pdf.index(b"\n", pdf.index(b"\n") + 1) + 1])
    places = {0: (0, 0, 65535)}
    for one in kept:
        places[one.number] = (1, len(out), 0)
        out += b"%d 0 obj\n%s\nendobj\n" % (one.number, one.body)
    for k, own in enumerate(groups, 1):
        places |= {one.number: (2, last + k, index) for index, one in enumerate(own)}
    start, own = len(out), last + len(groups) + 1
    places[own] = (1, start, 0)
    out += b"%d 0 obj\n%s\nendobj\n" % (own, _place_stream(places, trailer))
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % start


def _read(pdf: bytes) -> tuple[list[_Object], bytes] | None:
    """All objects, and what the trailer says besides its size; None in another form of PDF."""
    end, trailer = XREF.search(pdf), TRAILER.search(pdf)
    table = TABLE.match(pdf, int(end[1])) if end else None
    if table is None or trailer is None or b"/Prev" in trailer[1] or b"/Encrypt" in trailer[1]:
        return None
    lines = [pdf[at : at + ENTRY] for at in _entries(table)]
    starts = sorted(int(line[:10]) for line in lines if line[17:18] == b"n")
    objects = []
    for start, stop in zip(starts, [*starts[1:], int(end[1])], strict=True):
        head, close = HEAD.match(pdf, start), pdf.rfind(b"endobj", start, stop)
        if head is None or close < 0:
            return None
        objects.append(_Object(int(head[1]), pdf[head.end() : close].strip()))
    return objects, re.sub(rb"/Size \d+", b"", trailer[1])


def _entries(table: re.Match[bytes]) -> range:
    return range(table.end(), table.end() + ENTRY * int(table[1]), ENTRY)


def _together(objects: list[_Object]) -> bytes:
    """An object stream: numbers and places first, then the objects."""
    heads, place = [], 0
    for one in objects:
        heads.append(b"%d %d" % (one.number, place))
        place += len(one.body) + 1
    head = b" ".join(heads) + b"\n"
    content = head + b"\n".join(one.body for one in objects)
    return _stream(b"/Type/ObjStm/N %d/First %d" % (len(objects), len(head)), content)


def _place_stream(places: dict[int, tuple[int, int, int]], trailer: bytes) -> bytes:
    """The places of all objects: in the file, or in which object stream."""
    size = max(places) + 1
    rows = (places.get(number, (0, 0, 0)) for number in range(size))
    content = b"".join(
        kind.to_bytes(1) + place.to_bytes(4) + index.to_bytes(2) for kind, place, index in rows
    )
    return _stream(b"/Type/XRef/W[1 4 2]/Size %d%s" % (size, trailer), content)


def _stream(said: bytes, content: bytes) -> bytes:
    small = zlib.compress(content, 9)
    return b"<<%s/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream" % (said, len(small), small)
