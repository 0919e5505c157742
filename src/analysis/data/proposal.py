"""What is proposed for one table, and what its data show that a person should know."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import ibis

from analysis.data.asked_days import settle_days
from analysis.data.asked_numbers import settle_numbers
from analysis.data.asked_times import count_instants, settle_clocks
from analysis.data.clocks import busiest_hour
from analysis.data.conventions import kind_of_values
from analysis.data.crossing import fetch_rows
from analysis.data.parsing import fetchable, read_bare_time, read_day, read_number, read_text
from analysis.data.personal import is_personal
from analysis.data.promised import MADE
from analysis.data.proposed import Proposal
from analysis.data.raw import RawTable
from analysis.data.recognise import find_product, guess_table, is_mail, match_columns
from analysis.params.undecided import UNDECIDED
from analysis.schemas import SCHEMAS

SAMPLE = 2000
EARLIEST = date(1980, 1, 1)
MOST_GROUPS = 30
FEW_ORDERS = 20
PERIOD_OF = ("at", "started_at", "from_at", "ended_at")


def describe(
    label: str,
    raw: RawTable,
    block: dict[str, Any],
    *,
    system: str | None = None,
    name: str = "",
    own: tuple[str, ...] = (),
) -> Proposal | None:
    """Describe a table of the source; None when it looks like none of the contract.

    Parameters
    ----------
    label : str
        What the source calls it.
    raw : RawTable
    block : dict
        What is known of how it is opened.
    system : str, optional
        The date system that its workbook states.
    name : str, optional
        The table of the contract to describe it as, whatever it looks like.
    own : tuple of str, optional
        Columns that go before the others, which a join has brought.
    """
    sample = first_values(raw)
    kinds = {column: kind_of_values(values) for column, values in sample.items()}
    name = name or guess_table(label, raw.table.columns, kinds)
    if not name:
        return None
    proposal = Proposal(name, dict(block))
    matched = match_columns(name, raw.table.columns, kinds)
    if own:
        matched |= match_columns(name, own, kinds)
    proposal.columns = {c: matched[c] for c in SCHEMAS[name].columns if c in matched}
    product = find_product(raw.table.columns) if name == "transactions" else None
    if product and proposal.columns.get("amount", product[1]) == product[1]:
        proposal.columns["amount"] = {"product_of": list(product)}
    for column, spec in SCHEMAS[name].columns.items():
        if spec.required and column not in proposal.columns:
            proposal.columns[column] = UNDECIDED
            proposal.notes.append(f"??? {column}: which of {', '.join(raw.table.columns)}?")
    if proposal.origins("customer_id") and is_mail(proposal.origins("customer_id")[0]):
        proposal.notes.append(
            "customer_id: no number of the customer was found: is a mail address one?"
        )
    if "date_format" not in proposal.block:
        settle_days(proposal, raw, sample, system)
    settle_numbers(proposal, raw, sample)
    _sort_rest(proposal, raw, kinds, sample)
    _ask(proposal, raw)
    settle_clocks(proposal)
    return proposal


def first_values(raw: RawTable) -> dict[str, list]:
    """Fetch the first values of each column."""
    looked_at = raw.table.mutate(**{name: fetchable(raw.table[name]) for name in raw.table.columns})
    rows = fetch_rows(looked_at.limit(SAMPLE))
    return {column: [row[column] for row in rows] for column in raw.table.columns}


def _sort_rest(
    proposal: Proposal, raw: RawTable, kinds: dict[str, str], sample: dict[str, list]
) -> None:
    """Offer to take along what can be a group or an answer; never what names a person."""
    used = {part for column in proposal.columns for part in proposal.origins(column)}
    rest = [column for column in raw.table.columns if column not in used]
    if proposal.name not in ("customers", "surveys") or not rest:
        proposal.left = rest
        return
    asked = {f"c{i}": raw.table[column].nunique() for i, column in enumerate(rest)}
    distinct = fetch_rows(raw.table.aggregate(**asked))[0].values()
    for column, count in zip(rest, distinct, strict=True):
        answer = proposal.name == "surveys" and kinds[column] == "number"
        fit = 1 < count <= MOST_GROUPS and kinds[column] in ("text", "number")
        fit = fit and not is_personal(column, sample[column])
        made = fit and proposal.name == "customers" and column in MADE
        name = f"own_{column}" if made else column
        if made:
            proposal.columns[name] = column
        else:
            (proposal.keep if fit else proposal.left).append(column)
        if fit and not answer and count <= MOST_GROUPS // 2:
            proposal.groups.append(name)


def _ask(proposal: Proposal, raw: RawTable) -> None:
    """Ask the whole table for its period, values that are missing, returns, cancelled invoices."""
    table = raw.table
    asked = {"rows": table.count(), **_period(proposal, raw)}
    needed = [c for c, spec in SCHEMAS[proposal.name].columns.items() if spec.required]
    parts = [part for column in needed for part in proposal.origins(column)]
    if parts:
        asked["missing"] = ibis.or_(*(_blank(table[part]) for part in parts)).sum()
    for part in proposal.origins("customer_id"):
        ids = read_text(table[part])
        asked["padded"] = (ids.strip() != ids).sum()
        asked["repeated"] = ids.count() - ids.nunique()
        asked["people"] = ids.nunique()
    for part in proposal.origins("amount")[:1]:
        number = read_number(table[part], proposal.assumed())
        if number is not None:
            asked["negative"] = (number < 0).sum()
    for part in proposal.origins("order_id"):
        asked["cancelled"] = read_text(table[part]).re_search(r"^C[0-9]+$").sum()
        asked["orders"] = table[part].nunique()
    for part in proposal.origins("currency"):
        codes = read_text(table[part]).strip().upper().nullif("")
        asked |= {"currencies": codes.nunique(), "currency": codes.max()}
    proposal.facts = fetch_rows(table.aggregate(**asked))[0]
    for name in PERIOD_OF:
        for part in proposal.origins(name):
            bare = read_bare_time(table[part], proposal.assumed().days_of(name))
            proposal.facts[f"hour_{name}"] = None if bare is None else busiest_hour(bare)
    if proposal.facts.get("people") == proposal.facts.get("orders", 0) > FEW_ORDERS:
        proposal.notes.append(
            "customer_id: every order has one of its own: is it the customer's, or the order's?"
        )
    if proposal.facts.get("currencies") == 1:
        proposal.currency = proposal.facts["currency"]


def _period(proposal: Proposal, raw: RawTable) -> dict[str, ibis.Scalar]:
    asked = {}
    for name in PERIOD_OF:
        for part in proposal.origins(name):
            column = raw.table[part]
            known = proposal.reads_days(name)
            day = read_day(column, proposal.source().days_of(name)) if known else None
            if day is not None:
                sane = day.between(EARLIEST, date.today() + timedelta(days=1))
                asked |= {f"first_{name}": day.min(where=sane), f"last_{name}": day.max(where=sane)}
                asked |= {f"strange_{name}": (~sane).sum()}
            instants = count_instants(column, proposal.assumed().days_of(name))
            asked |= {} if instants is None else {f"instants_{name}": instants}
    return asked


def _blank(column: ibis.Column) -> ibis.Column:
    text = read_text(column)
    return text.isnull() | (text.strip() == "")
