"""The results of judging as tables to show."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.chapters.judging.futures import TierFutures
from analysis.chapters.judging.groups import OwnGroups
from analysis.chapters.judging.judgement import Judgement
from analysis.chapters.judging.schemes import OtherSchemes
from analysis.telling.pairs import with_told_differences


def next_table(result: Judgement | None) -> pd.DataFrame:
    """The next period by tier, highest first; no rows where no rating can be judged.

    Parameters
    ----------
    result : Judgement or None

    Returns
    -------
    DataFrame
        `tier, n, share, estimate` (mean value a customer) with its interval`, value_share` with
        its interval.
    """
    if result is None:
        return pd.DataFrame()
    columns = ["tier", "n", "share", "estimate", "conf_low", "conf_high"]
    columns += ["value_share", "value_share_conf_low", "value_share_conf_high"]
    return result.table[columns][::-1].reset_index(drop=True)


def gain_table(result: Judgement | None) -> pd.DataFrame:
    """Scores side by side; no rows where no rating can be judged.

    Parameters
    ----------
    result : Judgement or None

    Returns
    -------
    DataFrame
        `score, estimate` (normalised Gini) with its interval`, spearman` with its interval`,
        top_10_percent, top_20_percent` (share of the value that these hold)`, n`.
    """
    rows = []
    scores = () if result is None else result.gain.table.groupby("group", sort=False)
    for name, lines in scores:
        lines, row = lines.set_index("term"), {"score": name}
        for term, lead in (("normalised_gini", ""), ("spearman", "spearman_")):
            row[lead.rstrip("_") or "estimate"] = lines.loc[term, "estimate"]
            row |= {f"{lead}{end}": lines.loc[term, end] for end in ("conf_low", "conf_high")}
        tops = ("top_10_percent", "top_20_percent")
        row |= {term: lines.loc[term, "estimate"] for term in tops}
        rows.append(row | {"n": lines["n"].iloc[0]})
    return pd.DataFrame(rows)


def schemes_table(result: OtherSchemes) -> pd.DataFrame:
    """The schemes side by side, the one in force first.

    Parameters
    ----------
    result : OtherSchemes

    Returns
    -------
    DataFrame
        Its table; `gain` is told with the numbers of `estimate` that it lies between.
    """
    if not len(result.table):
        return result.table
    places = range(len(result.table))
    pairs = pd.DataFrame({"group": places, "reference": 0, "estimate": result.table["gain"]})
    schemes = result.table.assign(group=places)
    pairs, schemes = with_told_differences(pairs, schemes, number="estimate")
    return schemes.assign(gain=pairs["estimate"]).drop(columns="group")


def stay_table(result: TierFutures) -> pd.DataFrame:
    """One row a tier, highest first; no rows where no rating can be judged.

    Parameters
    ----------
    result : TierFutures

    Returns
    -------
    DataFrame
        `tier, n`, and the share by each horizon: `again_within_<weeks>_weeks` or
        `stayed_for_<weeks>_weeks`.
    """
    if result.curve is None:
        return pd.DataFrame()
    family = "stayed_for_{}_weeks" if result.contractual else "again_within_{}_weeks"
    wide = result.table.pivot(index="group", columns="weeks", values="estimate")
    wide = wide.reindex([group for group in result.curve.groups if group in wide.index])
    wide.columns = [family.format(f"{weeks:g}".replace(".", "_")) for weeks in wide]
    sizes = result.table.drop_duplicates("group").set_index("group")["n"]
    table = wide.assign(n=sizes).rename_axis("tier").reset_index()
    table["tier"] = table["tier"].astype(str)
    return table[["tier", "n", *wide.columns]][::-1].reset_index(drop=True)


def groups_table(result: OwnGroups) -> pd.DataFrame:
    """The numbers of groups tried, with what speaks for each.

    Parameters
    ----------
    result : OwnGroups

    Returns
    -------
    DataFrame
        `k, silhouette, stability, reading` ('clearest_groups', 'weak_groups', both or '')`, n`.
    """
    chosen, weak = result.table["chosen"].astype(bool), result.table["note"].ne("")
    reading = np.select(
        [chosen & weak, chosen, weak],
        ["clearest_weak_groups", "clearest_groups", "weak_groups"],
        "",
    )
    return result.table.assign(reading=reading)[["k", "silhouette", "stability", "reading", "n"]]
