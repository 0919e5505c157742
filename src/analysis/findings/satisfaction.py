"""What the levels, the quality of the scales, the response and the recommendation say."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from analysis.satisfaction.measured import Measurement, Response
from analysis.states.answers import Answers
from analysis.states.recommendation import Recommendation
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording

RELIABLE = 0.7
LEVEL = "measured.level"
VALIDITY = "measured.validity"
RESPONSE = "measured.response"
SCORE = "recommended.finding"


def survey_finding(answers: Answers, audit: pd.DataFrame, say: Wording) -> Finding:
    """How many answers of how many customers a study of surveys alone is about."""
    rows = audit[audit["table"] == "surveys"].groupby("step")["rows"].sum()
    kept, read = rows["kept"], rows.get("read", rows["kept"])
    numbers = {"answers": len(answers.frame), "customers": answers.customers}
    days = answers.frame["at"]
    dated = say("survey.finding.undated")
    if not answers.one_day:
        dated = say("survey.finding.dated", first=_day(days.min()), last=_day(days.max()))
    used = "kept_all" if kept == read else "dropped"
    details = [
        dated,
        say(f"survey.finding.{used}", rows_in=read, rows_kept=kept),
        say("survey.finding.alone"),
    ]
    return finding(
        say, "survey.finding", *details, claim="descriptive", in_summary=False, **numbers
    )


def _day(moment: pd.Timestamp) -> date:
    return moment.date()


def level_finding(result: Measurement, say: Wording) -> Finding:
    """How satisfied customers are, beside the highest and the lowest scale."""
    told = result.levels[result.levels["n_answers"].ge(say.min_cell)].dropna(subset=["average"])
    own = told[told["scale"].eq(result.satisfaction)]
    if own.empty:
        return finding(say, f"{LEVEL}.too_few", claim="descriptive", in_summary=False)
    row, best, worst = own.iloc[0], *_extremes(told)
    numbers = {
        "average": row["average"],
        "high": row["high"],
        "low": row["low"],
        "answers": row["n_answers"],
        "customers": result.customers,
        "best": say.value(best["scale"]),
        "best_average": best["average"],
        "worst": say.value(worst["scale"]),
        "worst_average": worst["average"],
    }
    limits = {"low_end": row["average_conf_low"], "high_end": row["average_conf_high"]}
    details = (
        [say(f"{LEVEL}.detail", **numbers, **limits)] if np.isfinite(limits["low_end"]) else []
    )
    details += [say(f"{LEVEL}.weighted")] if result.weighted else []
    return finding(
        say, LEVEL, *details, claim="descriptive", in_summary=not result.followed, **numbers
    )


def _extremes(told: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    ordered = told.sort_values("average", ascending=False, kind="stable")
    return ordered.iloc[0], ordered.iloc[-1]


def level_caption(result: Measurement, say: Wording) -> str:
    """What the figure of the scales shows."""
    headline = headline_of(level_finding(result, say))
    numbers = {"answers": result.answers, "customers": result.customers}
    return say(f"{LEVEL}.caption", headline=headline, **numbers)


def level_alt(result: Measurement, say: Wording) -> str:
    """The same in words."""
    told = result.levels.dropna(subset=["average"])
    if told.empty:
        return say(f"{LEVEL}.too_few.headline")
    best, worst = _extremes(told)
    numbers = {"best_average": best["average"], "worst_average": worst["average"]}
    names = {"best": say.value(best["scale"]), "worst": say.value(worst["scale"])}
    return say(f"{LEVEL}.alt", **numbers, **names)


def headline_of(told: Finding) -> str:
    """The finding as one sentence."""
    return f"{told.number} {told.headline}"


def reliability_finding(result: Measurement, say: Wording) -> Finding:
    """How many scales hang together well enough."""
    known = result.reliability.dropna(subset=["alpha"])
    key = "measured.reliability"
    if known.empty:
        return finding(say, f"{key}.none", claim="descriptive", in_summary=False)
    weak = known[known["alpha"] < RELIABLE]
    lowest = known.loc[known["alpha"].idxmin()]
    names = {"lowest": say.value(lowest["scale"]), "alpha": lowest["alpha"]}
    numbers = {"scales": len(known), "reliable": len(known) - len(weak)}
    details = [say(f"{key}.lowest", **names)]
    if len(weak):
        details.append(say(f"{key}.some.detail", weak=_names(weak["scale"], say)))
    return finding(
        say,
        f"{key}.{'some' if len(weak) else 'good'}",
        *details,
        claim="descriptive",
        in_summary=False,
        **numbers,
    )


def _names(values: pd.Series, say: Wording) -> str:
    return ", ".join(f"“{say.value(value)}”" for value in values)


def validity_finding(result: Measurement, say: Wording) -> Finding:
    """Whether two scales measure two things."""
    options = {"claim": "descriptive", "in_summary": False}
    if result.validity is None:
        return finding(say, f"{VALIDITY}.unknown", why=result.why, **options)
    pairs = result.pairs()
    closest = pairs.loc[pairs["htmt"].idxmax()]
    alike = pairs["htmt_conf_high"].fillna(pairs["htmt"]) >= 1
    numbers = {
        "pair": say.value(closest["pair"]),
        "htmt": closest["htmt"],
        "low": _or(closest["htmt_conf_low"], closest["htmt"]),
        "high": _or(closest["htmt_conf_high"], closest["htmt"]),
        "pairs": int(alike.sum()),
    }
    kind = "alike" if alike.any() else "distinct"
    detail = say(f"{VALIDITY}.{kind}.detail", **numbers)
    told = finding(say, f"{VALIDITY}.{kind}", detail, **options, **numbers)
    if alike.sum() != 1:
        return told
    one = say(f"{VALIDITY}.alike.one")
    return Finding(told.number, one, told.detail, told.claim, told.label, told.in_summary)


def _or(value: float, otherwise: float) -> float:
    return value if np.isfinite(value) else otherwise


def validity_caption(result: Measurement, say: Wording) -> str:
    """What the figure of the ratios shows."""
    return say(f"{VALIDITY}.caption", headline=headline_of(validity_finding(result, say)))


def validity_alt(result: Measurement, say: Wording) -> str:
    """The same in words."""
    if result.validity is None:
        return say(f"{VALIDITY}.alt_none")
    pairs = result.pairs()
    closest = pairs.loc[pairs["htmt"].idxmax()]
    return say(f"{VALIDITY}.alt", htmt=closest["htmt"], pair=say.value(closest["pair"]))


def response_finding(result: Response, say: Wording) -> Finding:
    """How many customers answered, and whether groups differ in it."""
    options = {"claim": "descriptive", "in_summary": False}
    if not result.known:
        return finding(say, f"{RESPONSE}.unknown", **options)
    overall = result.table[result.table["segment"].eq("all")].iloc[0]
    numbers = {"share": overall["estimate"], "answered": overall["answered"]}
    detail = say(f"{RESPONSE}.detail", customers=overall["n"], **numbers)
    tested = {name: p for name, p in result.p_values.items() if np.isfinite(p)}
    if not tested:
        return finding(say, RESPONSE, detail, **options, **numbers)
    segment = min(tested, key=tested.get)
    rows = result.table[result.table["segment"].eq(segment) & result.table["n"].ge(say.min_cell)]
    # One test a segment: the smallest p-value is judged against their number (Bonferroni).
    if tested[segment] * len(tested) >= 1 - say.conf_level or len(rows) < 2:
        return finding(say, RESPONSE, detail, say(f"{RESPONSE}.alike"), **options, **numbers)
    rows = rows.sort_values("estimate")
    low, high = rows.iloc[0], rows.iloc[-1]
    differ = say(
        f"{RESPONSE}.differ",
        segment=say.value(segment),
        p=tested[segment],
        low=low["estimate"],
        high=high["estimate"],
        low_group=say.value(str(low["known_group"])),
        high_group=say.value(str(high["known_group"])),
    )
    return finding(say, RESPONSE, detail, differ, **options, **numbers)


def recommendation_finding(result: Recommendation, say: Wording) -> Finding:
    """The net promoter score, and whether groups differ in it."""
    if result.overall is None or result.overall["n"] < say.min_cell:
        return finding(say, f"{SCORE}.too_few", claim="descriptive", in_summary=False)
    parts = result.table[result.table["segment"].eq("all")].iloc[0]
    numbers = {
        "score": parts["nps_score"],
        "promoters": parts["promoters"],
        "detractors": parts["detractors"],
    }
    details = []
    if np.isfinite(parts["nps_conf_low"]):
        limits = {"low": parts["nps_conf_low"], "high": parts["nps_conf_high"]}
        details.append(say(f"{SCORE}.detail", answers=parts["n_answers"], **limits))
    details += [say(f"{SCORE}.weighted")] if result.weighted else []
    details.append(_gap(result, say))
    return finding(say, SCORE, *details, claim="descriptive", **numbers)


def _gap(result: Recommendation, say: Wording) -> str:
    if result.gap is None:
        return ""
    gap = dict(result.gap)
    limits = {"gap_low": gap.pop("conf_low"), "gap_high": gap.pop("conf_high")}
    gap |= {"high": say.value(gap["high"]), "low": say.value(gap["low"])}
    key = "gap" if limits["gap_low"] > 0 else "no_gap"
    return say(f"{SCORE}.{key}", by=say.value(result.by), **gap, **limits)


def recommendation_caption(result: Recommendation, say: Wording) -> str:
    """What the figure of the scores shows."""
    if result.overall is None:
        return say("recommended.none")
    headline = headline_of(recommendation_finding(result, say))
    numbers = {"by": say.value(result.by), "answers": result.overall["n"]}
    return say("recommended.caption", headline=headline, **numbers)


def recommendation_alt(result: Recommendation, say: Wording) -> str:
    """The same in words."""
    if result.overall is None:
        return say("recommended.none")
    return say("recommended.alt", by=say.value(result.by), score=result.overall["estimate"])
