"""The product limit, Greenwood's variance, and intervals on three scales."""

import numpy as np

from analysis.methods.intervals import critical_value


def product_limit(at_risk: np.ndarray, events: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Survival and the variance of its logarithm (Greenwood) after each of the (T,) event times."""
    with np.errstate(divide="ignore"):
        log_variance = np.cumsum(events / (at_risk * (at_risk - events).astype(float)))
    return np.cumprod(1.0 - events / at_risk), log_variance


def survival_interval(
    survival: np.ndarray, log_error: np.ndarray, conf_level: float, conf_type: str
) -> tuple[np.ndarray, np.ndarray]:
    """Pointwise interval of shares (T,), given the standard error of their logarithm (T,)."""
    reach = critical_value(conf_level) * log_error
    with np.errstate(all="ignore"):
        if conf_type == "plain":
            return np.maximum(survival * (1 - reach), 0), np.minimum(survival * (1 + reach), 1)
        gone = survival <= 0
        if conf_type == "log":
            factor = np.where(gone, np.nan, np.exp(reach))
            return survival / factor, np.minimum(survival * factor, 1)
        log_survival = np.log(survival)
        factor = np.exp(reach / -log_survival)
        low, high = np.exp(log_survival * factor), np.exp(log_survival / factor)
        unknown = gone | (survival >= 1)
        low[unknown] = high[unknown] = np.nan
        return low, high
