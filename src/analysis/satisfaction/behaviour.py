"""What customers did after they answered: bought again, how often, for how much.

Only answers whose window lies after them and was observed to its end take part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods.regression import (
    RegressionFit,
    ShapeComparison,
    TwoPartFit,
    average_marginal_effects,
    calibrate,
    compare_shapes,
    fit_counts,
    fit_logit,
    fit_spend,
    fit_two_part,
    landmark,
)
from analysis.satisfaction.answers import NOT_ESTIMABLE, Answers, attempt
from analysis.satisfaction.intention import as_effects, checks, effects_by, interaction_p, no_checks

LEAST = 10
"""Answers that a group needs for an estimate of its own."""
AGAIN, PURCHASES, SPEND = "bought_again", "purchases_after", "spend_after"


@dataclass(frozen=True, slots=True, eq=False)
class Behaviour:
    """Satisfaction and what followed, within a window of weeks.

    Attributes
    ----------
    again, purchases, spend : RegressionFit or None
        Logit, Poisson and Poisson pseudo-likelihood; errors by customer.
    effects : DataFrame
        Average marginal effects of one point: `outcome, n_answers, effect, effect_conf_low,
        effect_conf_high, p_value`, in the outcome's own unit (shares, purchases, money).
    by_group : DataFrame
        `known_group, n_answers, again, bought, spent`, each with its interval.
    models : DataFrame
        `model, outcome, n_answers, point_ratio, point_ratio_conf_low …` (of odds, rates or
        amounts), `p_value, note`.
    moderation_p : dict of str to float
        By grouping column: that the odds ratio of buying again is the same in all groups.
    bands : DataFrame
        Not adjusted: `band, n, estimate, conf_low, conf_high` of those who bought again.
    shapes : ShapeComparison or None
    diagnostics : DataFrame
        `model, check, value, p_value, note`.
    weeks : float
    n, n_unobserved, n_negative : int
        Answers used, left out because their window was cut off, spend below zero taken as none.
    """

    again: RegressionFit | None
    purchases: RegressionFit | None
    spend: RegressionFit | None
    effects: pd.DataFrame
    by_group: pd.DataFrame
    grouped_by: str
    models: pd.DataFrame
    moderation_p: dict[str, float]
    bands: pd.DataFrame
    shapes: ShapeComparison | None
    diagnostics: pd.DataFrame
    weeks: float
    n: int
    customers: int
    n_unobserved: int
    n_negative: int
    why: str


def answers_followed(answers: Answers) -> tuple[pd.DataFrame, int, int]:
    """Answers with a whole window after them and their outcomes; how many were cut off, negative.

    Adds `bought_again` (0/1), `purchases_after`, `spend_after` to the frame.
    """
    weeks = f"{answers.roles.outcome_weeks:g}w"
    frame = answers.frame
    opened = frame.assign(window_from=frame["at"] + pd.Timedelta(days=1))
    seen = landmark(
        opened, answered_at="at", outcome_from="window_from", observed=f"observed_{weeks}"
    )
    rows = seen.answers
    spent = rows[f"revenue_{weeks}"]
    rows = rows.assign(
        **{
            AGAIN: (rows[f"purchases_{weeks}"] > 0).astype(float),
            PURCHASES: rows[f"purchases_{weeks}"],
            SPEND: spent.clip(lower=0),
        }
    )
    return rows, seen.n_unobserved, int((spent < 0).sum())


def behaviour_after(
    answers: Answers, *, moderators: tuple[str, ...] = (), conf_level: float = 0.95
) -> Behaviour:
    """Regress what followed on satisfaction, adjusted for what was known before the answer.

    `moderators` are further columns whose groups may differ (the stage); the first of the study's
    groups (the tier) is always looked at.
    """
    rows, cut_off, negative = answers_followed(answers)
    given = {
        "drivers": [answers.roles.satisfaction],
        "controls": answers.controls,
        "cluster": answers.cluster and "customer_id",
        "conf_level": conf_level,
    }
    again, why = attempt(lambda: fit_logit(rows, outcome=AGAIN, **given))
    purchases, _ = attempt(lambda: fit_counts(rows, outcome=PURCHASES, **given))
    spread, _ = attempt(lambda: fit_counts(rows, outcome=PURCHASES, overdispersed=True, **given))
    spend, _ = attempt(lambda: fit_spend(rows, outcome=SPEND, **given))
    parts, _ = attempt(lambda: fit_two_part(rows, outcome=SPEND, **given))
    group = answers.groups[0] if answers.groups else ""
    driver = answers.roles.satisfaction
    shapes = None
    if again is not None:
        shapes, _ = attempt(lambda: _shapes(rows, given))
    fits = {AGAIN: again, PURCHASES: purchases, SPEND: spend}
    return Behaviour(
        again=again,
        purchases=purchases,
        spend=spend,
        effects=_effects(fits, driver),
        by_group=_by_group(rows, fits, given, driver, group),
        grouped_by=group,
        models=_models(again, purchases, spread, spend, parts, driver),
        moderation_p=_moderation(rows, given, driver, [*filter(None, [group]), *moderators]),
        bands=_bands(rows, answers, conf_level),
        shapes=shapes,
        diagnostics=_diagnostics(again, purchases, spend, why),
        weeks=answers.roles.outcome_weeks,
        n=len(rows),
        customers=int(rows["customer_id"].nunique()),
        n_unobserved=cut_off,
        n_negative=negative,
        why=why,
    )


def _shapes(rows: pd.DataFrame, given: dict) -> ShapeComparison:
    options = {key: value for key, value in given.items() if key != "drivers"}
    return compare_shapes(
        rows, outcome=AGAIN, driver=given["drivers"][0], family="logit", **options
    )


def _effects(fits: dict[str, RegressionFit | None], driver: str) -> pd.DataFrame:
    rows = []
    for outcome, fit in fits.items():
        row = {"outcome": outcome, "n_answers": 0}
        if fit is not None:
            found = average_marginal_effects(fit, drivers=[driver]).iloc[0]
            row |= {
                "n_answers": found["n"],
                "effect": found["estimate"],
                "p_value": found["p_value"],
            }
            row |= {"effect_conf_low": found["conf_low"], "effect_conf_high": found["conf_high"]}
        rows.append(row)
    order = ["outcome", "n_answers", "effect", "effect_conf_low", "effect_conf_high", "p_value"]
    return pd.DataFrame(rows).reindex(columns=order)


def _moderated(rows, outcome: str, given: dict, group: str) -> RegressionFit | None:
    fitters = {AGAIN: fit_logit, PURCHASES: fit_counts, SPEND: fit_spend}
    kept = _estimable_groups(rows, outcome, group)
    fit, _ = attempt(lambda: fitters[outcome](kept, outcome=outcome, moderator=group, **given))
    return fit


def _estimable_groups(rows: pd.DataFrame, outcome: str, group: str) -> pd.DataFrame:
    """Leave out groups that are too small, or too much alike, for a slope of their own."""
    found = rows.groupby(group, observed=True)[outcome].agg(["size", "nunique"])
    told = found.index[(found["size"] >= LEAST) & (found["nunique"] > 1)]
    kept = rows[rows[group].isin(told)]
    if isinstance(kept[group].dtype, pd.CategoricalDtype):
        return kept.assign(**{group: kept[group].cat.remove_unused_categories()})
    return kept


def _by_group(rows, fits, given, driver: str, group: str) -> pd.DataFrame:
    """Effects of one point over all answers and in each group, one row each."""
    columns = {AGAIN: "again", PURCHASES: "bought", SPEND: "spent"}
    parts = []
    for outcome, name in columns.items():
        fit = fits[outcome]
        found = [] if fit is None else [_all_row(fit, driver)]
        if group and fit is not None:
            found.append(effects_by(_moderated(rows, outcome, given, group), driver, group))
        table = pd.concat(found) if found else effects_by(None, driver, group)
        renamed = table.rename(columns=lambda column, name=name: column.replace("effect", name))
        parts.append(renamed.set_index(["known_group", "n_answers"]))
    joined = pd.concat(parts, axis=1).reset_index()
    if joined.empty:
        joined = pd.DataFrame([{"known_group": "all", "n_answers": 0}])
    order = [f"{name}{end}" for name in columns.values() for end in ("", "_conf_low", "_conf_high")]
    return joined.reindex(columns=["known_group", "n_answers", *order])


def _all_row(fit: RegressionFit, driver: str) -> pd.DataFrame:
    found = average_marginal_effects(fit, drivers=[driver])
    columns = list(effects_by(None, driver, "").columns)
    return as_effects(found).rename(columns={"group": "known_group"})[columns]


def _moderation(rows, given, driver: str, groups) -> dict[str, float]:
    return {
        group: interaction_p(_moderated(rows, AGAIN, given, group), driver)
        for group in groups
        if rows[group].nunique() > 1
    }


def _models(again, purchases, spread, spend, parts: TwoPartFit | None, driver) -> pd.DataFrame:
    fits = [
        ("logit", AGAIN, again),
        ("poisson", PURCHASES, purchases),
        ("negative_binomial", PURCHASES, spread),
        ("pseudo_poisson", SPEND, spend),
        ("two_part_any", SPEND, parts and parts.any_spend),
        ("two_part_amount", SPEND, parts and parts.amount),
    ]
    rows = []
    for model, outcome, fit in fits:
        row: dict[str, object] = {"model": model, "outcome": outcome, "n_answers": 0}
        if fit is None:
            row |= {"note": NOT_ESTIMABLE}
        else:
            own = fit.table.set_index("term").loc[driver]
            row |= {"n_answers": fit.n, "p_value": own["p_value"], "note": own["note"]}
            ends = {"": "estimate", "_conf_low": "conf_low", "_conf_high": "conf_high"}
            row |= {f"point_ratio{end}": np.exp(own[name]) for end, name in ends.items()}
        rows.append(row)
    order = ["model", "outcome", "n_answers", "point_ratio"]
    order += ["point_ratio_conf_low", "point_ratio_conf_high", "p_value"]
    return pd.DataFrame(rows).reindex(columns=[*order, "note"])


def _bands(rows: pd.DataFrame, answers: Answers, conf_level: float) -> pd.DataFrame:
    """Share who bought again by whole points of satisfaction, ends joined; not adjusted."""
    from analysis.methods.measurement import estimate_response

    scored = rows[rows[answers.roles.satisfaction].notna()]
    if scored.empty:
        columns = ["band", "n", "estimate", "conf_low", "conf_high", "at"]
        return pd.DataFrame(columns=columns)
    points = scored[answers.roles.satisfaction].round()
    low, high = points.quantile([0.03, 0.97])
    band = points.clip(low, high).astype(int)
    found = estimate_response(
        scored.assign(band=band.astype(object)), responded=AGAIN, by="band", conf_level=conf_level
    ).table
    mean = scored[answers.roles.satisfaction].groupby(band).mean()
    table = found.rename(columns={"group": "band"})
    table["at"] = table["band"].astype(int).map(mean)
    return table[["band", "n", "estimate", "conf_low", "conf_high", "at"]]


def _diagnostics(again, purchases, spend, why: str) -> pd.DataFrame:
    parts = []
    for model, fit in (("logit", again), ("poisson", purchases), ("pseudo_poisson", spend)):
        if fit is None:
            continue
        found = checks(fit)
        if model == "pseudo_poisson":
            found = found[~found["check"].str.contains("dispersion")]
        else:
            slope, _ = attempt(lambda fit=fit: calibrate(fit).slope)
            row = {"check": "calibration slope", "value": slope, "note": ""}
            found = pd.concat([found, pd.DataFrame([row])], ignore_index=True)
        parts.append(found.assign(model=model))
    table = pd.concat(parts, ignore_index=True) if parts else no_checks(why).assign(model="none")
    return table[["model", "check", "value", "p_value", "note"]]
