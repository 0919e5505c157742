#!/usr/bin/env bash
# lifetimes 0.11.3: the likelihoods that its models keep are of two kinds, under one name.
#
# `_negative_log_likelihood_` is a mean per customer for BetaGeoFitter and a sum for
# ParetoNBDFitter, and both are of times divided by a scale of the data set, so neither is the
# log likelihood that papers print. An AIC made of them prefers BG/NBD, whatever the data.
#
# Seen: CDNOW's 1/10 sample, both at the published parameters: 0.2503 for BG/NBD and 602.44 for
# Pareto/NBD, where the papers have 9,582.43 and 9,594.98. The first times 2,357 customers is
# 589.89: 12.55 less, the difference of the papers.
#
# Ours: log likelihoods are sums in the study's unit, as published (analysis.methods.purchases);
# tests/analysis/methods/test_purchases.py (test_bgnbd_reproduces_clvtools_digits).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet --disable-pip-version-check \
    lifetimes==0.11.3 pandas==3.1.1 numpy==2.4.6 scipy==1.17.1
own/bin/python -W ignore - <<'PY'
import importlib.util
from pathlib import Path

import lifetimes
import pandas as pd

folder = Path(importlib.util.find_spec("lifetimes").origin).parent / "datasets"
rows = pd.read_csv(folder / "cdnow_customers_summary.csv", index_col=0)
kept, first = [], []
for model in (lifetimes.BetaGeoFitter, lifetimes.ParetoNBDFitter):
    fit = model(penalizer_coef=0).fit(rows["frequency"], rows["recency"], rows["T"])
    kept.append(float(fit._negative_log_likelihood_))
    first.append(round(float(fit.params_.iloc[0]), 3))
print(len(rows), kept, first)
assert first == [0.243, 0.553]
assert abs(kept[0] - 0.2503) < 1e-4 and abs(kept[1] - 602.44) < 0.01, "one kind for both"
assert abs(kept[1] - len(rows) * kept[0] - (9594.976 - 9582.429)) < 0.01
PY
