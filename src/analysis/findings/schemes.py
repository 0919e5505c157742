"""Whether another scheme, or groups of the customers' own, would do better than the tiers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.findings.tiers import or_nothing
from analysis.methods.clusters import WEAK
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording
from analysis.tiers import OtherSchemes, OwnGroups

SCHEMES, GROUPS = "judging.schemes", "judging.groups"


def schemes_finding(result: OtherSchemes, say: Wording) -> Finding:
    """Whether another scheme would sort customers clearly better, and whom it would move."""
    table = result.table
    if len(table) < 2 or not np.isfinite(table["gini_conf_high"].iloc[0]):
        return finding(say, f"{SCHEMES}.none", claim="predictive", in_summary=False)
    own, others = table.iloc[0], table.iloc[1:].dropna(subset=["better"])
    if not len(others):
        return finding(say, f"{SCHEMES}.none", claim="predictive", in_summary=False)
    best = others.loc[others["better"].idxmax()]
    p_value = min(best["p_better"] * len(others), 1.0)
    numbers = {
        "own": own["gini"], "best": best["gini"], "scheme": say.value(best["scheme"]),
        "change": best["would_change"], "others": len(others),
        "own_share": own["top_share"], "own_customers": own["top_customers"],
        "best_share": best["top_share"], "best_customers": best["top_customers"],
        "gain": best["better"], "low": best["better_conf_low"], "high": best["better_conf_high"],
        "p": p_value,
    }  # fmt: skip
    clear = p_value < 1 - say.conf_level and best["better"] > 0
    key = "better" if clear else "alike"
    details = [say(f"{SCHEMES}.{key}.detail", **numbers)]
    if best["tiers"] > own["tiers"]:
        tiers = {"best_tiers": best["tiers"], "own_tiers": own["tiers"]}
        details.append(say(f"{SCHEMES}.more_tiers", **tiers))
    return finding(
        say, f"{SCHEMES}.{key}", *details, claim="predictive", in_summary=False, **numbers
    )


def schemes_table(result: OtherSchemes, say: Wording) -> pd.DataFrame:
    """The schemes; one line that says why where none could be judged."""
    return or_nothing(result.table, "scheme", say)


def groups_finding(result: OwnGroups, say: Wording) -> Finding:
    """Whether customers fall into groups of their own, and whether the tiers follow them."""
    options = {"claim": "descriptive", "in_summary": False}
    if not len(result.table) or result.table["n"].iloc[0] < say.min_cell:
        return finding(say, f"{GROUPS}.none", **options)
    best = result.table[result.table["chosen"]].iloc[0]
    numbers = {"groups": best["groups"], "silhouette": best["silhouette"]}
    numbers |= {"most": result.table["groups"].max()}
    clear = best["silhouette"] > WEAK
    details = [] if clear else [say(f"{GROUPS}.apart", **numbers)]
    details.append(say(f"{GROUPS}.stable", stability=best["stability"]))
    told = np.isfinite(result.tiers_silhouette)
    own = say(f"{GROUPS}.tiers", tiers=result.tiers_silhouette) if told else ""
    details.append(own or say(f"{GROUPS}.no_tiers"))
    names = ", ".join(say.value(name.removeprefix("-")) for name in result.quantities)
    details.append(say(f"{GROUPS}.looked_at", quantities=names, n=best["n"]))
    return finding(say, f"{GROUPS}.{'clear' if clear else 'weak'}", *details, **options, **numbers)


def groups_table(result: OwnGroups, say: Wording) -> pd.DataFrame:
    """`own_groups, silhouette, stability, reading, n`; one line where nothing is told."""
    table = result.table.rename(columns={"groups": "own_groups"})
    if not len(table):
        return or_nothing(pd.DataFrame(columns=["reading", "n"]), "reading", say)
    weak = np.where(table["note"] != "", say(f"{GROUPS}.weak_row"), "")
    reading = np.where(table["chosen"], say(f"{GROUPS}.best"), "")
    table["reading"] = [", ".join(filter(None, pair)) for pair in zip(reading, weak, strict=True)]
    return table[["own_groups", "silhouette", "stability", "reading", "n"]]
