"""What, of that known on the first day, goes with coming back or with ending?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.stats import chi2 as chi_squared
from scipy.stats import norm

from analysis.errors import DataError
from analysis.methods.hazards import CoxRegression, cox_regression
from analysis.methods.hazards.course import ratio_over_time
from analysis.methods.pairs import NO_GROUPS, holm, is_known
from analysis.methods.survival import milestone_differences, survival_curve
from analysis.notes import Note, note
from analysis.states.covariates import NO_VALUE
from analysis.states.waiting import Waiting

LEAST_ENDS = 30
MARKS = {"weeks": (4, 13, 26, 52, 104, 156), "months": (6, 12, 24, 36, 60, 120)}
THIRDS = ("lowest third", "middle third", "highest third")
PER = {"first_value": "per doubling", NO_VALUE: "without charge"}
TABLE_COLUMNS = ["covariate", "level", "reference", "log_ratio", "std_error", "hazard_ratio"]
TABLE_COLUMNS += ["hazard_ratio_conf_low", "hazard_ratio_conf_high", "p_value", "n", "cases"]
TABLE_COLUMNS += ["note"]
PAIR_COLUMNS = ["covariate", "level", "reference", "estimate", "std_error", "p_value", "p_holm"]
TEST_COLUMNS = ["covariate", "chi2", "dof", "p_value", "p_holm", "p_constant", "n", "note"]
MARK_COLUMNS = ["group", "reference", "time", "share", "estimate", "std_error", "conf_low"]
MARK_COLUMNS += ["conf_high", "p_value", "n", "note"]


@dataclass(frozen=True, slots=True, eq=False)
class Influences:
    """Cox regression on what was known on the first day: associations, not causes.

    Attributes
    ----------
    fit : CoxRegression or None
        None where fewer than 30 ends were observed, or no covariate can be used.
    note : Note or str
        Why there is no fit; empty where there is one.
    table : DataFrame of shape (numbers and levels, 12)
        `covariate, level` (numbers: what the ratio is per)`,
        reference` (the level compared with, empty for numbers)`, log_ratio, std_error` (of it)`,
        hazard_ratio, hazard_ratio_conf_low, hazard_ratio_conf_high, p_value, n` (customers)`,
        cases, note`; reference levels have ratio 1 and no interval.
    tests : DataFrame of shape (covariates, 8)
        `covariate, chi2, dof, p_value` (Wald, all its known groups alike)`, p_holm` (of its pair
        that is best supported)`, p_constant` (score test that its ratios are the same at all
        times)`, n, note`.
    pairs : DataFrame
        Every pair of known groups of each covariate, and each number: `covariate, level, reference,
        estimate` (log rate ratio)`, std_error, p_value, p_holm` (corrected over all of them).
    p_constant : float
        That all ratios are the same at all times.
    doubtful : str
        The covariate whose ratios change most clearly; empty where none does.
    watched, watched_level : str
        The covariate and level of `over_time` and `milestones`.
    over_time : DataFrame
        `time, hazard_ratio, ratio_conf_low, ratio_conf_high`: smooth through scaled Schoenfeld
        residuals.
    milestones : DataFrame of shape (groups x times, 11)
        `group, reference, time, share` (who came back or ended)`, estimate` (its difference)`,
        std_error, conf_low, conf_high, p_value, n, note`: needs no constant ratio. One row with a
        note where too few were observed so long.
    left_out : DataFrame
        `covariate, reason` (a note).
    incomplete : int
        Customers left out because a number is missing.
    kind, unit : str
    customers, ended : int
    """

    COUNTED_BY: ClassVar = {"table": "n", "tests": "n", "milestones": "n"}

    fit: CoxRegression | None
    note: Note | str
    table: pd.DataFrame
    tests: pd.DataFrame
    pairs: pd.DataFrame
    p_constant: float
    doubtful: str
    watched: str
    watched_level: str
    over_time: pd.DataFrame
    milestones: pd.DataFrame
    left_out: pd.DataFrame
    incomplete: int
    kind: str
    unit: str
    customers: int
    ended: int


def influences(waiting: Waiting, *, min_cell: int = 1, conf_level: float = 0.95) -> Influences:
    """Fit a Cox regression (Efron's ties) and check whether its ratios are constant over time.

    Parameters
    ----------
    waiting : Waiting
        Of `read_returning` or `read_ending`.
    min_cell : int
        Milestones are told as far as so many of each group are at risk.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    Influences

    References
    ----------
    Cox (1972), JRSS B 34, 187-220; Efron (1977), JASA 72, 557-565; Grambsch & Therneau (1994),
    Biometrika 81, 515-526; Klein et al. (2007), Statistics in Medicine 26, 4505-4519.
    """
    if waiting.ended < LEAST_ENDS or not waiting.covariates:
        return _not_fitted(waiting, why_not(waiting))
    try:
        fit = cox_regression(waiting.table, covariates=waiting.covariates, conf_level=conf_level)
    except DataError as error:  # such as a combination of covariates that decides who ends
        return _not_fitted(waiting, error.why or note("reasons.said", sentence=str(error)))
    pairs = _pairs(fit)
    tests = _tests(fit, pairs)
    constant = fit.proportional_hazards.table.set_index("term")["p_value"]
    alarming = tests.loc[tests["p_constant"] < 1 - conf_level, ["covariate", "p_constant"]]
    doubtful = ""
    if len(alarming) and constant.get("global", constant.iloc[0]) < 1 - conf_level:
        doubtful = str(alarming.loc[alarming["p_constant"].idxmin(), "covariate"])
    watched = doubtful or str(tests.loc[tests["p_holm"].idxmin(), "covariate"])
    term = _steepest(fit, watched)
    return Influences(
        fit=fit,
        note="",
        table=ratio_table(fit, waiting),
        tests=tests,
        pairs=pairs,
        p_constant=float(constant.get("global", constant.iloc[0])),
        doubtful=doubtful,
        watched=watched,
        watched_level=term.removeprefix(watched)[1:-1]
        or PER.get(watched, "per standard deviation"),
        over_time=ratio_over_time(fit, term, conf_level=conf_level),
        milestones=_milestones(waiting, watched, min_cell, conf_level),
        left_out=waiting.left_out,
        incomplete=waiting.incomplete,
        kind=waiting.kind,
        unit=waiting.unit,
        customers=len(waiting.table),
        ended=waiting.ended,
    )


def why_not(waiting: Waiting) -> Note:
    """Why no regression is fitted: nothing to compare by, or too few ends."""
    if not waiting.covariates:
        return note("influences.nothing_to_compare")
    return note("influences.too_few_ends", least=LEAST_ENDS)


def _not_fitted(waiting: Waiting, why: Note) -> Influences:
    names = (TABLE_COLUMNS, TEST_COLUMNS, PAIR_COLUMNS, ["time"], MARK_COLUMNS)
    table, tests, pairs, over_time, marks = (pd.DataFrame(columns=columns) for columns in names)
    return Influences(
        None, why, table, tests, pairs, np.nan, "", "", "", over_time, marks, waiting.left_out,
        waiting.incomplete, waiting.kind, waiting.unit, len(waiting.table), waiting.ended,
    )  # fmt: skip


def ratio_table(fit: CoxRegression, waiting: Waiting) -> pd.DataFrame:
    """One row a level: `TABLE_COLUMNS`, the reference of each covariate first."""
    ratios = fit.table.set_index("term")
    event = waiting.table["event"]
    rows = []
    for name in fit.sample.design.covariates:
        levels = fit.sample.design.levels.get(name, [])
        for level in levels or [PER.get(name, "per standard deviation")]:
            member = waiting.table[name].astype(str) == level if levels else event | True
            row = {"covariate": name, "level": level, "n": int(member.sum()), "note": ""}
            row |= {"cases": int(event[member].sum()), "reference": levels[0] if levels else ""}
            term = f"{name}[{level}]" if levels else name
            if term in ratios.index:
                own = ratios.loc[term]
                row |= {"log_ratio": own["estimate"], "std_error": own["std_error"]}
                row |= {"hazard_ratio": own["hazard_ratio"], "p_value": own["p_value"]}
                row["hazard_ratio_conf_low"] = own["ratio_low"]
                row["hazard_ratio_conf_high"] = own["ratio_high"]
            else:
                row |= {"hazard_ratio": 1.0, "note": note("influences.reference")}
            rows.append(row)
    return pd.DataFrame(rows, columns=TABLE_COLUMNS)


def _known_terms(fit: CoxRegression, position: int) -> list[int]:
    """The columns of a covariate but the one of those whose group is not known."""
    unknown = {f"{fit.sample.design.covariates[position]}[{name}]" for name in NO_GROUPS}
    own = np.flatnonzero(fit.sample.design.source == position)
    return [k for k in own if fit.sample.design.terms[k] not in unknown]


def _pairs(fit: CoxRegression) -> pd.DataFrame:
    """Rows of `PAIR_COLUMNS`: the reference of the regression stands second in its pairs."""
    rows = []
    for position, name in enumerate(fit.sample.design.covariates):
        own, levels = _known_terms(fit, position), fit.sample.design.levels.get(name, [])
        names = [fit.sample.design.terms[k].removeprefix(name)[1:-1] for k in own]
        first = levels[0] if levels else ""
        labels = names if levels else [PER.get(name, "per standard deviation")]
        contrasts = [({k: 1.0}, label, first) for k, label in zip(own, labels, strict=True)]
        contrasts += [
            ({a: 1.0, b: -1.0}, one, other)
            for (a, one), (b, other) in combinations(zip(own, names, strict=True), 2)
        ]
        rows += [{"covariate": name} | _contrast(fit, *contrast) for contrast in contrasts]
    pairs = pd.DataFrame(rows, columns=PAIR_COLUMNS[:-1])
    return pairs.assign(p_holm=holm(pairs["p_value"].to_numpy(float)))


def _contrast(fit: CoxRegression, weights: dict[int, float], level: str, reference: str) -> dict:
    at, weight = list(weights), np.array(list(weights.values()))
    estimate = float(weight @ fit.coefficients[at])
    error = float(np.sqrt(weight @ fit.covariance[np.ix_(at, at)] @ weight))
    row = {"level": level, "reference": reference, "estimate": estimate, "std_error": error}
    return row | {"p_value": 2 * norm.sf(abs(estimate / error)) if error > 0 else np.nan}


def _tests(fit: CoxRegression, pairs: pd.DataFrame) -> pd.DataFrame:
    best = pairs.groupby("covariate")["p_holm"].min()
    constant = fit.proportional_hazards.table.set_index("term")["p_value"]
    rows = []
    for position, name in enumerate(fit.sample.design.covariates):
        own = _known_terms(fit, position)
        beta = fit.coefficients[own]
        chi2 = float(beta @ np.linalg.solve(fit.covariance[np.ix_(own, own)], beta))
        row = {"covariate": name, "chi2": chi2, "dof": len(own), "n": fit.n, "note": ""}
        row |= {"p_value": chi_squared.sf(chi2, len(own)), "p_constant": constant[name]}
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.assign(p_holm=table["covariate"].map(best))[TEST_COLUMNS]


def _steepest(fit: CoxRegression, covariate: str) -> str:
    """The column of a covariate whose residuals change most with time."""
    position = fit.sample.design.covariates.index(covariate)
    terms = [fit.sample.design.terms[k] for k in _known_terms(fit, position)]
    residuals = fit.proportional_hazards.residuals
    slopes = {}
    for term in terms:
        own = residuals[residuals["term"] == term]
        time, value = own["transformed_time"].to_numpy(), own["residual"].to_numpy()
        spread = time.std() * value.std()
        slopes[term] = abs(np.cov(time, value)[0, 1] / spread) if spread > 0 else 0.0
    return max(slopes, key=slopes.get)


def _milestones(waiting: Waiting, covariate: str, min_cell: int, conf_level: float) -> pd.DataFrame:
    frame = waiting.table[["duration", "entry", "event"]].copy()
    values = waiting.table[covariate]
    frame["group"] = values if hasattr(values, "cat") else _thirds(values)
    frame = frame[is_known(frame["group"])]
    curve = survival_curve(frame, by="group")
    reach = min(
        max(sets.time[sets.at_risk >= min_cell], default=0.0) for sets in curve.risk_sets.values()
    )
    times = [time for time in MARKS[waiting.unit] if time <= min(reach, waiting.horizon)]
    if not times or frame["group"].nunique() < 2:
        row = {"n": len(frame), "note": note("influences.too_few_so_long")}
        return pd.DataFrame([row], columns=MARK_COLUMNS)
    compared = milestone_differences(frame, by="group", times=times, conf_level=conf_level)
    shares = compared.table.set_index(["group", "time"])["estimate"]
    told = compared.contrasts.copy()
    keys = pd.MultiIndex.from_frame(told[["group", "time"]])
    told["share"] = 1 - shares.reindex(keys).to_numpy()
    # The share that came back or ended: the complement of the share still waiting.
    told["estimate"] = -told["estimate"]
    told["conf_low"], told["conf_high"] = -told["conf_high"], -told["conf_low"]
    return told[MARK_COLUMNS]


def _thirds(values: pd.Series) -> pd.Series:
    lower, upper = np.quantile(values, [1 / 3, 2 / 3])
    codes = np.where(values <= lower, 0, np.where(values <= upper, 1, 2))
    return pd.Series(pd.Categorical.from_codes(codes, THIRDS), values.index)
