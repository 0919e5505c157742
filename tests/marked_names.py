"""Names of groups from files and databases carry a mark (`analysis.names`): take it away."""

from __future__ import annotations

import pandas as pd

from analysis.names import without_marks


def as_written(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, names of groups as the data have them."""
    changed = {}
    for name, column in rows.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            changed[name] = column.cat.rename_categories(without_marks)
        elif pd.api.types.is_string_dtype(column):
            changed[name] = column.map(without_marks, na_action="ignore").astype(column.dtype)
    return rows.assign(**changed)
