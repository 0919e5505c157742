"""The results of drivers as tables to show."""

from __future__ import annotations

import pandas as pd

from analysis.chapters.drivers.importance import Drivers


def importance_table(result: Drivers) -> pd.DataFrame:
    """The importance of each driver, the most important first.

    Parameters
    ----------
    result : Drivers

    Returns
    -------
    DataFrame
        `term, n, estimate, conf_low, conf_high` (share of the differences, 0 to 1)`, of_explained,
        alone, last, rank, rank_stability`; no rows where nothing can be estimated.
    """
    if result.importance is None:
        return pd.DataFrame()
    table = result.importance.table.sort_values("rank")
    table = table.assign(of_explained=table["estimate"] / result.importance.r_squared)
    columns = ["term", "n", "estimate", "conf_low", "conf_high", "of_explained", "alone", "last"]
    return table[[*columns, "rank", "rank_stability"]]


def asymmetry_table(result: Drivers) -> pd.DataFrame:
    """What a low rating takes away and a high one adds, one row a driver.

    Parameters
    ----------
    result : Drivers

    Returns
    -------
    DataFrame
        `term, n_penalty, penalty` with interval`, n_reward, reward` with interval (points of
        satisfaction)`, kind`; no rows where nothing can be estimated.
    """
    if result.asymmetry is None:
        return pd.DataFrame()
    sides = [
        rows.set_index("group").rename(columns={"estimate": side}).add_suffix(f"_{side}")
        for side, rows in result.asymmetry.table.groupby("term", sort=False)
    ]
    wide = pd.concat(sides, axis=1)
    columns = {"kind": result.asymmetry.kinds.set_index("term")["kind"]}
    shown = pd.DataFrame(index=columns["kind"].index)
    for side in ("penalty", "reward"):
        shown[f"n_{side}"] = wide[f"n_{side}"]
        shown[side] = wide[f"{side}_{side}"]
        for end in ("conf_low", "conf_high"):
            shown[f"{side}_{end}"] = wide[f"{end}_{side}"]
    return shown.assign(**columns).reset_index()
