"""Is the movement through the stages alike everywhere, and has a stage a memory?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd

from analysis.chapters.stages.paths import since_start
from analysis.data import fetch
from analysis.errors import DataError
from analysis.methods.multistate import (
    MarkovTest,
    MovementTest,
    homogeneity_test,
    markov_test,
    stationarity_test,
)
from analysis.methods.pairs import is_known
from analysis.notes import Note, note
from analysis.states.stages import Stages, stage_paths

REPLICATIONS = 200
YEAR = 12
TOO_FEW = note("stages.too_few_moves")
ONE_YEAR = note("stages.one_year")


@dataclass(frozen=True, slots=True, eq=False)
class MovementTests:
    """Tests of movement, one row a question.

    Attributes
    ----------
    table : DataFrame of shape (questions,)
        `question` ('groups', once a segment, 'calendar', 'cohorts', 'memory')`, segment, p_value,
        draws` (that it was estimated by)`, from, to, where, ratio, note`: the transition that
        deviates most, in which group or period it does, and how many times as often it is made as
        expected if all were alike (for 'memory': `where` is the earlier stage, and there is no
        ratio).
    markov : MarkovTest or None
    """

    table: pd.DataFrame
    markov: MarkovTest | None

    def p_value(self, question: str, segment: str = "") -> float:
        """The p-value of one question (of 'groups' by segment); NaN where it was not tested."""
        return float(self._row(question, segment)["p_value"])

    def draws(self, question: str, segment: str = "") -> int:
        """The draws that this p-value was estimated by; 0 where it was not tested."""
        return int(self._row(question, segment)["draws"])

    def _row(self, question: str, segment: str) -> pd.Series:
        rows = self.table[(self.table["question"] == question) & (self.table["segment"] == segment)]
        return rows.iloc[0]


def movement_tests(
    stages: Stages,
    paths: Mapping[str, pd.DataFrame],
    *,
    seed: int,
    replications: int = REPLICATIONS,
) -> MovementTests:
    """Test whether groups, calendar years and cohorts move alike, and whether stages have a memory.

    Parameters
    ----------
    stages : Stages
    paths : mapping of segment to DataFrame
        Of `paths_by_segment`. Customers are permuted, so that one with many moves counts once.
    seed : int
        Fixes the permutations.
    replications : int
        Permutations a test.

    Returns
    -------
    MovementTests

    References
    ----------
    Titman & Putter (2022), Biostatistics 23, 380-396, for the Markov property.
    """
    begun = since_start(stages)
    years = _years(begun)
    rng = np.random.default_rng(seed)
    options = {"rng": rng, "replications": replications}
    rows = [
        _row(
            "groups",
            lambda by=by: homogeneity_test(_used(_known(by)), by="group", **options),
            segment,
        )
        for segment, by in paths.items()
    ]
    rows += [_calendar(begun, years, options), _cohorts(begun, years, options)]
    markov = _markov(next(iter(paths.values())), options)
    return MovementTests(pd.DataFrame([*rows, _memory(markov)]), markov)


def _years(begun: Stages) -> pd.DataFrame:
    """`customer_id, group` (the year of the start) and `month` (its first day)."""
    table = begun.table.group_by("customer_id").agg(month=ibis._.month.min())
    years = fetch(table)
    years["month"] = pd.to_datetime(years["month"])
    return years.assign(group=years["month"].dt.year.astype(str))


def _known(paths: pd.DataFrame) -> pd.DataFrame:
    return paths[is_known(paths["group"])] if len(paths) else paths


def _used(paths: pd.DataFrame) -> pd.DataFrame:
    if not len(paths) or paths["group"].nunique() < 2:
        raise DataError("groups must be two or more to be compared, but are not; choose others")
    return paths


def _row(question: str, run, segment: str = "") -> dict:
    """One test; where it cannot be made the row says why."""
    try:
        test: MovementTest = run()
    except DataError:
        return _untested(question, TOO_FEW, segment)
    moved = test.table.dropna(subset=["z"])
    if not len(moved):
        return _untested(question, TOO_FEW, segment)
    worst = moved.loc[moved["z"].abs().idxmax()]
    where = worst["group"] if "group" in worst else worst["period"]
    told = {"from": worst["from"], "to": worst["to"], "where": where, "ratio": worst["ratio"]}
    asked = {"question": question, "segment": segment, "p_value": test.p_value}
    return {**asked, "draws": test.replications, **told, "note": ""}


def _untested(question: str, why: Note, segment: str = "") -> dict:
    blank = {"p_value": np.nan, "draws": 0, "ratio": np.nan}
    blank |= dict.fromkeys(("from", "to", "where"))
    return {"question": question, "segment": segment, **blank, "note": why}


def _calendar(begun: Stages, years: pd.DataFrame, options: dict) -> dict:
    if not _spread(years):
        return _untested("calendar", ONE_YEAR)
    paths = stage_paths(begun, axis="calendar")
    first = years["month"].min()
    breaks = np.arange(13 - first.month, paths["stop"].max(), YEAR)
    row = _row("calendar", lambda: stationarity_test(paths, breaks=breaks, **options))
    if row["where"] is not None:
        opening = 0.0 if np.isinf(row["where"]) else row["where"]
        row["where"] = str((first + pd.DateOffset(months=int(opening))).year)
    return row


def _spread(years: pd.DataFrame) -> bool:
    """Whether customers began in different years, far enough apart."""
    if not len(years):
        return False
    span = years["month"].max() - years["month"].min()
    return span.days > 365 and years["group"].nunique() > 1


def _cohorts(begun: Stages, years: pd.DataFrame, options: dict) -> dict:
    if not _spread(years):
        return _untested("cohorts", ONE_YEAR)
    paths = stage_paths(begun, groups=years[["customer_id", "group"]])
    return _row("cohorts", lambda: homogeneity_test(_used(paths), by="group", **options))


def _markov(paths: pd.DataFrame, options: dict) -> MarkovTest | None:
    if not len(paths):
        return None
    landmarks = [month for month in (3, 6, 12, 24, 36) if month < paths["stop"].max()]
    if not landmarks:
        return None
    return markov_test(paths.drop(columns="group"), landmarks=landmarks, **options)


def _memory(markov: MarkovTest | None) -> dict:
    if markov is None or not np.isfinite(markov.p_value):
        return _untested("memory", TOO_FEW)
    traces = markov.traces
    worst = traces.loc[traces["z"].abs().idxmax()]
    told = {"from": worst["from"], "to": worst["to"], "where": worst["earlier"], "ratio": np.nan}
    asked = {"question": "memory", "segment": "", "p_value": markov.p_value}
    return {**asked, "draws": markov.replications, **told, "note": ""}
