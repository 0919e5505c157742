"""Time alive within a horizon, averaged over customers as they are and one point up.

A Cox regression predicts every customer's curve twice: with the driver as answered, and raised by a
step but not beyond the top of its scale. The area under each curve up to the horizon is the
restricted mean; its average over customers is standardised, so that both means are of the same
customers. The difference compares customers who are alike in all other covariates of the model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.interpolate import CubicSpline

from analysis.errors import DataError, ParamsError
from analysis.methods._durations import Durations, check_columns, read_durations, read_groups
from analysis.methods.hazards._maximum import maximise
from analysis.methods.hazards._partial_likelihood import arrange_rows, sum_risk_sets
from analysis.methods.hazards.cox import CoxRegression, cox_regression
from analysis.methods.hazards.design import read_design
from analysis.methods.intervals import effective_units
from analysis.methods.resampling import bootstrap_counts, drawn_spread
from analysis.notes import note

KNOTS = 48
STEPS = 120
FEWEST_REPLICATES = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class StandardisedLife:
    """Standardised restricted means, and their difference.

    Attributes
    ----------
    driver : str
        Column that was raised.
    table : DataFrame
        `segment` (the column that forms the group; 'all'), `group, term` (as answered, raised,
        difference), `estimate` (unit of `duration`), `std_error` (bootstrap of clusters),
        `conf_low, conf_high` (t, of the effective number of clusters), `n, capped` (share of
        rows too near the top to be raised by the whole step), `note`.
    fit : CoxRegression
        Of all rows; its table holds the hazard ratio of the driver.
    horizon, step : float
    replicates : int
        Bootstrap samples that could be fitted.
    """

    table: pd.DataFrame
    fit: CoxRegression
    driver: str
    horizon: float
    step: float
    replicates: int


def standardised_life(
    durations: pd.DataFrame,
    *,
    driver: str,
    highest: float,
    horizon: float,
    rng: np.random.Generator,
    covariates: list[str] | None = None,
    step: float = 1.0,
    by: Sequence[str] = (),
    cluster: str | None = None,
    replications: int = 200,
    conf_level: float = 0.95,
) -> StandardisedLife:
    """Standardise the restricted mean over customers, as answered and one step up.

    Parameters
    ----------
    durations : DataFrame
        `duration` from the landmark (the answer) and `event`; the driver and `covariates`, known
        at the landmark, none missing. With `entry` the clock began before the landmark and stood
        there at it: curves are those from the entry on, of rows that had come so far.
    driver : str
        Column that is raised.
    highest : float
        Top of the driver's scale: nobody is raised beyond it.
    horizon : float
        In the unit of `duration`, from the landmark; not beyond the longest follow-up.
    rng : Generator
        Draws the bootstrap samples.
    covariates : list of str, optional
        Columns taken along beside the driver.
    step : float
        How far the driver is raised, in its unit.
    by : sequence of str
        Columns whose groups are averaged over one by one, beside all rows; one model for all.
    cluster : str, optional
        Column whose rows the bootstrap draws together (`customer_id`).
    replications : int
        Bootstrap samples, 1 or more.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    StandardisedLife

    Raises
    ------
    DataError
        As `cox_regression`; and where the horizon lies beyond the last follow-up, or the driver
        above its top.

    References
    ----------
    Chen & Tsiatis (2001), Biometrics 57, 1030-1038 (standardised restricted means); Karrison
    (1987), JASA 82, 1169-1176.
    """
    others = list(covariates or [])
    check_columns(durations, [driver, *others])
    if durations[driver].gt(highest).any():
        count = int(durations[driver].gt(highest).sum())
        raise DataError(f"{driver} must not exceed {highest:g}, but {count:,} rows do")
    fit = cox_regression(
        durations, covariates=[driver, *others], cluster=cluster, conf_level=conf_level
    )
    columns = read_durations(durations)
    entry = None if columns.entry is None else np.maximum(columns.entry, 0)
    followed = columns.duration if entry is None else columns.duration - entry
    if not 0 < horizon <= followed.max():
        raise DataError(
            f"the horizon must lie within follow-up, but {horizon:g} came and follow-up ends at "
            f"{followed.max():g}; choose a shorter one",
            why=note("reasons.beyond_follow_up", horizon=horizon, months=float(followed.max())),
        )
    if columns.count is not None:
        raise ParamsError("a landmark has one row each, but count came; leave it out")
    design = fit.sample.design
    matrix = design.matrix
    raised = durations.assign(**{driver: np.minimum(durations[driver] + step, highest)})
    moved = read_design(raised, design.covariates, design.levels).matrix
    groups = _groups(durations, by)
    members = [member for *_, member in groups]
    once = np.arange(len(matrix))
    estimate = _means(columns, matrix, moved, members, once, horizon)
    clusters = None if cluster is None else read_groups(durations, cluster)[0]
    drawn = []
    for counts in bootstrap_counts(
        len(matrix), replications=replications, rng=rng, clusters=clusters
    ):
        for sample in counts:
            rows = np.repeat(once, sample)
            drawn.append(_try_means(columns, matrix, moved, members, rows, horizon))
    replicates = np.array([means for means in drawn if means is not None])
    if len(replicates) < FEWEST_REPLICATES * replications:
        raise DataError(
            f"bootstrap samples must allow the regression, but only {len(replicates):,} of "
            f"{replications:,} did; use fewer covariates",
            why=note("reasons.unstable"),
        )
    capped = durations[driver].gt(highest - step).to_numpy()
    codes = once if clusters is None else clusters
    units = int(codes.max()) + 1
    reach = float(stats.t.ppf(0.5 + conf_level / 2, max(effective_units(codes) - 1, 1)))
    return StandardisedLife(
        table=_table(estimate, replicates, groups, capped, (drawn_spread(units), reach)),
        fit=fit,
        driver=driver,
        horizon=horizon,
        step=step,
        replicates=len(replicates),
    )


def _groups(durations: pd.DataFrame, by: Sequence[str]) -> list[tuple[str, str, np.ndarray]]:
    """Segment, group and its rows: everybody first, then the groups of each column."""
    found = [("all", "all", np.ones(len(durations), bool))]
    for column in by:
        codes, labels = read_groups(durations, column)
        found += [(column, label, codes == code) for code, label in enumerate(labels)]
    return found


def _try_means(columns: Durations, matrix, moved, members, rows, horizon) -> np.ndarray | None:
    try:
        return _means(columns, matrix, moved, members, rows, horizon)
    except (DataError, np.linalg.LinAlgError):
        return None


def _means(
    columns: Durations,
    matrix: np.ndarray,
    moved: np.ndarray,
    members: list[np.ndarray],
    rows: np.ndarray,
    horizon: float,
) -> np.ndarray:
    """(groups, 3) restricted means of the drawn rows: as answered, raised, their difference."""
    drawn, place_of = np.unique(rows, return_inverse=True)
    center, scale = matrix[rows].mean(axis=0), matrix[rows].std(axis=0)
    varies = scale > 0
    x = (matrix[drawn][:, varies] - center[varies]) / scale[varies]
    y = (moved[drawn][:, varies] - center[varies]) / scale[varies]
    arranged = arrange_rows(columns.take(rows), x[place_of], np.zeros(len(rows), dtype=int))
    names = [str(place) for place in range(x.shape[1])]
    beta, *_ = maximise(arranged, names)
    sums = sum_risk_sets(arranged, beta)
    shift = (beta @ arranged.x).max()
    log_risk = np.column_stack([x @ beta, y @ beta]) - shift
    if columns.entry is None:
        life = _life_by_risk(arranged.cell_time, sums.a0, log_risk, horizon)
    else:
        begun = np.maximum(columns.entry[drawn], 0)
        life = _life_from_entry(arranged.cell_time, sums.a0, log_risk, begun, horizon)
    found = np.full((len(members), 3), np.nan)
    for place, member in enumerate(members):
        inside = place_of[member[rows]]
        if len(inside):
            found[place, :2] = life[inside].mean(axis=0)
    found[:, 2] = found[:, 1] - found[:, 0]
    return found


def _life_by_risk(
    times: np.ndarray, steps: np.ndarray, log_risk: np.ndarray, horizon: float
) -> np.ndarray:
    """Area under exp(-H(t) risk) up to the horizon: smooth in the log risk, so interpolated."""
    before = times < horizon
    edges = np.concatenate([[0.0], times[before], [horizon]])
    hazard = np.concatenate([[0.0], np.cumsum(steps[before])])
    low, high = log_risk.min(), log_risk.max()
    knots = np.linspace(low, max(high, low + 1e-9), KNOTS)
    area = np.exp(-np.exp(knots)[:, None] * hazard) @ np.diff(edges)
    return CubicSpline(knots, area)(log_risk)


def _life_from_entry(
    times: np.ndarray,
    steps: np.ndarray,
    log_risk: np.ndarray,
    entry: np.ndarray,
    horizon: float,
) -> np.ndarray:
    """Area under exp(-(H(entry + t) - H(entry)) risk) up to the horizon, at the midpoints of t."""
    hazard = np.concatenate([[0.0], np.cumsum(steps)])
    ahead = (np.arange(STEPS) + 0.5) * horizon / STEPS
    begun = hazard[np.searchsorted(times, entry, side="right")]
    reached = hazard[np.searchsorted(times, entry[:, None] + ahead, side="right")]
    grown = (reached - begun[:, None]) * np.exp(log_risk[:, :1])
    area = np.exp(-grown).mean(axis=1)
    raised = np.exp(-grown * np.exp(log_risk[:, 1:] - log_risk[:, :1])).mean(axis=1)
    return np.column_stack([area, raised]) * horizon


def _table(
    estimate: np.ndarray,
    replicates: np.ndarray,
    groups: list[tuple[str, str, np.ndarray]],
    capped: np.ndarray,
    spread_and_quantile: tuple[float, float],
) -> pd.DataFrame:
    spread, quantile = spread_and_quantile
    error = spread * np.nanstd(replicates, axis=0, ddof=1)
    reach = quantile * error
    parts = [
        pd.DataFrame(
            {
                "segment": segment,
                "group": label,
                "term": ["as answered", "raised", "difference"],
                "estimate": estimate[place],
                "std_error": error[place],
                "conf_low": (estimate - reach)[place],
                "conf_high": (estimate + reach)[place],
                "n": int(member.sum()),
                "capped": capped[member].mean(),
                "note": "",
            }
        )
        for place, (segment, label, member) in enumerate(groups)
    ]
    return pd.concat(parts, ignore_index=True)
