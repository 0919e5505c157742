"""What drivers, touchpoints and unequal ratings say."""

from __future__ import annotations

import numpy as np

from analysis.chapters.drivers.importance import Drivers, Touchpoints
from analysis.telling.facts import Beside, Fact, nothing

STABLE = 0.8
KINDS = ("basic", "excitement")


def drivers_fact(result: Drivers, *, min_cell: int) -> Fact:
    """Which driver goes with most of satisfaction, unless two are as good as tied.

    Parameters
    ----------
    result : Drivers
    min_cell : int
        The fewest answers of which anything is told.

    Returns
    -------
    Fact
    """
    if reason := _silence(result, min_cell):
        return nothing("drivers", reason, why=result.why)
    first, second = result.importance.table.sort_values("rank").iloc[:2].to_dict("records")
    stable = first["rank_stability"]
    known = np.isfinite(stable) and np.isfinite(first["conf_low"])
    return Fact(
        "drivers",
        estimate=first["share"],
        unit="percent0",
        n=result.n,
        base="drivers.complete_answers",
        variant="close" if known and stable < STABLE else "",
        also=("detail", *(("weighted",) if result.weighted else ())) if known else (),
        numbers={
            "driver": first["term"],
            "second": second["term"],
            "variance": first["estimate"],
            "variance_low": first["conf_low"],
            "variance_high": first["conf_high"],
            "explained": result.importance.r_squared,
            "stable": stable,
        },
        comparator=Beside("second", second["share"]),
        in_summary=not result.followed,
    )


def _silence(result: Drivers, min_cell: int) -> str:
    """Why nothing can be told of the importance; empty where something can."""
    if result.importance is None:
        return "not_estimable"
    return "too_few" if result.n < min_cell else ""


def touchpoints_fact(result: Touchpoints, *, min_cell: int) -> Fact:
    """Where low ratings and weight for satisfaction meet most.

    Parameters
    ----------
    result : Touchpoints
        The gated result.
    min_cell : int
        The fewest answers of which anything is told.

    Returns
    -------
    Fact
    """
    reason = _silence(result.drivers, min_cell)
    ranked = result.table.dropna(subset=["priority_rank", "n"]).sort_values("priority_rank")
    if reason or len(ranked) < 2 or ranked["priority"].isna().any():
        return nothing("touchpoints", reason or "unranked", why=result.drivers.why)
    first, second = ranked.iloc[0], ranked.iloc[1]
    return Fact(
        "touchpoints",
        estimate=first["estimate"],
        low=first["conf_low"],
        high=first["conf_high"],
        unit="percent0",
        n=result.drivers.n,
        base="drivers.complete_touchpoints",
        also=("detail",),
        numbers={
            "touchpoint": first["term"],
            "second": second["term"],
            "weight": first["weight"],
            "low_at": result.drivers.low_at,
        },
    )


def asymmetry_fact(result: Drivers, *, min_cell: int) -> Fact:
    """Which ratings punish more than they reward, and the reverse.

    Parameters
    ----------
    result : Drivers
        With the touchpoints as drivers.
    min_cell : int
        The fewest answers of which anything is told.

    Returns
    -------
    Fact
    """
    if result.asymmetry is None or result.n < min_cell:
        reason = "not_estimable" if result.asymmetry is None else "too_few"
        return nothing("asymmetry", reason, why=result.why_no_asymmetry)
    kinds = result.asymmetry.kinds
    names = {kind: list(kinds.loc[kinds["kind"].eq(kind), "term"]) for kind in KINDS}
    unequal = sum(map(len, names.values()))
    also = [kind for kind in KINDS if names[kind]]
    also += ["performance"] if 0 < unequal < len(kinds) else []
    return Fact(
        "asymmetry",
        estimate=unequal,
        unit="count",
        n=result.n,
        base="drivers.complete_touchpoints",
        variant="" if unequal else "equal",
        also=tuple(also),
        numbers=names | {"all": len(kinds), "low_at": result.low_at, "high_at": result.high_at},
        in_summary=False,
    )
