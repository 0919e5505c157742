"""What customers did after they answered: bought again, how often, for how much.

Only answers whose window lies after them and was observed to its end take part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.methods.measurement import survey_shares
from analysis.methods.regression import (
    RegressionFit,
    ShapeComparison,
    TwoPartFit,
    average_marginal_effects,
    fit_counts,
    fit_logit,
    fit_spend,
    fit_two_part,
    landmark,
)
from analysis.notes import Note
from analysis.states.answers import NOT_ESTIMABLE, Answers, attempt
from analysis.states.repeated import without_repeats
from analysis.states.slopes import EFFECTS, effects_by_group, interaction_p, moderate
from analysis.states.soundness import checks, no_checks, shapes_on_scale

AGAIN, PURCHASES, SPEND = "bought_again", "purchases_after", "spend_after"
FITTERS = {AGAIN: fit_logit, PURCHASES: fit_counts, SPEND: fit_spend}
NAMES = {AGAIN: "again", PURCHASES: "bought", SPEND: "spent"}
ENDS = {"": "estimate", "_conf_low": "conf_low", "_conf_high": "conf_high"}
MODELS = {AGAIN: "logit", PURCHASES: "poisson", SPEND: "pseudo_poisson"}


@dataclass(frozen=True, slots=True, eq=False)
class Behaviour:
    """Satisfaction and what followed, within a window of weeks.

    Attributes
    ----------
    again, purchases, spend : RegressionFit or None
        Logit, Poisson and Poisson pseudo-likelihood; errors by customer.
    by_group : DataFrame
        Average marginal effects of one point, over all answers and by group: `segment, group, n,
        again` (share), `bought` (purchases), `spent` (money), each with its interval.
    models : DataFrame
        `model, outcome, n, estimate, conf_low, conf_high` (of odds, rates or
        amounts), `spent …` (money per point, where it is the outcome), `p_value, note`.
    moderation_p : dict of str to float
        By grouping column: that the odds ratio of buying again is the same in all groups.
    bands : DataFrame
        Not adjusted: `band, n, estimate, conf_low, conf_high` of those who bought again.
    shapes : ShapeComparison or None
        None where it cannot be made; `why_no_shapes` says why not.
    diagnostics : DataFrame
        `model, check, value, p_value, note`.
    weighted : bool
    weeks : float
    n, n_unobserved, n_negative : int
        Answers used, left out because their window was cut off, spend below zero taken as none.
    n_never_bought : int
        Answers left out because they came before any purchase.
    customers : int
        Who gave the answers used.
    why : Note or str
        Why nothing can be estimated; empty where something is.
    why_no_shapes : Note or str
        Why there is nothing; empty where there is something.
    """

    COUNTED_BY: ClassVar = {"by_group": "n", "bands": "n"}

    again: RegressionFit | None
    purchases: RegressionFit | None
    spend: RegressionFit | None
    by_group: pd.DataFrame
    models: pd.DataFrame
    moderation_p: dict[str, float]
    bands: pd.DataFrame
    shapes: ShapeComparison | None
    why_no_shapes: Note | str
    diagnostics: pd.DataFrame
    weighted: bool
    weeks: float
    n: int
    customers: int
    n_unobserved: int
    n_negative: int
    n_never_bought: int
    why: Note | str

    @property
    def overall(self) -> pd.Series | None:
        """The row of all answers; None where buying again cannot be estimated."""
        rows = self.by_group[self.by_group["segment"].eq("all")]
        return None if self.again is None or rows.empty else rows.iloc[0]


def answers_followed(answers: Answers) -> tuple[pd.DataFrame, int, int]:
    """Answers with a whole window after them and their outcomes; how many were cut off, negative.

    Answers before any purchase are left out: what comes after them is no buying again.

    Adds `bought_again` (0/1), `purchases_after`, `spend_after` to the frame.
    """
    weeks = f"{answers.roles.outcome_weeks:g}w"
    frame = answers.frame
    if "purchases_so_far" in frame:
        frame = frame[frame["purchases_so_far"] > 0]
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

    Parameters
    ----------
    answers : Answers
        Uses satisfaction, the controls, and what came in the outcome weeks.
    moderators : tuple of str
        Further columns whose groups may differ (the stage); the first of the study's groups (the
        tier) is always looked at.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Behaviour

    References
    ----------
    Santos Silva & Tenreyro (2006); Mullahy (1998); Cameron & Trivedi (1990).
    """
    rows, cut_off, negative = answers_followed(answers)
    driver = answers.roles.satisfaction
    controls = without_repeats(rows, answers.with_clock)
    given = {"controls": controls, "conf_level": conf_level, **answers.sampled}

    def fit_one(
        frame: pd.DataFrame, outcome: str, moderator: str | None = None, **options
    ) -> RegressionFit:
        return FITTERS[outcome](
            frame, outcome=outcome, drivers=[driver], moderator=moderator, **options, **given
        )

    fits, why = {}, ""
    for outcome in (SPEND, PURCHASES, AGAIN):
        fits[outcome], why = attempt(lambda outcome=outcome: fit_one(rows, outcome))
    again = fits[AGAIN]
    groups = [name for name in [*answers.groups[:1], *moderators] if rows[name].nunique() > 1]
    effects, tested = {}, {}
    for outcome, fit in fits.items():  # one outcome at a time: each fit holds all rows
        moderated = moderate(fit_one, rows, outcome, groups) if fit is not None else {}
        effects[outcome] = effects_by_group(fit, moderated, driver)
        tested[outcome] = {name: interaction_p(own, driver) for name, own in moderated.items()}
    del moderated
    shapes, why_no_shapes = (None, why) if again is None else _shapes(rows, answers, given)
    return Behaviour(
        again=again,
        purchases=fits[PURCHASES],
        spend=fits[SPEND],
        by_group=_by_group(effects),
        models=_models(rows, fits, fit_one, driver, given),
        moderation_p={name: p for name, p in tested[AGAIN].items() if np.isfinite(p)},
        bands=_bands(rows, answers, conf_level),
        shapes=shapes,
        why_no_shapes=why_no_shapes,
        diagnostics=_diagnostics(fits, why),
        weighted=answers.weight is not None,
        weeks=answers.roles.outcome_weeks,
        n=len(rows),
        customers=int(rows["customer_id"].nunique()),
        n_unobserved=cut_off,
        n_negative=negative,
        n_never_bought=answers.never_bought,
        why=why,
    )


