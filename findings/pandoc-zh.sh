#!/usr/bin/env bash
# pandoc 3.9 (pypandoc-binary 1.17): `lang: zh` has no words; only zh-Hans and zh-Hant have.
#
# Other languages are found by their two letters, Chinese neither by these nor with a region: the
# heading over an abstract is an empty element, and of that only a line on stderr tells. Typst
# takes a language of two or three letters, so the one tag does not serve both.
#
# Seen: the abstract of a page in de is headed "Zusammenfassung"; in zh, zh-CN and zh-TW by nothing;
# in zh-Hans by the characters U+6458 U+8981.
#
# Ours: pandoc is told the word in a file of the report's own (reporting.embedded.page); without it
# rendering is refused; tests/reporting/test_language.py
# (test_rendered_page_has_the_renderers_words_in_its_language).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet --disable-pip-version-check \
    pypandoc-binary==1.17
own/bin/python -W ignore - <<'PY'
import logging
import re

import pypandoc

logging.disable(logging.CRITICAL)
heads = {}
for lang in ("de", "zh", "zh-CN", "zh-TW", "zh-Hans"):
    text = f"---\nlang: {lang}\ntitle: T\nabstract: A\n---\n\nText\n"
    page = pypandoc.convert_text(text, "html", format="markdown", extra_args=["-s"])
    heads[lang] = re.search(r'<div class="abstract-title">(.*?)</div>', page)[1]
print(heads)
assert heads["de"] == "Zusammenfassung" and heads["zh-Hans"] == "\u6458\u8981"
absent = {heads[lang] for lang in ("zh", "zh-CN", "zh-TW")}
assert absent == {""}, "pandoc knows Chinese by its two letters"
PY
