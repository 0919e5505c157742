"""What one point of satisfaction goes with in each group of customers: tier, stage, segment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from analysis.methods.pairs import is_known
from analysis.methods.regression import RegressionFit, average_marginal_effects
from analysis.methods.regression.scaling import wald_p_value
from analysis.states.answers import CURVES, HISTORY, SINCE, attempt

LEAST = 10
"""Answers that a group needs for an estimate of its own."""
EFFECTS = ("segment", "group", "n", "estimate", "conf_low", "conf_high")


def effects_by_group(
    overall: RegressionFit | None, moderated: dict[str, RegressionFit | None], driver: str
) -> pd.DataFrame:
    """Average marginal effects of the driver over all answers and in each group.

    Parameters
    ----------
    overall : RegressionFit or None
    moderated : dict of str to RegressionFit or None
        By grouping column, the fit with a slope in each group.
    driver : str

    Returns
    -------
    DataFrame
        `segment` ('all', then the grouping columns), `group, n, estimate, conf_low, conf_high`; no
        rows where there is no overall fit.
    """
    if overall is None:
        return pd.DataFrame(columns=list(EFFECTS))
    found = [average_marginal_effects(overall, drivers=[driver]).assign(segment="all")]
    for group, fit in moderated.items():
        if fit is not None:
            own = average_marginal_effects(fit, drivers=[driver], by=group)
            found.append(own.assign(segment=group))
    table = pd.concat(found, ignore_index=True)
    return table.assign(group=table["group"].astype(str))[list(EFFECTS)]


def moderate(
    fit: Callable[..., RegressionFit], rows: pd.DataFrame, outcome: str, groups: Sequence[str]
) -> dict[str, RegressionFit | None]:
    """Fit the driver's slope in each group of each grouping column; None where there is one group.

    `fit` takes the rows, the outcome and the moderator. Groups that are too small, or too much
    alike, for a slope of their own are left out, and so are those whose group is not known.
    """
    found = {}
    for group in groups:
        kept = _estimable_groups(rows, outcome, group)
        found[group], _ = attempt(
            lambda kept=kept, group=group: fit(kept, outcome=outcome, moderator=group)
        )
    return found


def _estimable_groups(rows: pd.DataFrame, outcome: str, group: str) -> pd.DataFrame:
    found = rows.groupby(group, observed=True)[outcome].agg(["size", "nunique"])
    enough = (found["size"] >= LEAST) & (found["nunique"] > 1)
    told = found.index[enough & is_known(found.index.to_series())]
    kept = rows[rows[group].isin(told)]
    if isinstance(kept[group].dtype, pd.CategoricalDtype):
        return kept.assign(**{group: kept[group].cat.remove_unused_categories()})
    return kept


def interaction_p(fit: RegressionFit | None, driver: str) -> float:
    """Wald test that the driver's coefficient is the same in all groups; NaN where not tested."""
    if fit is None:
        return float("nan")
    at = [k for k, name in enumerate(fit.design.names) if name.startswith(f"{driver} × ")]
    if not at:
        return float("nan")
    return wald_p_value(fit.parameters[at], fit.covariance[np.ix_(at, at)])


def clear_tests(p_values: dict[str, float], conf_level: float) -> list[str]:
    """The groupings in which the slopes differ clearly, one test a grouping (Bonferroni)."""
    return [name for name, p in p_values.items() if p * len(p_values) < 1 - conf_level]


def joined_levels(fit: RegressionFit | None) -> tuple[str, ...]:
    """The groups that a regression counts with the first of their kind, since others say the same.

    Two kinds of groups that are not known of the same customers are such.
    """
    joined = () if fit is None else fit.design.joined
    return tuple(name for name in joined if name.partition(": ")[0] not in (*HISTORY, *SINCE))


def adjusted_for(fit: RegressionFit, driver: str) -> list[str]:
    """What a regression adjusts for, each once, in however many columns."""
    terms = [term for term in fit.design.names if term not in ("intercept", driver)]
    columns = dict.fromkeys(term.split(": ")[0] for term in terms)
    return [name for name in columns if name not in (*CURVES, "purchases_band", "since_band")]
