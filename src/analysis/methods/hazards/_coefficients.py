"""The table of a regression of hazards: coefficients, hazard ratios, intervals and tests."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.methods.intervals import critical_value


def coefficient_table(
    terms: list[str],
    estimate: np.ndarray,
    std_error: np.ndarray,
    conf_level: float,
    *,
    n: int,
    events: int,
) -> pd.DataFrame:
    """One row a term: logarithm of the hazard ratio with its error, the ratio, Wald's test.

    An error of 0 is none (one cluster alone): there is no interval and no test.
    """
    std_error = np.where(std_error > 0, std_error, np.nan)
    reach = critical_value(conf_level) * std_error
    z = estimate / std_error
    return pd.DataFrame(
        {
            "term": terms,
            "estimate": estimate,
            "std_error": std_error,
            "conf_low": estimate - reach,
            "conf_high": estimate + reach,
            "hazard_ratio": np.exp(estimate),
            "ratio_low": np.exp(estimate - reach),
            "ratio_high": np.exp(estimate + reach),
            "z": z,
            "p_value": 2 * norm.sf(np.abs(z)),
            "n": n,
            "events": events,
            "note": "",
        }
    )
