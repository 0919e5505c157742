#!/usr/bin/env bash
# ibis-framework 12.0.0 on DuckDB 1.5.6: `distinct(on=, keep="first")` makes rows that never were.
#
# It does not choose a row: each column gives its own first value that is not null. So the first
# contact of a customer, whose channel is unknown, gets the channel of a later one. `first()` in an
# order has two meanings besides: as an aggregate it passes over nulls, over a window it does not.
#
# Seen: rows (1, 1 January, null, 5) and (1, 1 February, web, null) become (1, 1 January, web, 5);
# `channel.first(order_by=day)` says web, over a window null; `channel.argmin(day)` says null.
#
# Ours: neither is asked of an engine; a row is chosen by `row_number` with a unique key last;
# tests/test_structure.py (test_no_engine_is_asked_for_a_first_row).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet --disable-pip-version-check \
    "ibis-framework[duckdb]==12.0.0" duckdb==1.5.6 sqlglot==29.0.1 pandas==3.1.1
own/bin/python -W ignore - <<'PY'
import ibis
import pandas as pd

database = ibis.duckdb.connect()
days = ["2023-01-01", "2023-02-01"]
rows = {"customer": [1, 1], "day": days, "channel": [None, "web"], "amount": [5.0, None]}
contacts = database.create_table("contacts", pd.DataFrame(rows))
kept = database.execute(contacts.distinct(on="customer", keep="first")).iloc[0].tolist()
print(kept)
assert kept == [1, "2023-01-01", "web", 5.0], "distinct keeps a row that is there"
by = contacts.group_by("customer")
first = contacts.channel.first(order_by=contacts.day)
told = database.execute(by.agg(first=first, least=contacts.channel.argmin(contacts.day)))
window = ibis.window(group_by="customer", order_by="day")
beside = database.execute(contacts.mutate(seen=contacts.channel.first().over(window)))
print(told, beside, sep="\n")
assert told["first"].item() == "web" and pd.isna(told["least"].item())
assert beside["seen"].isna().all(), "over a window nulls are passed over, too"
PY
