"""Discrete-time hazards for contracts that can end only at a renewal, month by month.

Each relationship counts once in every period it was at risk; the complementary log-log of the
chance to end in a period is linear in the covariates, so that exp(coefficient) is the hazard ratio
of the proportional hazards model in continuous time that the periods were cut from.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.special import xlog1py, xlogy

from analysis.errors import DataError
from analysis.methods._durations import (
    Durations,
    check_choice,
    drop_uncounted,
    read_durations,
    read_groups,
)
from analysis.methods.hazards._coefficients import coefficient_table
from analysis.methods.hazards.design import (
    RUNAWAY,
    Design,
    name_separating,
    read_design,
    refuse_collinear,
    refuse_constant,
)
from analysis.methods.intervals import check_level
from analysis.notes import Note, note

BASELINES = ("period", "log")


@dataclass(frozen=True, slots=True, eq=False)
class DiscreteHazard:
    """Complementary log-log regression of ends by period.

    Attributes
    ----------
    table : DataFrame
        One row a term: `term, estimate` (log hazard ratio), `std_error, conf_low, conf_high,
        hazard_ratio, ratio_low, ratio_high, z, p_value, n, events, note`.
    baseline : DataFrame
        One row a period: `period, at_risk, events, hazard` (share of those at risk that ended).
    log_likelihood : float
        Of each relationship's periods one by one, however they were counted together.
    notes : tuple of Note
        Periods in which nothing ended.
    """

    table: pd.DataFrame
    baseline: pd.DataFrame
    log_likelihood: float
    notes: tuple[Note, ...]


def discrete_hazard(
    durations: pd.DataFrame,
    *,
    covariates: list[str],
    baseline: str = "period",
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> DiscreteHazard:
    """Estimate hazard ratios where relationships end only at whole periods.

    Parameters
    ----------
    durations : DataFrame
        `duration` (whole periods, >= 1, the period in which it ended or was last seen), `event`,
        optional `entry` (whole periods already past) and `count`; the covariates.
    covariates : list of str
        Numbers as they are; text and categories as indicators against their first level.
    baseline : {"period", "log"}
        One hazard a period, or a line in the logarithm of the period.
    cluster : str, optional
        Column whose rows belong together: robust standard errors.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    DiscreteHazard

    Raises
    ------
    DataError
        If durations are not whole periods of at least 1, or a covariate is constant, a combination
        of others, or separates those that ended.

    References
    ----------
    Prentice & Gloeckler (1978), Biometrics 34, 57-67; Jenkins (1995), Oxford Bulletin 57, 129-138.
    """
    check_level(conf_level)
    check_choice("baseline", baseline, BASELINES)
    columns = read_durations(durations)
    counted = drop_uncounted(durations)
    design = read_design(counted, covariates)
    refuse_constant(design)
    _refuse_fractions(columns)
    groups = None if cluster is None else read_groups(counted, cluster)[0]
    cells = _count_cells(columns, design, groups)
    by_period = cells.groupby("period")[["at_risk", "events"]].sum().reset_index()
    by_period["hazard"] = by_period["events"] / by_period["at_risk"]
    notes = ()
    if baseline == "period":
        quiet = by_period.loc[by_period["events"] == 0, "period"]
        cells = cells[~cells["period"].isin(quiet)]
        notes = _quiet_note(quiet)
    estimate, error, log_likelihood = _fit_cells(
        cells, design.terms, baseline, clustered=cluster is not None
    )
    count = np.ones(len(columns.event)) if columns.count is None else columns.count
    table = coefficient_table(
        design.terms,
        estimate,
        error,
        conf_level,
        n=columns.n,
        events=int(count[columns.event].sum()),
    )
    return DiscreteHazard(table, by_period, log_likelihood, notes)


def _refuse_fractions(columns: Durations) -> None:
    if not columns.event.any():
        raise DataError(
            "event must be 1 somewhere, but no relationship ended; look further ahead",
            why=note("reasons.no_end"),
        )
    for name, values in (("duration", columns.duration), ("entry", columns.entry)):
        if values is None:
            continue
        finite = values[np.isfinite(values)]
        wrong = (finite != np.floor(finite)) | ((finite < 1) & (name == "duration"))
        if wrong.any():
            raise DataError(
                f"{name} must be whole periods{' of at least 1' * (name == 'duration')}, but "
                f"{wrong.sum():,} of {len(values):,} are not (first: {finite[wrong][0]:g}); "
                "round up to the period in which it ended"
            )


def _count_cells(columns: Durations, design: Design, groups: np.ndarray | None) -> pd.DataFrame:
    entered = np.zeros(len(columns.duration), dtype=int)
    if columns.entry is not None:
        late = np.isfinite(columns.entry)
        entered[late] = columns.entry[late].astype(int)
    lengths = columns.duration.astype(int) - entered
    row = np.repeat(np.arange(len(lengths)), lengths)
    begin = np.cumsum(lengths) - lengths
    count = np.ones(len(lengths)) if columns.count is None else columns.count
    periods = pd.DataFrame(design.matrix[row], columns=design.terms)
    periods["period"] = np.arange(len(row)) - begin[row] + 1 + entered[row]
    periods["at_risk"] = count[row]
    last = np.arange(len(row)) == (begin + lengths - 1)[row]
    periods["events"] = count[row] * (last & columns.event[row])
    if groups is not None:
        periods["cluster"] = groups[row]
    keys = [name for name in periods.columns if name not in ("at_risk", "events")]
    return periods.groupby(keys, sort=True, as_index=False)[["at_risk", "events"]].sum()


def _quiet_note(quiet: pd.Series) -> tuple[Note, ...]:
    if not len(quiet):
        return ()
    listed = ", ".join(f"{period:g}" for period in quiet)
    return (note("hazards.quiet_periods", periods=listed),)


def _fit_cells(
    cells: pd.DataFrame, terms: list[str], baseline: str, *, clustered: bool
) -> tuple[np.ndarray, np.ndarray, float]:
    """Estimates and errors of the terms (p,), and the log likelihood."""
    x = cells[terms].to_numpy()
    scale = x.std(axis=0)
    x = (x - x.mean(axis=0)) / scale
    weight = cells["at_risk"].to_numpy()
    if baseline == "period":
        periods = pd.get_dummies(cells["period"], dtype=float).to_numpy()
    else:
        periods = np.column_stack([np.ones(len(cells)), np.log(cells["period"])])
    root = np.sqrt(weight)[:, None]
    left = x * root - periods * root @ np.linalg.lstsq(periods * root, x * root, rcond=None)[0]
    refuse_collinear(terms, left.T @ left)
    ends = cells["events"].to_numpy()
    model = sm.GLM(
        np.column_stack([ends, weight - ends]),
        np.column_stack([periods, x]),
        family=sm.families.Binomial(sm.families.links.CLogLog()),
    )
    options = {}
    if clustered:
        options = {"cov_type": "cluster", "cov_kwds": {"groups": cells["cluster"].to_numpy()}}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # separation is refused by name below
        fit = model.fit(maxiter=100, tol=1e-12, tol_criterion="params", **options)
    estimate, error = fit.params[periods.shape[1] :], fit.bse[periods.shape[1] :]
    _refuse_separation(error * np.ptp(x, axis=0), estimate, terms)
    chance = fit.fittedvalues
    log_likelihood = xlogy(ends, chance) + xlog1py(weight - ends, -chance)
    return estimate / scale, error / scale, float(log_likelihood.sum())


def _refuse_separation(spread: np.ndarray, estimate: np.ndarray, terms: list[str]) -> None:
    runaway = ~(spread < RUNAWAY) | ~np.isfinite(estimate)
    name_separating(terms, runaway)
