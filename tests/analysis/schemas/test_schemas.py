"""The contract: every column has a meaning; the rules hold in the engine."""

from __future__ import annotations

from datetime import date
from typing import get_args

import ibis
import pytest
from pandera.errors import SchemaErrors

from analysis.params.source import TableName
from analysis.schemas import SCHEMAS, data_dictionary, private_columns

REQUIRED = {
    "transactions": {"customer_id", "at", "amount"},
    "customers": {"customer_id"},
    "contracts": {"customer_id", "started_at"},
    "surveys": {"customer_id", "at"},
    "interactions": {"customer_id", "at", "kind"},
    "tier_history": {"customer_id", "tier", "from_at"},
    "campaigns": {"customer_id", "campaign", "at"},
}


def test_schemas_are_the_tables_that_a_params_file_may_name():
    assert list(SCHEMAS) == list(get_args(TableName))


def test_data_dictionary_says_what_every_column_means():
    listed = data_dictionary()
    assert list(listed.columns) == ["table", "column", "type", "unit", "required", "meaning"]
    assert (listed["meaning"].str.len() > 5).all()
    assert not listed.duplicated(["table", "column"]).any()
    required = listed[listed["required"]].groupby("table")["column"].agg(set).to_dict()
    assert required == REQUIRED


def test_ids_and_free_text_are_private():
    assert private_columns() == {"customer_id", "order_id", "contract_id", "comment"}


def test_schema_validates_an_engine_table_by_pandera_itself():
    good = ibis.memtable(
        {"customer_id": ["c1"], "at": [date(2023, 1, 1)], "nps": [9.0]},
        schema={"customer_id": "string", "at": "date", "nps": "float64"},
    )
    table = ibis.duckdb.connect().create_table("surveys", good.to_pyarrow())
    assert SCHEMAS["surveys"].validate(table, lazy=True).count().execute() == 1
    with pytest.raises(SchemaErrors, match="whole number from 0 to 10"):
        SCHEMAS["surveys"].validate(table.mutate(nps=table.nps + 2), lazy=True)
