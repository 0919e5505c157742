"""What the levels, the quality of the scales and the response say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.chapters.satisfaction.measurement import Measurement
from analysis.chapters.satisfaction.response import Response
from analysis.methods.pairs import best_supported, compare_pairs
from analysis.notes import Note, note
from analysis.telling.facts import Fact, nothing

RELIABLE = 0.7
Z = 1.96


def level_fact(result: Measurement) -> Fact:
    """How satisfied customers are, beside the highest and the lowest scale.

    Parameters
    ----------
    result : Measurement
        Gated; uses `levels`.

    Returns
    -------
    Fact
    """
    levels = result.levels.dropna(subset=["n", "estimate"])
    own = levels[levels["scale"].eq(result.satisfaction)]
    if own.empty:
        return nothing("level", "too_few")
    row = own.iloc[0]
    ordered = levels.sort_values("estimate", ascending=False, kind="stable")
    best, worst = ordered.iloc[0], ordered.iloc[-1]
    sentences = {"detail": np.isfinite(row["conf_low"]), "weighted": result.weighted}
    return Fact(
        "level",
        estimate=row["estimate"],
        low=row["conf_low"],
        high=row["conf_high"],
        unit="number1",
        n=int(row["n"]),
        base="satisfaction.complete",
        also=tuple(key for key, holds in sentences.items() if holds),
        numbers={
            "lowest": row["lowest"],
            "highest": row["highest"],
            "answers": result.answers,
            "customers": result.customers,
            "best": best["scale"],
            "best_mean": best["estimate"],
            "worst": worst["scale"],
            "worst_mean": worst["estimate"],
        },
        in_summary=not result.followed,
    )


def reliability_fact(result: Measurement) -> Fact:
    """How many scales hang together well enough (alpha of at least 0.7).

    Parameters
    ----------
    result : Measurement
        Gated; uses `reliability` and `items`.

    Returns
    -------
    Fact
    """
    shown = result.reliability.dropna(subset=["n"])
    scales = shown.dropna(subset=["alpha"])
    if scales.empty:
        reason = "none" if len(shown) else "too_few"
        return nothing("reliability", reason, why=_why_unreliable(result, shown))
    weak = scales[scales["alpha"] < RELIABLE]
    against = items_against(result.items)
    lowest = scales.loc[scales["alpha"].idxmin()]
    return Fact(
        "reliability",
        estimate=len(scales) - len(weak),
        unit="count",
        n=result.answers,
        base="answers",
        also=("lowest", *(["weak"] if len(weak) else []), *(["against"] if against else [])),
        numbers={
            "scales": len(scales),
            "lowest": lowest["scale"],
            "alpha": lowest["alpha"],
            "weak": tuple(weak["scale"]),
            "against": against,
        },
        in_summary=False,
    )


def items_against(items: pd.DataFrame) -> tuple[str, ...]:
    """Items that run against the others of their scale: they ask for the opposite.

    Parameters
    ----------
    items : DataFrame
        `item, n, item_total`; the 95 % interval of the correlation (Fisher's z) lies below 0.
    """
    known = items.dropna(subset=["n", "item_total"])
    known = known[known["n"] > 3]
    upper = np.arctanh(known["item_total"].clip(-0.999999, 0.999999).astype(float))
    upper += Z / np.sqrt(known["n"].astype(float) - 3)
    return tuple(known["item"][upper < 0])


def _why_unreliable(result: Measurement, shown: pd.DataFrame) -> Note | str:
    """That no scale has several questions, or what the scale with the most of them lacks."""
    items = result.levels.set_index("scale")["items"].reindex(shown["scale"]).fillna(1)
    if not (items > 1).any():
        return note("reasons.single_items")
    return shown.set_index("scale").at[items.idxmax(), "note"] or note("reasons.items_alike")


def validity_fact(result: Measurement) -> Fact:
    """Whether two scales measure two things: whether an interval of their ratio reaches 1.

    Parameters
    ----------
    result : Measurement
        Gated; uses `pairs`.

    Returns
    -------
    Fact
    """
    pairs = result.pairs.dropna(subset=["n", "estimate"])
    if pairs.empty:
        return nothing("validity", result.unpaired or "too_few")
    closest = pairs.loc[pairs["estimate"].idxmax()]
    alike = int((pairs["conf_high"].fillna(pairs["estimate"]) >= 1).sum())
    return Fact(
        "validity",
        estimate=closest["estimate"],
        low=closest["conf_low"],
        high=closest["conf_high"],
        unit="number2",
        n=int(closest["n"]),
        base="satisfaction.complete_on_all",
        variant={0: "distinct", 1: "one_alike"}.get(alike, "alike"),
        also=("detail" if np.isfinite(closest["conf_low"]) else "closest",),
        numbers={"pair": closest["term"], "pairs": alike},
        in_summary=False,
    )


def response_fact(result: Response, *, conf_level: float) -> Fact:
    """How many customers answered, and whether groups differ in it.

    Parameters
    ----------
    result : Response
        Gated.
    conf_level : float
        Between 0.5 and 1: groups differ where chance alone would seldom make them.

    Returns
    -------
    Fact
    """
    if not result.known:
        return nothing("response", "unknown")
    overall = result.table[result.table["segment"].eq("all")].iloc[0]
    if np.isnan(overall["n"]):
        return nothing("response", "too_few")
    pair = _clearest(result, conf_level)
    tested, clear = pair.pop("tested"), pair.pop("clear", False)
    sentences = {"detail": True, "differ": clear, "alike": tested and not clear}
    return Fact(
        "response",
        estimate=overall["estimate"],
        low=overall["conf_low"],
        high=overall["conf_high"],
        unit="percent",
        n=int(overall["n"]),
        base=result.base,
        also=tuple(key for key, holds in sentences.items() if holds),
        numbers={"answered": overall["answered"], **pair},
        in_summary=False,
    )


def _clearest(result: Response, conf_level: float) -> dict[str, Any]:
    """The two groups whose shares differ most clearly, over all segments; nothing where none do."""
    shown = result.table[~result.table["segment"].eq("all")].dropna(subset=["n"])
    # Two more customers, one of whom answered: a group of which all did is compared too.
    share = (shown["answered"] + 1) / (shown["n"] + 2)
    groups = shown.assign(std_error=np.sqrt(share * (1 - share) / (shown["n"] + 2)))
    pair = best_supported(compare_pairs(groups, within=["segment"], conf_level=conf_level))
    if pair is None:
        return {"tested": False}
    own = shown[shown["segment"] == pair["segment"]].set_index("group")["estimate"]
    return {
        "tested": True,
        "clear": pair["p_holm"] < 1 - conf_level,
        "segment": pair["segment"],
        "p": pair["p_holm"],
        "least": pair["reference"],
        "least_share": own[pair["reference"]],
        "most": pair["group"],
        "most_share": own[pair["group"]],
    }
