"""Is the movement the same in every period? A test that randomises by customer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods.multistate._paths import Paths, read_paths
from analysis.methods.multistate.comparison import (
    MovementTest,
    movement_result,
    name_states,
    ratio,
    wald,
)
from analysis.methods.multistate.steps import observed_steps
from analysis.notes import note

# Expected in each period, for a transition to be tested. In 1,500 simulated data sets with late
# entry a test at 5 % rejects 4.7 to 5.5 % with 15, and 5.9 to 6.5 % with 5.
FEWEST_EVENTS = 15


def stationarity_test(
    paths: pd.DataFrame,
    *,
    breaks: Sequence[float],
    rng: np.random.Generator,
    step: float = 1.0,
    replications: int = 500,
) -> MovementTest:
    """Test that the step-by-step transition probabilities are the same in every period.

    On calendar time: the time axis of `paths` must be the calendar's. The score of a transition in
    a period (Anderson & Goodman 1957) is summed by customer, and each customer's scores keep or
    change their sign at random (Hemerik, Goeman & Finos 2020, J R Stat Soc B 82, 841-864), so that
    customers, not transitions, are exchanged. Customers who age together (one cohort) change with
    the calendar even where nothing else does: to compare cohorts at the same age use
    `homogeneity_test` with the cohort as group. Transitions with fewer than fifteen events expected
    in a period are left out, and the note says so.

    Parameters
    ----------
    paths : DataFrame
        `customer_id, start, stop, from, to` and optionally `count` (see `read_paths`); times in one
        unit.
    breaks : sequence of float
        Where one period ends and the next begins.
    rng : Generator
        Random numbers.
    step : float
        Time between two looks at a customer, above 0.
    replications : int
        Random changes of sign.

    Returns
    -------
    MovementTest

    Raises
    ------
    ParamsError
        The breaks leave one period with transitions.
    DataError
        No transition has events enough in every period.
    """
    breaks = np.unique(np.asarray(breaks, dtype=float))
    whole = read_paths(paths)
    pairs = observed_steps(whole, step)
    period = np.searchsorted(breaks, pairs["time"].to_numpy(), side="right")
    names, period = np.unique(period, return_inverse=True)
    if len(names) < 2:
        raise ParamsError(
            f"breaks must divide the follow-up into periods with transitions, but "
            f"{breaks.tolist()} leaves {len(names)}"
        )
    scores, table, note = _step_scores(whole, pairs, period, len(names))
    weighted = scores * np.sqrt(whole.count)[:, None]
    total, covariance = whole.count @ scores, weighted.T @ weighted
    inverse = np.linalg.pinv(covariance, hermitian=True)
    statistic, df = wald(total, covariance)
    each = np.repeat(scores, whole.count.astype(int), axis=0)
    flipped = np.array([rng.choice([-1.0, 1.0], len(each)) @ each for _ in range(replications)])
    drawn = np.einsum("bt,tu,bu->b", flipped, inverse, flipped)
    starts = np.concatenate([[-np.inf], breaks])
    table["period"] = starts[names[table["period"]]]
    return movement_result(table, statistic, df, drawn, replications, note)


def _step_scores(paths: Paths, pairs: pd.DataFrame, period: np.ndarray, periods: int):
    customer = pairs["customer"].to_numpy()
    source, target = pairs["from"].to_numpy(), pairs["to"].to_numpy()
    weight = paths.count[customer]
    columns, rows, left = [], [], 0
    for move in np.unique(np.column_stack([source, target])[source != target], axis=0):
        trial, made = source == move[0], (source == move[0]) & (target == move[1])
        trials = np.bincount(period[trial], weight[trial], periods)
        rate = weight[made].sum() / trials.sum()
        if (rate * trials < FEWEST_EVENTS).any():
            left += 1
            continue
        residual = (made[trial] - rate)[:, None] * (
            np.eye(periods)[period[trial]] - trials / trials.sum()
        )
        columns += [
            np.bincount(customer[trial], residual[:, at], len(paths.count)) for at in range(periods)
        ]
        seen = np.bincount(period[made], weight[made], periods)
        rows += [(*move, at, seen[at], rate * trials[at]) for at in range(periods)]
    if not columns:
        raise DataError(
            f"at least one transition must have {FEWEST_EVENTS} expected events a period, but none "
            f"has; choose fewer breaks"
        )
    scores = np.column_stack(columns)
    table = pd.DataFrame(rows, columns=["from", "to", "period", "observed", "expected"])
    table["z"] = ratio(paths.count @ scores, np.sqrt(paths.count @ scores**2))
    keep = np.arange(scores.shape[1]) % periods > 0
    rare = note("multistate.rare_left_out", number=left) if left else ""
    return scores[:, keep], name_states(table, paths), rare
