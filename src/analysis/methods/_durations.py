"""Checks of durations: the columns that every method of survival reads, and their faults.

Everyone is at risk on (entry, duration]; without `entry`, from the start on. A duration of zero is
an end (or a censoring) at time zero. Equal rows may be counted once: `count` is how many there are.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError

WHOLE = "all"
NEARLY = np.sqrt(np.finfo(float).eps)
"""Times closer than this share of their mean differ by rounding alone, as R's `timefix` has it."""


@dataclass(frozen=True, slots=True, eq=False)
class Durations:
    """Checked columns, one element a row.

    Attributes
    ----------
    duration : ndarray, (n,)
        Time units, 0 or more.
    event : ndarray of bool, (n,)
        Whether it ended.
    entry : ndarray, (n,), or None
        The time from which it was observed.
    count : ndarray, (n,), or None
        How often the row counts.
    """

    duration: np.ndarray
    event: np.ndarray
    entry: np.ndarray | None
    count: np.ndarray | None

    def take(self, rows: np.ndarray) -> "Durations":
        """The same columns for some rows (a mask or positions)."""
        return Durations(*(None if column is None else column[rows] for column in self.columns))

    @property
    def columns(self) -> tuple:
        return self.duration, self.event, self.entry, self.count

    @property
    def n(self) -> int:
        """Number of relationships: rows, or the sum of their counts."""
        return len(self.duration) if self.count is None else int(self.count.sum())


def read_durations(frame: pd.DataFrame) -> Durations:
    """Check `duration`, `event`, optional `entry` and `count`; rows counted 0 are left out."""
    check_columns(frame, ["duration", "event"])
    faults: list[str] = []
    duration = read_numbers(frame, "duration", faults, at_least=0)
    event = read_flags(frame, "event", faults)
    entry = read_numbers(frame, "entry", faults) if "entry" in frame else None
    count = read_counts(frame, faults)
    raise_faults(faults)
    duration, entry = tie_times(duration, entry)
    checked = Durations(duration, event, _open_from_start(entry, duration), count)
    return checked if count is None else checked.take(count > 0)


def tie_times(
    times: np.ndarray, others: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Times that differ by rounding alone, as the least of them: 0.1 + 0.2 and 0.3 are one time.

    Whole numbers are never rounded and stay; both arrays are taken together.
    """
    known = times if others is None else np.concatenate([times, others])
    if (np.floor(known) == known).all():
        return times, others
    near = NEARLY * np.abs(known).mean()
    gaps = np.diff(np.sort(known))
    if not ((gaps > 0) & (gaps <= near)).any():
        return times, others
    order = np.argsort(known)
    first = np.append(True, np.diff(known[order]) > near)
    tied = np.empty_like(known)
    tied[order] = known[order][first][np.cumsum(first) - 1]
    return tied[: len(times)], None if others is None else tied[len(times) :]


def align_times(times: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Times asked for; one that differs from a known one (sorted) by rounding alone, as that."""
    if not len(known):
        return times
    near = NEARLY * np.abs(known).mean()
    for side in (-1, 0):
        nearest = known[np.clip(np.searchsorted(known, times) + side, 0, len(known) - 1)]
        times = np.where(np.abs(nearest - times) <= near, nearest, times)
    return times


def _open_from_start(entry: np.ndarray | None, duration: np.ndarray) -> np.ndarray | None:
    if entry is None:
        return None
    late = (entry >= duration) & (entry > 0)
    if late.any():
        raise DataError(
            f"entry must be before duration, but {late.sum():,} of {len(entry):,} rows enter at or "
            f"after their end ({_first(late)}); drop the rows that were never observed"
        )
    entry = np.where(entry <= 0, -np.inf, entry)
    return entry if np.isfinite(entry).any() else None


def check_columns(frame: pd.DataFrame, needed: list[str]) -> None:
    """Raise if the frame is empty or lacks a column."""
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"a DataFrame must be given, but {type(frame).__name__} came")
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        raise DataError(
            f"the table must have the columns {', '.join(needed)}, but {', '.join(missing)} "
            f"is missing; its columns are {', '.join(map(str, frame.columns)) or 'none'}"
        )
    if not len(frame):
        raise DataError("the table must have at least one row, but it is empty")


