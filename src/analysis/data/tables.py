"""What a study's data are once they have been read, checked and repaired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from analysis.data.crossing import fetch
from analysis.errors import DataError
from analysis.notes import Note

AUDIT_COLUMNS = ("table", "step", "reason", "rows")


@dataclass(frozen=True, slots=True)
class Description:
    """Where the tables come from, for the data chapter and the stamp.

    Attributes
    ----------
    title : Note or str
        As the params file or the package states it.
    licence, citation : str
        The same.
    kind : str
        'package', 'files', 'connection' or 'simulated'.
    simulated : bool
        Whether the customers are made by the simulator.
    history_complete : bool
        Whether every customer's first purchase lies inside the observation. Where it does not,
        tenure, time to the second purchase and purchase models are not estimable.
    """

    title: Note | str
    licence: str
    citation: str
    kind: str
    simulated: bool = False
    history_complete: bool = True


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Tables:
    """The checked tables of one study, as Ibis tables of one engine.

    `tables["transactions"]` is the Ibis table; `"surveys" in tables` says whether there is one.

    Attributes
    ----------
    connection : ibis.BaseBackend
        The engine that holds the tables (DuckDB, PostgreSQL, Spark …).
    audit : pandas.DataFrame
        What happened to the rows on their way: `table, step, reason, rows`; the steps are
        'read', 'filtered' and 'dropped' (rows left out), 'mended' (values changed), 'blanked'
        (values that a code says to be missing), 'noticed' and 'kept'.
    description : Description
    fingerprint : str
        Changes when the data change.
    stored : mapping
        The frames that lie ready on disk: name to (parquet file, the parameters it was made with).
    float_ids : tuple of str
        The tables whose ids are whole numbers that were written as decimals ('17850.0').
    sampled_from : int
        The customers of the study where these are the tables of some of them, drawn by lot; else 0.
    by_name : mapping of str to ibis.Table
        The tables; `tables["transactions"]` is one of them.
    """

    connection: ibis.BaseBackend
    by_name: Mapping[str, ibis.Table]
    audit: pd.DataFrame
    description: Description
    fingerprint: str
    stored: Mapping[str, Any] = field(default_factory=dict)
    float_ids: tuple[str, ...] = ()
    sampled_from: int = 0

    def __getitem__(self, name: str) -> ibis.Table:
        """Return a table.

        Raises
        ------
        DataError
            The study has none of that name.
        """
        if name not in self.by_name:
            held = ", ".join(self.by_name)
            raise DataError(
                f"the study must have the table {name} for this, but has {held} only; open one "
                "that has it, or leave the analysis out"
            )
        return self.by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self.by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __repr__(self) -> str:
        return f"Tables({', '.join(self.by_name)}; {self.description.title})"

    def fetch(self, expression: ibis.Table, *, money: Sequence[str] = ()) -> pd.DataFrame:
        """Run an expression in the engine and return its rows in order (see `crossing.fetch`)."""
        return fetch(expression, money=money)

    def stored_path(self, name: str, made_with: Mapping[str, Any]) -> Path | None:
        """Return where a frame lies that was stored with these very parameters, or None."""
        path, was_made_with = self.stored.get(name, (None, None))
        return path if was_made_with == dict(made_with) else None

    def stored_frame(self, name: str, made_with: Mapping[str, Any]) -> pd.DataFrame | None:
        """Read the frame that was stored with these very parameters, or None."""
        path = self.stored_path(name, made_with)
        return None if path is None else pd.read_parquet(path)
