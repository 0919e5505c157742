"""What the length and the ends of relationships say."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pandas as pd

from analysis.lifecycle.ahead import EndsAhead
from analysis.lifecycle.ends import EndsByCause
from analysis.lifecycle.relationships import RelationshipLength
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording

LENGTH = "relationships.length"
SEGMENTS = "relationships.segments"
ENDS = "relationships.ends"
AHEAD = "relationships.ahead"


def length_finding(result: RelationshipLength, say: Wording) -> Finding:
    """How long half of all relationships last, or how many last to the end of the observation."""
    if result.customers < say.min_cell:
        return finding(say, f"{LENGTH}.too_few", claim="descriptive", in_summary=False)
    if not result.ended:
        details = [say(f"{LENGTH}.none.detail"), _followed(result, say)]
        numbers = {"customers": result.customers}
        return finding(say, f"{LENGTH}.none", *details, claim="descriptive", **numbers)
    early, half, _ = result.quantiles.to_dict("records")
    details = [_interval(half, say, f"{LENGTH}.interval", "months_conf")]
    if np.isfinite(early["months"]):
        details.append(say(f"{LENGTH}.quarter", months=early["months"]))
    details += [_mean(result, say), _followed(result, say)]
    if np.isfinite(half["months"]):
        key, numbers = f"{LENGTH}.reached", {"months": half["months"]}
        return finding(say, key, *details, claim="descriptive", **numbers)
    return _not_reached(result, details[1:], say)


def _not_reached(result: RelationshipLength, details: list[str], say: Wording) -> Finding:
    if not len(result.marks):
        return finding(say, f"{LENGTH}.too_few", claim="descriptive", in_summary=False)
    last = result.marks.iloc[-1].to_dict()
    numbers = {"share": last["estimate"], "months": last["months"]}
    interval = _interval(last, say, f"{LENGTH}.share_interval", "conf")
    key = f"{LENGTH}.not_reached"
    return finding(say, key, interval, *details, claim="descriptive", **numbers)


def _interval(row: dict, say: Wording, key: str, prefix: str) -> str:
    low, high = row[f"{prefix}_low"], row[f"{prefix}_high"]
    if not np.isfinite(low):
        return ""
    return say(key, low=low, high=high) if np.isfinite(high) else say(f"{key}_open", low=low)


def _mean(result: RelationshipLength, say: Wording) -> str:
    if result.means is None:
        return ""
    row = result.means.table.iloc[0]
    numbers = {"mean": row["estimate"], "low": row["conf_low"], "high": row["conf_high"]}
    return say(f"{LENGTH}.mean", until=result.until_months, **numbers)


def _followed(result: RelationshipLength, say: Wording) -> str:
    followed = result.follow_up["estimate"].iloc[0]
    return say(f"{LENGTH}.followed", months=followed) if np.isfinite(followed) else ""


def length_caption(result: RelationshipLength, say: Wording) -> str:
    """What the figure of all relationships shows."""
    told = length_finding(result, say)
    drawn = say(f"{LENGTH}.drawn", customers=result.customers, ended=result.ended)
    late = ""
    if result.entered_late:
        late = say(f"{LENGTH}.late", late=result.entered_late)
    return " ".join(filter(None, [f"{told.number} {told.headline}", drawn, late]))


def length_alt(result: RelationshipLength, say: Wording) -> str:
    """The same in words."""
    if not len(result.marks):
        return say(f"{LENGTH}.too_few.headline")
    last = result.marks.iloc[-1]
    return say(f"{LENGTH}.alt", share=last["estimate"], months=last["months"])


def extreme_pair(result: RelationshipLength) -> dict | None:
    """The pair of groups whose restricted means lie furthest apart, the longer one first."""
    pairs = result.pairs.dropna(subset=["difference"])
    if result.test is None or not len(pairs):
        return None
    row = pairs.loc[pairs["difference"].abs().idxmax()]
    turned = row["difference"] < 0
    ends = ["difference_conf_low", "difference_conf_high"]
    low, high = -row[ends[::-1]] if turned else row[ends]
    return {
        "long": row["reference"] if turned else row["group"],
        "short": row["group"] if turned else row["reference"],
        "difference": abs(row["difference"]),
        "low": low,
        "high": high,
        "p_difference": row["p_difference"],
        **_rate(row, not turned),
    }


def _rate(row: pd.Series, turned: bool) -> dict[str, float]:
    """Hazard ratio of the shorter-lived group to the longer-lived one."""
    ratio = row[["hazard_ratio", "ratio_conf_low", "ratio_conf_high"]].to_numpy(float)
    if turned:
        ratio = 1 / ratio[[0, 2, 1]]
    return dict(zip(("ratio", "ratio_low", "ratio_high"), ratio, strict=True))


def segment_length_finding(result: RelationshipLength, segment: str, say: Wording) -> Finding:
    """Whether relationships of some groups last longer, and by how many months."""
    names = {"segment": say.value(segment)}
    pair = extreme_pair(result)
    if pair is None:
        options = {"claim": "descriptive", "in_summary": False}
        return finding(
            say, f"{SEGMENTS}.too_few", say(f"{SEGMENTS}.too_few.detail"), **options, **names
        )
    groups = {"long": say.value(pair["long"]), "short": say.value(pair["short"])}
    p_value = result.test.p_value
    numbers = names | pair | groups | {"until": result.until_months}
    alpha = 1 - say.conf_level
    told = np.isfinite(p_value)
    if not told or p_value >= alpha or not pair["p_difference"] < alpha:
        key = f"{SEGMENTS}.no_difference"
        detail = say(f"{key}.detail", **numbers)
        tested = say(f"{SEGMENTS}.tested", p=p_value) if told else ""
        return finding(say, key, detail, tested, claim="descriptive", in_summary=False, **numbers)
    rate = say(f"{SEGMENTS}.rate", **numbers) if np.isfinite(pair["ratio_high"]) else ""
    details = [
        say(f"{SEGMENTS}.clear.detail", **numbers),
        rate,
        say(f"{SEGMENTS}.tested", p=p_value),
    ]
    return finding(
        say, f"{SEGMENTS}.clear", *details, claim="descriptive", in_summary=False, **numbers
    )


def segment_length_caption(result: RelationshipLength, segment: str, say: Wording) -> str:
    """What the figure by segment shows: the finding, what is drawn, test and effect size."""
    drawn = {"segment": say.value(segment), "customers": result.customers}
    if result.test is None:
        return say(f"{SEGMENTS}.caption_one", **drawn)
    told = segment_length_finding(result, segment, say)
    pair = extreme_pair(result)
    rate = ""
    if pair is not None and np.isfinite(pair["ratio_high"]):
        names = {"long": say.value(pair["long"]), "short": say.value(pair["short"])}
        rate = say(f"{SEGMENTS}.rate", **pair | names)
    p_value = result.test.p_value
    tested = say(f"{SEGMENTS}.tested", p=p_value) if np.isfinite(p_value) else ""
    caption = say(f"{SEGMENTS}.caption", **drawn)
    return " ".join(filter(None, [f"{told.number} {told.headline}", caption, tested, rate]))


def segment_length_alt(result: RelationshipLength, segment: str, say: Wording) -> str:
    """The same in words."""
    told = segment_length_finding(result, segment, say)
    return say(f"{SEGMENTS}.alt", segment=say.value(segment), detail=told.detail)


def ends_finding(result: EndsByCause, say: Wording) -> Finding:
    """The most frequent way to end, its share, and what the naive curve would say."""
    options = {"claim": "descriptive", "in_summary": False}
    rows = _at_horizon(result)
    if rows is None or result.ended < say.min_cell:
        return finding(say, f"{ENDS}.none", **options)
    first = rows.iloc[0]
    numbers = {"cause": say.value(str(first["cause"])), "months": result.until_months}
    numbers |= {"share": first["estimate"]}
    interval = _interval(first.to_dict(), say, f"{ENDS}.interval", "conf")
    if len(result.causes) == 1:
        return finding(say, f"{ENDS}.one", interval, **options, **numbers)
    told = [
        say(f"{ENDS}.other", cause=say.value(str(row.cause)), share=row.estimate)
        for row in rows.iloc[1:].itertuples()
    ]
    others = reduce(lambda before, other: say(f"{ENDS}.join", before=before, other=other), told)
    details = [interval, say(f"{ENDS}.others", others=others), _warning(result, say)]
    return finding(say, f"{ENDS}.several", *details, **options, **numbers)


def _at_horizon(result: EndsByCause) -> pd.DataFrame | None:
    if result.incidence is None:
        return None
    rows = result.marks[result.marks["months"] == result.until_months]
    rows = rows.sort_values("estimate", ascending=False, kind="stable")
    return rows if len(rows) and np.isfinite(rows["estimate"].iloc[0]) else None


def _warning(result: EndsByCause, say: Wording) -> str:
    worst = result.naive.loc[result.naive["excess"].idxmax()]
    numbers = {"naive": worst["naive"], "share": worst["estimate"], "excess": worst["excess"]}
    return say(f"{ENDS}.naive", cause=say.value(str(worst["cause"])), **numbers)


def ends_caption(result: EndsByCause, say: Wording) -> str:
    """What the figure of the ways to end shows."""
    told = ends_finding(result, say)
    drawn = say(f"{ENDS}.caption", customers=result.customers, ended=result.ended)
    return f"{told.number} {told.headline} {drawn}"


def ends_alt(result: EndsByCause, say: Wording) -> str:
    """The same in words."""
    told = ends_finding(result, say)
    return say(f"{ENDS}.alt", headline=f"{told.number} {told.headline}")


def ahead_finding(result: EndsAhead, checked: EndsAhead | None, say: Wording) -> Finding:
    """How many open relationships are expected to end soon, and how such a prediction fared."""
    numbers = {"months": result.months, "open": result.open_now, "told": result.told}
    if result.told < say.min_cell:
        key = f"{AHEAD}.too_few"
        return finding(say, key, claim="predictive", in_summary=False, **numbers)
    numbers |= {"expected": result.expected, "low": result.conf_low, "high": result.conf_high}
    numbers["share"] = result.expected / result.told
    untold = result.open_now - result.told
    details = [
        say(f"{AHEAD}.interval", **numbers),
        say(f"{AHEAD}.untold", untold=untold, **numbers) if untold else "",
        _fared(checked, say),
    ]
    return finding(say, f"{AHEAD}.expected", *details, claim="predictive", **numbers)


def _fared(checked: EndsAhead | None, say: Wording) -> str:
    if checked is None or checked.observed is None or checked.told < say.min_cell:
        return say(f"{AHEAD}.unchecked")
    numbers = {"expected": checked.expected, "low": checked.conf_low, "high": checked.conf_high}
    numbers |= {"as_of": checked.as_of, "observed": checked.observed, "told": checked.told}
    within = checked.conf_low <= checked.observed <= checked.conf_high
    return say(f"{AHEAD}.{'held' if within else 'missed'}", months=checked.months, **numbers)


def ahead_caption(result: EndsAhead, say: Wording) -> str:
    """What the figure of the coming ends shows."""
    numbers = {"months": result.months, "told": result.told, "as_of": result.as_of}
    return say(f"{AHEAD}.caption", **numbers)


def ahead_alt(result: EndsAhead, say: Wording) -> str:
    """The same in words."""
    told = result.table.dropna(subset=["share"])
    told = told[told["told"] >= say.min_cell]
    if not len(told):
        return say(f"{AHEAD}.none_told")
    numbers = {"least": told["share"].min(), "most": told["share"].max()}
    return say(f"{AHEAD}.alt", months=result.months, **numbers)
