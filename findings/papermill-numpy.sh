#!/usr/bin/env bash
# papermill 2.7.0: a parameter that is False to numpy is true in the notebook.
#
# Parameters are written as source, and what is not of the few known types as its text between
# quotes: numpy's whole numbers and booleans arrive as strings, so do a tuple and a day. numpy's
# floats are Python's and arrive as numbers, so that most of a dict of parameters looks right.
#
# Seen: np.float64(0.5), np.int64(3), np.bool_(False), (1, 2) and date(2023, 2, 1) are written as
# 0.5, "3", "False", "(1, 2)" and "2023-02-01"; `if` takes the third for true. Nothing is said.
#
# Ours: a notebook gets the path of its study and overrides as JSON has them
# (reporting.execute); tests/reporting/test_execute.py (test_overrides_arrive_as_they_were_given).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet --disable-pip-version-check \
    papermill==2.7.0 numpy==2.4.6
own/bin/python -W ignore - <<'PY'
import datetime as dt

import numpy as np
from papermill.translators import PythonTranslator

given = {"a": np.float64(0.5), "b": np.int64(3), "c": np.bool_(False), "d": (1, 2)}
given["e"] = dt.date(2023, 2, 1)
written = PythonTranslator.codify(given)
print(written)
arrived = {}
exec(written, arrived)
assert arrived["a"] == 0.5
assert [arrived[name] for name in "bcd"] == ["3", "False", "(1, 2)"], "types arrive as given"
assert arrived["e"] == "2023-02-01" and bool(arrived["c"]) is True
PY
