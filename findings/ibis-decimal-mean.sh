#!/usr/bin/env bash
# ibis-framework 12.0.0 on DuckDB 1.5.6: statistics of a DECIMAL column are cut to its own digits.
#
# DuckDB's mean and variance of a decimal(12, 2) are doubles. Ibis says they have the type of the
# column and brings the engine's answer to two digits when it has come: a mean loses its digits,
# and the variance of amounts that differ by cents is nought.
#
# Seen: 3.85, 3.86, 3.85 and 3.87 have the mean 3.8575 and the variance 0.0000917 in SQL; by Ibis
# 3.86 (decimal(12, 2)) and 0.00. Their sum over their count is 3.8575 by Ibis, too.
#
# Ours: numbers of a source become float64 before anything is asked of them
# (analysis.data.parsing.read_number); tests/analysis/data/test_reading.py
# (test_amounts_of_decimal_columns_keep_their_mean).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet --disable-pip-version-check \
    "ibis-framework[duckdb]==12.0.0" duckdb==1.5.6 sqlglot==29.0.1 pandas==3.1.1
own/bin/python -W ignore - <<'PY'
import ibis

database = ibis.duckdb.connect()
database.raw_sql("CREATE TABLE paid (amount DECIMAL(12, 2))")
database.raw_sql("INSERT INTO paid VALUES (3.85), (3.86), (3.85), (3.87)")
amount = database.table("paid").amount
sql = database.raw_sql("SELECT avg(amount), var_samp(amount) FROM paid").fetchone()
asked = [amount.mean(), amount.var(), amount.sum() / amount.count()]
asked += [amount.cast("float64").mean()]
mean, variance, quotient, cast = (float(database.execute(one)) for one in asked)
print(sql, mean, variance, quotient, cast, amount.mean().type())
assert abs(sql[0] - 3.8575) < 1e-12 and abs(sql[1] - 9.1667e-5) < 1e-8
assert (mean, variance) == (3.86, 0.0), "Ibis keeps the digits of the mean"
assert abs(quotient - 3.8575) < 1e-12 and abs(cast - 3.8575) < 1e-12
assert str(amount.mean().type()) == "decimal(12, 2)"
PY
