"""The stage that each customer is in now."""

from __future__ import annotations

import pandas as pd

from analysis.data import fetch
from analysis.lifecycle.stages import Stages


def present_stage(stages: Stages) -> pd.DataFrame:
    """The stage at the end of the last month observed: `customer_id, stage`, in order of a life.

    It names persons: for grouping, never for a report.
    """
    table = stages.table
    last = table.filter(table.month == table.month.max())
    found = fetch(last.select("customer_id", "stage"))
    found = found.sort_values("customer_id", ignore_index=True)
    return found.assign(stage=pd.Categorical(found["stage"], list(stages.order), ordered=True))
