"""The course of a hazard ratio: a smooth through scaled Schoenfeld residuals."""

import numpy as np
import pandas as pd

from analysis.methods.hazards.cox import CoxRegression
from analysis.methods.intervals import critical_value

KNOTS = 5


def ratio_over_time(
    fit: CoxRegression, term: str, *, points: int = 40, conf_level: float = 0.95
) -> pd.DataFrame:
    """Smooth the scaled Schoenfeld residuals of a term: its hazard ratio as time goes on.

    A natural cubic spline with five knots (at quantiles of the transformed time, the outer ones at
    2 and 98 %), by least squares, as R's `plot.cox.zph` draws one with knots of its own.

    Parameters
    ----------
    fit : CoxRegression
    term : str
        A column of the regression.
    points : int
        Times at which the curve is told.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        `time` (the unit of `duration`)`, hazard_ratio, ratio_conf_low, ratio_conf_high`, one row a
        point.

    References
    ----------
    Grambsch & Therneau (1994), Biometrika 81, 515-526.
    """
    residuals = fit.proportional_hazards.residuals
    own = residuals[residuals["term"] == term].sort_values("time", kind="stable")
    x, y = own["transformed_time"].to_numpy(float), own["residual"].to_numpy(float)
    knots = np.unique(np.quantile(x, np.linspace(0.02, 0.98, KNOTS)))
    if len(knots) < 3:
        knots = np.linspace(x.min(), x.max() + 1e-9, 3)
    basis = natural_spline(x, knots)
    inverse = np.linalg.pinv(basis.T @ basis)
    coefficients = inverse @ basis.T @ y
    noise = ((y - basis @ coefficients) ** 2).sum() / max(len(y) - basis.shape[1], 1)
    grid = np.linspace(*np.quantile(x, [0.02, 0.98]), points)
    at = natural_spline(grid, knots)
    middle = at @ coefficients
    reach = critical_value(conf_level) * np.sqrt(noise * np.einsum("ij,jk,ik->i", at, inverse, at))
    return pd.DataFrame(
        {
            "time": np.interp(grid, x, own["time"].to_numpy(float)),
            "hazard_ratio": np.exp(middle),
            "ratio_conf_low": np.exp(middle - reach),
            "ratio_conf_high": np.exp(middle + reach),
        }
    )


def natural_spline(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Natural cubic spline basis (n, K), linear beyond the knots (Hastie et al. 2009, eq. 5.4).

    Parameters
    ----------
    x : array, (n,)
    knots : array, (K,)
        In order.

    Returns
    -------
    array, (n, K)
        A constant, the line, and the curved columns.
    """
    x = (x - knots[0]) / (knots[-1] - knots[0])
    knots = (knots - knots[0]) / (knots[-1] - knots[0])
    cubes = np.clip(x[:, None] - knots, 0, None) ** 3
    slopes = (cubes[:, :-1] - cubes[:, -1:]) / (knots[-1] - knots[:-1])
    return np.column_stack([np.ones(len(x)), x, slopes[:, :-1] - slopes[:, -1:]])
