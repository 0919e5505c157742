"""What one more point goes with, averaged over the customers as they are.

Every customer's expected outcome is computed twice from a fitted regression: as answered, and with
the answer a point higher, capped at the top of the scale. The mean gap is a prediction about
customers who are alike in everything that was adjusted for; it is no promise of what raising
satisfaction would do, and the sensitivity measures below say how little hidden would explain it.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd
from scipy.special import ndtr

from analysis.errors import DataError, ParamsError
from analysis.methods._rows import sums_by_unit
from analysis.methods.intervals import critical_value
from analysis.notes import note

RatioKind = Literal["risk", "odds", "hazard"]


class FittedSample(Protocol):
    """The rows of a fit (see `regression.sample.Sample`)."""

    frame: pd.DataFrame
    outcome: np.ndarray
    weights: np.ndarray
    counts: np.ndarray
    units: np.ndarray | None


class Fit(Protocol):
    """A regression that predicts in the outcome's own unit (linear, logit, counts, two-part)."""

    sample: FittedSample
    influence: np.ndarray
    conf_level: float

    def predict(self, frame: pd.DataFrame) -> np.ndarray: ...

    def gradient(self, frame: pd.DataFrame) -> np.ndarray: ...


@dataclass(frozen=True, slots=True, eq=False)
class OneMorePoint:
    """Standardised means and their difference.

    Attributes
    ----------
    driver : str
    step : float
        How far it was raised, in its unit.
    table : DataFrame
        `group, term` (as answered, raised, difference)`, estimate` (unit of the outcome)`,
        std_error, conf_low, conf_high, n, p_value` (of the difference)`, note`.
    share_capped : Series
        By group: share of answers too near the top to be raised by the full step.
    outcome_sd : float
        Standard deviation of the outcome, for `e_value_of_difference`.
    """

    driver: str
    step: float
    table: pd.DataFrame
    share_capped: pd.Series
    outcome_sd: float


def one_more_point(
    fit: Fit,
    *,
    driver: str,
    highest: float,
    step: float = 1.0,
    by: str | None = None,
) -> OneMorePoint:
    """Expected outcome with everybody's `driver` raised by `step`, against as answered.

    Errors hold for new samples of customers: they add the spread between customers to that of the
    parameters, and keep a customer's answers together where the fit was clustered.

    Parameters
    ----------
    fit : RegressionFit or TwoPartFit
        With the driver and what was known before the survey (earlier spend, tenure, tier) among its
        terms.
    driver : str
        A column of the fit.
    highest : float
        Top of the driver's scale; nobody is raised beyond it.
    step : float
        How far the driver is raised, in its unit.
    by : str, optional
        A column of the fit (tier): one row of differences a group.

    Returns
    -------
    OneMorePoint

    Raises
    ------
    ParamsError
        The driver is not a column of the fit.
    DataError
        An answer lies above `highest`.
    """
    frame, sample = fit.sample.frame, fit.sample
    if driver not in frame.columns:
        raise ParamsError(f"driver must be a column of the fit, but {driver!r} is not")
    above = frame[driver].gt(highest)
    if above.any():
        raise DataError(f"{driver} must not exceed {highest}, but {above.sum():,} answers do")
    raised = frame.assign(**{driver: np.minimum(frame[driver] + step, highest)})
    means = np.column_stack([fit.predict(frame), fit.predict(raised)])
    gradients = np.stack([fit.gradient(frame), fit.gradient(raised)], axis=1)
    means = np.column_stack([means, means[:, 1] - means[:, 0]])
    gradients = np.concatenate([gradients, gradients[:, 1:] - gradients[:, :1]], axis=1)
    groups = pd.Series("all", frame.index) if by is None else frame[by]
    tables, capped = [], {}
    for group in groups.drop_duplicates().sort_values():
        member = groups.eq(group).to_numpy()
        tables.append(_group_rows(fit, means, gradients, member).assign(group=group))
        capped[group] = float(frame.loc[member, driver].gt(highest - step).mean())
    order = ["group", "term", "estimate", "std_error", "conf_low", "conf_high", "n", "p_value"]
    table = pd.concat(tables, ignore_index=True)[[*order, "note"]]
    return OneMorePoint(
        driver=driver,
        step=step,
        table=table,
        share_capped=pd.Series(capped, name="share_capped"),
        outcome_sd=_outcome_spread(sample),
    )


def _outcome_spread(sample: FittedSample) -> float:
    outcome, weights = np.asarray(sample.outcome, float), sample.weights * sample.counts
    return float(np.sqrt(np.cov(outcome, aweights=weights)))


