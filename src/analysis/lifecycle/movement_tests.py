"""Is the movement through the stages alike everywhere, and what does the past of a stage change?"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.lifecycle.movement import since_start
from analysis.lifecycle.stages import Stages, stage_paths
from analysis.methods.multistate import (
    MarkovTest,
    MovementTest,
    homogeneity_test,
    markov_test,
    stationarity_test,
    transition_probabilities,
)
from analysis.methods.multistate.aalen_johansen import conf_bounds

REPLICATIONS = 200
YEAR = 12
HALF_YEAR = 6
TOO_FEW = "too few moves to compare"
SHARES = ("estimate", "customers", "memoryless", "before")
ONE_YEAR = "all began within one year, so age and calendar cannot be told apart"


@dataclass(frozen=True, slots=True, eq=False)
class MovementTests:
    """Tests of movement, one row a question.

    Attributes
    ----------
    table : DataFrame
        `question` ('groups', 'calendar', 'cohorts', 'memory')`, p_value, from, to, where, ratio,
        note`: the transition that deviates most, in which group or period it does, and how many
        times as often it is made as expected if all were alike (for 'memory': `where` is the
        earlier stage, and there is no ratio).
    markov : MarkovTest or None
    """

    table: pd.DataFrame
    markov: MarkovTest | None

    def p_value(self, question: str) -> float:
        """The p-value of one question; NaN where it was not tested."""
        return float(self.table.set_index("question")["p_value"][question])


@dataclass(frozen=True, slots=True, eq=False)
class LaterStages:
    """Where the customers of one stage were some months later.

    Attributes
    ----------
    table : DataFrame
        `to, estimate, conf_low, conf_high, customers, memoryless, before, note`: the landmark
        estimate over the last months of the observation, what an estimator would say that forgets
        the past of a stage (Aalen-Johansen under Markov), and the landmark estimate of the equally
        long time before.
    stage : str or None
        None where the scheme has no stage of decline.
    months : int
    n, n_before : int
        Customers in the stage at the two landmarks.
    """

    table: pd.DataFrame
    stage: str | None
    months: int
    n: int
    n_before: int

    def share_in(self, stage: str) -> dict[str, float] | None:
        """The row of one later stage (or of those it is joined with); None where it is not told."""
        named = np.array([stage in to.split(", ") for to in self.table["to"]], dtype=bool)
        rows = self.table[named & self.table["estimate"].notna()]
        return rows.iloc[0].to_dict() if len(rows) else None


def movement_tests(
    stages: Stages, paths: pd.DataFrame, *, seed: int, replications: int = REPLICATIONS
) -> MovementTests:
    """Test whether groups, calendar years and cohorts move alike, and whether stages have a memory.

    Parameters
    ----------
    paths : DataFrame
        Of `grouped_paths`. Customers are permuted, so that one with many moves counts once.

    References
    ----------
    Titman & Putter (2022), Biostatistics 23, 380-396, for the Markov property.
    """
    begun = since_start(stages)
    years = _years(begun)
    rng = np.random.default_rng(seed)
    options = {"rng": rng, "replications": replications}
    rows = [
        _row("groups", lambda: homogeneity_test(_used(paths), by="group", **options)),
        _calendar(begun, years, options),
        _cohorts(begun, years, options),
    ]
    markov = _markov(paths, options)
    return MovementTests(pd.DataFrame([*rows, _memory(markov)]), markov)


def _years(begun: Stages) -> pd.DataFrame:
    """`customer_id, group` (the year of the start) and `month` (its first day)."""
    table = begun.table.group_by("customer_id").agg(month=ibis._.month.min())
    years = table.to_pandas()
    years["month"] = pd.to_datetime(years["month"])
    return years.assign(group=years["month"].dt.year.astype(str))


def _used(paths: pd.DataFrame) -> pd.DataFrame:
    if not len(paths) or paths["group"].nunique() < 2:
        raise DataError("groups must be two or more to be compared, but are not; choose others")
    return paths


def _row(question: str, run) -> dict:
    """One test; where it cannot be made the row says why."""
    try:
        test: MovementTest = run()
    except DataError:
        return _untested(question, TOO_FEW)
    worst = test.table.loc[test.table["z"].abs().idxmax()]
    where = worst["group"] if "group" in worst else worst["period"]
    told = {"from": worst["from"], "to": worst["to"], "where": where, "ratio": worst["ratio"]}
    return {"question": question, "p_value": test.p_value, **told, "note": ""}


def _untested(question: str, note: str) -> dict:
    blank = {"p_value": np.nan, "from": None, "to": None, "where": None, "ratio": np.nan}
    return {"question": question, **blank, "note": note}


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
    return {"question": "memory", "p_value": markov.p_value, **told, "note": ""}


def later_stages(
    stages: Stages,
    stage: str | None,
    *,
    months: int = HALF_YEAR,
    min_cell: int = 1,
    conf_level: float = 0.95,
) -> LaterStages:
    """Follow those who were in a stage some months before the end of the observation to its end.

    The landmark estimator needs no Markov assumption: it follows these customers only.

    References
    ----------
    Putter & Spitoni (2018), Statistical Methods in Medical Research 27, 2081-2092.
    """
    columns = ["to", "estimate", "conf_low", "conf_high", "customers", "memoryless", "before"]
    paths = stage_paths(stages, axis="calendar")
    end = paths["stop"].max() if len(paths) else 0
    now = _from(paths, stage, end - months, end, "landmark", conf_level)
    n = 0 if now is None else int(now["n"].iloc[0])
    if now is None or n < min_cell:
        reason = "fewer customers in the stage than may be shown"
        blank = pd.DataFrame([{"to": "all", "note": reason}], columns=[*columns, "note"])
        return LaterStages(blank, stage, months, 0, 0)
    table = now.assign(customers=(now["estimate"] * n).round())
    forgetful = _from(paths, stage, end - months, end, "aalen-johansen", conf_level)
    table["memoryless"] = table["to"].map(forgetful.set_index("to")["estimate"])
    before = _from(paths, stage, end - 2 * months, end - months, "landmark", conf_level)
    n_before = 0 if before is None else int(before["n"].iloc[0])
    table["before"] = np.nan
    if n_before >= min_cell:
        table["before"] = table["to"].map(before.set_index("to")["estimate"])
    table = _join_small(table[table["customers"] > 0], n, min_cell, conf_level)
    return LaterStages(table[[*columns, "note"]], stage, months, n, n_before)


def _join_small(table: pd.DataFrame, n: int, least: int, conf_level: float) -> pd.DataFrame:
    """Put later stages of fewer than `least` customers together with the next smallest."""
    rows = table.assign(note="").sort_values("customers", kind="stable").to_dict("records")
    while len(rows) > 1 and rows[0]["customers"] < least:
        rare, host, *others = rows
        sums = {name: rare[name] + host[name] for name in SHARES}
        names = sorted([*rare["to"].split(", "), *host["to"].split(", ")])
        share = np.array([sums["estimate"]])
        low, high = conf_bounds(share, np.sqrt(share * (1 - share) / n), conf_level, "logit")
        joined = {"to": ", ".join(names), "conf_low": low[0], "conf_high": high[0]}
        rows = sorted([{**host, **sums, **joined}, *others], key=lambda row: row["customers"])
    order = list(table["to"])
    rows.sort(key=lambda row: min(order.index(name) for name in row["to"].split(", ")))
    return pd.DataFrame(rows)


def _from(paths, stage, start, end, method, conf_level) -> pd.DataFrame | None:
    """Shares of the stages at `end` of those who were in the stage at `start`."""
    if stage is None or start < 0 or not len(paths):
        return None
    alive = (paths["start"] <= start) & (paths["stop"] > start)
    if not (alive & (paths["from"] == stage)).any():
        return None
    found = transition_probabilities(
        paths, start=start, times=[end], method=method, conf_level=conf_level
    )
    table = found.table
    return table[(table["from"] == stage) & table["estimate"].notna()]
