"""A table as its source has it, before mapping and checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from analysis.params.source import TableSource


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """One source table on its engine.

    Attributes
    ----------
    name : str
        Name in the contract.
    table : ibis.Table
        The columns of the source under their own names.
    source : TableSource
        Its block in the params file.
    origin : str
        What to call the source in messages, such as 'sales.csv'.
    numbered : callable
        Returns the same table with the columns `ROW` (1 is the head, where there is one) and
        `ORIGIN`; None where rows have no numbers (a database).
    keep_all : bool
        Whether columns that the contract does not know are taken along.
    lazy : bool
        Whether the table is read again for each question rather than held by the engine.
    signs_known : bool
        Whether the format fixes how numbers are written (JSON), though they come as text.
    lookups : tuple of Lookup
        The joins that the table is made with.
    """

    name: str
    table: ibis.Table
    source: TableSource
    origin: str
    numbered: Callable[[], ibis.Table] | None = None
    keep_all: bool = False
    lazy: bool = False
    signs_known: bool = False
    lookups: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Where the tables of a study come from, opened.

    Attributes
    ----------
    connection : ibis.BaseBackend
        The engine that answers.
    openers : dict
        Table to what opens it.
    """

    connection: ibis.BaseBackend
    openers: dict[str, Callable[[], RawTable]]


ROW, ORIGIN = "row__", "origin__"


def name_columns(head: Sequence[Any]) -> list[str]:
    """Name the columns of a head in one line each; those without a name by their place."""
    written = (re.sub(r"\s*[\r\n]+\s*", " ", str(name).strip()) for name in head)
    return [name or f"column {place}" for place, name in enumerate(written, 1)]