def read_numbers(
    frame: pd.DataFrame, name: str, faults: list[str], *, at_least: float | None = None
) -> np.ndarray:
    """A column as floats; adds a sentence to `faults` for what is no finite number or too low."""
    column = frame[name]
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiu":
        numbers = np.ascontiguousarray(column, dtype=float)
    else:
        numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    if not np.isfinite(numbers).all():
        _add_fault(faults, name, "a finite number", ~np.isfinite(numbers), column)
    if at_least is not None and numbers.min() < at_least:
        _add_fault(faults, name, f"at least {at_least}", numbers < at_least, column)
    return numbers


def read_flags(frame: pd.DataFrame, name: str, faults: list[str]) -> np.ndarray:
    """A column of true/false or 1/0 as booleans."""
    column = frame[name]
    if column.dtype == np.bool_:
        return column.to_numpy()
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    _add_fault(faults, name, "1 (ended) or 0 (censored)", (numbers != 0) & (numbers != 1), column)
    return numbers == 1


def read_counts(frame: pd.DataFrame, faults: list[str]) -> np.ndarray | None:
    """`count` as floats that are whole (frequency weights), or None where the column is absent."""
    if "count" not in frame.columns:
        return None
    counts = pd.to_numeric(frame["count"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = ~((counts >= 0) & (counts == np.floor(counts)) & np.isfinite(counts))
    _add_fault(faults, "count", "a whole number (a frequency weight)", wrong, frame["count"])
    if not wrong.any() and not counts.sum():
        faults.append("count must be above 0 somewhere, but every row counts 0")
    return counts


def _add_fault(
    faults: list[str], name: str, must: str, wrong: np.ndarray, column: pd.Series
) -> None:
    if wrong.any():
        value = column.iloc[int(np.argmax(wrong))]
        faults.append(
            f"{name} must be {must}, but {wrong.sum():,} of {len(wrong):,} rows are not "
            f"({_first(wrong)}: {value!r}); repair or drop them"
        )


def _first(wrong: np.ndarray) -> str:
    return f"first: row {int(np.argmax(wrong)):,}"


def raise_faults(faults: list[str]) -> None:
    """Raise one DataError that names every fault."""
    if faults:
        raise DataError("; ".join(faults))


def read_groups(frame: pd.DataFrame, by: str | None) -> tuple[np.ndarray, list[str]]:
    """Codes (n,) and labels of a column; categories keep their order, other values are sorted."""
    if by is None:
        return np.zeros(len(frame), dtype=np.intp), [WHOLE]
    check_columns(frame, [by])
    column = frame[by]
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, values = np.asarray(column.cat.codes, dtype=np.intp), list(column.cat.categories)
    elif column.dtype == bool:
        return _drop_unused(column.to_numpy().astype(np.intp), ["False", "True"])
    else:
        codes, uniques = pd.factorize(column, sort=True)
        values = list(uniques)
    labels = [str(value) for value in values]
    if codes.min() < 0:
        faults: list[str] = []
        _add_fault(faults, by, "known (a group)", codes < 0, column)
        raise_faults(faults)
    return _drop_unused(codes, labels) if hasattr(column, "cat") else (codes, labels)


def _drop_unused(codes: np.ndarray, labels: list[str]) -> tuple[np.ndarray, list[str]]:
    used = np.bincount(codes, minlength=len(labels)) > 0
    if used.all():
        return codes, labels
    renumbered = np.cumsum(used) - 1
    return renumbered[codes], [label for label, kept in zip(labels, used, strict=True) if kept]


def drop_uncounted(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame without rows whose `count` is 0, so that it aligns with `read_durations`."""
    if "count" not in frame.columns:
        return frame
    counts = pd.to_numeric(frame["count"], errors="coerce")
    return frame[(counts != 0).fillna(True)]


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise unless an option is one of its choices."""
    if value not in choices:
        raise ParamsError(f"{name} must be one of {', '.join(choices)}, but {value!r} came")
