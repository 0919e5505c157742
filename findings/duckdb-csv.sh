#!/usr/bin/env bash
# DuckDB 1.5.6, read_csv with the columns given (auto_detect = false, header = true):
#
# 1. A head whose quoted name is broken by LF, in a file whose lines end in CRLF: no row is read, without a word.
# 2. The same head behind a UTF-8 mark, lines ending in LF: the last line of the head comes as a row.
# 3. A list of files is a list of patterns: ['sales[1].csv'] reads sales1.csv where that lies beside it.
# 4. '2023-08-06 10:00:00 +0100' is no TIMESTAMPTZ (a blank before the offset), '…00+0100' is.
#
# Guarded by tests/analysis/data/test_csv_as_it_comes.py (heads, brackets) and test_clocks.py (offsets):
# such files are copied with one kind of line end, names are escaped, offsets are written as DuckDB reads them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet duckdb==1.5.6
cd "$folder"
venv/bin/python - <<'PY'
from pathlib import Path

import duckdb

COLUMNS = "columns = {'a': 'VARCHAR', 'b': 'VARCHAR'}"
OPTIONS = f"auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', {COLUMNS}"


def rows(name, content):
    Path(name).write_bytes(content)
    return duckdb.sql(f"SELECT * FROM read_csv(['{name}'], {OPTIONS})").fetchall()


broken = rows("crlf.csv", b'"a\nx",b\r\n1,2\r\n3,4\r\n')
marked = rows("mark.csv", b'\xef\xbb\xbf"a\nx",b\n1,2\n')
Path("sales1.csv").write_bytes(b"a,b\nother,file\n")
named = rows("sales[1].csv", b"a,b\nthis,file\n")
offset = duckdb.sql("SELECT try_cast('2023-08-06 10:00:00 +0100' AS TIMESTAMPTZ) IS NULL").fetchone()
print("1. two rows are read as", broken)
print("2. one row is read as", marked)
print("3. sales[1].csv is read as", named)
print("4. an offset behind a blank is missing:", offset[0])
held = broken == [] and len(marked) == 2 and named == [("other", "file")] and offset[0]
raise SystemExit(0 if held else "this has changed")
PY
