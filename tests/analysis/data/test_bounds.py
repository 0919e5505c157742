"""What is too large is refused while it is read: nothing holds it, and nobody waits for it."""

from __future__ import annotations

import gzip
import lzma
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from analysis.data import heads, unpacking
from analysis.data.delimited import LONGEST_LINE
from analysis.data.faults import FaultyData
from analysis.data.heads import LONGEST_HEAD, MOST_COLUMNS, read_head, read_keys
from analysis.data.lists import read_excel, read_sqlite
from analysis.data.unpacking import FREE, unpacked
from analysis.params.source import TableSource

SOURCE = TableSource()
BLOCK = b"1,2024-01-01,0\n" * (2**20 // 15)
HELD = (FREE >> 20) + 30
READ = """
import resource, sys
from pathlib import Path
from analysis.data.engine import open_duckdb
from analysis.data.faults import FaultyData
from analysis.data.files import open_paths
from analysis.params.source import TableSource

connection = open_duckdb("UTC")
before = resource.getrusage(resource.RUSAGE_SELF)
try:
    raw = open_paths(connection, "transactions", TableSource(), [Path(sys.argv[1])])
    raw.table.count().execute()
    print("read")
except FaultyData as error:
    print(error)
after = resource.getrusage(resource.RUSAGE_SELF)
print((after.ru_maxrss - before.ru_maxrss) // 1024, after.ru_utime - before.ru_utime)
"""


def pack(path: Path, megabytes: int) -> Path:
    """A file of rows that are alike, packed."""
    with open_packed(path) as stream:
        stream.write(b"customer_id,at,amount\n")
        for _ in range(megabytes):
            stream.write(BLOCK)
    return path


def open_packed(path: Path):
    """Open a file to be packed as its ending says."""
    match path.suffix:
        case ".gz":
            return gzip.open(path, "wb", compresslevel=9)
        case ".xz":
            return lzma.open(path, "wb", preset=0)
    return pa.output_stream(path, compression="zstd")


def archive(path: Path, member: str) -> Path:
    """A .zip whose one file holds rows that are alike."""
    opened = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9)
    with opened as made, made.open(member, "w") as stream:
        for _ in range(HELD):
            stream.write(BLOCK)
    return path


def refused(path: Path) -> tuple[str, int, float]:
    """What is said of a file, the megabytes that it took, the seconds of work."""
    made = subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True
    )
    said, _, numbers = made.stdout.strip().rpartition("\n")
    megabytes, seconds = numbers.split()
    return said, int(megabytes), float(seconds)


@pytest.mark.parametrize("ending", [".gz", ".xz", ".zst"])
def test_packed_file_that_holds_many_times_its_size_is_refused(tmp_path, ending):
    path = pack(tmp_path / f"sales.csv{ending}", HELD)
    said, megabytes, seconds = refused(path)
    assert "must not unpack to more than 20 GB, nor to more than 150 times its size" in said
    assert megabytes < 300
    assert seconds < 20


def test_archive_that_holds_many_times_its_size_is_refused(tmp_path):
    said, megabytes, _ = refused(archive(tmp_path / "sales.zip", "sales.csv"))
    assert "must not unpack to more than" in said
    assert megabytes < 300


def test_limit_counts_what_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "FREE", 1000)
    path = tmp_path / "sales.csv.gz"
    path.write_bytes(gzip.compress(b"0" * 100_000))
    with pytest.raises(FaultyData, match="must not unpack"):
        unpacked(path, "transactions").read()
    path.write_bytes(gzip.compress(bytes(range(256)) * 3, compresslevel=1))
    assert len(unpacked(path).read()) == 768


def test_workbook_that_holds_many_times_its_size_is_refused(tmp_path):
    path = archive(tmp_path / "sales.xlsx", "xl/worksheets/sheet1.xml")
    with pytest.raises(FaultyData, match="must not unpack to more than"):
        read_excel("transactions", SOURCE, [path])


def test_head_of_a_million_columns_is_refused(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text(",".join(f"c{place}" for place in range(1_000_000)) + "\n")
    with pytest.raises(FaultyData, match=f"a head of at most {LONGEST_HEAD:,} characters"):
        read_head("transactions", SOURCE, path)


def test_head_of_too_many_short_columns_is_refused(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("," * MOST_COLUMNS + "\n")
    with pytest.raises(FaultyData, match=r"must have at most 5,000 columns, but .* 5,001 came"):
        read_head("transactions", SOURCE, path)
    path.write_text("," * (MOST_COLUMNS - 1) + "\n")
    assert len(read_head("transactions", SOURCE, path).columns) == MOST_COLUMNS


def test_record_of_too_many_keys_is_refused(tmp_path):
    path = tmp_path / "sales.jsonl"
    path.write_text("{" + ",".join(f'"k{n}": 1' for n in range(MOST_COLUMNS + 1)) + "}\n")
    with pytest.raises(FaultyData, match="must have at most 5,000 columns"):
        read_keys("transactions", SOURCE, path)


@pytest.mark.parametrize("head", [b"", b"customer_id,at,amount\n1,2024-01-01,"])
def test_field_without_end_is_refused(tmp_path, head):
    path = tmp_path / "sales.csv"
    with path.open("wb") as stream:
        stream.write(head)
        for _ in range(400):
            stream.write(b"0" * 2**20)
    said, megabytes, seconds = refused(path)
    assert "must have " in said
    assert f"{LONGEST_LINE:,} bytes" in said or f"{LONGEST_HEAD:,} characters" in said
    assert megabytes < 300
    assert seconds < 20


def test_field_without_end_is_refused_in_json_and_sqlite(tmp_path):
    lines = tmp_path / "sales.jsonl"
    with lines.open("wb") as stream:
        stream.write(b'{"at": 1}\n{"at": "')
        for _ in range(40):
            stream.write(b"0" * 2**20)
    assert "must " in refused(lines)[0]
    database = sqlite3.connect(tmp_path / "sales.sqlite")
    database.execute("CREATE TABLE t (a)")
    database.execute("INSERT INTO t VALUES (zeroblob(20000000))")
    database.commit()
    database.close()
    with pytest.raises(sqlite3.DataError, match="too big"):
        read_sqlite("transactions", SOURCE, [tmp_path / "sales.sqlite"])


def read_through(path: Path) -> None:
    with heads.open_text("transactions", SOURCE, path) as text:
        while text.read(2**20):
            pass


def test_row_that_is_no_text_is_counted_without_holding_it(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_bytes(b"a\n" * 700_000 + b"\xff\n")
    with pytest.raises(FaultyData, match=r"row 700,001 of sales\.csv is not"):
        read_through(path)
