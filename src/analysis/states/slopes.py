"""What one point of satisfaction goes with in each group of customers: tier, stage, segment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from analysis.methods.regression import RegressionFit, average_marginal_effects
from analysis.methods.regression.scaling import wald_p_value
from analysis.states.answers import attempt

LEAST = 10
"""Answers that a group needs for an estimate of its own."""
EFFECTS = ("segment", "known_group", "n_answers", "effect", "effect_conf_low", "effect_conf_high")


def as_effects(table: pd.DataFrame) -> pd.DataFrame:
    """Estimates under the names of effects."""
    return table.rename(
        columns={
            "n": "n_answers",
            "estimate": "effect",
            "conf_low": "effect_conf_low",
            "conf_high": "effect_conf_high",
        }
    )


def effects_by_group(
    overall: RegressionFit | None, moderated: dict[str, RegressionFit | None], driver: str
) -> pd.DataFrame:
    """Average marginal effects of the driver over all answers and in each group.

    Returns
    -------
    DataFrame
        `segment` ('all', then the grouping columns), `known_group, n_answers, effect,
        effect_conf_low, effect_conf_high`; no rows where there is no overall fit.
    """
    if overall is None:
        return pd.DataFrame(columns=list(EFFECTS))
    found = [average_marginal_effects(overall, drivers=[driver]).assign(segment="all")]
    for group, fit in moderated.items():
        if fit is not None:
            own = average_marginal_effects(fit, drivers=[driver], by=group)
            found.append(own.assign(segment=group))
    table = as_effects(pd.concat(found, ignore_index=True))
    return table.assign(known_group=table["group"].astype(str))[list(EFFECTS)]


def moderate(
    fit: Callable[..., RegressionFit], rows: pd.DataFrame, outcome: str, groups: Sequence[str]
) -> dict[str, RegressionFit | None]:
    """Fit the driver's slope in each group of each grouping column; None where there is one group.

    `fit` takes the rows, the outcome and the moderator. Groups that are too small, or too much
    alike, for a slope of their own are left out.
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
    told = found.index[(found["size"] >= LEAST) & (found["nunique"] > 1)]
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
