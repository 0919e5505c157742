"""The data contract: one pandera schema a table; the data dictionary is made from them.

The schemas are declared for Ibis, so their rules run where the tables are. A column's metadata
says its unit, whether its values are private (ids and free text are never shown), and the day on
which they became known where that is not the day of the row.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import pandas as pd

with warnings.catch_warnings():  # pandera tries pyspark, which warns of pandas 3 where installed
    warnings.simplefilter("ignore", FutureWarning)
    import pandera.ibis as pa
    from pandera.api.ibis.types import IbisData
    from pandera.backends.ibis.checks import IbisCheckBackend

TEXT, NUMBER, DAY, TIME = "text", "number", "date", "date and time"
ENGINE_TYPES = {TEXT: dt.string, NUMBER: dt.float64, DAY: dt.date, TIME: dt.timestamp}


def _rule(sentence: str, holds: Callable[[Any], Any]) -> pa.Check:
    """Declare a rule of one column; missing values pass."""

    def check(data: IbisData):
        column = data.table[data.key]
        return holds(column) | column.isnull()

    return pa.Check(check, name=sentence, error=sentence)


def _row_rule(column: str, sentence: str, holds: Callable[[Any], Any], *needs: str) -> pa.Check:
    """Declare a rule between columns of a row; rows that lack one of them pass."""

    def check(data: IbisData):
        known = [data.table[name].isnull() for name in needs]
        passes = holds(data.table)
        for missing in known:
            passes = passes | missing
        return passes

    return pa.Check(check, name=column, error=sentence, statistics={"needs": needs})


def _column(kind: str, meaning: str, *rules: pa.Check, **options: Any) -> pa.Column:
    """Declare a column: `required`, `unit`, `private` and `known` are options.

    `known` names the column that holds the day on which the value became known.
    """
    required = options.get("required", False)
    unit, private = options.get("unit", ""), options.get("private", False)
    return pa.Column(
        ENGINE_TYPES[kind],
        checks=list(rules),
        nullable=not required,
        required=required,
        description=meaning,
        metadata={"kind": kind, "unit": unit, "private": private, "known": options.get("known")},
    )


def _schema(name: str, grain: str, key: tuple[str, ...], columns: dict, *rules: pa.Check):
    return pa.DataFrameSchema(
        columns,
        checks=list(rules),
        name=name,
        description=grain,
        metadata={"key": key},
        strict=False,
    )


def _finite(value):
    return ~(value.isnan() | value.isinf())


FINITE = _rule("must be a finite number", _finite)
NOT_NEGATIVE = _rule("must be 0 or more", lambda value: _finite(value) & (value >= 0))
POSITIVE = _rule("must be above 0", lambda value: _finite(value) & (value > 0))
CUSTOMER = _column(TEXT, "the customer", required=True, private=True)

TRANSACTIONS = _schema(
    "transactions",
    "one row a purchase line; a return is a negative amount",
    (),
    {
        "customer_id": CUSTOMER,
        "at": _column(DAY, "day of the purchase", required=True, unit="local day"),
        "amount": _column(NUMBER, "amount paid", FINITE, required=True, unit="currency"),
        "margin": _column(
            NUMBER, "what is left of the amount after its costs", FINITE, unit="currency"
        ),
        "product": _column(TEXT, "product or product group"),
        "channel": _column(TEXT, "where it was bought"),
        "order_id": _column(TEXT, "the order that the line belongs to", private=True),
        "currency": _column(TEXT, "currency of the amount; one for the whole study"),
    },
)
CUSTOMERS = _schema(
    "customers",
    "one row a customer or prospect; further columns are segments",
    ("customer_id",),
    {
        "customer_id": CUSTOMER,
        "first_contact_at": _column(DAY, "first known contact", unit="local day"),
        "acquired_at": _column(DAY, "day of becoming a customer", unit="local day"),
        "channel": _column(TEXT, "how the customer was won", known="first_contact_at"),
        "acquisition_cost": _column(
            NUMBER,
            "spent on winning the customer",
            NOT_NEGATIVE,
            unit="currency",
            known="first_contact_at",
        ),
    },
    _row_rule(
        "acquired_at",
        "must not be before first_contact_at",
        lambda table: table.acquired_at >= table.first_contact_at,
        "acquired_at",
        "first_contact_at",
    ),
)
CONTRACTS = _schema(
    "contracts",
    "one row a contract",
    (),
    {
        "customer_id": CUSTOMER,
        "started_at": _column(DAY, "first day of the contract", required=True, unit="local day"),
        "ended_at": _column(DAY, "day on which it ended; missing while it runs", unit="local day"),
        "ended_reason": _column(TEXT, "why it ended", known="ended_at"),
        "plan": _column(TEXT, "tariff or product"),
        "contract_id": _column(
            TEXT, "the contract's own number; tells apart what began on one day", private=True
        ),
        "monthly_fee": _column(NUMBER, "fee a month", NOT_NEGATIVE, unit="currency"),
        "currency": _column(TEXT, "currency of the fee; one for the whole study"),
    },
    _row_rule(
        "ended_at",
        "must not be before started_at",
        lambda table: table.ended_at >= table.started_at,
        "ended_at",
        "started_at",
    ),
)
SURVEYS = _schema(
    "surveys",
    "one row an answered questionnaire; further columns are the items of the scales",
    (),
    {
        "customer_id": CUSTOMER,
        "at": _column(DAY, "day of the answer", required=True, unit="local day"),
        "nps": _column(
            NUMBER,
            "likelihood to recommend",
            _rule(
                "must be a whole number from 0 to 10",
                lambda value: value.isin([float(answer) for answer in range(11)]),
            ),
            unit="0 to 10",
        ),
        "survey_weight": _column(NUMBER, "sampling weight", POSITIVE),
        "comment": _column(TEXT, "free text of the customer", private=True),
    },
)
INTERACTIONS = _schema(
    "interactions",
    "one row a contact, enquiry, complaint, return …",
    (),
    {
        "customer_id": CUSTOMER,
        "at": _column(TIME, "when it began", required=True, unit="local time"),
        "kind": _column(TEXT, "contact, enquiry, complaint, return …", required=True),
        "channel": _column(TEXT, "where it took place"),
        "resolved_at": _column(TIME, "when it was settled; missing while open", unit="local time"),
        "cost": _column(
            NUMBER, "what handling it cost", NOT_NEGATIVE, unit="currency", known="resolved_at"
        ),
        "rating": _column(NUMBER, "how the customer rated it", FINITE, known="resolved_at"),
    },
    _row_rule(
        "resolved_at",
        "must not be before at",
        lambda table: table.resolved_at >= table["at"],
        "resolved_at",
        "at",
    ),
)
TIER_HISTORY = _schema(
    "tier_history",
    "one row a stay in a tier",
    ("customer_id", "from_at"),
    {
        "customer_id": CUSTOMER,
        "tier": _column(TEXT, "name of the tier", required=True),
        "from_at": _column(DAY, "first day in the tier", required=True, unit="local day"),
        "to_at": _column(DAY, "day on which it ended; missing while it lasts", unit="local day"),
        "reason": _column(TEXT, "why the tier changed"),
    },
    _row_rule(
        "to_at",
        "must not be before from_at",
        lambda table: table.to_at >= table.from_at,
        "to_at",
        "from_at",
    ),
)
CAMPAIGNS = _schema(
    "campaigns",
    "one row a customer in a campaign",
    ("customer_id", "campaign"),
    {
        "customer_id": CUSTOMER,
        "campaign": _column(TEXT, "name of the campaign", required=True),
        "at": _column(DAY, "day of the contact", required=True, unit="local day"),
        "arm": _column(
            TEXT,
            "treated or control",
            _rule(
                "must be 'treated' or 'control'", lambda value: value.isin(["treated", "control"])
            ),
        ),
        "cost": _column(NUMBER, "cost of the contact", NOT_NEGATIVE, unit="currency"),
        "redeemed_at": _column(DAY, "day on which the offer was used", unit="local day"),
    },
)

SCHEMAS = {
    schema.name: schema
    for schema in (
        TRANSACTIONS,
        CUSTOMERS,
        CONTRACTS,
        SURVEYS,
        INTERACTIONS,
        TIER_HISTORY,
        CAMPAIGNS,
    )
}


def kind_of(name: str, column: str) -> str | None:
    """Return the contract's type of a column, or None for a column that it does not know."""
    columns = SCHEMAS[name].columns
    return columns[column].metadata["kind"] if column in columns else None


