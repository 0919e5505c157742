"""Confidence levels and the intervals that need nothing but a normal quantile."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from analysis.errors import ParamsError


def check_level(conf_level: float) -> None:
    """Refuse what is no confidence level.

    Parameters
    ----------
    conf_level : float
        Such as 0.95.

    Raises
    ------
    ParamsError
        Unless it lies between 0 and 1, both excluded.
    """
    if not (isinstance(conf_level, int | float) and 0 < conf_level < 1):
        raise ParamsError(f"conf_level must be between 0 and 1, but {conf_level!r} came; try 0.95")


def critical_value(conf_level: float) -> float:
    """The standard normal quantile of a two-sided interval: 1.96 for 0.95.

    Parameters
    ----------
    conf_level : float
        In (0, 1).

    Returns
    -------
    float

    Raises
    ------
    ParamsError
        Unless the level lies between 0 and 1.
    """
    check_level(conf_level)
    return float(ndtri(0.5 + conf_level / 2))


def effective_units(units: np.ndarray) -> float:
    """How many units of equal size say as much as those of these rows: (sum m)^2 / sum m^2.

    A few customers with many answers each decide what is estimated, however many others there are.

    Parameters
    ----------
    units : array of int, (n,)
        The unit (customer) of each row, from 0.

    Returns
    -------
    float
        From 1 to the number of units; that where all have equally many rows.

    References
    ----------
    Kish (1965), Survey Sampling, Wiley; Carter, Schnepel & Steigerwald (2017), Review of Economics
    and Statistics 99, 698-709 (as the degrees of freedom of clustered errors).
    """
    sizes = np.bincount(units).astype(float)
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def wilson(share, n, z: float):
    """Wilson's score interval of a share.

    Parameters
    ----------
    share : float or array
        Of n, in 0-1.
    n : float or array
        Independent answers, also an effective number of them.
    z : float
        Of `critical_value`.

    Returns
    -------
    low, high
        In 0-1, as `share`; NaN where n is 0.

    References
    ----------
    Wilson (1927), JASA 22, 209-212.
    """
    with np.errstate(all="ignore"):
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + (z / n / 2) ** 2)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