def _shapes(
    rows: pd.DataFrame, answers: Answers, given: dict
) -> tuple[ShapeComparison | None, Note | str]:
    driver = answers.roles.satisfaction
    bounds = {name: getattr(answers.scales[driver], name) for name in ("lowest", "highest")}
    return shapes_on_scale(rows, driver=driver, outcome=AGAIN, family="logit", **bounds, **given)


def _by_group(effects: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Effects on each outcome side by side, one row for all answers and one a group."""
    known, parts = list(EFFECTS[:3]), []
    for outcome, name in NAMES.items():
        table = effects[outcome]
        ends = {"estimate": name} | {end: f"{name}_{end}" for end in ("conf_low", "conf_high")}
        parts.append(table.rename(columns=ends).set_index(known))
    joined = pd.concat(parts, axis=1).reset_index()
    if joined.empty:
        joined = pd.DataFrame([{"segment": "all", "group": "all", "n": 0}])
    order = [f"{name}{end}" for name in NAMES.values() for end in ("", "_conf_low", "_conf_high")]
    return joined.reindex(columns=[*known, *order])


def _models(
    rows: pd.DataFrame,
    fits: dict[str, RegressionFit | None],
    fit_one: Callable[..., RegressionFit],
    driver: str,
    given: dict,
) -> pd.DataFrame:
    spread, _ = attempt(lambda: fit_one(rows, PURCHASES, overdispersed=True))
    parts, _ = attempt(lambda: fit_two_part(rows, outcome=SPEND, drivers=[driver], **given))
    told = [
        ("logit", AGAIN, fits[AGAIN]),
        ("poisson", PURCHASES, fits[PURCHASES]),
        ("negative_binomial", PURCHASES, spread),
        ("pseudo_poisson", SPEND, fits[SPEND]),
        ("two_part", SPEND, parts),
        ("two_part_any", SPEND, parts and parts.any_spend),
        ("two_part_amount", SPEND, parts and parts.amount),
    ]
    rows = [
        {"model": model, "outcome": outcome, **_model_row(model, fit, driver)}
        for model, outcome, fit in told
    ]
    order = ["model", "outcome", "n", *ENDS.values(), *(f"spent{end}" for end in ENDS)]
    return pd.DataFrame(rows).reindex(columns=[*order, "p_value", "note"])


def _model_row(
    model: str, fit: RegressionFit | TwoPartFit | None, driver: str
) -> dict[str, object]:
    """The ratio per point, and for whole models of spend the money per point."""
    if fit is None:
        return {"n": 0, "note": NOT_ESTIMABLE}
    row: dict[str, object] = {"n": fit.n, "note": ""}
    if model in ("pseudo_poisson", "two_part"):
        effect = average_marginal_effects(fit, drivers=[driver]).iloc[0]
        row |= {f"spent{end}": effect[name] for end, name in ENDS.items()}
        row["p_value"] = effect["p_value"]
    if model != "two_part":
        own = fit.table.set_index("term").loc[driver]
        row |= {name: np.exp(own[name]) for name in ENDS.values()}
        row |= {"p_value": own["p_value"], "note": own["note"]}
    return row


def _bands(rows: pd.DataFrame, answers: Answers, conf_level: float) -> pd.DataFrame:
    """Share who bought again by whole points of satisfaction, ends joined; not adjusted."""
    driver = answers.roles.satisfaction
    scored = rows[rows[driver].notna()]
    if scored.empty:
        columns = ["band", "n", "estimate", "conf_low", "conf_high", "at"]
        return pd.DataFrame(columns=columns)
    points = scored[driver].round()
    low, high = points.quantile([0.03, 0.97])
    band = points.clip(low, high).astype(int)
    found = survey_shares(
        scored.assign(band=band), column=AGAIN, by="band", conf_level=conf_level, **answers.sampled
    ).table
    table = found.rename(columns={"group": "band"})
    table["at"] = table["band"].astype(int).map(scored[driver].groupby(band).mean())
    return table[["band", "n", "estimate", "conf_low", "conf_high", "at"]]


def _diagnostics(fits: dict[str, RegressionFit | None], why: Note | str) -> pd.DataFrame:
    parts = []
    for outcome, model in MODELS.items():
        if fits[outcome] is None:
            continue
        found = checks(fits[outcome])
        if outcome == SPEND:
            # The likelihood is only a working one: its spread says nothing.
            found = found[~found["check"].str.contains("dispersion")]
        parts.append(found.assign(model=model))
    table = pd.concat(parts, ignore_index=True) if parts else no_checks(why).assign(model="none")
    return table[["model", "check", "value", "p_value", "note"]]
