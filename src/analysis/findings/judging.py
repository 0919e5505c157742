"""What the period after a rating says about the rating."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.findings.tiers import or_nothing
from analysis.methods.disclosure import small_rows
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording
from analysis.tiers import Judgement, RatedPeriods, TierFutures

TOP, GAIN, MISSED, STAY = (f"judging.{part}" for part in ("top", "gain", "missed", "stay"))
NONE = "judging.none"


def _period(rated: RatedPeriods, say: Wording) -> dict:
    known = {"value": say.value(rated.value), "months": rated.months, "rated_at": rated.judged_at}
    return known | {"customers": rated.judged.customers} if rated.judged else known


def period_of(rated: RatedPeriods, say: Wording) -> dict:
    """What captions name of the judged rating; its day in words."""
    day = say.formats.show(rated.judged_at, "date") if rated.judged_at else say("tiers.not_told")
    return _period(rated, say) | {"rated_at": day}


def _none(say: Wording) -> Finding:
    return finding(say, NONE, claim="predictive", in_summary=False)


def top_finding(result: Judgement | None, rated: RatedPeriods, say: Wording) -> Finding:
    """How much of the next period's value the top tier holds."""
    if result is None or not np.isfinite(result.top_share):
        return _none(say)
    top, numbers = result.held.iloc[-1], _period(rated, say)
    numbers |= {"tier": say.value(top["tier"])}
    if small_rows(result.held["n"], say.min_cell).iloc[-1] or top["n"] == 0:
        return finding(say, f"{TOP}.too_few", claim="predictive", in_summary=False, **numbers)
    numbers |= {"share": result.top_share, "customers_share": top["share"]}
    details = []
    if np.isfinite(top["value_share_conf_low"]):
        ends = {"low": top["value_share_conf_low"], "high": top["value_share_conf_high"]}
        details.append(say(f"{TOP}.interval", **ends))
    test = result.outcome.test.iloc[0]
    if np.isfinite(test["p_value"]):
        rising = test["p_value"] < 1 - say.conf_level and test["estimate"] > 0.5
        key = "rises" if rising else "flat"
        details.append(say(f"{TOP}.{key}", chance=test["estimate"], p=test["p_value"], **numbers))
    return finding(say, f"{TOP}.told", *details, claim="predictive", **numbers)


def top_caption(result: Judgement | None, rated: RatedPeriods, say: Wording) -> str:
    """What the figure of the next period's value shows."""
    told = top_finding(result, rated, say)
    if result is None:
        return f"{told.number} {told.headline}"
    return f"{told.number} {told.headline} {say(f'{TOP}.caption', **_period(rated, say))}"


def top_alt(result: Judgement | None, rated: RatedPeriods, say: Wording) -> str:
    """The same in words."""
    told = top_finding(result, rated, say)
    return say(f"{TOP}.alt", headline=f"{told.number} {told.headline}")


def next_table(result: Judgement | None, say: Wording) -> pd.DataFrame:
    """The next period by tier: `tier, n, share, next_mean, …, next_share`, highest first."""
    columns = ["tier", "n", "share", "next_mean", "next_mean_conf_low", "next_mean_conf_high"]
    columns += ["next_share", "next_share_conf_low", "next_share_conf_high"]
    if result is None:
        return or_nothing(pd.DataFrame(columns=columns), "tier", say)
    names = {"group": "tier", "estimate": "next_mean"}
    names |= {"conf_low": "next_mean_conf_low", "conf_high": "next_mean_conf_high"}
    table = result.outcome.table.rename(columns=names)
    held = {"share": "share", "next_share": "value_share"}
    held |= {f"next_share_conf_{end}": f"value_share_conf_{end}" for end in ("low", "high")}
    table = table.assign(**{name: result.held[of].to_numpy() for name, of in held.items()})
    return table[columns][::-1].reset_index(drop=True)


def gain_finding(result: Judgement | None, rated: RatedPeriods, say: Wording) -> Finding:
    """Whether the tiers sort customers better than last period's value alone."""
    if result is None or not len(result.gain.differences):
        return _none(say)
    lines = result.gain.table.set_index(["group", "term"])["estimate"]
    gap = result.gain.differences.set_index("term").loc["normalised_gini"]
    numbers = _period(rated, say) | {
        "tier": lines["this_rating", "normalised_gini"],
        "last": lines["last_period", "normalised_gini"],
        "gap": gap["estimate"], "low": gap["conf_low"], "high": gap["conf_high"],
        "rank": lines["this_rating", "spearman"], "last_rank": lines["last_period", "spearman"],
    }  # fmt: skip
    if not np.isfinite([v for v in numbers.values() if isinstance(v, float)]).all():
        return _none(say)
    key = "better" if gap["conf_low"] > 0 else "worse" if gap["conf_high"] < 0 else "alike"
    details = [say(f"{GAIN}.detail", **numbers), say(f"{GAIN}.{key}.meaning")]
    return finding(say, f"{GAIN}.{key}", *details, claim="predictive", in_summary=False, **numbers)


