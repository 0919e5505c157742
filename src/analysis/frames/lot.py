"""Some customers drawn by lot, for what no counted rows can tell of a study with many."""

from __future__ import annotations

from dataclasses import replace

import ibis

from analysis.data import Tables
from analysis.data.crossing import fetch_count
from analysis.frames.counted import is_large

SAMPLE = 50_000
"""Customers drawn: the standard error of a share is then at most 0.22 percentage points."""


@ibis.udf.scalar.builtin
def md5(text: str) -> str:
    """The digest of an id: the same in every engine, and unlike that of the next id."""


def sample_customers(tables: Tables) -> Tables:
    """Return the tables of `SAMPLE` customers of a large study; those of a smaller one as they are.

    The lot goes by the customers' ids alone, so that it falls alike in every run and engine.

    Parameters
    ----------
    tables : Tables

    Returns
    -------
    Tables
        Every table with the rows of those customers only; `sampled_from` says of how many.
    """
    if not is_large(tables):
        return tables
    known = tables["customers"]
    drawn = known.mutate(lot=md5(known.customer_id)).order_by(["lot", "customer_id"])
    drawn = drawn.limit(SAMPLE).select("customer_id").cache()
    by_name = {
        name: table.semi_join(drawn, "customer_id") for name, table in tables.by_name.items()
    }
    return replace(
        tables, by_name=by_name, stored={}, fingerprint="", sampled_from=fetch_count(known)
    )
