"""PostgreSQL's own types: what only looks plain to Ibis is read as text or as a number."""

from __future__ import annotations

import ibis

PLAIN = {"text", "varchar", "bool", "date", "timestamp", "timestamptz"}
PLAIN |= {"int2", "int4", "int8", "float4", "float8", "numeric"}
MONEY = "decimal(38, 4)"


def plain_columns(connection, table: ibis.Table) -> ibis.Table:
    """Read the columns of a table or query by their types in the database.

    Enums, `char(n)` (without its padding), `uuid`, `json`, `inet` and the like are texts, `money`
    is a number; other types stay as they are.
    """
    kinds = _kinds(connection, table)
    changed = {}
    for column, kind in kinds.items():
        value = table[column]
        if kind == "money":
            changed[column] = value.cast(MONEY)
        elif kind not in PLAIN and value.type().is_string():
            changed[column] = value + ""  # a cast from text to text would be left out
        elif value.type().is_uuid() or value.type().is_inet() or value.type().is_json():
            changed[column] = value.cast("string")
    return table.mutate(**changed) if changed else table


def _kinds(connection, table: ibis.Table) -> dict[str, str]:
    """The type of each column as the database names it; empty for those of its owner's making."""
    with connection.con.cursor() as cursor, connection.con.transaction():
        cursor.execute(f"SELECT * FROM ({connection.compile(table)}) AS asked LIMIT 0")
        described = cursor.description
    known = connection.con.adapters.types
    found = {column.name: known.get(column.type_code) for column in described}
    return {name: kind.name if kind else "" for name, kind in found.items()}
