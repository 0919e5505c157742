#!/usr/bin/env bash
# typst 0.15.2 (Python): a character that no font has is printed as a box, without a warning.
#
# A family that is absent is a warning; a character that no family has is nothing at all. A report
# in Chinese, made where no Chinese font is, compiles with an empty list of warnings, and every
# word of it is a row of boxes.
#
# Seen: `compile_with_warnings` of two Chinese characters and a word, with the fonts of the wheel
# only: no warnings, and two NUL characters before the word where the text is extracted. An absent
# family instead: "unknown font family: absent sans".
#
# Ours: a family is looked for before a PDF is made, and its absence told with the line that
# installs one (reporting.embedded.fonts); tests/reporting/test_rendering.py
# (test_families_for_asks_for_a_chinese_font_only_when_needed).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet --disable-pip-version-check \
    typst==0.15.2 pypdf==7.1.0
own/bin/python -W ignore - <<'PY'
import io

import pypdf
import typst

sources = {"none": "\u5ba2\u6237 kept", "family": '#set text(font: "Absent Sans")\nkept'}
told = {}
for name, text in sources.items():
    with open(f"{name}.typ", "w", encoding="utf-8") as file:
        file.write(text)
    pdf, warnings = typst.compile_with_warnings(f"{name}.typ", ignore_system_fonts=True)
    read = pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    told[name] = [str(warning.message) for warning in warnings], read
print(told)
assert told["family"][0] == ["unknown font family: absent sans"]
assert told["none"][0] == [], "Typst warns of characters that it cannot show"
assert "\u5ba2" not in told["none"][1] and "kept" in told["none"][1]
PY
