"""Where the customers of a stage are some months later, and what the past of a stage changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.methods.multistate import transition_probabilities
from analysis.methods.multistate.aalen_johansen import conf_bounds
from analysis.states.stages import Stages, stage_paths

HALF_YEAR = 6
COLUMNS = ["to", "estimate", "conf_low", "conf_high", "customers", "memoryless", "before"]
SHARES = ("estimate", "customers", "memoryless", "before")


@dataclass(frozen=True, slots=True, eq=False)
class LaterStages:
    """Where the customers of one stage were some months later.

    Attributes
    ----------
    table : DataFrame of shape (later stages,)
        `to, estimate, conf_low, conf_high, customers, memoryless, before`: the landmark
        estimate over the last months of the observation, what an estimator would say that forgets
        the past of a stage (Aalen-Johansen under Markov), and the landmark estimate of the equally
        long time before, where it begins no earlier than stages are settled (`settled_months`).
    stage : str or None
        None where the scheme has no stage of decline.
    months : int
    n, n_before : int
        Customers in the stage at the two landmarks.
    """

    COUNTED_BY: ClassVar = {"table": "customers"}

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

    Parameters
    ----------
    stages : Stages
    stage : str or None
        None (no stage of decline) follows nobody.
    months : int
        How long before the end of the observation.
    min_cell : int
        Later stages of fewer customers are joined with the next smallest.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    LaterStages

    References
    ----------
    Putter & Spitoni (2018), Statistical Methods in Medical Research 27, 2081-2092.
    """
    paths = stage_paths(stages, axis="calendar")
    end = paths["stop"].max() if len(paths) else 0
    now = _from(paths, stage, end - months, end, "landmark", conf_level)
    n = 0 if now is None else int(now["n"].iloc[0])
    if now is None or n < min_cell:
        return LaterStages(pd.DataFrame(columns=COLUMNS), stage, months, 0, 0)
    table = now.assign(customers=(now["estimate"] * n).round())
    forgetful = _from(paths, stage, end - months, end, "aalen-johansen", conf_level)
    table["memoryless"] = table["to"].map(forgetful.set_index("to")["estimate"])
    before = None
    if 2 * months <= stages.settled_months:
        before = _from(paths, stage, end - 2 * months, end - months, "landmark", conf_level)
    n_before = 0 if before is None else int(before["n"].iloc[0])
    table["before"] = np.nan
    if n_before >= min_cell:
        table["before"] = table["to"].map(before.set_index("to")["estimate"])
    table = _join_small(table[table["customers"] > 0], n, min_cell, conf_level)
    return LaterStages(table[COLUMNS], stage, months, n, n_before)


def _join_small(table: pd.DataFrame, n: int, least: int, conf_level: float) -> pd.DataFrame:
    """Put later stages of fewer than `least` customers together with the next smallest."""
    rows = table.sort_values("customers", kind="stable").to_dict("records")
    while len(rows) > 1 and rows[0]["customers"] < least:
        rare, host, *others = rows
        sums = {name: rare[name] + host[name] for name in SHARES}
        names = sorted([*rare["to"].split(", "), *host["to"].split(", ")])
        share = np.clip([sums["estimate"]], 0, 1)
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
    table = transition_probabilities(
        paths, start=start, times=[end], method=method, conf_level=conf_level
    ).table
    return table[(table["from"] == stage) & table["estimate"].notna()]