def day_of(name: str) -> str | None:
    """Return the column that says from when on a row is known; None for `customers`."""
    for column, spec in SCHEMAS[name].columns.items():
        if spec.required and spec.metadata["kind"] in (DAY, TIME):
            return column
    return None


def known_with(name: str) -> dict[str, str]:
    """Return the columns that became known on a day of their own: column to column of that day."""
    columns = SCHEMAS[name].columns.items()
    return {column: spec.metadata["known"] for column, spec in columns if spec.metadata["known"]}


def private_columns() -> frozenset[str]:
    """The columns whose values may never be shown, of every table: ids and free text."""
    columns = (item for schema in SCHEMAS.values() for item in schema.columns.items())
    return frozenset(column for column, spec in columns if spec.metadata["private"])


def is_money(name: str, column: str) -> bool:
    """Whether the values of a column are amounts of the study's currency."""
    columns = SCHEMAS[name].columns
    return column in columns and columns[column].metadata["unit"] == "currency"


def broken_rows(check: pa.Check, table: ibis.Table, column: str | None) -> ibis.Column:
    """Return a check as an expression of the table's engine: true where a row breaks it."""
    passes = IbisCheckBackend(check).apply(IbisData(table, column))
    return (~passes).fill_null(False)


def data_dictionary() -> pd.DataFrame:
    """List every column of the contract: `table, column, type, unit, required, meaning`."""
    rows = [
        (
            name,
            column,
            spec.metadata["kind"],
            spec.metadata["unit"],
            spec.required,
            spec.description,
        )
        for name, schema in SCHEMAS.items()
        for column, spec in schema.columns.items()
    ]
    return pd.DataFrame(rows, columns=["table", "column", "type", "unit", "required", "meaning"])
