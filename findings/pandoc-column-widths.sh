#!/usr/bin/env bash
# pandoc 3.9 (pypandoc-binary 1.17): one long cell gives widths to all columns of a pipe table.
#
# A pipe table has no widths until a line of its source is longer than `--columns` (72); then its
# columns share the page by the dashes under the head. So the text decides, and a Chinese
# character counts as two: half as many lay the table out anew. A short column gets half the page
# for nothing.
#
# Seen: two columns, a cell of 64 letters: no widths; of 66: 50 % each. Of 31 Chinese characters:
# none; of 33: 50 % each. With 6 dashes to 3: two thirds and one third.
#
# Ours: widths are dropped where tables are written (reporting/embedded/report.lua);
# tests/reporting/test_rendering.py (test_tables_have_no_widths_however_long_their_cells).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet --disable-pip-version-check \
    pypandoc-binary==1.17
own/bin/python -W ignore - <<'PY'
import re

import pypandoc


def widths(cell, dashes="|:--|:--|"):
    text = f"| a | b |\n{dashes}\n| x | {cell} |\n"
    page = pypandoc.convert_text(text, "html", format="markdown")
    return [int(width) for width in re.findall(r'<col style="width: (\d+)%', page)]


version = pypandoc.get_pandoc_version()
found = [widths("w" * 64), widths("w" * 66), widths("\u5ba2" * 31), widths("\u5ba2" * 33)]
uneven = widths("w" * 80, "|:-----|:--|")
print(version, found, uneven)
assert version.startswith("3.9")
assert found == [[], [50, 50], [], [50, 50]], "pandoc measures tables in another way"
assert uneven in ([66, 33], [67, 33])
PY