def _group_rows(
    fit: Fit, means: np.ndarray, gradients: np.ndarray, member: np.ndarray
) -> pd.DataFrame:
    """Means over the members, with the influence of customers and of parameters together."""
    sample = fit.sample
    share = sample.weights * member / (sample.weights * sample.counts * member).sum()
    estimate = (share * sample.counts) @ means
    slope = np.einsum("n,ntk->tk", share * sample.counts, gradients)
    influence = share[:, None] * (means - estimate) + fit.influence @ slope.T
    if sample.units is None:
        n_units = sample.counts.sum()
        squares = (sample.counts[:, None] * influence**2).sum(axis=0)
    else:
        totals = sums_by_unit(sample.units, influence * sample.counts[:, None])
        n_units, squares = len(totals), (totals**2).sum(axis=0)
    error = np.sqrt(squares * n_units / (n_units - 1))
    reach = critical_value(fit.conf_level) * error
    p_value = 2 * ndtr(-abs(estimate[2] / error[2])) if error[2] > 0 else np.nan
    why = "" if error[2] > 0 else note("drivers.nobody_raised")
    return pd.DataFrame(
        {
            "term": ["as answered", "raised", "difference"],
            "estimate": estimate,
            "std_error": error,
            "conf_low": estimate - reach,
            "conf_high": estimate + reach,
            "n": int((sample.counts * member).sum()),
            "p_value": [np.nan, np.nan, p_value],
            "note": ["", "", why],
        }
    )


@dataclass(frozen=True, slots=True)
class EValue:
    """How strong a hidden common cause must be to explain an association away.

    Attributes
    ----------
    estimate : the risk ratio that the hidden cause must have with both, driver and outcome.
    limit : the same for the limit of the interval that is nearer to no effect; 1 when the interval
        holds no effect.
    """

    estimate: float
    limit: float


LARGEST = 300.0
"""Logarithm of a risk ratio from which on it is taken as so large: its square is a number yet."""


def e_value(
    ratio: float,
    *,
    conf_low: float,
    conf_high: float,
    kind: RatioKind = "risk",
    rare: bool = False,
) -> EValue:
    """E-value of a risk, odds or hazard ratio.

    For a common outcome (not `rare`: more than 15 in 100) odds and hazard ratios are first turned
    into approximate risk ratios.

    Parameters
    ----------
    ratio : float
        Above 0, within its interval.
    conf_low : float
        Lower end of its interval, above 0.
    conf_high : float
        Upper end.
    kind : {"risk", "odds", "hazard"}
        Of ratio.
    rare : bool
        Whether fewer than 15 in 100 have the outcome.

    Returns
    -------
    EValue

    Raises
    ------
    ParamsError
        The ratio is not positive, or lies outside its interval.

    References
    ----------
    VanderWeele & Ding (2017), Ann. Intern. Med. 167, 268-274.
    """
    if not 0 < conf_low <= ratio <= conf_high:
        raise ParamsError(
            f"a ratio must be positive and within its interval, but {ratio} "
            f"({conf_low} to {conf_high}) came"
        )
    risk, low, high = (_risk_ratio(value, kind, rare) for value in (ratio, conf_low, conf_high))
    if low <= 1 <= high:
        return EValue(estimate=_e_value(risk), limit=1.0)
    return EValue(estimate=_e_value(risk), limit=_e_value(low if risk > 1 else high))


def e_value_of_difference(difference: float, *, std_error: float, outcome_sd: float) -> EValue:
    """E-value of a difference of means: the risk ratio is taken as exp(0.91 d), d in SD units.

    Parameters
    ----------
    difference : float
        Of means, in the unit of the outcome.
    std_error : float
        Of the difference, 0 or more.
    outcome_sd : float
        Standard deviation of the outcome, above 0.

    Returns
    -------
    EValue

    Raises
    ------
    ParamsError
        A spread that cannot be.

    References
    ----------
    VanderWeele & Ding (2017), table 2; Chinn (2000), Stat. Med. 19, 3127-3131.
    """
    if outcome_sd <= 0 or std_error < 0:
        raise ParamsError(
            f"outcome_sd must be positive and std_error not negative, but {outcome_sd} and "
            f"{std_error} came"
        )
    size, spread = difference / outcome_sd, std_error / outcome_sd
    middle, reach = 0.91 * size, 1.78 * spread
    ends = np.clip([middle, middle - reach, middle + reach], -LARGEST, LARGEST)
    ratio, low, high = (float(end) for end in np.exp(ends))
    return e_value(ratio, conf_low=low, conf_high=high)


def _risk_ratio(ratio: float, kind: RatioKind, rare: bool) -> float:
    if kind not in ("risk", "odds", "hazard"):
        raise ParamsError(f"kind must be risk, odds or hazard, but {kind!r} came")
    if kind == "risk" or rare:
        return ratio
    if kind == "odds":
        return float(np.sqrt(ratio))
    return float((1 - 0.5 ** np.sqrt(ratio)) / (1 - 0.5 ** np.sqrt(1 / ratio)))


def _e_value(risk_ratio: float) -> float:
    above = max(risk_ratio, 1 / risk_ratio)
    return float(above + np.sqrt(above * (above - 1)))
