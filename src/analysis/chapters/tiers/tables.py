"""The scheme of tiers in words, and what stands beside its results."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.chapters.tiers.limits import NearLimits
from analysis.params.tiers import Scheme
from analysis.states.rating.periods import RatedPeriods
from analysis.telling.wording import Wording

MOST_EXACT = 1e15
TESTS = ["excess", "excess_conf_low", "excess_conf_high", "p_value"]


def scheme_table(rated: RatedPeriods, scheme: Scheme, say: Wording) -> pd.DataFrame:
    """The scheme in words.

    Parameters
    ----------
    rated : RatedPeriods
    scheme : Scheme
        That rated them.
    say : Wording
        The chapter's texts.

    Returns
    -------
    DataFrame
        `tier, begins, n, share`, highest tier first.
    """
    limits = rated.present.thresholds
    less = {name.removeprefix("-") for name in _named(scheme) if name.startswith("-")}
    table = rated.present.summary[["tier", "n", "share"]].copy()
    table.insert(1, "begins", [_begins(tier, limits, less, scheme, say) for tier in table["tier"]])
    return table[::-1].reset_index(drop=True)


def _begins(tier: str, limits: pd.DataFrame, less: set, scheme: Scheme, say: Wording) -> str:
    if scheme.clusters is not None:
        return say("scheme.cluster")
    rows = limits[limits["tier"] == tier]
    if not len(rows):
        return say("scheme.lowest")
    parts = []
    for row in rows.itertuples():
        if not abs(row.limit) < MOST_EXACT:
            parts.append(say("scheme.unreached", quantity=row.quantity))
            continue
        way = "at_most" if row.quantity in less else "at_least"
        parts.append(say(f"scheme.{way}", quantity=row.quantity, limit=row.limit))
    joint = "any" if scheme.thresholds and scheme.thresholds.combine == "any" else "all"
    text = parts[0]
    for part in parts[1:]:
        text = say(f"scheme.{joint}", before=text, after=part)
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
    """What is rated.

    Parameters
    ----------
    rated : RatedPeriods
    scheme : Scheme
        That rated them.
    say : Wording
        The chapter's texts.

    Returns
    -------
    DataFrame
        `dimension, weight` (share of 1; NaN without a score)`, quantities, known`.
    """
    if scheme.score:
        parts = {k: (part.weight, part.quantities) for k, part in scheme.score.dimensions.items()}
    else:
        parts = {scheme.kind: (np.nan, tuple(_named(scheme)))}
    rows = []
    for name, (weight, quantities) in parts.items():
        plain = [quantity.removeprefix("-") for quantity in quantities]
        missing = [q for q in plain if q not in rated.quantities]
        state = say("scheme.missing", names=missing) if missing else say("scheme.known")
        rows.append((f"rated_by_{name}", weight, say("scheme.list", names=plain), state))
    return pd.DataFrame(rows, columns=["dimension", "weight", "quantities", "known"])


def near_table(result: NearLimits) -> pd.DataFrame:
    """Limits and who is near them, without the test of gathering where none was made.

    Parameters
    ----------
    result : NearLimits

    Returns
    -------
    DataFrame
        `quantity, tier, limit, width, below, above` (shares of all customers)`, excess` with its
        interval`, p_value, n, note`.
    """
    if result.table["excess"].notna().any():
        return result.table
    return result.table.drop(columns=[*TESTS, "note"])


def care_table(rated: RatedPeriods) -> pd.DataFrame:
    """The usual care for each tier.

    Parameters
    ----------
    rated : RatedPeriods

    Returns
    -------
    DataFrame
        `tier, strategy` (of its third: 'care_high', 'care_mid', 'care_low'), highest tier first.
    """
    tiers = rated.present.tiers
    places = np.arange(len(tiers)) / max(len(tiers) - 1, 1)
    strategy = np.select([places < 1 / 3, places < 2 / 3], ["care_low", "care_mid"], "care_high")
    return pd.DataFrame({"tier": tiers, "strategy": strategy})[::-1].reset_index(drop=True)
