"""The stage that each customer is in now."""

from __future__ import annotations

import pandas as pd

from analysis.data import Tables, fetch
from analysis.frames import EngineLabels, is_large
from analysis.lifecycle.stages import Stages


def present_stage(stages: Stages, tables: Tables) -> pd.DataFrame | EngineLabels:
    """The stage at the end of the last month observed: `customer_id, stage`, in order of a life.

    It names persons: for grouping, never for a report; in a large study it stays in the engine.
    """
    table = stages.table
    last = table.filter(table.month == table.month.max())
    if is_large(tables):
        return EngineLabels(last.select("customer_id", label=last.stage), stages.order)
    found = fetch(last.select("customer_id", "stage"))
    found = found.sort_values("customer_id", ignore_index=True)
    return found.assign(stage=pd.Categorical(found["stage"], list(stages.order), ordered=True))
