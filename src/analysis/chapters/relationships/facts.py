"""What the length and the ends of relationships say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.chapters.relationships.ahead import EndsAhead
from analysis.chapters.relationships.ends import EndsByCause
from analysis.chapters.relationships.length import RelationshipLength
from analysis.methods.pairs import best_supported
from analysis.telling.facts import Beside, Fact, Sentence, nothing

FIRST = "relationships.first"
TOLD = "relationships.told"
ENDS = ["conf_low", "conf_high"]


def length_fact(
    result: RelationshipLength, *, min_cell: int, wait: int = 0, since: int = 0
) -> Fact:
    """How long half of all relationships last, or how many last to the end of follow-up.

    Parameters
    ----------
    result : RelationshipLength
    min_cell : int
        The fewest relationships of which anything is told.
    wait : int
        Days by which follow-up ends before the observation.
    since : int
        Relationships that began in these days.

    Returns
    -------
    Fact
    """
    if result.customers < min_cell:
        return nothing("length", "too_few")
    quarter, half, _ = result.quantiles.to_dict("records")
    followed, late = result.follow_up["estimate"].iloc[0], result.entered_late
    mean = result.means.table.iloc[0] if result.means is not None else dict.fromkeys(ENDS, np.nan)
    lasting = {
        "quarter": np.isfinite(quarter["estimate"]),
        "mean": result.ended > 0 and np.isfinite(mean["conf_low"]),
        "followed": np.isfinite(followed),
        "late": late >= min_cell,
        "late_few": 0 < late < min_cell,
        "follow_up": wait > 0,
        "since": since >= min_cell,
        "since_few": 0 < since < min_cell,
    }
    also = [sentence for sentence, holds in lasting.items() if holds]
    numbers = {"quarter": quarter["estimate"], "months_followed": followed, "late": late}
    numbers |= {"wait": wait, "since": since}
    numbers |= {"ended": result.ended, "until": result.until_months}
    if lasting["mean"]:
        numbers |= {"mean": mean["estimate"], "mean_low": mean[ENDS[0]], "mean_high": mean[ENDS[1]]}
    options = {"n": result.customers, "base": FIRST}
    if not result.ended:
        return Fact("length", variant="none", also=("detail", *also), numbers=numbers, **options)
    if np.isfinite(half["estimate"]):
        row, variant, unit = half, "reached", "number1"
    elif len(result.marks):
        row, variant, unit = result.marks.iloc[-1], "not_reached", "percent"
        numbers["months"] = row["months"]
    else:
        return nothing("length", "too_short")
    return Fact(
        "length",
        **_with_interval(row),
        unit=unit,
        variant=variant,
        also=(*_interval(row), *also),
        numbers=numbers,
        **options,
    )


def _with_interval(row: Mapping[str, Any] | pd.Series) -> dict[str, float]:
    return {"estimate": row["estimate"], "low": row["conf_low"], "high": row["conf_high"]}


def _interval(row: Mapping[str, Any] | pd.Series) -> tuple[str, ...]:
    if not np.isfinite(row["conf_low"]):
        return ()
    return ("interval" if np.isfinite(row["conf_high"]) else "interval_open",)


def segment_fact(result: RelationshipLength, segment: str, *, conf_level: float) -> Fact:
    """Whether relationships of some groups last longer, and by how many months.

    Parameters
    ----------
    result : RelationshipLength
    segment : str
        How the groups are formed.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    Fact
    """
    if not result.ended:
        return nothing("segments", "none", segment=segment)
    if result.test is None:
        return nothing("segments", "too_few", "detail", segment=segment)
    p_value, alpha = result.test.p_value, 1 - conf_level
    numbers = {"segment": segment, "until": result.until_months, "p": p_value}
    tested = ("tested",) if np.isfinite(p_value) else ()
    options = {"n": result.customers, "base": FIRST, "unit": "number1", "in_summary": False}
    pair = clearest_pair(result)
    if pair is None:
        told = {"variant": "no_horizon", "also": ("detail", *tested)}
        return Fact("segments", numbers=numbers, **told, **options)
    ends = {name: pair.pop(name) for name in ("estimate", "low", "high")}
    clear = pair["p_difference"] < alpha
    rate = ("rate",) if clear and np.isfinite(pair["ratio_high"]) else ()
    ratio = [pair[name] for name in ("ratio", "ratio_low", "ratio_high")]
    return Fact(
        "segments",
        variant="" if clear else "no_difference",
        also=("detail" if np.isfinite(ends["low"]) else "no_interval", *rate, *tested),
        numbers=numbers | pair,
        comparator=Beside("hazard_ratio", *ratio, unit="number2"),
        **ends,
        **options,
    )


def clearest_pair(result: RelationshipLength) -> dict[str, Any] | None:
    """The pair of groups whose restricted means differ most clearly, the longer one first.

    Where none can be tested (all of a group went the same way) it is the pair furthest apart. Its
    hazard ratio is that of the shorter-lived group to the longer-lived one.
    """
    pairs = result.pairs.dropna(subset=["estimate"])
    if not len(pairs):
        return None
    row = best_supported(pairs)
    if row is None:
        row = pairs.loc[pairs["estimate"].abs().idxmax()]
    difference = row[["estimate", *ENDS]].to_numpy(float)
    ratio = row[["hazard_ratio", *(f"hazard_ratio_{end}" for end in ENDS)]].to_numpy(float)
    long, short = row["group"], row["reference"]
    if difference[0] < 0:
        long, short, difference = short, long, -difference[[0, 2, 1]]
    else:
        ratio = 1 / ratio[[0, 2, 1]]
    names = ("estimate", "low", "high", "ratio", "ratio_low", "ratio_high")
    numbers = dict(zip(names, [*difference, *ratio], strict=True))
    return {"long": str(long), "short": str(short), "p_difference": row["p_holm"], **numbers}


def ends_fact(result: EndsByCause, *, min_cell: int) -> Fact:
    """The most frequent way to end, its share, and what the naive curve would say.

    Parameters
    ----------
    result : EndsByCause
    min_cell : int
        The smallest group that may be told.

    Returns
    -------
    Fact
    """
    if result.ended < min_cell:
        return nothing("ends", "too_few" if result.ended else "none")
    rows = result.marks[result.marks["months"] == result.until_months]
    rows = rows.dropna(subset=["ended", "estimate"])
    rows = rows.sort_values("estimate", ascending=False, kind="stable")
    if not len(rows) or result.until_months <= 0:
        return nothing("ends", "hidden")
    first = rows.iloc[0]
    several = len(result.causes) > 1
    others = [
        Sentence("other", {"cause": str(row.cause), "share": row.estimate})
        for row in rows.iloc[1:].itertuples()
    ]
    return Fact(
        "ends",
        **_with_interval(first),
        unit="percent",
        n=result.customers,
        base=FIRST,
        variant="several" if several else "one",
        also=(*_interval(first), *others, *(_naive(result) if several else ())),
        numbers={
            "cause": str(first["cause"]),
            "months": result.until_months,
            "ended": result.ended,
        },
        in_summary=False,
    )


def _naive(result: EndsByCause) -> tuple[Sentence, ...]:
    """What one minus Kaplan-Meier would say, of the cause that it overstates most."""
    told = result.naive.dropna(subset=["ended", "excess"])
    if not len(told):
        return ()
    worst = told.loc[told["excess"].idxmax()]
    numbers = {"cause": str(worst["cause"]), "share": worst["estimate"]}
    return (Sentence("naive", numbers | worst[["naive", "excess"]].to_dict()),)


def ahead_fact(result: EndsAhead, checked: EndsAhead | None, *, min_cell: int) -> Fact:
    """How many open relationships are expected to end soon, and how such a prediction fared.

    Parameters
    ----------
    result : EndsAhead
    checked : EndsAhead or None
    min_cell : int
        The smallest group that may be told.

    Returns
    -------
    Fact
    """
    shares = result.table["share"].dropna()
    if result.told < min_cell or not len(shares):
        variant = "too_few" if result.told < min_cell else "scattered"
        return nothing("ahead", variant, claim="predictive", months=result.months)
    if not result.expected > 0:
        return nothing("ahead", "none", claim="predictive", months=result.months)
    untold = result.open_now - result.told
    also = ["interval"]
    also += ["untold"] if untold >= min_cell else ["untold_few"] if untold else []
    numbers = {
        "months": result.months,
        "share": result.expected / result.told,
        "untold": untold,
        "open": result.open_now,
        "as_of": result.as_of,
        "least": shares.min(),
        "most": shares.max(),
    }
    if checked is None or checked.observed is None or checked.told < min_cell:
        also, check = [*also, "unchecked"], None
    else:
        within = checked.conf_low <= checked.observed <= checked.conf_high
        also.append("held" if within else "missed")
        numbers |= {"checked_on": checked.as_of, "checked_of": checked.told}
        numbers["came"] = checked.observed
        check = Beside("holdout", checked.expected, checked.conf_low, checked.conf_high)
    return Fact(
        "ahead",
        claim="predictive",
        estimate=result.expected,
        low=result.conf_low,
        high=result.conf_high,
        unit="count",
        n=result.told,
        base=TOLD,
        also=tuple(also),
        numbers=numbers,
        check=check,
    )
