"""`join:` brings columns of another table to each row, where only both together make a table."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from analysis.params.rows import Block, Text


class Joined(Block):
    """A table that is looked up: by a key, each row of the table meets one row of it, or none.

    `by` names the key: one column (or several) that both tables have, or column of the table to
    column of the one looked up. Keys are compared as text, letter by letter. A key that stands on
    several rows of the table looked up is refused: rows would be counted twice. Rows that meet none
    keep their place, without the columns looked up. Columns of one name are told apart as
    `<name of the join>.<column>`.

    A line of an order looks up its order (`transactions`: the file of lines, `join: {orders: …}`),
    a review looks up the order it speaks of, the order its customer: a join may go by a column that
    another one brought.
    """

    by: Text | tuple[Text, ...] | dict[Text, Text]
    file: Text | tuple[Text, ...] | None = None
    sheet: Text | tuple[Text, ...] | None = None
    table: Text | None = None
    sql: Text | None = None
    encoding: Text = "utf-8"
    delimiter: Literal[",", ";", "\t", "|", " "] | None = None

    @model_validator(mode="after")
    def _named_once(self) -> Joined:
        if self.table and self.sql:
            raise ValueError("a table must be named by table or by sql, but both came")
        if not self.keys:
            raise ValueError("by must name at least one column, but names none")
        return self

    @property
    def keys(self) -> dict[str, str]:
        """Column of the table to column of the one that is looked up."""
        if isinstance(self.by, dict):
            return self.by
        return {name: name for name in ((self.by,) if isinstance(self.by, str) else self.by)}
