"""What the period after a rating says about the rating, and about other schemes."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.chapters.judging.futures import TierFutures
from analysis.chapters.judging.groups import OwnGroups
from analysis.chapters.judging.judgement import BASELINE, LEVEL, Judgement
from analysis.chapters.judging.schemes import OtherSchemes
from analysis.methods.clusters import WEAK
from analysis.states.rating.periods import RatedPeriods
from analysis.telling.apart import told_apart
from analysis.telling.facts import Beside, Fact, Sentence, nothing

UNJUDGED = "unjudged"


def top_fact(result: Judgement | None, rated: RatedPeriods, *, conf_level: float) -> Fact:
    """How much of the next period's value the top tier holds.

    Parameters
    ----------
    result : Judgement or None
        The gated result.
    rated : RatedPeriods
    conf_level : float
        Between 0.5 and 1; from it on the rise from tier to tier is told.

    Returns
    -------
    Fact
    """
    if reason := _silence(result, rated):
        return nothing("top", reason, claim="predictive", **rated.judged_period)
    top = result.table.iloc[-1]
    numbers = rated.judged_period | {"tier": top["tier"], "customers_share": top["share"]}
    told: dict[str, Any] = {"variant": "too_few", "in_summary": False}
    if top["n"] > 0:
        ends = {"low": top["value_share_conf_low"], "high": top["value_share_conf_high"]}
        also = ["interval"] if np.isfinite(ends["low"]) else []
        test = result.trend.iloc[0]
        if np.isfinite(test["p_value"]):
            rising = test["p_value"] < 1 - conf_level and test["estimate"] > 0.5
            chance = {"chance": test["estimate"], "p": test["p_value"]}
            also.append(Sentence("rises" if rising else "flat", chance))
        told = {"estimate": result.top_share, "unit": "percent", "also": tuple(also), **ends}
    return Fact("top", "predictive", numbers=numbers, **_rated(rated), **told)


def _silence(result: Judgement | None, rated: RatedPeriods) -> str:
    """Why a rating cannot be judged; empty where it can."""
    if result is None or rated.judged is None:
        return UNJUDGED
    if not np.isfinite(result.top_share):
        return "no_value"
    return "" if (result.table["n"] > 0).any() else "hidden"


def _ungained(rated: RatedPeriods) -> str:
    """Why ranks cannot be compared: one tier only, or a period before in which all were alike."""
    return "one_tier" if (rated.judged.summary["n"] > 0).sum() < 2 else "alike_before"


def _rated(rated: RatedPeriods) -> dict[str, Any]:
    return {"n": rated.judged.customers, "base": "judging.rated"}


def missed_fact(result: Judgement | None, rated: RatedPeriods) -> Fact:
    """How many of the next period's best customers the top tier does not have.

    Parameters
    ----------
    result : Judgement or None
        The gated result.
    rated : RatedPeriods

    Returns
    -------
    Fact
    """
    reason = _silence(result, rated)
    few = not reason and not result.table["n"].iloc[-1] > 0
    if reason or few or not np.isfinite(result.missed):
        tier = {} if rated.judged is None else {"tier": rated.judged.tiers[-1]}
        key = reason or ("too_few" if few else "no_value")
        return nothing("missed", key, claim="predictive", **rated.judged_period, **tier)
    top = result.table.iloc[-1]
    return Fact(
        "missed",
        "predictive",
        estimate=result.missed,
        unit="percent",
        also=("detail",),
        numbers=rated.judged_period | {"tier": top["tier"], "members": top["n"]},
        **_rated(rated),
    )


def gain_fact(result: Judgement | None, rated: RatedPeriods) -> Fact:
    """Whether the tiers sort customers better than last period's value alone.

    Parameters
    ----------
    result : Judgement or None
        The gated result.
    rated : RatedPeriods

    Returns
    -------
    Fact
    """
    reason = _silence(result, rated)
    if reason or not len(result.gain.differences):
        key = reason or _ungained(rated)
        return nothing("gain", key, claim="predictive", **rated.judged_period)
    lines = result.gain.table.set_index(["group", "term"])
    gap = result.gain.differences.set_index("term").loc["normalised_gini"]
    own, last = (lines.loc[(score, "normalised_gini")] for score in (LEVEL, BASELINE))
    ranks = {"rank": LEVEL, "last_rank": BASELINE}
    ranks = {name: lines.loc[(of, "spearman"), "estimate"] for name, of in ranks.items()}
    reached, before, apart = told_apart(own["estimate"], last["estimate"])
    gaps = {"gap": apart, "gap_low": gap["conf_low"], "gap_high": gap["conf_high"]}
    shown = [reached, before, *ranks.values(), *gaps.values()]
    if not np.isfinite(shown).all():
        return nothing("gain", _ungained(rated), claim="predictive", **rated.judged_period)
    variant = "better" if gap["conf_low"] > 0 else "worse" if gap["conf_high"] < 0 else "alike"
    return Fact(
        "gain",
        "predictive",
        estimate=reached,
        low=own["conf_low"],
        high=own["conf_high"],
        unit="number2",
        variant=variant,
        also=("detail", "meaning"),
        numbers=rated.judged_period | ranks | gaps,
        comparator=Beside("naive_rule", before, last["conf_low"], last["conf_high"]),
        in_summary=False,
        **_rated(rated),
    )


def stay_fact(result: TierFutures, judged: Judgement | None, rated: RatedPeriods) -> Fact:
    """Who came back (or stayed) after the rating: the highest beside the lowest tier.

    Parameters
    ----------
    result : TierFutures
        The gated result.
    judged : Judgement or None
        With the area under the curve.
    rated : RatedPeriods

    Returns
    -------
    Fact
    """
    if judged is None:
        return nothing("stay", UNJUDGED, claim="predictive")
    if result.curve is None or not len(result.ends):
        return nothing("stay", "too_few", claim="predictive")
    low, high = result.ends.iloc[0], result.ends.iloc[-1]
    kind = "contract" if result.contractual else "purchase"
    also: list[str | Sentence] = ["detail"]
    if result.test is not None and np.isfinite(result.test.p_value):
        also.append(Sentence("tested", {"p": result.test.p_value}))
    auc = judged.churn.table.iloc[0]
    if np.isfinite([auc["estimate"], auc["conf_low"]]).all():
        ends = {"auc": auc["estimate"], "low": auc["conf_low"], "high": auc["conf_high"]}
        also += [Sentence(f"{kind}.auc", ends), "caution"]
    numbers = {"weeks": high["weeks"], "top": str(high["group"]), "bottom": str(low["group"])}
    return Fact(
        "stay",
        "predictive",
        estimate=high["estimate"],
        low=high["conf_low"],
        high=high["conf_high"],
        unit="percent",
        variant=kind,
        also=tuple(also),
        numbers=rated.judged_period | numbers,
        comparator=Beside("other_group", *low[["estimate", "conf_low", "conf_high"]]),
        in_summary=False,
        **_rated(rated),
    )


def schemes_fact(result: OtherSchemes, rated: RatedPeriods, *, conf_level: float) -> Fact:
    """Whether another scheme would sort customers clearly better, and whom it would move.

    Parameters
    ----------
    result : OtherSchemes
        The gated result.
    rated : RatedPeriods
    conf_level : float
        Between 0.5 and 1; from it on another scheme counts as better.

    Returns
    -------
    Fact
    """
    others = result.table.iloc[1:].dropna(subset=["n", "gain"])
    if reason := _incomparable(result, len(others)):
        return nothing("schemes", reason, claim="predictive")
    own, best = result.table.iloc[0], others.loc[others["gain"].idxmax()]
    p_value = min(best["p_value"] * len(others), 1.0)
    clear = p_value < 1 - conf_level and best["gain"] > 0
    reached, now, gain = told_apart(best["estimate"], own["estimate"], best["gain"])
    numbers = {
        "scheme": best["scheme"], "others": len(others), "p": p_value,
        "change": best["would_change"], "gain": gain,
        "gain_low": best["gain_conf_low"], "gain_high": best["gain_conf_high"],
        "own_share": own["top_share"], "own_customers": own["top_customers"],
        "best_share": best["top_share"], "best_customers": best["top_customers"],
        "own_tiers": own["tiers"], "best_tiers": best["tiers"],
    }  # fmt: skip
    return Fact(
        "schemes",
        "predictive",
        estimate=reached,
        low=best["conf_low"],
        high=best["conf_high"],
        unit="number2",
        variant="better" if clear else "alike",
        also=("detail", "more_tiers") if best["tiers"] > own["tiers"] else ("detail",),
        numbers=rated.judged_period | numbers,
        comparator=Beside("in_force", now, own["conf_low"], own["conf_high"]),
        in_summary=False,
        **_rated(rated),
    )


def _incomparable(result: OtherSchemes, others: int) -> str:
    """Why schemes cannot be compared; empty where they can."""
    if len(result.table) < 2:
        return "alone" if len(result.table) else UNJUDGED
    if np.isnan(result.table["n"].iloc[0]):
        return "too_few"
    if others and np.isfinite(result.table["conf_high"].iloc[0]):
        return ""
    return "one_tier" if np.isfinite(result.table["top_share"].iloc[0]) else "no_value"


def groups_fact(result: OwnGroups, rated: RatedPeriods) -> Fact:
    """Whether customers fall into groups of their own, and whether the tiers follow them.

    Parameters
    ----------
    result : OwnGroups
        The gated result.
    rated : RatedPeriods

    Returns
    -------
    Fact
    """
    table = result.table.dropna(subset=["n"])
    if not len(table):
        return nothing("groups", "too_few" if len(result.table) else "too_alike")
    best = table[table["chosen"]].iloc[0]
    clear, followed = best["silhouette"] > WEAK, np.isfinite(result.tiers_silhouette)
    also = [*(() if clear else ("apart",)), "stable", "tiers" if followed else "no_tiers"]
    return Fact(
        "groups",
        estimate=best["silhouette"],
        unit="number2",
        n=int(best["n"]),
        base="judging.grouped",
        variant="" if clear else "weak",
        also=(*also, "looked_at"),
        numbers={
            "groups": best["k"],
            "most": table["k"].max(),
            "stability": best["stability"],
            "tiers": result.tiers_silhouette,
            "quantities": [name.removeprefix("-") for name in result.quantities],
            "rated_at": rated.present.rated_at,
        },
        in_summary=False,
    )