def gain_table(result: Judgement | None, say: Wording) -> pd.DataFrame:
    """Scores side by side: normalised Gini, rank correlation, what the best 10 and 20 % hold."""
    columns = ["score", "gini", "gini_conf_low", "gini_conf_high", "rank", "rank_conf_low"]
    columns += ["rank_conf_high", "top_10", "top_20", "n"]
    if result is None:
        return or_nothing(pd.DataFrame(columns=columns), "score", say)
    rows = []
    for name, lines in result.gain.table.groupby("group", sort=False):
        lines = lines.set_index("term")
        row = [name]
        for term in ("normalised_gini", "spearman"):
            row += list(lines.loc[term, ["estimate", "conf_low", "conf_high"]])
        row += [lines.loc[f"top_{k}_percent", "estimate"] for k in (10, 20)]
        rows.append((*row, lines["n"].iloc[0]))
    return pd.DataFrame(rows, columns=columns)


def gain_caption(result: Judgement | None, rated: RatedPeriods, say: Wording) -> str:
    """What the gain curves show."""
    told = gain_finding(result, rated, say)
    if result is None:
        return f"{told.number} {told.headline}"
    return f"{told.number} {told.headline} {say(f'{GAIN}.caption', **_period(rated, say))}"


def gain_alt(result: Judgement | None, rated: RatedPeriods, say: Wording) -> str:
    """The same in words."""
    told = gain_finding(result, rated, say)
    return say(f"{GAIN}.alt", headline=f"{told.number} {told.headline}")


def missed_finding(result: Judgement | None, rated: RatedPeriods, say: Wording) -> Finding:
    """How many of the next period's best customers the top tier does not have."""
    if result is None or not np.isfinite(result.missed):
        return _none(say)
    top, numbers = result.held.iloc[-1], _period(rated, say)
    numbers |= {"tier": say.value(top["tier"]), "n": top["n"], "missed": result.missed}
    if top["n"] < say.min_cell:
        return finding(say, f"{TOP}.too_few", claim="predictive", in_summary=False, **numbers)
    detail = say(f"{MISSED}.detail", **numbers)
    return finding(say, MISSED, detail, claim="predictive", **numbers)


def stay_finding(
    result: TierFutures, judged: Judgement | None, rated: RatedPeriods, say: Wording
) -> Finding:
    """Who came back (or stayed) after the rating: the highest beside the lowest tier."""
    if result.curve is None or judged is None:
        return _none(say)
    kind = "contract" if result.contractual else "purchase"
    last = result.table[result.table["weeks"] == result.table["weeks"].max()]
    last = last[~small_rows(last["n"], say.min_cell) & last["estimate"].notna()]
    if len(last) < 2:
        return finding(say, f"{STAY}.too_few", claim="predictive", in_summary=False)
    low, high = last.iloc[0], last.iloc[-1]
    numbers = _period(rated, say) | {
        "weeks": high["weeks"], "high": high["estimate"], "low": low["estimate"],
        "top": say.value(str(high["group"])), "bottom": say.value(str(low["group"])),
    }  # fmt: skip
    details = [say(f"{STAY}.{kind}.detail", **numbers)]
    if result.test is not None and np.isfinite(result.test.p_value):
        details.append(say(f"{STAY}.tested", p=result.test.p_value))
    auc = judged.churn.table.iloc[0]
    if np.isfinite(auc["estimate"]) and np.isfinite(auc["conf_low"]):
        ends = {"auc": auc["estimate"], "low": auc["conf_low"], "high": auc["conf_high"]}
        details += [say(f"{STAY}.{kind}.auc", **ends), say(f"{STAY}.{kind}.caution")]
    return finding(say, f"{STAY}.{kind}", *details, claim="predictive", in_summary=False, **numbers)


def stay_table(result: TierFutures, say: Wording) -> pd.DataFrame:
    """One row a tier, highest first: customers and the share by each horizon."""
    family = "stayed_for_{}_weeks" if result.contractual else "again_within_{}_weeks"
    if result.curve is None:
        return or_nothing(pd.DataFrame(columns=["tier", "n"]), "tier", say)
    wide = result.table.pivot(index="group", columns="weeks", values="estimate")
    wide = wide.reindex([group for group in result.curve.groups if group in wide.index])
    wide.columns = [family.format(f"{weeks:g}".replace(".", "_")) for weeks in wide]
    sizes = result.table.drop_duplicates("group").set_index("group")["n"]
    table = wide.assign(n=sizes).rename_axis("tier").reset_index()
    table["tier"] = table["tier"].astype(str)
    return table[["tier", "n", *wide.columns]][::-1].reset_index(drop=True)


def stay_caption(
    result: TierFutures, judged: Judgement | None, rated: RatedPeriods, say: Wording
) -> str:
    """What the curves by tier show."""
    told = stay_finding(result, judged, rated, say)
    head = f"{told.number} {told.headline}"
    if result.curve is None:
        return head
    kind = "contract" if result.contractual else "purchase"
    return f"{head} {say(f'{STAY}.{kind}.caption', **_period(rated, say))}"


def stay_alt(
    result: TierFutures, judged: Judgement | None, rated: RatedPeriods, say: Wording
) -> str:
    """The same in words."""
    told = stay_finding(result, judged, rated, say)
    return say(f"{STAY}.alt", headline=f"{told.number} {told.headline}")
