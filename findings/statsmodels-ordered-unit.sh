#!/usr/bin/env bash
# statsmodels 0.15.0: OrderedModel's errors depend on the unit of a column; it says converged.
#
# The information is found by differences, with a step that suits numbers near 1. A column in
# hundreds of thousands (yearly income in yuan) keeps its coefficient by the default optimiser and
# not its standard error; by lbfgs the coefficient goes, too. Both report that they converged.
#
# Seen: 500 answers in three classes on one standard normal column: 0.9698 (0.1062). The column
# times 100,000, told per old unit: 0.9698 (0.1143), converged; by lbfgs 0.8997 (0.1120) at a log
# likelihood 2.7 lower, converged.
#
# Ours: results do not follow the unit (analysis.methods.regression);
# tests/analysis/methods/test_units.py
# (test_regression_does_not_depend_on_the_unit_of_a_column, "ordinal logit").
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet --disable-pip-version-check \
    statsmodels==0.15.0 pandas==3.1.1 numpy==2.4.6 scipy==1.17.1
own/bin/python -W ignore - <<'PY'
import numpy as np
import pandas as pd
from statsmodels.miscmodels.ordinal_model import OrderedModel

rng = np.random.default_rng(1)
push = rng.normal(size=500)
answer = np.digitize(push + rng.logistic(size=500), [-1, 1])


def told(unit, **how):
    model = OrderedModel(answer, pd.DataFrame({"x": push * unit}), distr="logit")
    fit = model.fit(disp=0, **how)
    assert fit.mle_retvals["converged"]
    return fit.params.iloc[0] * unit, fit.bse.iloc[0] * unit, fit.llf


plain, large, worse = told(1), told(1e5), told(1e5, method="lbfgs")
print(plain, large, worse, sep="\n")
assert abs(large[0] / plain[0] - 1) < 1e-3
assert large[1] / plain[1] > 1.05, "the standard error follows the unit"
assert worse[0] / plain[0] < 0.95 and worse[2] < plain[2] - 1, "lbfgs finds the maximum"
PY
