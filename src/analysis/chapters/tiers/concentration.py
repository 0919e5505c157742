"""How much the best customers hold at the latest rating."""

from __future__ import annotations

import numpy as np

from analysis.frames import count_cells
from analysis.methods.concentration import Concentration, measure_concentration
from analysis.params import Params
from analysis.states.rating.periods import RatedPeriods


def present_concentration(
    rated: RatedPeriods, params: Params, *, rng: np.random.Generator, replications: int = 200
) -> Concentration:
    """Measure how concentrated the value of the period before the latest rating is.

    A customer who returned more than she bought counts as 0.

    Parameters
    ----------
    rated : RatedPeriods
    params : Params
        Uses `conf_level`.
    rng : numpy.random.Generator
        For the bootstrap.
    replications : int
        Bootstrap samples.

    Returns
    -------
    Concentration
    """
    options = {"rng": rng, "replications": replications, "conf_level": params.conf_level}
    if rated.held is not None:
        rows = rated.held.days[rated.present.rated_at]
        rows = rows.select(value=rows[rated.value])
        cells = count_cells(rated.held.tables, rows, money=["value"])
        return measure_concentration(cells["value"], counts=cells["count"], **options)
    return measure_concentration(rated.present_frame[rated.value], **options)
