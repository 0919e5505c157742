"""What campaigns with a held-out arm say."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from analysis.chapters.campaigns.contacts import CONTROL, TREATED, Trials
from analysis.chapters.campaigns.tested import NONE, CampaignEffects, GroupEffects, NextPurchase
from analysis.methods.experiments import WEAK
from analysis.telling.facts import Beside, Fact, Sentence, nothing

BASE = "campaigns.chosen"
MONEY = ("margin", "revenue")
CLEAR = 0.05


def arms_fact(result: CampaignEffects) -> Fact:
    """How many were chosen, and whether the two arms are what a lot would have made of them.

    Parameters
    ----------
    result : CampaignEffects
        Gated.

    Returns
    -------
    Fact
    """
    arms = result.arms.dropna(subset=["n"])
    if not len(arms):
        return nothing("arms", "too_few")
    treated, chosen = arms["treated"].sum(), arms["n"].sum()
    widest = result.balance.table["difference"].abs().max()
    checks = ("planned",) if result.by_lot else ("unplanned",)
    checks += ("balance",) if np.isfinite(result.balance.p_value) else ()
    return Fact(
        "arms",
        estimate=treated / chosen,
        unit="percent0",
        n=result.customers,
        base=BASE,
        variant=result.doubt if result.doubt in ("sizes", "unlike") else "",
        also=checks,
        numbers={
            "campaigns": len(arms),
            "treated": treated,
            "control": chosen - treated,
            "least_p": arms["p_value"].min(),
            "p_balance": result.balance.p_value,
            "widest": widest,
        },
        in_summary=bool(result.doubt in ("sizes", "unlike")),
    )


def effect_fact(result: CampaignEffects) -> Fact:
    """How many more bought because they were chosen.

    Parameters
    ----------
    result : CampaignEffects
        Gated.

    Returns
    -------
    Fact
    """
    row, plain = result.row("bought_again"), result.row("bought_again", NONE)
    if row is None or plain is None:
        return nothing("effect", "none", claim=_claim(result))
    variant = _variant(row)
    return Fact(
        "effect",
        claim=_claim(result),
        **_ends(row, turned=variant == "fewer"),
        unit="points",
        n=result.customers,
        base=BASE,
        variant=variant,
        also=("detail", "unadjusted", *_doubts(result)),
        numbers={
            "weeks": result.weeks,
            "treated_mean": row["treated_mean"],
            "control_mean": row["control_mean"],
            "smallest": row["smallest"],
            **{f"plain_{end}": plain[end] for end in ("estimate", "conf_low", "conf_high")},
        },
        comparator=Beside("held_out", row["control_mean"], unit="percent"),
        in_summary=True,
    )


def money_fact(result: CampaignEffects) -> Fact:
    """What being chosen brought in money, beside what contacting cost.

    Parameters
    ----------
    result : CampaignEffects
        Gated.

    Returns
    -------
    Fact
    """
    kind = next((name for name in MONEY if result.row(name) is not None), None)
    if kind is None:
        return nothing("money", "none", claim=_claim(result))
    row, ticket = result.row(kind), result.row("ticket", NONE)
    variant = _variant(row)
    costs = () if not result.cost > 0 else ("cost",)
    told = {} if ticket is None else {
        "ticket": ticket["estimate"], "ticket_low": ticket["conf_low"],
        "ticket_high": ticket["conf_high"],
    }  # fmt: skip
    return Fact(
        "money",
        claim=_claim(result),
        **_ends(row, turned=variant == "fewer"),
        unit="money",
        n=result.customers,
        base=BASE,
        variant=variant,
        also=("detail", *costs, *(("ticket",) if told else ()), *_doubts(result)),
        numbers={
            "weeks": result.weeks,
            "kind": f"of_{kind}",
            "cost": result.cost,
            "net": row["estimate"] - result.cost,
            "net_low": row["conf_low"] - result.cost,
            "net_high": row["conf_high"] - result.cost,
            "smallest": row["smallest"],
            **told,
        },
        in_summary=variant == "",
    )


def sooner_fact(result: NextPurchase | None, effects: CampaignEffects) -> Fact:
    """How much sooner the next purchase came among those who were chosen.

    Parameters
    ----------
    result : NextPurchase or None
    effects : CampaignEffects
        Gated; says how sure it is that lot decided.

    Returns
    -------
    Fact
    """
    if result is None:
        return nothing("sooner", "none", claim=_claim(effects))
    means = result.means.table.set_index("group")["estimate"]
    gaps = result.means.contrasts
    gap = gaps[gaps["term"] == "difference"]
    if effects.row("bought_again") is None or not len(gap) or gap["conf_low"].isna().any():
        return nothing("sooner", "none", claim=_claim(effects))
    row = -gap.iloc[0][["estimate", "conf_high", "conf_low"]].astype(float)
    row.index = ["estimate", "conf_low", "conf_high"]
    variant = _variant(row)
    return Fact(
        "sooner",
        claim=_claim(effects),
        **_ends(row, turned=variant == "fewer"),
        unit="number1",
        n=result.n,
        base=BASE,
        variant=variant,
        also=("detail",),
        numbers={
            "weeks": result.weeks,
            "mean_treated": means[TREATED],
            "mean_control": means[CONTROL],
        },
        in_summary=False,
    )


def redeemers_fact(result: CampaignEffects) -> Fact:
    """What the offer did to those who used it because they got it.

    Parameters
    ----------
    result : CampaignEffects
        Gated.

    Returns
    -------
    Fact
    """
    found, row = result.compliers, result.row("purchases")
    if found is None or row is None:
        return nothing("redeemers", "none", claim=_claim(result))
    if found.first_stage_f < WEAK:
        return nothing("redeemers", "weak", claim=_claim(result), used=found.taken_treated)
    return Fact(
        "redeemers",
        claim=_claim(result),
        estimate=found.estimate,
        low=found.conf_low,
        high=found.conf_high,
        unit="number2",
        n=result.customers,
        base=BASE,
        variant="" if found.conf_low > 0 else "unclear",
        also=("detail", "assumed"),
        numbers={
            "weeks": result.weeks,
            "used": found.taken_treated,
            "used_control": found.taken_control,
            "first_stage": found.first_stage_f,
        },
        in_summary=False,
    )


def groups_fact(result: GroupEffects, effects: CampaignEffects) -> Fact:
    """Whether the effect differs between tiers or stages.

    Parameters
    ----------
    result : GroupEffects
        Gated.
    effects : CampaignEffects
        Gated.

    Returns
    -------
    Fact
    """
    rows = result.table.dropna(subset=["n", "conf_low"])
    if len(rows) < 2 or not np.isfinite(result.p_value):
        return nothing("groups", "none", claim=_claim(effects))
    ordered = rows.sort_values("estimate", kind="stable")
    least, most = ordered.iloc[0], ordered.iloc[-1]
    return Fact(
        "groups",
        claim=_claim(effects),
        n=effects.customers,
        base=BASE,
        variant="" if result.p_value < CLEAR else "alike",
        also=("detail",),
        numbers={
            "p": result.p_value,
            "most": most["group"],
            "most_effect": most["estimate"],
            "least": least["group"],
            "least_effect": least["estimate"],
        },
        in_summary=False,
    )


def left_out_sentence(trials: Trials) -> Fact:
    """Which campaigns are not compared, and why.

    Parameters
    ----------
    trials : Trials

    Returns
    -------
    Fact
    """
    if not len(trials.left_out):
        return nothing("left_out", "none")
    counts = trials.left_out["why"].value_counts()
    return Fact(
        "left_out",
        estimate=float(len(trials.left_out)),
        unit="count",
        n=int(trials.left_out["n"].sum()),
        base="campaigns.left_out",
        also=tuple(Sentence(why, {"number": int(number)}) for why, number in counts.items()),
        in_summary=False,
    )


def _claim(result: CampaignEffects) -> Literal["causal", "predictive"]:
    return "predictive" if result.doubt else "causal"


def _doubts(result: CampaignEffects) -> tuple[Sentence, ...]:
    return (Sentence(f"doubts.{result.doubt}"),) if result.doubt else ()


def _variant(row: pd.Series) -> str:
    return "" if row["conf_low"] > 0 else "fewer" if row["conf_high"] < 0 else "unclear"


def _ends(row: pd.Series, *, turned: bool) -> dict[str, float]:
    told = row[["estimate", "conf_low", "conf_high"]].to_numpy(float)
    estimate, *ends = -told if turned else told
    return {"estimate": estimate, "low": min(ends), "high": max(ends)}
