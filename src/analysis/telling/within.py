"""Facts of how many did something within so many weeks, and of groups that differ in it."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import pandas as pd

from analysis.methods.pairs import is_known
from analysis.methods.survival import LogRankTest, SurvivalCurve
from analysis.states.within import best_supported_shares, longest_horizon
from analysis.telling.apart import told_apart
from analysis.telling.facts import Beside, Fact, nothing


class Waited(Protocol):
    """A gated result with shares within some horizons, as `states.within` makes them."""

    curve: SurvivalCurve
    within: pd.DataFrame
    test: LogRankTest | None


def share_within(key: str, result: Waited, *, n: int, base: str, min_cell: int) -> Fact:
    """How many of all did it, how soon, and whether half did.

    Parameters
    ----------
    key : str
        The fact's texts: variants `half_reached`, `half_not_reached`, `too_few`; sentences
        `interval`, `early`, `half`.
    result : Waited
        Of one group.
    n, base
        How many it is about, and whom.
    """
    last = longest_horizon(result.within, min_cell=min_cell)
    if last is None:
        return nothing(key, "too_few")
    row, early = last.iloc[0], result.within.dropna(subset=["n"]).iloc[0]
    median = result.curve.medians["estimate"].iloc[0]
    told = {
        "interval": np.isfinite(row["conf_low"]),
        "early": early["weeks"] < row["weeks"],
        "half": True,
    }
    return Fact(
        key,
        estimate=row["estimate"],
        low=row["conf_low"],
        high=row["conf_high"],
        unit="percent",
        n=n,
        base=base,
        variant="half_reached" if np.isfinite(median) else "half_not_reached",
        also=tuple(sentence for sentence, holds in told.items() if holds),
        numbers={
            "weeks": row["weeks"],
            "early_share": early["estimate"],
            "early_weeks": early["weeks"],
            "median": median,
        },
    )


def groups_within(
    key: str,
    result: Waited,
    *,
    n: int,
    base: str,
    min_cell: int,
    conf_level: float,
    in_summary: bool = True,
    **numbers: Any,
) -> Fact:
    """Whether groups differ, and by how many points those do that differ most clearly.

    Parameters
    ----------
    key : str
        The fact's texts: the usual ones, variants `no_difference`, `no_horizon`, `too_few`;
        sentences `detail`, `tested`.
    result : Waited
        Of several groups.
    in_summary : bool
        Whether the executive summary may show a difference.
    **numbers
        What the texts name besides, such as the segment.
    """
    last = longest_horizon(result.within, min_cell=min_cell)
    shown = result.within.dropna(subset=["n"])
    several = shown.loc[is_known(shown["group"]), "group"].nunique() > 1
    if result.test is None or not several:
        return nothing(key, "too_few", "detail", **numbers)
    numbers["p"] = result.test.p_value
    also = ("detail", "tested") if np.isfinite(result.test.p_value) else ("detail",)
    options = {"n": n, "base": base, "unit": "points", "also": also}
    if last is None:
        return Fact(key, variant="no_horizon", numbers=numbers, in_summary=False, **options)
    apart = best_supported_shares(last, conf_level=conf_level)
    clear = apart["p_pair"] < 1 - conf_level
    ends = {name: apart.pop(name) for name in ("estimate", "low", "high")}
    told = told_apart(apart["most_share"], apart["least_share"])
    apart["most_share"], apart["least_share"], ends["estimate"] = told
    return Fact(
        key,
        in_summary=in_summary,
        variant="" if clear else "no_difference",
        numbers=numbers | apart,
        comparator=Beside("least", apart["least_share"], unit="percent"),
        **ends,
        **options,
    )
