"""What the rating says: who is in which tier, what they hold, what serving them costs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.methods.concentration import Concentration
from analysis.methods.disclosure import small_rows
from analysis.params.tiers import Scheme
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording
from analysis.tiers import CostToServe, RatedPeriods, TierProfile

SCHEME, HELD, COST = (f"tiers.{part}" for part in ("scheme", "held", "cost"))
MOST_EXACT = 1e15


def period_of(rated: RatedPeriods, say: Wording) -> dict:
    """What sentences name of the latest rating: value, months, day, customers."""
    return {
        "value": say.value(rated.value),
        "months": rated.months,
        "rated_at": rated.present.rated_at,
        "customers": rated.present.customers,
    }


def scheme_table(rated: RatedPeriods, scheme: Scheme, say: Wording) -> pd.DataFrame:
    """The scheme in words: `tier, begins, n, share`, highest tier first."""
    limits = rated.present.thresholds
    less = {name.removeprefix("-") for name in _named(scheme) if name.startswith("-")}
    table = rated.present.summary[["tier", "n", "share"]].copy()
    table.insert(1, "begins", [_begins(tier, limits, less, scheme, say) for tier in table["tier"]])
    return table[::-1].reset_index(drop=True)


def _begins(tier: str, limits: pd.DataFrame, less: set, scheme: Scheme, say: Wording) -> str:
    if scheme.clusters is not None:
        return say(f"{SCHEME}.cluster")
    rows = limits[limits["tier"] == tier]
    if not len(rows):
        return say(f"{SCHEME}.lowest")
    parts = []
    for row in rows.itertuples():
        if not abs(row.limit) < MOST_EXACT:
            parts.append(say(f"{SCHEME}.unreached", quantity=say.value(row.quantity)))
            continue
        way = "at_most" if row.quantity in less else "at_least"
        numbers = {"quantity": say.value(row.quantity), "limit": row.limit}
        parts.append(say(f"{SCHEME}.{way}", **numbers))
    joined = "any" if scheme.thresholds and scheme.thresholds.combine == "any" else "all"
    text = parts[0]
    for part in parts[1:]:
        text = say(f"{SCHEME}.{joined}", before=text, after=part)
    return text


def _named(scheme: Scheme) -> list[str]:
    if scheme.thresholds:
        return list(scheme.thresholds.limits)
    if scheme.score:
        return [q for part in scheme.score.dimensions.values() for q in part.quantities]
    for rule in (scheme.rfm, scheme.clusters):
        if rule:
            return list(rule.quantities)
    return [(scheme.bands or scheme.quantiles).quantity]


def criteria_table(rated: RatedPeriods, scheme: Scheme, say: Wording) -> pd.DataFrame:
    """What is rated: `dimension, weight, quantities, known`."""
    if scheme.score:
        parts = {k: (part.weight, part.quantities) for k, part in scheme.score.dimensions.items()}
    else:
        parts = {scheme.kind: (np.nan, tuple(_named(scheme)))}
    rows = []
    for name, (weight, quantities) in parts.items():
        plain = [quantity.removeprefix("-") for quantity in quantities]
        missing = [q for q in plain if q not in rated.quantities]
        state = say(f"{SCHEME}.known") if not missing else _listed(missing, say, "missing")
        rows.append((f"rated_by_{name}", weight, _listed(plain, say, "list"), state))
    return pd.DataFrame(rows, columns=["dimension", "weight", "quantities", "known"])


def _listed(names: list[str], say: Wording, key: str) -> str:
    return say(f"{SCHEME}.{key}", names=", ".join(say.value(name) for name in names))


def held_finding(profile: TierProfile, rated: RatedPeriods, say: Wording) -> Finding:
    """How much of the past period's value the top tier holds."""
    top, numbers = profile.table.iloc[-1], period_of(rated, say)
    options = {"claim": "descriptive", "in_summary": False}
    if not np.isfinite(top["share_value"]):
        return finding(say, f"{HELD}.nothing", **options, **numbers)
    numbers |= {"tier": say.value(top["tier"])}
    if small_rows(profile.table["n"], say.min_cell).iloc[-1] or top["n"] == 0:
        return finding(say, f"{HELD}.too_few", **options, **numbers)
    numbers |= {"share": top["share_value"], "customers_share": top["share"], "n": top["n"]}
    return finding(say, f"{HELD}.told", say(f"{HELD}.told.detail", **numbers), **options, **numbers)


def profile_caption(rated: RatedPeriods, say: Wording) -> str:
    """What the figure of the tiers' shares shows."""
    return say(f"{HELD}.caption", **period_of(rated, say))


