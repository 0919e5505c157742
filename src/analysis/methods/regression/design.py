"""Drivers and controls become a design matrix, and can become it again for other customers.

A driver enters as a line unless a shape says otherwise; text, categories and true/false controls
enter as indicators against their first level; a moderator multiplies every driver.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError

REPEATED = 1e-8
"""Share of a column's length beyond what others explain, below which it says nothing new."""


class Term(Protocol):
    """Columns of a design matrix made from one or two columns of a frame."""

    @property
    def names(self) -> list[str]: ...

    def columns(self, frame: pd.DataFrame) -> np.ndarray: ...


@dataclass(frozen=True, slots=True)
class Line:
    """A number as it is.

    Attributes
    ----------
    column : str
        Of numbers.
    """

    column: str

    @property
    def names(self) -> list[str]:
        return [self.column]

    def columns(self, frame: pd.DataFrame) -> np.ndarray:
        return frame[[self.column]].to_numpy(float)


@dataclass(frozen=True, slots=True)
class Spline:
    """Restricted cubic spline: straight beyond the outer knots; Harrell (2015), formula 2.25.

    Attributes
    ----------
    column : str
        Of numbers.
    knots : tuple of float
        Rising, three or more.
    """

    column: str
    knots: tuple[float, ...]

    @property
    def names(self) -> list[str]:
        return [self.column] + [f"{self.column} (bend {k})" for k in range(1, len(self.knots) - 1)]

    def columns(self, frame: pd.DataFrame) -> np.ndarray:
        x, knots = frame[self.column].to_numpy(float), np.asarray(self.knots)
        last, before = knots[-1], knots[-2]

        def cubed(knot: float) -> np.ndarray:
            return np.clip(x - knot, 0, None) ** 3

        bends = [
            cubed(knot)
            - cubed(before) * (last - knot) / (last - before)
            + cubed(last) * (before - knot) / (last - before)
            for knot in knots[:-2]
        ]
        return np.column_stack([x, *(bend / (last - knots[0]) ** 2 for bend in bends)])


@dataclass(frozen=True, slots=True)
class Steps:
    """An indicator for having reached each cut: thresholds, with nothing between them.

    Attributes
    ----------
    column : str
        Of numbers.
    cuts : tuple of float
        Rising.
    """

    column: str
    cuts: tuple[float, ...]

    @property
    def names(self) -> list[str]:
        return [f"{self.column}>={cut:g}" for cut in self.cuts]

    def columns(self, frame: pd.DataFrame) -> np.ndarray:
        x = frame[self.column].to_numpy(float)
        return (x[:, None] >= np.asarray(self.cuts)).astype(float)


@dataclass(frozen=True, slots=True)
class Bend:
    """A line that changes its slope at one point.

    Attributes
    ----------
    column : str
        Of numbers.
    at : float
        Where the slope changes.
    """

    column: str
    at: float

    @property
    def names(self) -> list[str]:
        return [self.column, f"{self.column}>{self.at:g}"]

    def columns(self, frame: pd.DataFrame) -> np.ndarray:
        x = frame[self.column].to_numpy(float)
        return np.column_stack([x, np.clip(x - self.at, 0, None)])


@dataclass(frozen=True, slots=True)
class Levels:
    """Indicators of the levels of a category but its first, and but those joined with it.

    A level is joined where other columns say of every row whether it is of the level: its
    indicator would repeat them (two groups that are not known of the same customers).

    Attributes
    ----------
    column : str
        Of categories.
    levels : tuple
        All of them, the first being the reference.
    joined : tuple
        Those without an indicator of their own.
    """

    column: str
    levels: tuple[object, ...]
    joined: tuple[object, ...] = ()

    @property
    def compared(self) -> tuple[object, ...]:
        """The levels that have an indicator."""
        return tuple(level for level in self.levels[1:] if level not in self.joined)

    @property
    def names(self) -> list[str]:
        return [f"{self.column}: {level}" for level in self.compared]

    def columns(self, frame: pd.DataFrame) -> np.ndarray:
        given = frame[self.column]
        place = self._places(given)
        if (place < 0).any():
            strangers = set(given.to_numpy(object)[place < 0])
            raise DataError(
                f"{self.column} must be one of {list(self.levels)}, but "
                f"{sorted(map(str, strangers))} came; predict only for levels that were in the data"
            )
        compared = [self.levels.index(level) for level in self.compared]
        return (place[:, None] == np.array(compared, int)).astype(float)

    def _places(self, given: pd.Series) -> np.ndarray:
        """(rows,) the place of each value among the levels; -1 of one that is none of them."""
        levels = pd.Index(self.levels, dtype=object)
        if isinstance(given.dtype, pd.CategoricalDtype):
            known = levels.get_indexer(given.cat.categories.astype(object))
            return np.append(known, -1)[given.cat.codes.to_numpy()]
        return levels.get_indexer(pd.Index(given.to_numpy(object), dtype=object))


@dataclass(frozen=True, slots=True)
class Product:
    """Every column of one term times every column of another.

    Attributes
    ----------
    one, other : Term
    """

    one: Term
    other: Term

    @property
    def names(self) -> list[str]:
        return [f"{a} × {b}" for b in self.other.names for a in self.one.names]

    def columns(self, frame: pd.DataFrame) -> np.ndarray:
        ones, others = self.one.columns(frame), self.other.columns(frame)
        return np.hstack([ones * others[:, [k]] for k in range(others.shape[1])])


