"""Differences and ratios of one summary between groups, in the table that all estimates share."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.errors import ParamsError
from analysis.methods.intervals import critical_value
from analysis.notes import joined, note


def choose_reference(groups: list[str], reference: str | None) -> str:
    """The group that the others are compared with: the one named, else the first.

    Parameters
    ----------
    groups : list of str
    reference : str, optional

    Returns
    -------
    str

    Raises
    ------
    ParamsError
        It is none of the groups.
    """
    if reference is None:
        return groups[0]
    if str(reference) not in groups:
        raise ParamsError(f"reference must be one of {', '.join(groups)}, but {reference!r} came")
    return str(reference)


def add_interval(table: pd.DataFrame, conf_level: float) -> pd.DataFrame:
    """Symmetric `conf_low` and `conf_high` around `estimate`, from `std_error`.

    Parameters
    ----------
    table : DataFrame
        Is changed.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
    """
    reach = critical_value(conf_level) * table["std_error"]
    table["conf_low"], table["conf_high"] = table["estimate"] - reach, table["estimate"] + reach
    return table


def contrast_rows(
    estimates: pd.DataFrame,
    reference: str,
    conf_level: float,
    *,
    covariance: pd.DataFrame | None = None,
    ratio: bool = False,
) -> list[dict]:
    """Rows `group, reference, term, estimate, ...` of each group against the reference.

    A ratio's interval is symmetric on the logarithm; its std_error is that of the logarithm.

    Parameters
    ----------
    estimates : DataFrame
        `group, estimate, std_error, n, note`, one row a group.
    reference : str
        The group that the others are compared with.
    conf_level : float
        Level of the intervals, in (0, 1).
    covariance : DataFrame, optional
        Of the estimates, by group; independent by default.
    ratio : bool
        Tell ratios beside differences.

    Returns
    -------
    list of dict
        `group, reference, n, note, term, estimate, std_error, conf_low, conf_high, p_value`.
    """
    rows = []
    base = estimates.set_index("group").loc[reference]
    for row in estimates.itertuples():
        if row.group == reference:
            continue
        shared = 0.0 if covariance is None else covariance.loc[row.group, reference]
        error = np.sqrt(max(row.std_error**2 + base["std_error"] ** 2 - 2 * shared, 0))
        notes = [row.note, base["note"]]
        if row.std_error == 0 or base["std_error"] == 0:
            error = np.nan
            notes.append(note("survival.no_test"))
        common = {
            "group": row.group,
            "reference": reference,
            "n": int(row.n + base["n"]),
            "note": joined(dict.fromkeys(notes)),
        }
        rows.append({**common, **_difference(row.estimate - base["estimate"], error, conf_level)})
        if ratio:
            rows.append({**common, **_ratio(row, base, shared, conf_level)})
    return rows


def _difference(estimate: float, error: float, conf_level: float) -> dict:
    reach = critical_value(conf_level) * error
    return {
        "term": "difference",
        "estimate": estimate,
        "std_error": error,
        "conf_low": estimate - reach,
        "conf_high": estimate + reach,
        "p_value": _two_sided(estimate, error),
    }


def _ratio(row, base: pd.Series, shared: float, conf_level: float) -> dict:
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.log(row.estimate / base["estimate"])
        variance = (
            (row.std_error / row.estimate) ** 2
            + (base["std_error"] / base["estimate"]) ** 2
            - 2 * shared / (row.estimate * base["estimate"])
        )
    error = np.sqrt(max(variance, 0))
    reach = critical_value(conf_level) * error
    return {
        "term": "ratio",
        "estimate": np.exp(log_ratio),
        "std_error": error,
        "conf_low": np.exp(log_ratio - reach),
        "conf_high": np.exp(log_ratio + reach),
        "p_value": _two_sided(log_ratio, error),
    }


def _two_sided(estimate: float, error: float) -> float:
    return float(2 * norm.sf(abs(estimate / error))) if error > 0 else np.nan
