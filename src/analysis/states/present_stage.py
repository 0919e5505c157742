"""The stage that each customer is in now."""

from __future__ import annotations

import ibis
import pandas as pd

from analysis.data import Tables, fetch
from analysis.frames import EngineLabels, is_large
from analysis.states.stages import Stages


def present_stage(stages: Stages) -> pd.DataFrame:
    """The stage at the end of the last month observed: `customer_id, stage`, in order of a life.

    It names persons: for grouping, never for a report.

    Parameters
    ----------
    stages : Stages

    Returns
    -------
    DataFrame
        One row a customer, `stage` an ordered category.
    """
    customers = fetch(_last_month(stages))
    customers = customers.sort_values("customer_id", ignore_index=True)
    order = list(stages.order)
    return customers.assign(stage=pd.Categorical(customers["stage"], order, ordered=True))


def stage_labels(stages: Stages, tables: Tables) -> pd.DataFrame | EngineLabels:
    """Return `present_stage`, or in a large study the same kept in the engine.

    Parameters
    ----------
    stages : Stages
    tables : Tables
        Those that the stages were assigned from.

    Returns
    -------
    DataFrame or EngineLabels
        `customer_id, stage`, one row a customer.
    """
    if not is_large(tables):
        return present_stage(stages)
    return EngineLabels(_last_month(stages).rename(label="stage"), stages.order)


def _last_month(stages: Stages) -> ibis.Table:
    table = stages.table
    return table.filter(table.month == table.month.max()).select("customer_id", "stage")
