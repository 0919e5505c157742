"""How many customers lapse, by several definitions of lapse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.frames import spells
from analysis.methods.survival import survival_curve
from analysis.params import Params

DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True, slots=True, eq=False)
class LapseByDefinition:
    """What lapse looks like under several definitions of silence.

    Attributes
    ----------
    table : DataFrame of shape (definitions, 6)
        `lapse_weeks`, `n` (customers), `lapsed` (share whose first relationship lapsed while
        observed), `median_weeks` (Kaplan-Meier median of the first relationship), `won_back` (share
        of the lapsed who bought again while observed), `note`.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame


def lapse_by_definition(tables: Tables, params: Params) -> LapseByDefinition:
    """Compare lapse over the grid of definitions `params.lapse_grid` and `params.lapse_weeks`.

    Lapse is inferred: the day on which the silence first exceeds the weeks of the definition. Its
    median is an echo of that number, so it is never told alone.

    Parameters
    ----------
    tables : Tables
        Uses `transactions`, by way of `frames.spells`.
    params : Params
        Uses `lapse_grid`, `lapse_weeks` and what `frames.spells` uses.
    """
    grid = sorted({*params.lapse_grid, params.lapse_weeks})
    rows = [_lapse_row(weeks, spells(tables, params, lapse_weeks=weeks)) for weeks in grid]
    return LapseByDefinition(pd.DataFrame(rows))


def _lapse_row(lapse_weeks: float, found: pd.DataFrame) -> dict[str, float | int | str]:
    first = found[found["spell"] == 1]
    median = survival_curve(first[["duration", "event"]]).medians.iloc[0]
    lapsed = first.loc[first["event"].astype(bool), "customer_id"]
    again = found.loc[found["spell"] == 2, "customer_id"]
    return {
        "lapse_weeks": lapse_weeks,
        "n": len(first),
        "lapsed": len(lapsed) / len(first),
        "median_weeks": median["estimate"] * DAYS_PER_MONTH / 7,
        "won_back": lapsed.isin(again).mean() if len(lapsed) else np.nan,
        "note": median.get("note") or "",
    }
