"""Does the future depend on the present state only? The log-rank test of the Markov property."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import ParamsError
from analysis.methods.multistate._paths import Paths, read_paths
from analysis.methods.multistate.aalen_johansen import count_moves

FEWEST_EVENTS = 5


@dataclass(frozen=True, slots=True, eq=False)
class MarkovTest:
    """Log-rank test of the Markov property.

    Attributes
    ----------
    table : DataFrame
        `from, to` (the transition)`, earlier` (the state at the landmark; "any" for all of them
        together)`, statistic` (mean of |Z| over the landmarks)`, p_value, landmarks` (how many
        comparisons).
    traces : DataFrame
        `from, to, earlier, landmark, z, p_value`: Z above 0 means that those who were in `earlier`
        at the landmark make the transition more often than others at risk at the same time.
    p_value : float
        All transitions together (NaN when no comparison has enough transitions). A small one speaks
        against Markov.
    replications : int
        Of the wild bootstrap.
    """

    table: pd.DataFrame
    traces: pd.DataFrame
    p_value: float
    replications: int


def markov_test(
    paths: pd.DataFrame,
    *,
    landmarks: Sequence[float],
    rng: np.random.Generator,
    replications: int = 500,
) -> MarkovTest:
    """Compare, among customers now in the same state, those with different states in the past.

    For each transition h to j, landmark s and state q: the log-rank statistic of the transition
    after s between customers who were in q at s and those who were elsewhere. It has mean nought
    when the process is Markov. The null distribution of the mean |Z| over the landmarks comes from
    a wild bootstrap with one standard normal multiplier a customer. Comparisons with fewer than
    five expected transitions on either side are left out.

    Parameters
    ----------
    paths : DataFrame
        `customer_id, start, stop, from, to` and optionally `count` (see `read_paths`); times in one
        unit.
    landmarks : sequence of float
        Times inside the follow-up at which the past is looked at.
    rng : Generator
        Random numbers.
    replications : int
        Samples of the wild bootstrap.

    Returns
    -------
    MarkovTest

    Raises
    ------
    ParamsError
        There is no landmark, or none inside the follow-up.

    References
    ----------
    Titman & Putter (2022), General tests of the Markov property in multi-state models,
    Biostatistics 23, 380-396 (mstate: `MarkovTest`).
    """
    whole = read_paths(paths)
    landmarks = np.unique(np.asarray(landmarks, dtype=float))
    inside = (landmarks >= whole.start.min()) & (landmarks < whole.stop.max())
    if not inside.any():
        raise ParamsError(
            f"landmarks must lie inside the follow-up ({whole.start.min():g} to "
            f"{whole.stop.max():g}), but {landmarks.tolist()} came"
        )
    keys, z, parts = [], [], []
    for landmark in landmarks[inside]:
        for key, score, contribution in _landmark(whole, landmark):
            keys.append((*key, landmark))
            z.append(score)
            parts.append(contribution)
    traces = pd.DataFrame(keys, columns=["from", "to", "earlier", "landmark"]).assign(z=z)
    if not keys:
        names = ["from", "to", "earlier", "statistic", "p_value", "landmarks"]
        empty = pd.DataFrame(columns=names)
        return MarkovTest(empty, traces.assign(p_value=[]), float("nan"), replications)
    drawn = _wild(np.column_stack(parts), whole.count, replications, rng)
    traces["p_value"] = _p_value(np.abs(traces["z"].to_numpy()), np.abs(drawn))
    return _summary(traces, drawn, replications)


def _landmark(whole: Paths, landmark: float):
    """Z and each customer's part of it, for every transition and earlier state."""
    state = whole.state_at(landmark)
    cut = whole.where(state >= 0).after(landmark)
    earlier = state[state >= 0]
    risk, moved = count_moves(cut)
    for move, (source, target) in enumerate(cut.moves):
        at_risk, events = risk[0, :, source], moved[0, :, move]
        hazard = np.divide(events, at_risk, out=np.zeros_like(events), where=at_risk > 0)
        for past in np.unique(earlier):
            inside = (earlier == past).astype(float)
            group = count_moves(cut, (inside * cut.count)[None])[0][0, :, source]
            share = np.divide(group, at_risk, out=np.zeros_like(group), where=at_risk > 0)
            expected = (hazard * group).sum()
            spread = np.maximum((at_risk - events) / np.maximum(at_risk - 1, 1), 0)
            variance = (events * share * (1 - share) * spread).sum()
            if min(expected, events.sum() - expected) < FEWEST_EVENTS or variance <= 0:
                continue
            part = np.zeros(len(whole.count))
            part[state >= 0] = _parts(cut, move, source, inside, share, hazard)
            part /= np.sqrt(variance)
            key = (cut.states[source], cut.states[target], cut.states[past])
            yield key, float(part @ whole.count), part


def _parts(cut: Paths, move: int, source: int, inside, share, hazard) -> np.ndarray:
    total = np.concatenate([[0], hazard.cumsum()])
    shared = np.concatenate([[0], (hazard * share).cumsum()])
    rows = np.flatnonzero(cut.source == source)
    whose, first, last = cut.customer[rows], cut.first[rows], cut.last[rows]
    value = shared[last] - shared[first] - inside[whose] * (total[last] - total[first])
    made = cut.move[rows] == move
    value[made] += inside[whose[made]] - share[last[made] - 1]
    return np.bincount(whose, value, len(cut.count))


def _wild(parts: np.ndarray, count: np.ndarray, replications: int, rng) -> np.ndarray:
    drawn = np.empty((replications, parts.shape[1]))
    at_once = max(20_000_000 // len(parts), 1)
    for at in range(0, replications, at_once):
        size = min(at_once, replications - at)
        drawn[at : at + size] = rng.standard_normal((size, len(parts))) @ (
            parts * np.sqrt(count)[:, None]
        )
    return drawn


def _summary(traces: pd.DataFrame, drawn: np.ndarray, replications: int) -> MarkovTest:
    size, drawn_size = np.abs(traces["z"].to_numpy()), np.abs(drawn)
    cells = list(traces.groupby(["from", "to", "earlier"], sort=False).indices.items())
    cells += [
        ((*key, "any"), at)
        for key, at in traces.groupby(["from", "to"], sort=False).indices.items()
    ]
    rows = [
        (*key, size[at].mean(), _p_value(size[at].mean(), drawn_size[:, at].mean(axis=1)), len(at))
        for key, at in cells
    ]
    names = ["from", "to", "earlier", "statistic", "p_value", "landmarks"]
    overall = _p_value(size.mean(), drawn_size.mean(axis=1))
    return MarkovTest(pd.DataFrame(rows, columns=names), traces, float(overall), replications)


def _p_value(observed: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    return (1 + (drawn >= observed).sum(axis=0)) / (1 + len(drawn))
