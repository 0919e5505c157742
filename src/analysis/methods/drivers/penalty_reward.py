"""Does a driver punish when it is low, reward when it is high, or both?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import DataError
from analysis.methods._rows import complete_rows
from analysis.methods.intervals import critical_value
from analysis.methods.regression import fit_linear
from analysis.notes import Note, note

LOW, HIGH = "\0low", "\0high"


@dataclass(frozen=True, slots=True, eq=False)
class PenaltyReward:
    """Penalty and reward of each driver against its middle answers.

    Attributes
    ----------
    outcome : str
    table : DataFrame
        `group` (driver)`, term` (penalty, reward, asymmetry = penalty + reward)`, estimate` (unit
        of the outcome)`, std_error, conf_low, conf_high, n` (answers in the low or high group)`,
        p_value, note`.
    kinds : DataFrame
        `term` (driver)`, kind`: basic (punishes more than it rewards), excitement (the reverse),
        performance (both alike), "no clear effect", "not estimable".
    n_missing : int
        Rows left out.
    """

    outcome: str
    table: pd.DataFrame
    kinds: pd.DataFrame
    n_missing: int


def penalty_reward(
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    low_at: float,
    high_at: float,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    conf_level: float = 0.95,
) -> PenaltyReward:
    """Regress the outcome on "at or below `low_at`" and "at or above `high_at`" of each driver.

    A group that nobody is in is NaN with a note.

    Parameters
    ----------
    frame : DataFrame
        One row an answer: the outcome, the drivers and the columns named below.
    outcome : str
        Column of the outcome.
    drivers : list of str
        Columns of numbers on one scale.
    low_at : float
        The highest answer that counts as low.
    high_at : float
        The lowest that counts as high.
    controls : list of str
        Columns of numbers or categories known before, taken out first.
    cluster : str, optional
        Column whose rows belong together (`customer_id`).
    weight : str, optional
        Column of the sampling weight, above 0.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    PenaltyReward

    Raises
    ------
    DataError
        `low_at` is not below `high_at`, no driver has low or high answers, and as `fit_linear`.

    References
    ----------
    Brandt (1987), in: Add Value to Your Service, AMA; Mikulić & Prebežac (2011), Managing Service
    Quality 21, 44-66.
    """
    if not low_at < high_at:
        raise DataError(f"low_at must lie below high_at, but {low_at} and {high_at} came")
    rows = complete_rows(frame, numbers=[outcome, *drivers], others=[*controls, cluster, weight])
    low = rows[list(drivers)].le(low_at).astype(float).add_suffix(LOW)
    high = rows[list(drivers)].ge(high_at).astype(float).add_suffix(HIGH)
    sides = pd.concat([low, high], axis=1)
    sides = sides.loc[:, sides.nunique() > 1]
    if sides.empty:
        raise DataError(
            "some answers must be low or high and others not, but all are alike",
            why=note("reasons.no_low_or_high"),
        )
    fit = fit_linear(
        rows.join(sides),
        outcome=outcome,
        drivers=list(sides),
        controls=[name for name in controls if rows[name].nunique() > 1],
        cluster=cluster,
        weight=weight,
        conf_level=conf_level,
    )
    names = fit.design.names
    coefficients = pd.Series(fit.parameters, names)
    spread = pd.DataFrame(fit.covariance, names, names)
    z = critical_value(conf_level)
    counts = {**low.sum(), **high.sum()}
    parts = [_rows_of(driver, coefficients, spread, counts, z) for driver in drivers]
    table = pd.concat(parts, ignore_index=True)
    return PenaltyReward(
        outcome=outcome,
        table=table,
        kinds=pd.DataFrame([_kind(table, driver, 1 - conf_level) for driver in drivers]),
        n_missing=len(frame) - len(rows),
    )


def _rows_of(
    driver: str,
    coefficients: pd.Series,
    spread: pd.DataFrame,
    counts: dict[str, float],
    z: float,
) -> pd.DataFrame:
    sides = {"penalty": [driver + LOW], "reward": [driver + HIGH]}
    sides["asymmetry"] = sides["penalty"] + sides["reward"]
    rows = []
    for term, columns in sides.items():
        known = all(column in coefficients.index for column in columns)
        why = "" if known else _lacking(columns, coefficients, counts)
        estimate = coefficients[columns].sum() if known else np.nan
        error = np.sqrt(spread.loc[columns, columns].to_numpy().sum()) if known else np.nan
        rows.append(
            {
                "group": driver,
                "term": term,
                "estimate": estimate,
                "std_error": error,
                "conf_low": estimate - z * error,
                "conf_high": estimate + z * error,
                "n": int(sum(counts[column] for column in columns)),
                "p_value": 2 * stats.norm.sf(abs(estimate / error)) if known else np.nan,
                "note": why,
            }
        )
    return pd.DataFrame(rows)


def _lacking(columns: list[str], coefficients: pd.Series, counts: dict[str, float]) -> Note:
    absent = next(column for column in columns if column not in coefficients.index)
    everybody = note("drivers.everybody_rated_so")
    return everybody if counts[absent] else note("drivers.nobody_rated_so")


def _kind(table: pd.DataFrame, driver: str, level: float) -> dict[str, str]:
    own = table[table["group"].eq(driver)].set_index("term")
    if own["estimate"].isna().any():
        return {"term": driver, "kind": "not estimable"}
    punishes = own.at["penalty", "p_value"] < level and own.at["penalty", "estimate"] < 0
    rewards = own.at["reward", "p_value"] < level and own.at["reward", "estimate"] > 0
    if own.at["asymmetry", "p_value"] < level and (punishes or rewards):
        kind = "basic" if own.at["asymmetry", "estimate"] < 0 else "excitement"
        return {"term": driver, "kind": kind}
    return {"term": driver, "kind": "performance" if punishes or rewards else "no clear effect"}
