#!/usr/bin/env bash
# lifelines 0.30.0 and statsmodels 0.15.0: two medians of the same four customers; R has a third.
#
# Where a Kaplan-Meier curve lies on one half for a while, lifelines gives the beginning of that
# stretch, statsmodels its end, and R's quantile.survfit the middle. Small groups and ends counted
# in whole months make such stretches common.
#
# Seen: ends after 1, 2, 3 and 4 months, nobody censored, one curve by both libraries: the median
# is 2.0 by lifelines and 3 by statsmodels; the middle is 2.5.
#
# Ours: the middle; tests/analysis/methods/test_survival_curve.py
# (test_survival_curve_median_is_the_middle_of_a_flat_half).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet --disable-pip-version-check \
    lifelines==0.30.0 pandas==3.1.1 numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
own/bin/python -W ignore - <<'PY'
import numpy as np
from lifelines import KaplanMeierFitter
from statsmodels.duration.survfunc import SurvfuncRight

months, ended = np.array([1, 2, 3, 4]), np.ones(4)
curve = KaplanMeierFitter().fit(months, ended)
other = SurvfuncRight(months, ended)
assert np.allclose(curve.survival_function_.iloc[1:, 0], other.surv_prob)
medians = float(curve.median_survival_time_), float(other.quantile(0.5))
print(medians)
assert medians == (2.0, 3.0), "the libraries take other ends of the stretch"
PY
