"""What is proposed for one table, and what its data show that a person should know."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import ibis

from analysis.data.clocks import busiest_hour
from analysis.data.conventions import guess_currency, guess_date_format, guess_signs, kind_of_values
from analysis.data.crossing import fetch_rows
from analysis.data.parsing import fetchable, read_bare_time, read_day, read_number, read_text
from analysis.data.raw import RawTable
from analysis.data.recognise import find_product, guess_table, match_columns
from analysis.params.source import TableSource
from analysis.schemas import NUMBER, SCHEMAS

SAMPLE = 2000
LONGEST = 200
UNKNOWN = "???"
EARLIEST = date(1980, 1, 1)
MOST_GROUPS = 30
PERSONAL = re.compile(
    r"(?i)mail|phone|fon|mobil|name|stra(ss|ß)e|street|address|adresse|iban|birth|geburt|gebdat|"
    r"zip|plz|postal|postcode|passport|ssn|url|link"
)
PERIOD_OF = ("at", "started_at", "from_at", "ended_at")


@dataclass(slots=True)
class Proposal:
    """What is proposed for one table.

    Attributes
    ----------
    name : str
        Name in the contract.
    block : dict
        What the params file says of where the table lies and how it reads.
    columns : dict
        Column of the contract to column (or product of columns) of the source.
    keep, left : list of str
        Further columns of the source: taken along, and not.
    facts : dict
        What the whole table was asked: counts of `rows`, `missing` and `padded` ids, `negative`
        amounts, `cancelled` invoices; `first`, `last` day; `strange` days; the `hour` in which
        most times of a column without a zone lie.
    currency : str or None
    notes : list of str
    """

    name: str
    block: dict[str, Any]
    columns: dict[str, Any] = field(default_factory=dict)
    keep: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    currency: str | None = None
    notes: list[str] = field(default_factory=list)

    def source(self) -> TableSource:
        """How the table reads, as far as it is known."""
        how = ("date_format", "decimal", "thousands")
        return TableSource(**{key: self.block[key] for key in how if key in self.block})


def describe(label: str, raw: RawTable, block: dict[str, Any]) -> Proposal | None:
    """Describe a table of the source; None when it looks like none of the contract."""
    looked_at = raw.table.mutate(**{name: fetchable(raw.table[name]) for name in raw.table.columns})
    rows = fetch_rows(looked_at.limit(SAMPLE))
    sample = {column: [row[column] for row in rows] for column in raw.table.columns}
    kinds = {column: kind_of_values(values) for column, values in sample.items()}
    name = guess_table(label, raw.table.columns, kinds)
    if not name:
        return None
    proposal = Proposal(name, dict(block))
    proposal.columns = match_columns(name, raw.table.columns, kinds)
    product = find_product(raw.table.columns) if name == "transactions" else None
    if product and proposal.columns.get("amount", product[1]) == product[1]:
        proposal.columns["amount"] = {"product_of": list(product)}
    for column, spec in SCHEMAS[name].columns.items():
        if spec.required and column not in proposal.columns:
            proposal.columns[column] = UNKNOWN
            proposal.notes.append(f"{column}: which of {', '.join(raw.table.columns[:20])}?")
    _read_conventions(proposal, raw, sample)
    _sort_rest(proposal, raw, kinds)
    _ask(proposal, raw)
    return proposal


def origins(proposal: Proposal, column: str) -> list[str]:
    """Return the source columns behind a column of the contract."""
    origin = proposal.columns.get(column, UNKNOWN)
    parts = origin["product_of"] if isinstance(origin, dict) else [origin]
    return [part for part in parts if part != UNKNOWN]


def _read_conventions(proposal: Proposal, raw: RawTable, sample: dict) -> None:
    """Find how days and numbers are written."""
    contract = SCHEMAS[proposal.name].columns
    for column in proposal.columns:
        kind = contract[column].metadata["kind"]
        for part in origins(proposal, column):
            values = [value for value in sample[part] if isinstance(value, str)]
            if kind.startswith("date") and "date_format" not in proposal.block:
                _read_days(proposal, raw, part, values or sample[part])
            elif kind == NUMBER and values:
                values += _longest(raw.table[part])
                decimal, thousands = guess_signs(values)
                proposal.block |= {"decimal": ","} if decimal != "." else {}
                proposal.block |= {"thousands": thousands} if thousands else {}
                proposal.currency = proposal.currency or guess_currency(values)


def _longest(column: ibis.Column) -> list[str]:
    """Take the longest values of the whole table: they show the thousands sign."""
    texts = column.name("text").as_table().distinct()
    texts = texts.order_by(ibis.desc(texts.text.length())).limit(LONGEST)
    return [row["text"] for row in fetch_rows(texts) if row["text"]]


def _read_days(proposal: Proposal, raw: RawTable, part: str, values: list) -> None:
    """Take the format in which most days of the whole table read."""
    if not all(isinstance(value, str) for value in values):
        serial = [v for v in values if isinstance(v, int | float) and 20_000 < v < 80_000]
        if serial and len(serial) == len([v for v in values if v is not None]):
            proposal.block["date_format"] = "excel"
        return
    form, fitting = guess_date_format(values)
    if form is None:
        return
    sources = {other: TableSource(date_format=other) for other in fitting}
    read = {other: read_day(raw.table[part], source) for other, source in sources.items()}
    asked = {f"f{i}": day.count() for i, day in enumerate(read.values()) if day is not None}
    counts = list(fetch_rows(raw.table.aggregate(**asked))[0].values())
    best = [other for other, count in zip(fitting, counts, strict=True) if count == max(counts)]
    proposal.block["date_format"] = best[0]
    if len(best) > 1 and {best[0][:2], best[1][:2]} == {"%d", "%m"}:
        proposal.notes.append(
            f"{part}: day or month first? Both read everywhere; check date_format"
        )


def _sort_rest(proposal: Proposal, raw: RawTable, kinds: dict[str, str]) -> None:
    """Offer to take along what can be a group or an answer; never what names a person."""
    used = {part for column in proposal.columns for part in origins(proposal, column)}
    rest = [column for column in raw.table.columns if column not in used]
    if proposal.name not in ("customers", "surveys") or not rest:
        proposal.left = rest
        return
    asked = {f"c{i}": raw.table[column].nunique() for i, column in enumerate(rest)}
    distinct = fetch_rows(raw.table.aggregate(**asked))[0].values()
    for column, count in zip(rest, distinct, strict=True):
        answer = proposal.name == "surveys" and kinds[column] == "number"
        fit = 1 < count <= MOST_GROUPS and kinds[column] in ("text", "number")
        fit = fit and not PERSONAL.search(column)
        (proposal.keep if fit else proposal.left).append(column)
        if fit and not answer and count <= MOST_GROUPS // 2:
            proposal.groups.append(column)


def _ask(proposal: Proposal, raw: RawTable) -> None:
    """Ask the whole table for its period, ids that are missing, returns, cancelled invoices."""
    source, table = proposal.source(), raw.table
    asked = {"rows": table.count()}
    for name in PERIOD_OF:
        for part in origins(proposal, name):
            day = read_day(table[part], source)
            if day is not None:
                sane = day.between(EARLIEST, date.today() + timedelta(days=1))
                asked |= {f"first_{name}": day.min(where=sane), f"last_{name}": day.max(where=sane)}
                asked |= {f"strange_{name}": (~sane).sum()}
    for part in origins(proposal, "customer_id"):
        ids = read_text(table[part])
        asked["missing"] = (ids.isnull() | (ids.strip() == "")).sum()
        asked["padded"] = (ids.strip() != ids).sum()
    for part in origins(proposal, "amount")[:1]:
        number = read_number(table[part], source)
        if number is not None:
            asked["negative"] = (number < 0).sum()
    for part in origins(proposal, "order_id"):
        asked["cancelled"] = read_text(table[part]).re_search(r"^C[0-9]+$").sum()
    for part in origins(proposal, "currency"):
        asked |= {"currencies": table[part].nunique(), "currency": table[part].max()}
    proposal.facts = fetch_rows(table.aggregate(**asked))[0]
    for name in PERIOD_OF:
        for part in origins(proposal, name):
            bare = read_bare_time(table[part], source)
            proposal.facts[f"hour_{name}"] = None if bare is None else busiest_hour(bare)
    if proposal.facts.get("currencies") == 1:
        proposal.currency = proposal.facts["currency"]
