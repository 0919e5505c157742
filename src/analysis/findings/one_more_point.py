"""What one more point of satisfaction goes with, in months and in money."""

from __future__ import annotations

import numpy as np

from analysis.findings.loyalty import weighted_in_words
from analysis.findings.satisfaction import headline_of
from analysis.satisfaction.one_more_point import MonthsGained
from analysis.satisfaction.worth import MarginGained
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording

MONTHS = "point.months"
WORTH = "point.worth"


def months_finding(result: MonthsGained, say: Wording) -> Finding:
    """How many months longer customers stay who are one point more satisfied."""
    options = {"claim": "predictive"}
    row = result.table.iloc[0]
    if result.life is None or result.n < say.min_cell or result.events < say.min_cell:
        return finding(say, f"{MONTHS}.none", in_summary=False, **options)
    numbers = {"months": row["months_longer"], "horizon": result.horizon}
    limits = {"low": row["months_longer_conf_low"], "high": row["months_longer_conf_high"]}
    if limits["low"] <= 0:
        key = f"{MONTHS}.unclear"
        detail = say(f"{key}.detail", **numbers, **limits)
        return finding(say, key, detail, in_summary=False, **options, **numbers)
    told = {"base": row["stay_as_answered"], "raised": row["stay_raised"]}
    told |= {"answers": result.n, "customers": result.customers, "events": result.events}
    details = [say(f"{MONTHS}.detail", **told, **numbers, **limits)]
    details += [say("loyalty.unweighted")] if result.weighted else []
    strength = {"evalue": result.hidden.estimate, "limit": result.hidden.limit}
    details.append(say(f"{MONTHS}.hidden", **strength))
    return finding(say, MONTHS, *details, **options, **numbers)


def months_caption(result: MonthsGained, say: Wording) -> str:
    """What the figure of months shows."""
    headline = headline_of(months_finding(result, say))
    numbers = {"horizon": result.horizon, "answers": result.n}
    return say(f"{MONTHS}.caption", headline=headline, **numbers)


def months_alt(result: MonthsGained, say: Wording) -> str:
    """The same in words."""
    return say(f"{MONTHS}.alt")


def margin_finding(result: MarginGained, say: Wording) -> Finding:
    """How much more money goes with one more point."""
    options = {"claim": "predictive"}
    row = result.table.iloc[0]
    if result.gained is None or result.n < say.min_cell or not np.isfinite(row["gain_conf_low"]):
        return finding(say, f"{WORTH}.none", in_summary=False, **options)
    numbers = {"gain": row["gain"], "weeks": result.weeks}
    limits = {"low": row["gain_conf_low"], "high": row["gain_conf_high"]}
    if limits["low"] <= 0:
        key = f"{WORTH}.unclear"
        detail = say(f"{key}.detail", **numbers, **limits)
        return finding(say, key, detail, in_summary=False, **options, **numbers)
    told = {"base": row["worth_as_answered"], "raised": row["worth_raised"], "answers": result.n}
    details = [
        say(f"{WORTH}.detail", **told, **limits),
        weighted_in_words(result.weighted, say),
        say(f"{WORTH}.hidden", evalue=result.hidden.estimate, limit=result.hidden.limit),
    ]
    key = f"point.{result.quantity}"
    return finding(say, key, *details, in_summary=False, **options, **numbers)


def margin_caption(result: MarginGained, say: Wording) -> str:
    """What the figure of money shows."""
    headline = headline_of(margin_finding(result, say))
    return say(f"{WORTH}.caption", headline=headline, answers=result.n)


def margin_alt(result: MarginGained, say: Wording) -> str:
    """The same in words."""
    return say(f"{WORTH}.alt")
