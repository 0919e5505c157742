"""Who moves between tiers, and who sits so near a limit that little would move them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.findings.tiers import or_nothing
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording
from analysis.tiers import Moves, NearLimits

MOVES, NEAR = "tiers.moves", "tiers.near"


def moves_finding(result: Moves, say: Wording) -> Finding:
    """How many customers changed tier, and how many luck alone would move."""
    if result.observed is None or not _rates(result)["n"].iloc[0] >= say.min_cell:
        return finding(say, f"{MOVES}.none", claim="descriptive", in_summary=False)
    rates = _rates(result).set_index("term")
    n = rates["n"].iloc[0]
    numbers = {"moved": 1 - rates.loc["stay", "estimate"], "first": result.dates[0]}
    numbers |= {"second": result.dates[1], "n": n, "number": n - n * rates.loc["stay", "estimate"]}
    numbers |= {"up": rates.loc["up", "estimate"], "down": rates.loc["down", "estimate"]}
    details = [say(f"{MOVES}.told.detail", **numbers), _luck(result, say)]
    return finding(say, f"{MOVES}.told", *details, claim="descriptive", **numbers)


def _rates(result: Moves) -> pd.DataFrame:
    rates = result.observed.rates
    return rates[rates["group"] == "all"]


def _luck(result: Moves, say: Wording) -> str:
    rows = result.against_luck.set_index("term")
    stay = rows.loc["stay"]
    if not (np.isfinite(stay["luck"]) and stay["n"] >= say.min_cell):
        return say(f"{MOVES}.luck.none")
    numbers = {"moved": 1 - stay["estimate"], "luck": 1 - stay["luck"], "n": stay["n"]}
    numbers |= {"low": 1 - stay["luck_conf_high"], "high": 1 - stay["luck_conf_low"]}
    beyond = numbers["moved"] - numbers["luck"]
    within = numbers["low"] <= numbers["moved"] <= numbers["high"]
    key = "within" if within else "more" if beyond > 0 else "fewer"
    return say(f"{MOVES}.luck.{key}", **numbers)


def rates_table(result: Moves) -> pd.DataFrame:
    """Moves beside luck: `move, moved, …, luck, …, n`."""
    names = {"term": "move", "estimate": "moved"}
    names |= {"conf_low": "moved_conf_low", "conf_high": "moved_conf_high"}
    rows = result.against_luck[result.against_luck["term"] != "mobility"]
    return rows.rename(columns=names).reset_index(drop=True)


def mobility_sentence(result: Moves, say: Wording) -> str:
    """Shorrocks' index beside luck, for the caption of the table."""
    row = result.against_luck.set_index("term").loc["mobility"]
    if not np.isfinite([row["estimate"], row["luck"]]).all() or row["n"] < say.min_cell:
        return ""
    return say(f"{MOVES}.mobility", mobility=row["estimate"], luck=row["luck"])


def moves_caption(result: Moves, say: Wording) -> str:
    """What the heat map shows: the finding, then what is drawn."""
    told = moves_finding(result, say)
    if result.observed is None:
        return f"{told.number} {told.headline}"
    numbers = {"first": result.dates[0], "second": result.dates[1]}
    return f"{told.number} {told.headline} {say(f'{MOVES}.caption', **numbers)}"


def moves_alt(result: Moves, say: Wording) -> str:
    """The same in words."""
    told = moves_finding(result, say)
    return say(f"{MOVES}.alt", headline=f"{told.number} {told.headline}")


def near_finding(result: NearLimits, say: Wording) -> Finding:
    """How many customers sit near a limit, and whether they gather above one."""
    options = {"claim": "descriptive", "in_summary": False}
    if result.note or not len(result.table) or result.table["n"].max() < say.min_cell:
        return finding(say, f"{NEAR}.none", **options)
    tested = result.table.dropna(subset=["p_value"])
    detail = say(f"{NEAR}.untested")
    if len(tested):
        first = tested.loc[tested["p_value"].idxmin()]
        p_value = min(first["p_value"] * len(tested), 1.0)
        numbers = {"tier": say.value(first["tier"]), "p": p_value, "limits": len(tested)}
        clear = p_value < 1 - say.conf_level and first["excess"] > 0
        detail = say(f"{NEAR}.{'bunching' if clear else 'smooth'}", **numbers)
    return finding(say, f"{NEAR}.told", detail, **options, near=result.near)


def near_table(result: NearLimits, say: Wording) -> pd.DataFrame:
    """Limits and who is near them; one line that says why where there are none."""
    table = result.table.rename(columns={"p_value": "p_excess", "width": "near_width"})
    tests = ["excess", "excess_conf_low", "excess_conf_high", "p_excess"]
    if len(table) and not table["excess"].notna().any():
        table = table.drop(columns=[*tests, "note"])
    return or_nothing(table, "quantity", say)
