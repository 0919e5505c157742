"""The `data:` block of a params file: where the tables come from, and what may be mended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from analysis.params.address import check_address
from analysis.params.joined import Joined
from analysis.params.missing import Codes, Missing
from analysis.params.rows import Block, Filter, FilterValue, ProductOf, Text
from analysis.params.zones import LOCAL, ClockZone

TableName = Literal[
    "transactions",
    "customers",
    "contracts",
    "surveys",
    "interactions",
    "tier_history",
    "campaigns",
]
PACKAGE_TABLES = {
    "cdnow": {"transactions"},
    "cdnow_sample": {"transactions"},
    "complete_journey": {"transactions", "customers", "campaigns"},
    "housing": {"surveys"},
}
CHAPTER_COLUMNS = ("customers.first_contact_at", "campaigns.arm")
"""Columns without which a chapter is empty."""
CUT_PACKAGES = {"complete_journey"}
"""Packages whose customers bought before the observation began."""
SERIAL = ("excel", "excel1904", "epoch_s", "epoch_ms")
"""Days and times that are written as one number: days since an epoch, seconds, milliseconds."""
JoinName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]


class Simulated(Block):
    """A company whose truth is known."""

    company: Literal["retailer", "bank", "chain"]
    customers: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0)]


class TableSource(Block):
    """Where one table lies and how it reads.

    `columns` maps a column of the contract to the column of the source; a source column that
    already has the contract's name needs no line. `keep` lists further columns to take along
    (groups of customers, answers of surveys); those that `segments`, `covariates` or
    `satisfaction` name are taken along without it. `row_number` names a column that the number of
    the row stands for (a survey without customer numbers), `constants` columns that hold one
    value in every row. The chapters on prospects and on campaigns need `first_contact_at` and `arm`
    to be named, whatever the source calls them. Of times of day that carry no zone `times_in` must
    say whose they are: `local` (of the study's `timezone`), UTC (as servers often write them), or
    another zone; where the study's own zone is UTC they are read as that. Times that carry a zone
    or an offset, and days without a time, are read as they stand.

    `date_format` is a pattern such as "%d.%m.%Y"; or `excel` (days by the 1900 date system, or by
    1904 where the workbook says so), `excel1904`, `epoch_s`, `epoch_ms` (seconds or milliseconds
    since 1970, which are instants). Without it days are read as 2024-12-31; where the columns of a
    table differ, it names columns (`{ended_at: "%d.%m.%Y"}`). `amounts_in: cents`
    divides the columns of money by a hundred. `join` looks other tables up by a key (see
    `Joined`). `missing` names the codes that stand for nothing, by column (see
    `params.missing`). With `sha256` a file of other content is refused.
    """

    file: Text | tuple[Text, ...] | None = None
    sheet: Text | tuple[Text, ...] | None = None
    table: Text | None = None
    sql: Text | None = None
    columns: dict[str, Text | ProductOf] = Field(default_factory=dict)
    keep: tuple[Text, ...] = ()
    date_format: Text | dict[Text, Text] | None = None
    times_in: ClockZone | None = None
    amounts_in: Literal["whole", "cents"] = "whole"
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'"] | None = None
    encoding: Text = "utf-8"
    delimiter: Literal[",", ";", "\t", "|", " "] | None = None
    missing: Missing = ()
    filters: tuple[Filter, ...] = ()
    returns: Literal["net", "drop", "refuse"] = "net"
    row_number: Text | None = None
    constants: dict[str, FilterValue] = Field(default_factory=dict)
    join: dict[JoinName, Joined] = Field(default_factory=dict)
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None

    @field_validator("date_format")
    @classmethod
    def _readable(cls, written: str | dict[str, str] | None) -> str | dict[str, str] | None:
        for one in written.values() if isinstance(written, dict) else [written]:
            if one is not None and "%" not in one and one not in SERIAL:
                raise ValueError(f'must be a pattern such as "%d.%m.%Y", or {", ".join(SERIAL)}')
        return written

    @model_validator(mode="after")
    def _conventions(self) -> TableSource:
        if self.decimal == self.thousands:
            raise ValueError(
                f"decimal and thousands must differ, but both are {self.decimal!r}; "
                "leave thousands out where there is none"
            )
        if self.table and self.sql:
            raise ValueError("a table must be named by table or by sql, but both came")
        if self.sha256 and not isinstance(self.file, str):
            raise ValueError("sha256 must be that of one file, but the table has another source")
        given = {*self.constants, *filter(None, [self.row_number])}
        twice = sorted(given & {*self.named})
        if twice:
            raise ValueError(
                f"a column must be given once, but {', '.join(twice)} is mapped and given"
            )
        return self

    @property
    def formats(self) -> tuple[str, ...]:
        """Each way in which the block says that days are written."""
        written = self.date_format
        return tuple(written.values()) if isinstance(written, dict) else (written or "",)

    def days_of(self, column: str) -> TableSource:
        """The same block, as it reads the days of one column of the contract."""
        if not isinstance(self.date_format, dict):
            return self
        return self.model_copy(update={"date_format": self.date_format.get(column)})

    def codes_of(self, *names: str) -> Codes:
        """The codes that stand for nothing in a column, by any of its names."""
        if not isinstance(self.missing, Mapping):
            return tuple(self.missing)
        return tuple(dict.fromkeys(code for name in names for code in self.missing.get(name, ())))

    @property
    def counts_rows(self) -> bool:
        """Whether the ids of customers are the numbers of rows, which are nobody's."""
        named = self.columns.get("customer_id", "customer_id")
        return self.row_number is not None and named == self.row_number

    def counting_from(self, system: str) -> TableSource:
        """The same block, whose serial days (`excel`) are counted by a date system."""
        written = self.date_format
        if isinstance(written, dict):
            written = {c: system if one == SERIAL[0] else one for c, one in written.items()}
        elif written == SERIAL[0]:
            written = system
        return self.model_copy(update={"date_format": written})

    @property
    def clock_zone(self) -> str | None:
        """The zone that times without one are written in; None where it is the study's."""
        return None if self.times_in == LOCAL else self.times_in

    @property
    def named(self) -> tuple[str, ...]:
        """The columns of the contract that the block names."""
        return (*self.columns, *self.keep)


class Connection(Block):
    """A database or cluster, by an Ibis URL; secrets stand as ${NAME} of the environment."""

    url: Text
    tables: Annotated[dict[TableName, TableSource], Field(min_length=1)]

    @field_validator("url")
    @classmethod
    def _whole(cls, url: str) -> str:
        check_address(url)
        return url

    @field_validator("tables")
    @classmethod
    def _named_there(cls, tables: dict[str, TableSource]) -> dict[str, TableSource]:
        joined = [(name, one) for name, table in tables.items() for one in table.join.values()]
        named = [*tables.items(), *joined]
        of_files = [name for name, table in named if table.file or table.sheet]
        if of_files:
            raise ValueError(
                f"tables of a connection must be named by table or sql, but {of_files[0]} names a "
                "file; Spark reads a folder of Parquet files as table: parquet.`/folder`"
            )
        return tables


class Repairs(Block):
    """What may be mended, and counted in the data chapter. Nothing is mended unless named here."""

    duplicates: Literal["refuse", "drop"] | None = None
    missing: Literal["refuse", "drop"] = "refuse"
    out_of_period: Literal["refuse", "drop"] = "refuse"
    ids: Literal["refuse", "clean"] = "refuse"
    leading_zeros: Literal["keep", "drop"] = "keep"


LEAST_MET = 0.1
"""Below one customer in ten that two tables share, what joins them tells of a chance remnant."""


class DataSource(Block):
    """Exactly one of the kinds of source, and what belongs to all of them.

    `least_met`: the share of the customers of the smaller of two tables whom the larger must know.
    """

    package: Literal["cdnow", "cdnow_sample", "complete_journey", "housing"] | None = None
    files: Annotated[dict[TableName, TableSource], Field(min_length=1)] | None = None
    connection: Connection | None = None
    simulated: Simulated | None = None
    repairs: Repairs = Repairs()
    title: str = ""
    licence: str = ""
    citation: str = ""
    history: Literal["complete", "cut"] = "complete"
    least_met: Annotated[float, Field(ge=0, le=1)] = LEAST_MET
    if_absent: Literal["refuse", "skip"] = "refuse"

    @model_validator(mode="after")
    def _one_source(self) -> DataSource:
        kinds = ("package", "files", "connection", "simulated")
        named = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(named) != 1:
            raise ValueError(
                f"data must name exactly one source of {', '.join(kinds)}, "
                f"but {' and '.join(named) or 'none'} came"
            )
        return self

    @field_validator("files")
    @classmethod
    def _named_files(cls, files: dict[str, TableSource] | None) -> dict[str, TableSource] | None:
        without = [name for name, table in (files or {}).items() if not table.file]
        if without:
            raise ValueError(f"files must name a file for each table, but {without[0]} has none")
        joined = {f"{t}.join.{n}": one for t in files or {} for n, one in files[t].join.items()}
        without = [name for name, one in joined.items() if not one.file]
        if without:
            raise ValueError(f"files must name a file for each join, but {without[0]} has none")
        return files

    @property
    def kind(self) -> str:
        """'package', 'files', 'connection' or 'simulated'."""
        kinds = ("package", "files", "connection", "simulated")
        return next(kind for kind in kinds if getattr(self, kind) is not None)

    @property
    def tables(self) -> frozenset[str]:
        """The tables of the contract that the source has; `customers` can always be made."""
        if self.simulated is not None:
            named = get_args(TableName)
        elif self.package is not None:
            named = PACKAGE_TABLES[self.package]
        else:
            named = self.files or self.connection.tables
        return frozenset(named) | {"customers"}

    @property
    def columns(self) -> frozenset[str]:
        """The columns that a chapter may need and that this source is known to have.

        Files and connections have those that `columns` or `keep` names: what is not named here is
        known only once the data are read.
        """
        if self.simulated is not None:
            return frozenset(CHAPTER_COLUMNS)
        tables = self.files or (self.connection.tables if self.connection else {})
        named = {f"{table}.{c}" for table in tables for c in tables[table].named}
        return frozenset(CHAPTER_COLUMNS) & named

    @property
    def history_complete(self) -> bool:
        """Whether every customer's first purchase lies inside the observation."""
        return self.history == "complete" and self.package not in CUT_PACKAGES

    def absent(self, folder: Path) -> str:
        """Why a study that may be left out has to be: its files are not there. Else empty."""
        if self.if_absent == "refuse":
            return ""
        for name, table in (self.files or {}).items():
            named = [one.file for one in (table, *table.join.values())]
            for path in (
                path
                for file in named
                for path in ((file,) if isinstance(file, str) else file or ())
            ):
                if not any(folder.glob(path)) and not (folder / path).exists():
                    return f"{name} must lie at {path}, but no file is there; see its params file"
        return ""

    @classmethod
    def known_keys(cls) -> list[str]:
        """Every key that the block knows, for near names in messages."""
        blocks = (cls, Simulated, TableSource, Filter, Connection, Repairs, ProductOf, Joined)
        return [key for block in blocks for key in block.model_fields]
