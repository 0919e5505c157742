"""Paths: which state each customer was in, from when to when, and where it went next.

The input of every multi-state method is one long table with a row for each stay of a customer:

======================  ==========================================================================
`customer_id`           whose stay it is; any values
`start`, `stop`         the stay is (start, stop], in one time unit; a first `start` after the
                        origin is a delayed entry
`from`                  the state of the stay; an ordered or plain categorical fixes the order
`to`                    the state entered at `stop`; missing where observation ended
`count` (optional)      how many customers share this path (a frequency weight), one value a
                        customer
======================  ==========================================================================
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods._durations import align_times, tie_times

COLUMNS = ("customer_id", "start", "stop", "from", "to")
NOBODY = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Checked and coded paths.

    Attributes
    ----------
    states : tuple of str
        In their order.
    customer : ndarray of int, (n,)
        Code of the customer of each row.
    start, stop : ndarray, (n,)
        Of the stay.
    source, target : ndarray of int, (n,)
        States by their place; target -1: observation ended.
    count : ndarray, (customers,)
        How often each customer counts.
    times : ndarray, (T,)
        Distinct times of transitions.
    moves : ndarray of int, (m, 2)
        The (from, to) pairs that were seen.
    move : ndarray of int, (n,)
        Index into `moves`; -1: none.
    first, last : ndarray of int, (n,)
        A row is at risk at `times[first:last]`.
    """

    states: tuple[str, ...]
    customer: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    source: np.ndarray
    target: np.ndarray
    count: np.ndarray
    times: np.ndarray
    moves: np.ndarray
    move: np.ndarray
    first: np.ndarray
    last: np.ndarray

    @property
    def customers(self) -> float:
        """Number of customers, counts included."""
        return float(self.count.sum())

    def beyond(self, report: np.ndarray, shares: np.ndarray, stop: float) -> np.ndarray:
        """Which of the (T,) report times lie past `stop` with anybody still in a state.

        `shares` (T, states). Where all are in states that nobody stays in under observation (final
        ones), the last shares are known to hold on.
        """
        final = ~np.isin(np.arange(len(self.states)), self.source)
        past = align_times(report, np.array([stop])) > stop
        return past & (shares[:, ~final].sum(axis=1) > NOBODY)

    def where(self, customers: np.ndarray) -> Paths:
        """Keep the customers of a boolean mask (states stay as they are)."""
        code = np.cumsum(customers) - 1
        rows = customers[self.customer]
        return _coded(
            self.states,
            code[self.customer[rows]],
            self.start[rows],
            self.stop[rows],
            self.source[rows],
            self.target[rows],
            self.count[customers],
        )

    def after(self, origin: float) -> Paths:
        """Cut the paths at `origin`: what lies before is forgotten."""
        rows = self.stop > origin
        seen, code = np.unique(self.customer[rows], return_inverse=True)
        return _coded(
            self.states,
            code,
            np.maximum(self.start[rows], origin),
            self.stop[rows],
            self.source[rows],
            self.target[rows],
            self.count[seen],
        )

    def state_at(self, time: float) -> np.ndarray:
        """State of each customer just after `time`; -1 where it is not under observation."""
        state = np.full(len(self.count), -1)
        rows = (self.start <= time) & (time < self.stop)
        state[self.customer[rows]] = self.source[rows]
        return state


def read_paths(table: pd.DataFrame) -> Paths:
    """Check a long table of stays and code it.

    Raises
    ------
    DataError
        A column is missing; a time is not a finite number; a stay has no length; stays of a
        customer overlap; a stay leads to its own state or the next one starts elsewhere; `count`
        is not a whole number or differs within a customer.
    """
    missing = [name for name in COLUMNS if name not in table]
    if missing:
        raise DataError(
            f"paths must have the columns {', '.join(COLUMNS)}, but {', '.join(missing)} is "
            f"missing; rename or add it"
        )
    if table.empty:
        raise DataError("paths must have at least one row, but the table is empty")
    start, stop = tie_times(*(_number(table, name) for name in ("start", "stop")))
    states, source, target = _states(table)
    customer, _ = pd.factorize(table["customer_id"])
    _refuse(customer < 0, table, "must have a customer_id", "none came")
    _refuse(stop <= start, table, "must end after it starts", "it does not")
    _refuse(source == target, table, "must lead to another state", "it leads to its own")
    order = np.lexsort((start, customer))
    _check_sequence(table, order, customer, start, stop, source, target)
    count = _counts(table, customer)
    return _coded(
        states, customer[order], start[order], stop[order], source[order], target[order], count
    )


