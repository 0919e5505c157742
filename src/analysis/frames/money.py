"""Money is compared in whole minor units: 176.45 + 0.54 + 23.01 is 200.00, whatever floats add to.

Sums of floating-point numbers miss the true sum by their last bits, and by others in each engine.
So an amount that is compared (with a limit, with another customer's, with a share of a limit) is
first taken to the smallest unit of its currency, halves up; amounts that people would write alike
are then equal to the last bit. Sums and means that are only told are left as they are.
"""

from __future__ import annotations

import ibis
import numpy as np

CENTS = 2
"""Decimal places of most currencies (`params.currencies.minor_digits`)."""
SLACK = 1e-6
"""Of a minor unit: a half that floats miss by less is a half."""


def minor_units(amount: ibis.Value, digits: int = CENTS) -> ibis.Value:
    """An amount in the nearest whole minor units, in the engine."""
    return (amount.cast("float64") * 10.0**digits + (0.5 + SLACK)).floor()


def to_minor_unit(amount: ibis.Value, digits: int = CENTS) -> ibis.Value:
    """An amount at the nearest whole minor unit, in the engine."""
    return minor_units(amount, digits).cast("float64") / 10.0**digits


def at_minor_unit(amounts: np.ndarray, digits: int = CENTS) -> np.ndarray:
    """`to_minor_unit` of amounts that have been brought back; missing ones stay missing."""
    scale = 10.0**digits
    return np.floor(np.asarray(amounts, float) * scale + (0.5 + SLACK)) / scale
