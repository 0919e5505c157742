#!/usr/bin/env bash
# python-calamine 0.9.1: a time that falls on midnight comes back as a day.
#
# The type depends on the value of a cell, not on its format: in one column of an .xlsx whose
# cells are all formatted as date and time, midnight is a `datetime.date` and all else a
# `datetime.datetime`. A reader that takes a date for "a day without a clock" moves the other
# times between time zones and leaves these where they are.
#
# Seen: with the number format "yyyy-mm-dd h:mm:ss", 2023-02-01 00:00 comes as date(2023, 2, 1)
# and 2023-02-01 10:00 as datetime(2023, 2, 1, 10, 0).
#
# Ours: a column that holds both is a column of times (analysis.data.lists);
# tests/analysis/data/test_clocks.py (test_times_in_moves_midnight_of_a_workbook).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet --disable-pip-version-check \
    python-calamine==0.9.1 openpyxl==3.1.5
own/bin/python -W ignore - <<'PY'
import datetime as dt

import openpyxl
from python_calamine import CalamineWorkbook

book = openpyxl.Workbook()
for time in (dt.datetime(2023, 2, 1), dt.datetime(2023, 2, 1, 10)):
    book.active.append([time])
book.save("times.xlsx")
cells = openpyxl.load_workbook("times.xlsx").active["A1:A2"]
formats = [row[0].number_format for row in cells]
sheet = CalamineWorkbook.from_path("times.xlsx").get_sheet_by_index(0)
read = [row[0] for row in sheet.to_python()]
print(formats, read)
assert formats == ["yyyy-mm-dd h:mm:ss"] * 2
assert [type(value) for value in read] == [dt.date, dt.datetime], "midnight is read as a time"
PY