def profile_alt(profile: TierProfile, rated: RatedPeriods, say: Wording) -> str:
    """The same in words."""
    told = held_finding(profile, rated, say)
    return say(f"{HELD}.alt", headline=f"{told.number} {told.headline}")


def concentration_finding(result: Concentration, rated: RatedPeriods, say: Wording) -> Finding:
    """How much the best tenth hold, and the Gini coefficient."""
    numbers = period_of(rated, say)
    options = {"claim": "descriptive", "in_summary": False}
    if result.note or result.customers < say.min_cell:
        return finding(say, "tiers.concentration.none", **options, **numbers)
    lines = result.table.set_index("term")
    tenth, gini = lines.loc["top_10_percent"], lines.loc["gini"]
    details = []
    if np.isfinite(tenth["conf_low"]):
        numbers |= {"low": tenth["conf_low"], "high": tenth["conf_high"]}
        details.append(say("tiers.concentration.told.interval", **numbers))
    numbers |= {"share": tenth["estimate"], "gini": gini["estimate"]}
    details.append(say("tiers.concentration.told.gini", **numbers))
    if result.negatives:
        details.append(say("tiers.concentration.told.negative"))
    return finding(say, "tiers.concentration.told", *details, **options, **numbers)


def concentration_table(result: Concentration) -> pd.DataFrame:
    """The shares of the top: `top_group, held, held_conf_low, held_conf_high, n`."""
    rows = result.table[result.table["term"].str.startswith("top_")]
    names = {"term": "top_group", "estimate": "held"}
    names |= {"conf_low": "held_conf_low", "conf_high": "held_conf_high"}
    columns = [*names.values(), "n", "note"]
    return rows.rename(columns=names)[columns].reset_index(drop=True)


def concentration_caption(result: Concentration, rated: RatedPeriods, say: Wording) -> str:
    """What the Lorenz curve shows: the finding, then what is drawn."""
    told = concentration_finding(result, rated, say)
    drawn = say("tiers.concentration.caption", **period_of(rated, say))
    return f"{told.number} {told.headline} {drawn}"


def concentration_alt(result: Concentration, rated: RatedPeriods, say: Wording) -> str:
    """The same in words."""
    told = concentration_finding(result, rated, say)
    return say("tiers.concentration.alt", headline=f"{told.number} {told.headline}")


def cost_finding(result: CostToServe, say: Wording) -> Finding:
    """Where the cost of contacts goes and where value comes from."""
    options = {"claim": "descriptive", "in_summary": False}
    if result.note:
        return finding(say, f"{COST}.none", **options)
    table = result.table[~small_rows(result.table["n"], say.min_cell) & (result.table["n"] > 0)]
    if len(table) < 2 or not np.isfinite(table[["share_cost", "share_value"]].to_numpy()).all():
        return finding(say, f"{COST}.too_few", **options)
    low, top = table.iloc[0], table.iloc[-1]
    numbers = {
        "value": say.value(result.value), "low": say.value(low["tier"]),
        "top": say.value(top["tier"]), "low_cost": low["share_cost"],
        "low_value": low["share_value"], "top_cost": top["share_cost"],
        "top_value": top["share_value"],
    }  # fmt: skip
    detail = say(f"{COST}.told.detail", **numbers)
    return finding(say, f"{COST}.told", detail, **options, **numbers)


def cost_caption(result: CostToServe, rated: RatedPeriods, say: Wording) -> str:
    """What the figure of cost and value shows: the finding, then what is drawn."""
    told = cost_finding(result, say)
    drawn = say(f"{COST}.caption", **period_of(rated, say))
    return f"{told.number} {told.headline} {drawn}"


def cost_alt(result: CostToServe, say: Wording) -> str:
    """The same in words."""
    told = cost_finding(result, say)
    return say(f"{COST}.alt", headline=f"{told.number} {told.headline}")


def playbook_table(rated: RatedPeriods, say: Wording) -> pd.DataFrame:
    """The usual strategy for each tier: `tier, place, strategy`, highest first."""
    tiers = rated.present.tiers
    last = max(len(tiers) - 1, 1)
    places = ["low" if k / last < 1 / 3 else "mid" if k / last < 2 / 3 else "high"
              for k in range(len(tiers))]  # fmt: skip
    strategy = [say(f"tiers.playbook.{place}") for place in places]
    table = pd.DataFrame({"tier": tiers, "strategy": strategy})
    return table[::-1].reset_index(drop=True)


def or_nothing(table: pd.DataFrame, column: str, say: Wording) -> pd.DataFrame:
    """The table, or one line that says that nothing is told."""
    if len(table):
        return table
    nothing = pd.DataFrame({name: [np.nan] for name in table})
    return nothing.assign(**{column: say("tiers.not_told")})
