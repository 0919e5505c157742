"""How much the best customers hold at the latest rating, and how the judged rating fared."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.frames import count_cells
from analysis.methods.concentration import Concentration, measure_concentration
from analysis.params import Params
from analysis.tiers.engine_outcomes import to_the_cent
from analysis.tiers.judging import Judgement, judge_rating
from analysis.tiers.periods import RatedPeriods


def present_concentration(
    rated: RatedPeriods, params: Params, *, rng: np.random.Generator, replications: int = 200
) -> Concentration:
    """Measure how concentrated the value of the period before the latest rating is.

    A customer who returned more than she bought counts as 0.
    """
    options = {"rng": rng, "replications": replications, "conf_level": params.conf_level}
    if rated.held is not None:
        rows = rated.held.days[rated.present.rated_at]
        rows = rows.select(value=to_the_cent(rows[rated.value]))
        cells = count_cells(rated.held.tables, rows, money=["value"])
        return measure_concentration(cells["value"], counts=cells["count"], **options)
    values = rated.present_frame[rated.value].astype(float).round(2)
    return measure_concentration(values, **options)


def judge_periods(
    rated: RatedPeriods,
    outcomes: pd.DataFrame | None,
    params: Params,
    *,
    rng: np.random.Generator,
    replications: int = 200,
) -> Judgement | None:
    """Judge the rating whose next period was observed; None where there is none.

    Parameters
    ----------
    outcomes : DataFrame or None
        Of `next_period`: the value of the next period and of the last, and who stayed.
    """
    if outcomes is None:
        return None
    return judge_rating(
        rated.judged, outcomes, value="next_value", last_period="last_value",
        bought_again="stayed", rng=rng, replications=replications, conf_level=params.conf_level,
    )  # fmt: skip
