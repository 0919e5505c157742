"""Tables of several segments under each other."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


def stack_segments(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Put the tables of the segments under each other, with a first column `segment`."""
    rows = pd.concat(
        [table.assign(segment=name) for name, table in tables.items()], ignore_index=True
    )
    return rows[["segment", *rows.columns.drop("segment")]]
