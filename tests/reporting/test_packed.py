"""A packed PDF says the same, tagged as before, in less room."""

from __future__ import annotations

import io

import pypdf
import pytest
import typst

from reporting.embedded.packed import TOGETHER, packed

SOURCE = """
#set document(title: "Buying again", author: "Customer research", date: none)
#set text(lang: "en")
= Customers
#figure(
  table(columns: 4, table.header(..range(4).map(k => [Head #k])),
    ..range(400).map(k => [cell #k])),
  caption: [Four hundred cells],
)
#link("https://example.org")[elsewhere]
"""


@pytest.fixture(scope="module")
def plain() -> bytes:
    return typst.compile(SOURCE.encode(), timestamp=0, pdf_standards=["ua-1"])


def read(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf), strict=True)


def told(pdf: bytes):
    """What is on the pages, and every element of the structure with its place."""
    reader = read(pdf)
    elements = []

    def walk(node, depth: int) -> None:
        node = node.get_object()
        if isinstance(node, pypdf.generic.ArrayObject):
            for one in node:
                walk(one, depth)
        elif isinstance(node, pypdf.generic.DictionaryObject):
            elements.append((depth, node.get("/S"), str(node.get("/ID")), str(node.get("/A"))))
            if "/K" in node:
                walk(node["/K"], depth + 1)

    walk(reader.root_object["/StructTreeRoot"], 0)
    return [page.extract_text() for page in reader.pages], elements, reader.metadata


def written(one: pypdf.generic.PdfObject) -> bytes:
    stream = io.BytesIO()
    one.write_to_stream(stream)
    return stream.getvalue()


def test_packed_says_the_same_in_less_room(plain):
    small = packed(plain)
    assert told(small) == told(plain)
    assert len(told(small)[1]) > 2 * TOGETHER
    assert len(small) < 0.3 * len(plain)


def test_packed_is_the_same_each_time(plain):
    assert packed(plain) == packed(plain)


def test_packed_keeps_every_object(plain):
    before, after = read(plain), read(packed(plain))
    for number in range(1, int(before.trailer["/Size"])):
        at = pypdf.generic.IndirectObject(number, 0, before)
        same = pypdf.generic.IndirectObject(number, 0, after)
        assert written(before.get_object(at)) == written(after.get_object(same)), number


@pytest.mark.parametrize(
    "other",
    [
        lambda pdf: packed(pdf),
        lambda pdf: pdf.replace(b"trailer\n<<", b"trailer\n<</Prev 12 "),
        lambda pdf: pdf.replace(b"trailer\n<<", b"trailer\n<</Encrypt 3 0 R"),
        lambda pdf: b"no PDF",
    ],
    ids=["packed before", "changed later", "encrypted", "none"],
)
def test_packed_leaves_other_forms_as_they_are(plain, other):
    assert packed(other(plain)) == other(plain)
