"""What a fit says in the outcome's own unit: average marginal effects."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import ParamsError
from analysis.methods.intervals import critical_value
from analysis.methods.regression.design import Levels, Steps
from analysis.methods.regression.fit import RegressionFit
from analysis.methods.regression.ordinal import OrdinalFit
from analysis.methods.regression.two_part import TwoPartFit

RELATIVE_STEP = 1e-4

Fit = RegressionFit | TwoPartFit | OrdinalFit


def average_marginal_effects(
    fit: Fit, *, drivers: Sequence[str] | None = None, by: str | None = None
) -> pd.DataFrame:
    """Mean change of the expected outcome per unit of each driver, in the outcome's own unit.

    For a number the slope at each answer, averaged (with steps: the change over one unit); for a
    category the change from its first level. Errors by the delta method from the fit's covariance
    (robust or clustered as fitted), the customers taken as they are. An ordinal fit gives the
    change of the chance of each answer.

    Parameters
    ----------
    fit : RegressionFit, TwoPartFit or OrdinalFit
    drivers : list of str, optional
        Columns of the fit; all by default.
    by : str, optional
        A column of the fit (moderator, tier): one effect a group.

    Returns
    -------
    DataFrame
        `group, term,` (`level` for ordinal fits) `estimate, std_error, conf_low, conf_high, n,
        p_value`.

    Raises
    ------
    ParamsError
        A driver is not in the fit.
    """
    frame = fit.sample.frame
    terms = {term.column: term for term in fit.design.terms if hasattr(term, "column")}
    wanted = list(terms) if drivers is None else list(drivers)
    strangers = [driver for driver in wanted if driver not in terms]
    if strangers:
        raise ParamsError(f"drivers must be in the fit, but {strangers} are not")
    groups = pd.Series("all", frame.index) if by is None else frame[by]
    rows = []
    for group in groups.drop_duplicates().sort_values():
        member = groups.eq(group).to_numpy()
        totals, n = _totals(fit)[member], int(fit.sample.counts[member].sum())
        for driver in wanted:
            if driver == by:
                continue
            for label, changed, base, step in _changes(frame, member, terms[driver]):
                found = _effect(fit, label, changed, base, step, totals)
                rows += [{"group": group, **row, "n": n} for row in found]
    table = pd.DataFrame(rows)
    return table.assign(p_value=2 * stats.norm.sf(np.abs(table["estimate"] / table["std_error"])))


def _totals(fit: Fit) -> np.ndarray:
    return fit.sample.weights * fit.sample.counts


def _changes(
    everybody: pd.DataFrame, member: np.ndarray, term: object
) -> list[tuple[str, pd.DataFrame, pd.DataFrame, float]]:
    """(label, frame changed, frame it is compared with, size of the change)."""
    column, frame = term.column, everybody[member]
    if isinstance(term, Levels):
        first = frame.assign(**{column: _constant(frame, column, term.levels[0])})
        return [
            (name, frame.assign(**{column: _constant(frame, column, level)}), first, 1.0)
            for name, level in zip(term.names, term.compared, strict=True)
        ]
    values = frame[column].astype(float)
    if isinstance(term, Steps):
        return [(column, frame.assign(**{column: values + 1}), frame, 1.0)]
    step = RELATIVE_STEP * float(everybody[column].std(ddof=0))
    up, down = frame.assign(**{column: values + step}), frame.assign(**{column: values - step})
    return [(column, up, down, 2 * step)]


def _constant(frame: pd.DataFrame, column: str, level: object) -> pd.Series:
    return pd.Series([level] * len(frame), index=frame.index, dtype=frame[column].dtype)


def _effect(
    fit: Fit,
    label: str,
    changed: pd.DataFrame,
    base: pd.DataFrame,
    step: float,
    totals: np.ndarray,
) -> list[dict[str, object]]:
    if isinstance(fit, OrdinalFit):
        gap = fit.probabilities(changed) - fit.probabilities(base)
        slope = fit.probability_gradient(changed) - fit.probability_gradient(base)
        levels: Sequence[object | None] = fit.levels
    else:
        gap = (fit.predict(changed) - fit.predict(base))[:, None]
        slope = (fit.gradient(changed) - fit.gradient(base))[:, None, :]
        levels = [None]
    share = totals / totals.sum() / step
    effects, gradients = share @ gap, np.einsum("n,nlk->lk", share, slope)
    errors = np.sqrt(np.einsum("lk,kj,lj->l", gradients, fit.covariance, gradients))
    z = critical_value(fit.conf_level)
    rows = []
    for level, effect, error in zip(levels, effects, errors, strict=True):
        row = {"term": label, "level": level, "estimate": effect, "std_error": error}
        row |= {"conf_low": effect - z * error, "conf_high": effect + z * error}
        rows.append({key: value for key, value in row.items() if value is not None})
    return rows
