"""Read the tables that a params file names."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from analysis.data.engine import open_duckdb
from analysis.data.fingerprint import text_fingerprint
from analysis.data.packages import CDNOW, read_cdnow
from analysis.data.store import read_stored
from analysis.data.tables import AUDIT_COLUMNS, Description, Tables
from analysis.params import Params


def read_tables(params: Params, *, stored: bool = True) -> Tables:
    """Read, check and repair the tables of a study.

    The tables of `build/<study>/tables` are used when nothing that they were made from has
    changed; `stored=False` always reads the sources.
    """
    fingerprint = text_fingerprint(params.data.model_dump(mode="json"))
    ready = read_stored(params, fingerprint) if stored else None
    if ready is not None:
        return ready
    arrow, description = _arrow_tables(params)
    connection = open_duckdb(params.timezone)
    by_name = {name: connection.create_table(name, table) for name, table in arrow.items()}
    if "customers" not in by_name:
        ids = by_name["transactions"].select("customer_id").distinct()
        by_name["customers"] = connection.create_view("customers", ids)
    audit = pd.DataFrame(
        [(name, "kept", "", table.num_rows) for name, table in arrow.items()], columns=AUDIT_COLUMNS
    )
    return Tables(connection, by_name, audit, description, fingerprint)


def _arrow_tables(params: Params) -> tuple[dict[str, pa.Table], Description]:
    source = params.data
    if source.simulated is not None:
        from analysis.simulate import simulate_company

        simulated = source.simulated
        company = simulate_company(
            simulated.company,
            customers=simulated.customers,
            seed=simulated.seed,
            observed_from=params.observed_from,
            observed_until=params.observed_until,
        )
        title = f"A simulated {simulated.company} with {simulated.customers:,} customers"
        described = Description(title, "none needed", "made by this project", "simulated", True)
        return dict(company.tables), described
    return read_cdnow(), CDNOW
