"""A workbook says from which day it counts, each kind of file in its own way."""

from __future__ import annotations

import zipfile

import pytest

from analysis.data.date_systems import date_system

XLSX = '<workbook xmlns="x"><workbookPr codeName="a"{}/><sheets/></workbook>'
PREFIXED = '<x:workbook xmlns:x="x"><x:workbookPr date1904="true"/></x:workbook>'
ODS = "<office:spreadsheet><table:calculation-settings>{}</table:calculation-settings>"
NULL_DATE = '<table:null-date table:value-type="date" table:date-value="{}"/>'


def binary(flags):
    """A part of an .xlsb: two records before the properties of the book, one after."""
    begin, version = b"\x83\x01\x00", b"\x80\x01\x03abc"
    properties = b"\x99\x01\x0c" + bytes([flags]) + b"\x00" * 11
    return begin + version + properties + b"\x84\x01\x00"


def records(mode):
    """The end of the globals of an .xls as Excel writes them."""
    return (
        b"\x8d\x00\x02\x00\x00\x00\x22\x00\x02\x00"
        + bytes([mode])
        + b"\x00\x0e\x00\x02\x00\x01\x00"
    )


@pytest.mark.parametrize(
    ("name", "inside", "content", "system"),
    [
        ("a.xlsx", "xl/workbook.xml", XLSX.format(""), "excel"),
        ("a.xlsx", "xl/workbook.xml", XLSX.format(' date1904="1"'), "excel1904"),
        ("a.xlsx", "xl/workbook.xml", XLSX.format(' date1904="0"'), "excel"),
        ("a.xlsm", "xl/workbook.xml", PREFIXED, "excel1904"),
        ("a.xlsx", "xl/other.xml", "", None),
        ("a.xlsb", "xl/workbook.bin", binary(0x01), "excel1904"),
        ("a.xlsb", "xl/workbook.bin", binary(0x20), "excel"),
        ("a.ods", "content.xml", ODS.format(""), "excel"),
        ("a.ods", "content.xml", ODS.format(NULL_DATE.format("1904-01-01")), "excel1904"),
        ("a.ods", "content.xml", ODS.format(NULL_DATE.format("1899-12-30")), "excel"),
        ("a.ods", "content.xml", ODS.format(NULL_DATE.format("1900-01-01")), None),
    ],
)
def test_date_system_is_what_the_workbook_states(tmp_path, name, inside, content, system):
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr(inside, content)
    assert date_system(tmp_path / name) == system


@pytest.mark.parametrize(
    ("content", "system"),
    [(records(0), "excel"), (records(1), "excel1904"), (b"\x22\x00\x02\x00", None)],
)
def test_date_system_of_an_old_workbook(tmp_path, content, system):
    path = tmp_path / "a.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + b"\x00" * 600 + content + b"\x00" * 100)
    assert date_system(path) == system