@dataclass(frozen=True, slots=True)
class Design:
    """The terms of a model; `matrix` makes the same columns for any frame.

    Attributes
    ----------
    terms : tuple of Term
    intercept : bool
        Whether a column of ones comes first.
    """

    terms: tuple[Term, ...]
    intercept: bool = True

    @property
    def names(self) -> list[str]:
        first = ["intercept"] if self.intercept else []
        return first + [name for term in self.terms for name in term.names]

    def matrix(self, frame: pd.DataFrame) -> np.ndarray:
        first = [np.ones((len(frame), 1))] if self.intercept else []
        return np.hstack([*first, *(term.columns(frame) for term in self.terms)])

    @property
    def joined(self) -> tuple[str, ...]:
        """The levels that are counted with the first of their category."""
        levels = (term for term in self.terms if isinstance(term, Levels))
        return tuple(f"{term.column}: {level}" for term in levels for level in term.joined)


def build_design(
    frame: pd.DataFrame,
    *,
    drivers: Sequence[str],
    controls: Sequence[str] = (),
    moderator: str | None = None,
    shapes: Mapping[str, Term] | None = None,
    intercept: bool = True,
) -> Design:
    """The design of drivers (numbers, or a declared category), controls and a moderator.

    `shapes` gives a driver's term where it is not a line. Controls and moderator may be text; the
    moderator is a control too.

    Parameters
    ----------
    frame : DataFrame
    drivers, controls : sequence of str
    moderator : str, optional
    shapes : mapping of str to Term, optional
    intercept : bool

    Returns
    -------
    Design

    Raises
    ------
    ParamsError
        `shapes` names a column that is no driver.
    """
    shapes = dict(shapes or {})
    strangers = sorted(set(shapes) - set(drivers))
    if strangers:
        raise ParamsError(f"shapes must be of drivers, but {strangers} are not among them")
    main = [shapes.get(driver) or _driver_term(frame, driver) for driver in drivers]
    others = [_control_term(frame, column) for column in controls if column != moderator]
    if moderator is not None:
        group = _control_term(frame, moderator)
        if not group.names:
            raise DataError(f"{moderator} must take two values to moderate, but one came; drop it")
        others += [group, *(Product(term, group) for term in main)]
    return Design(terms=(*main, *others), intercept=intercept)


def join_repeated(design: Design, frame: pd.DataFrame, controls: Sequence[str]) -> Design:
    """The design with those levels of controls joined that repeat other columns.

    Parameters
    ----------
    design : Design
    frame : DataFrame
    controls : sequence of str

    Returns
    -------
    Design
    """
    terms = list(design.terms)
    free = [isinstance(term, Levels) and term.column in controls for term in terms]
    kept = [term for term, own in zip(terms, free, strict=True) if not own]
    known = (
        Design(tuple(kept), design.intercept).matrix(frame) if kept or design.intercept else None
    )
    basis = np.empty((len(frame), 0)) if known is None else np.linalg.qr(known)[0]
    for place in np.flatnonzero(free):
        term, joined = terms[place], []
        for level, column in zip(term.compared, term.columns(frame).T, strict=True):
            rest = column - basis @ (basis.T @ column)
            rest -= basis @ (basis.T @ rest)
            if np.linalg.norm(rest) <= REPEATED * np.linalg.norm(column):
                joined.append(level)
            else:
                basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
        terms[place] = replace(term, joined=tuple(joined))
    return replace(design, terms=tuple(terms))


def _driver_term(frame: pd.DataFrame, column: str) -> Term:
    if isinstance(frame[column].dtype, pd.CategoricalDtype):
        return _control_term(frame, column)
    require_numbers(frame, column)
    return Line(column)


def _control_term(frame: pd.DataFrame, column: str) -> Term:
    values = frame[column]
    if pd.api.types.is_bool_dtype(values):
        return Levels(column, (False, True))
    if isinstance(values.dtype, pd.CategoricalDtype):
        seen = set(values.dropna())
        return Levels(column, tuple(level for level in values.cat.categories if level in seen))
    if pd.api.types.is_numeric_dtype(values):
        return Line(column)
    return Levels(column, tuple(sorted(values.dropna().unique(), key=str)))


def require_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise when columns are absent.

    Parameters
    ----------
    frame : DataFrame
    columns : sequence of str

    Raises
    ------
    DataError
    """
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        raise DataError(f"the frame must hold {list(columns)}, but {absent} are absent")


def require_numbers(frame: pd.DataFrame, column: str) -> None:
    """Raise when a column holds text.

    Parameters
    ----------
    frame : DataFrame
    column : str

    Raises
    ------
    DataError
        The column is absent, or text stands in it.
    """
    require_columns(frame, [column])
    values = frame[column]
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return
    text = pd.to_numeric(values, errors="coerce").isna() & values.notna()
    first = text.idxmax()
    raise DataError(
        f"{column} must be a number, but {text.sum():,} of {len(frame):,} rows are text "
        f"(first: row {first}, {values.loc[first]!r}); repair them or use it as a control"
    )
