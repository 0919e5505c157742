"""The scheme of tiers in words, and what stands beside its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.chapters.tiers.limits import NearLimits
from analysis.chapters.tiers.moves import Moves
from analysis.params.tiers import Scheme
from analysis.states.rating.periods import RatedPeriods
from analysis.telling.wording import Wording

MOST_EXACT = 1e15
TESTS = ["excess", "excess_conf_low", "excess_conf_high", "p_value"]


def scheme_table(rated: RatedPeriods, say: Wording) -> pd.DataFrame:
    """The scheme in words.

    Parameters
    ----------
    rated : RatedPeriods
    say : Wording
        The chapter's texts.

    Returns
    -------
    DataFrame
        `tier, begins, n, share`, highest tier first.
    """
    limits, scheme = rated.present.thresholds, rated.scheme
    named = _named(scheme) if scheme else []
    less = {name.removeprefix("-") for name in named if name.startswith("-")}
    table = rated.present.summary[["tier", "n", "share"]].copy()
    table.insert(1, "begins", [_begins(tier, limits, less, scheme, say) for tier in table["tier"]])
    return table[::-1].reset_index(drop=True)


def _begins(tier: str, limits: pd.DataFrame, less: set, scheme: Scheme | None, say: Wording) -> str:
    if scheme is None:
        return say("scheme.company")
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


def criteria_table(rated: RatedPeriods, say: Wording) -> pd.DataFrame:
    """What is rated.

    Parameters
    ----------
    rated : RatedPeriods
    say : Wording
        The chapter's texts.

    Returns
    -------
    DataFrame
        `dimension, weight` (share of 1, as it is used: of a dimension of which nothing is known 0,
        its own shared out among the others; NaN without a score)`, quantities, known`.
    """
    scheme = rated.scheme
    if scheme is None:
        row = ("rated_by_company", np.nan, say("scheme.by_company"), say("scheme.known"))
        return pd.DataFrame([row], columns=["dimension", "weight", "quantities", "known"])
    if scheme.score:
        parts = {name: part.quantities for name, part in scheme.score.dimensions.items()}
    else:
        parts = {scheme.kind: tuple(_named(scheme))}
    plain = {name: [q.removeprefix("-") for q in of] for name, of in parts.items()}
    present = rated.known([q for of in plain.values() for q in of])
    weights = _weights_used(scheme, plain, present)
    rows = []
    for name, quantities in plain.items():
        missing = [quantity for quantity in quantities if quantity not in present]
        state = say("scheme.missing", names=missing) if missing else say("scheme.known")
        named = say("scheme.list", names=quantities)
        rows.append((f"rated_by_{name}", weights[name], named, state))
    return pd.DataFrame(rows, columns=["dimension", "weight", "quantities", "known"])


def _weights_used(
    scheme: Scheme, quantities: Mapping[str, Sequence[str]], present: set[str]
) -> dict[str, float]:
    """The weight that each dimension has in the scores of this study."""
    if not scheme.score:
        return dict.fromkeys(quantities, np.nan)
    weights = {
        name: scheme.score.dimensions[name].weight if present & set(of) else 0.0
        for name, of in quantities.items()
    }
    return {name: weight / (sum(weights.values()) or 1.0) for name, weight in weights.items()}


def moves_table(moves: Moves) -> pd.DataFrame:
    """Who moved up, stayed and moved down: those of the finding, then beside luck.

    Parameters
    ----------
    moves : Moves
        Gated.

    Returns
    -------
    DataFrame
        `term, estimate` with interval`, n` (of everybody rated at both), and where luck is told
        `throughout` (of those who were customers throughout both periods, rated by each alone)`,
        luck` with interval`, n_throughout`.
    """
    columns = ["term", "estimate", "conf_low", "conf_high", "n"]
    rates = moves.rates[columns].reset_index(drop=True)
    beside = moves.against_luck.dropna(subset=["n", "luck"])
    if not len(beside):
        return rates
    names = {"estimate": "throughout", "n": "n_throughout"}
    beside = beside.rename(columns=names).drop(columns=["conf_low", "conf_high"])
    order = [*columns, "throughout", "luck", "luck_conf_low", "luck_conf_high", "n_throughout"]
    return rates.merge(beside, on="term", how="left")[order]


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
