"""What the retention results say."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.findings import Finding, finding
from analysis.lifecycle.lapse import LapseByDefinition
from analysis.lifecycle.retention import CohortRetention, SecondPurchase
from analysis.methods.survival.contrasts import joint_level
from analysis.wording import Wording

HEADLINE = "retention.second_purchase.finding"
SEGMENTS = "retention.segments.finding"
COHORTS = "retention.cohorts.finding"
LAPSE = "retention.lapse.finding"


def longest_horizon(result: SecondPurchase, min_cell: int) -> pd.DataFrame | None:
    """The rows of the longest horizon at which every shown group was still observed, or None."""
    told = result.within[result.within["n"] >= min_cell]
    whole = told.groupby("weeks").filter(
        lambda rows: rows["estimate"].notna().all() and (rows["at_risk"] >= min_cell).all()
    )
    return whole[whole["weeks"] == whole["weeks"].max()] if len(whole) else None


def second_purchase_finding(result: SecondPurchase, say: Wording) -> Finding:
    """The headline: how many ever buy again, how soon, and whether half do."""
    last = longest_horizon(result, say.min_cell)
    if last is None:
        text = say(f"{HEADLINE}.too_few")
        return Finding("–", text, "", "descriptive", say("claims.descriptive"))
    row, early = last.iloc[0], result.within.iloc[0]
    details = [_interval(row, say)]
    if early["weeks"] < row["weeks"]:
        numbers = {"early": early["estimate"], "early_weeks": early["weeks"]}
        details.append(say(f"{HEADLINE}.early", **numbers))
    median = result.medians["estimate"].iloc[0]
    if np.isfinite(median):
        details.append(say(f"{HEADLINE}.reached", median=median))
    else:
        details.append(say(f"{HEADLINE}.not_reached"))
    numbers = {"share": row["estimate"], "weeks": row["weeks"]}
    return finding(say, HEADLINE, *details, claim="descriptive", **numbers)


def _interval(row: pd.Series, say: Wording) -> str:
    if not np.isfinite(row["conf_low"]):
        return ""
    return say(f"{HEADLINE}.interval", low=row["conf_low"], high=row["conf_high"])


def second_purchase_caption(result: SecondPurchase, say: Wording) -> str:
    """What the figure of the headline shows."""
    median = result.medians["estimate"].iloc[0]
    key = "retention.second_purchase.caption"
    if np.isfinite(median):
        return say(f"{key}.reached", median=median, customers=result.customers)
    return say(f"{key}.not_reached", customers=result.customers)


def second_purchase_alt(result: SecondPurchase, say: Wording) -> str:
    """The same in words, for those who do not see it."""
    told = result.within.dropna(subset=["estimate"])
    if not len(told):
        return say(f"{HEADLINE}.too_few")
    last = told.iloc[-1]
    numbers = {"share": last["estimate"], "weeks": last["weeks"]}
    return say("retention.second_purchase.alt", **numbers)


def segment_finding(result: SecondPurchase, segment: str, say: Wording) -> Finding:
    """Whether groups differ in coming back, and by how many points the extreme ones do."""
    last = longest_horizon(result, say.min_cell)
    names = {"segment": say.value(segment)}
    several = result.within.loc[result.within["n"] >= say.min_cell, "group"].nunique() > 1
    if last is None or len(last) < 2 or result.test is None:
        key = f"{SEGMENTS}.no_horizon" if several else f"{SEGMENTS}.too_few"
        options = {"claim": "descriptive", "in_summary": False}
        return finding(say, key, say(f"{key}.detail"), **options, **names)
    numbers = names | extreme_shares(last, say)
    clear = result.test.p_value < 1 - say.conf_level and numbers["low_end"] > 0
    key = SEGMENTS if clear else f"{SEGMENTS}.no_difference"
    details = say(f"{key}.detail", **numbers), _tested(result, say)
    return finding(say, key, *details, claim="descriptive", **numbers)


def _tested(result: SecondPurchase, say: Wording) -> str:
    p_value = result.test.p_value
    return say("retention.segments.tested", p=p_value) if np.isfinite(p_value) else ""


def extreme_shares(last: pd.DataFrame, say: Wording) -> dict[str, float | str]:
    """The groups with the highest and the lowest share, and how far they lie apart.

    The pair is chosen by its difference, so the interval is one that holds for all pairs together.
    """
    ordered = last.sort_values("estimate", kind="stable")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    difference = high["estimate"] - low["estimate"]
    level = joint_level(say.conf_level, len(last) * (len(last) - 1) // 2)
    reach = norm.ppf((1 + level) / 2) * np.hypot(high["std_error"], low["std_error"])
    return {
        "difference": difference,
        "weeks": high["weeks"],
        "high": say.value(str(high["group"])),
        "low": say.value(str(low["group"])),
        "high_share": high["estimate"],
        "low_share": low["estimate"],
        "low_end": difference - reach,
        "high_end": difference + reach,
    }


def segment_caption(result: SecondPurchase, segment: str, say: Wording) -> str:
    """What the figure by segment shows: the finding, then what is drawn."""
    numbers = {"segment": say.value(segment), "customers": result.customers}
    if result.test is None:
        return say("retention.segments.caption_one", **numbers)
    told = segment_finding(result, segment, say)
    headline = f"{told.number} {told.headline}"
    tested = _tested(result, say)
    return say("retention.segments.caption", headline=headline, tested=tested, **numbers).strip()


def segment_alt(result: SecondPurchase, segment: str, say: Wording) -> str:
    """The same in words."""
    detail = segment_finding(result, segment, say).detail
    return say("retention.segments.alt", segment=say.value(segment), detail=detail)


def lapse_finding(result: LapseByDefinition, lapse_weeks: float, say: Wording) -> Finding:
    """How many lapse by the stated definition, beside the other definitions."""
    table = result.table
    row = table[table["lapse_weeks"] == lapse_weeks].iloc[0]
    numbers = {"lapsed": row["lapsed"], "weeks": lapse_weeks}
    if row["lapsed"] == 0:
        detail = say(f"{LAPSE}.none", weeks=lapse_weeks)
    else:
        detail = say(
            f"{LAPSE}.detail",
            least=table["lapsed"].min(),
            most=table["lapsed"].max(),
            least_weeks=table["lapse_weeks"].min(),
            most_weeks=table["lapse_weeks"].max(),
            won_back=row["won_back"],
        )
    return finding(say, LAPSE, detail, claim="descriptive", in_summary=False, **numbers)


def cohort_numbers(result: CohortRetention, min_cell: int) -> dict[str, float] | None:
    """The median cohort's share in the first and in the last month that three cohorts reach."""
    told = result.table[result.table["customers"] >= min_cell]
    reached = told.groupby("months_since")["share"].agg(["median", "size"])
    least = min(3, int(reached["size"].max())) if len(reached) else 0
    reached = reached[reached["size"] >= least]
    if not len(reached):
        return None
    return {
        "first": reached["median"].iloc[0],
        "last": reached["median"].iloc[-1],
        "last_months": reached.index[-1],
        "oldest": reached["size"].iloc[-1],
        "cohorts": told["cohort"].nunique(),
        "customers": told.drop_duplicates("cohort")["customers"].sum(),
    }


def cohort_finding(result: CohortRetention, say: Wording) -> Finding:
    """How many of a month's new customers buy in later months."""
    numbers = cohort_numbers(result, say.min_cell)
    if numbers is None:
        return finding(say, f"{COHORTS}.too_few", claim="descriptive", in_summary=False)
    detail = say(f"{COHORTS}.detail", **numbers)
    return finding(say, COHORTS, detail, claim="descriptive", **numbers)


def cohort_caption(result: CohortRetention, say: Wording) -> str:
    """What the heat map shows."""
    sizes = result.table.drop_duplicates("cohort")["customers"]
    numbers = {"customers": sizes.sum(), "cohorts": len(sizes)}
    return say("retention.cohorts.caption", **numbers)


def cohort_alt(result: CohortRetention, say: Wording) -> str:
    """The same in words."""
    numbers = cohort_numbers(result, say.min_cell)
    if numbers is None:
        return say(f"{COHORTS}.too_few.headline")
    return say("retention.cohorts.alt", **numbers)
