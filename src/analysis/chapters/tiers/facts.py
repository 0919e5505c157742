"""What the latest rating says: who holds what, who moves, and who sits near a limit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.chapters.tiers.limits import NearLimits
from analysis.chapters.tiers.moves import Moves
from analysis.methods.concentration import Concentration
from analysis.states.rating.periods import RatedPeriods
from analysis.states.rating.profiles import TierProfile
from analysis.telling.apart import told_apart
from analysis.telling.facts import Beside, Fact, Sentence, nothing

RATED = "tiers.rated"


def held_fact(profile: TierProfile, rated: RatedPeriods) -> Fact:
    """How much of the past period's value the top tier holds.

    Parameters
    ----------
    profile : TierProfile
        The gated result.
    rated : RatedPeriods

    Returns
    -------
    Fact
    """
    table, numbers = profile.table, rated.period
    shown = table[table["n"] > 0]
    if shown["share_value"].isna().all():
        return nothing("held", "no_value" if len(shown) else "hidden", **numbers)
    top = table.iloc[-1]
    numbers |= {"tier": top["tier"], "members": top["n"], "customers_share": top["share"]}
    few = not top["n"] > 0
    return Fact(
        "held",
        estimate=np.nan if few else top["share_value"],
        unit="" if few else "percent",
        n=rated.present.customers,
        base=RATED,
        variant="too_few" if few else "",
        also=(*(() if few else ("detail",)), *_who(rated)),
        numbers=numbers | {"without": rated.without_tier},
        in_summary=False,
    )


def _who(rated: RatedPeriods) -> tuple[str, ...]:
    """Whose tiers these are, and who is rated."""
    if rated.scheme is not None:
        return (f"rated_{rated.rates}",)
    return "company", f"rated_{rated.rates}", *(("without",) if rated.without_tier else ())


def concentration_fact(result: Concentration, rated: RatedPeriods, *, min_cell: int) -> Fact:
    """How much the best tenth hold, and the Gini coefficient.

    Parameters
    ----------
    result : Concentration
    rated : RatedPeriods
    min_cell : int
        The fewest customers of whom anything is told.

    Returns
    -------
    Fact
    """
    if result.customers < min_cell or result.note:
        few = result.customers < min_cell
        return nothing("concentration", "too_few" if few else "no_value", **rated.period)
    lines = result.table.set_index("term")
    gini = lines.loc["gini"]
    # The best tenth of fewer than ten times `min_cell` customers are too few to be told of.
    few = result.customers / 10 < min_cell
    told = gini if few else lines.loc["top_10_percent"]
    also = ["interval"] if np.isfinite(told["conf_low"]) else []
    also += [] if few else ["gini"]
    also += ["negative"] if result.negatives else []
    return Fact(
        "concentration",
        estimate=told["estimate"],
        low=told["conf_low"],
        high=told["conf_high"],
        unit="number2" if few else "percent",
        variant="few_at_the_top" if few else "",
        n=result.customers,
        base=RATED,
        also=tuple(also),
        numbers=rated.period | {"gini": gini["estimate"]},
        in_summary=False,
    )


def moves_fact(result: Moves) -> Fact:
    """How many customers changed tier, and how many luck alone would move.

    Parameters
    ----------
    result : Moves
        The gated result.

    Returns
    -------
    Fact
    """
    if result.note or not (result.rates["n"] > 0).all():
        return nothing("moves", result.note or "too_few")
    rates = result.rates.set_index("term")
    stay, (first, second) = rates.loc["stay"], result.dates
    luck, comparator = _luck(result)
    moved, up, down = told_apart(1 - stay["estimate"], rates.at["up", "estimate"])
    return Fact(
        "moves",
        estimate=moved,
        low=1 - stay["conf_high"],
        high=1 - stay["conf_low"],
        unit="percent",
        n=int(stay["n"]),
        base="tiers.rated_twice",
        also=("detail", *luck),
        numbers={
            "first": first,
            "second": second,
            "number": stay["n"] - stay["n"] * stay["estimate"],
            "up": up,
            "down": down,
        },
        comparator=comparator,
    )


def _luck(result: Moves) -> tuple[list[str | Sentence], Beside | None]:
    """What luck alone would move, in a sentence and as a number, and the mobility index."""
    rows = result.against_luck.dropna(subset=["luck", "n"]).set_index("term")
    if "stay" not in rows.index:
        return ["luck.none"], None
    stay = rows.loc["stay"]
    moved, luck = 1 - stay["estimate"], 1 - stay["luck"]
    low, high = 1 - stay["luck_conf_high"], 1 - stay["luck_conf_low"]
    key = "within" if low <= moved <= high else "more" if moved > luck else "fewer"
    numbers = {"moved": moved, "luck": luck, "low": low, "high": high, "throughout": stay["n"]}
    by = [Sentence("luck.by", {"scheme": result.luck_by})] if result.luck_by else []
    told: list[str | Sentence] = [*by, Sentence(f"luck.{key}", numbers)]
    if "mobility" in rows.index and np.isfinite(rows.loc["mobility", "estimate"]):
        mobility = rows.loc["mobility", ["estimate", "luck"]]
        told.append(Sentence("mobility", dict(zip(("mobility", "luck"), mobility, strict=True))))
    return told, Beside("luck", luck, low, high)


def near_fact(result: NearLimits, *, conf_level: float) -> Fact:
    """How many customers sit near a limit, and whether they gather above one.

    Parameters
    ----------
    result : NearLimits
        The gated result.
    conf_level : float
        Between 0.5 and 1; from it on gathering is told.

    Returns
    -------
    Fact
    """
    if result.note or result.table["n"].isna().all():
        return nothing("near", result.note or ("too_few" if len(result.table) else "unreached"))
    return Fact(
        "near",
        estimate=result.near,
        unit="percent",
        n=result.customers,
        base=RATED,
        also=(_gathering(result.table.dropna(subset=["p_value"]), conf_level),),
        in_summary=False,
    )


def _gathering(tested: pd.DataFrame, conf_level: float) -> Sentence:
    if not len(tested):
        return Sentence("untested")
    first = tested.loc[tested["p_value"].idxmin()]
    p_value = min(first["p_value"] * len(tested), 1.0)
    clear = p_value < 1 - conf_level and first["excess"] > 0
    numbers = {"tier": first["tier"], "p": p_value, "limits": len(tested)}
    return Sentence("bunching" if clear else "smooth", numbers)