def group_labels(table: pd.DataFrame, by: str) -> pd.Series:
    """Group of each customer, in the order in which `read_paths` codes customers.

    Raises
    ------
    DataError
        The column is missing, or a customer belongs to two groups.
    """
    if by not in table:
        raise DataError(f"paths must have the group column '{by}', but it is missing")
    customer, ids = pd.factorize(table["customer_id"])
    labels = table[by].reset_index(drop=True).groupby(customer)
    split = labels.nunique(dropna=False) > 1
    if split.any():
        raise DataError(
            f"a customer must belong to one group of '{by}', but {int(split.sum())} of {len(ids)} "
            f"belong to several; use what was known at the start of the path"
        )
    return labels.first()


def split_groups(table: pd.DataFrame, by: str | None) -> list[tuple[object, Paths]]:
    """The paths of each group, missing labels left out; one unnamed group without `by`."""
    paths = read_paths(table)
    if by is None:
        return [(None, paths)]
    labels = group_labels(table, by)
    groups = (
        [label for label in labels.cat.categories if (labels == label).any()]
        if isinstance(labels.dtype, pd.CategoricalDtype)
        else sorted(labels.dropna().unique(), key=str)
    )
    return [(label, paths.where((labels == label).to_numpy(bool))) for label in groups]


def _coded(states, customer, start, stop, source, target, count) -> Paths:
    ended = target >= 0
    times = np.unique(stop[ended])
    pairs = np.column_stack([source[ended], target[ended]])
    moves, index = np.unique(pairs, axis=0, return_inverse=True)
    move = np.full(len(source), -1)
    move[ended] = index.ravel()
    return Paths(
        states,
        customer,
        start,
        stop,
        source,
        target,
        count,
        times,
        moves.reshape(-1, 2),
        move,
        first=np.searchsorted(times, start, side="right"),
        last=np.searchsorted(times, stop, side="right"),
    )


def _number(table: pd.DataFrame, name: str) -> np.ndarray:
    values = pd.to_numeric(table[name], errors="coerce").to_numpy(float)
    _refuse(~np.isfinite(values), table, f"must have a number as {name}", "it has none")
    return values


def _states(table: pd.DataFrame) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    source, target = table["from"], table["to"]
    _refuse(source.isna().to_numpy(), table, "must have a state in 'from'", "none came")
    seen = set(source.astype(str)) | set(target.dropna().astype(str))
    if isinstance(source.dtype, pd.CategoricalDtype):
        ordered = [str(state) for state in source.cat.categories if str(state) in seen]
        ordered += sorted(seen - set(ordered))
    else:
        ordered = sorted(seen)
    code = {state: position for position, state in enumerate(ordered)}
    return (
        tuple(ordered),
        source.astype(str).map(code).to_numpy(int),
        target.astype(object)
        .where(target.notna(), None)
        .map(lambda state: -1 if state is None else code[str(state)])
        .to_numpy(int),
    )


def _check_sequence(table, order, customer, start, stop, source, target) -> None:
    earlier, later = order[:-1], order[1:]
    same = customer[earlier] == customer[later]
    fault = np.zeros(len(order), dtype=bool)
    fault[later] = same & (start[later] < stop[earlier])
    _refuse(fault, table, "must start after the customer's earlier stay ended", "it overlaps")
    reached = np.where(target[earlier] >= 0, target[earlier], source[earlier])
    fault[later] = same & (start[later] == stop[earlier]) & (source[later] != reached)
    _refuse(fault, table, "must start in the state that the last one led to", "it does not")


def _counts(table: pd.DataFrame, customer: np.ndarray) -> np.ndarray:
    if "count" not in table:
        return np.ones(customer.max() + 1)
    count = pd.to_numeric(table["count"], errors="coerce").to_numpy(float)
    wrong = ~(np.isfinite(count) & (count >= 1) & (count == np.floor(count)))
    _refuse(wrong, table, "must have a whole number from 1 as count", "it has none")
    per_customer = np.zeros(customer.max() + 1)
    per_customer[customer] = count
    _refuse(per_customer[customer] != count, table, "must have its customer's count", "it differs")
    return per_customer


def _refuse(fault: np.ndarray, table: pd.DataFrame, rule: str, came: str) -> None:
    if fault.any():
        at = int(np.flatnonzero(fault)[0])
        raise DataError(
            f"paths: a stay {rule}, but in {int(fault.sum())} of {len(table)} rows {came} "
            f"(first: row {at}); mend or drop these rows"
        )
