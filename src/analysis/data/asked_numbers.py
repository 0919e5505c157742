"""How amounts are written: the decimal sign and the unit, found or asked of a person."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from analysis.data.conventions import guess_currency
from analysis.data.crossing import fetch_rows
from analysis.data.parsing import read_number, reads_text
from analysis.data.proposed import Proposal
from analysis.data.raw import RawTable
from analysis.data.recognise import plain
from analysis.data.signs import Signs, count_shapes, decide_signs
from analysis.params.currencies import WITHOUT_CENTS
from analysis.params.source import TableSource
from analysis.schemas import NUMBER, SCHEMAS, is_money

CENTS = re.compile(r"(?<!per)cents?$|incents?|minor(units?)?$|pence$|rappen$|分$")
FULL_PRICES = (0, 90, 95, 99)
"""The last two digits of many prices in cents."""


def settle_numbers(proposal: Proposal, raw: RawTable, sample: Mapping[str, list]) -> None:
    """Propose `decimal`, `thousands` and `amounts_in`, or ask for them."""
    texts = [part for part in _parts(proposal) if raw.table[part].type().is_string()]
    texts = texts if reads_text(raw.table) else []
    signs = _signs_of(raw, texts)
    for part in texts:
        code, sign = guess_currency(sample[part])
        proposal.currency = proposal.currency or code
        proposal.currency_sign = proposal.currency_sign or sign
    if signs.open and not raw.signs_known:
        proposal.ask("decimal", _which_sign(raw, texts, signs), (".", ","))
        return
    proposal.block |= {"decimal": ","} if signs.decimal == "," else {}
    proposal.block |= {"thousands": signs.thousands} if signs.thousands else {}
    _settle_units(proposal, raw)


def _parts(proposal: Proposal) -> list[str]:
    contract = SCHEMAS[proposal.name].columns
    numbers = [c for c in proposal.columns if contract[c].metadata["kind"] == NUMBER]
    return list(dict.fromkeys(part for c in numbers for part in proposal.origins(c)))


def _signs_of(raw: RawTable, parts: list[str]) -> Signs:
    """Ask the whole table what its numbers show."""
    asked = {
        f"{place} {shape}": count
        for place, part in enumerate(parts)
        for shape, count in count_shapes(raw.table[part]).items()
    }
    counts: Counter[str] = Counter()
    if asked:
        for name, count in fetch_rows(raw.table.aggregate(**asked))[0].items():
            counts[name.split()[1]] += int(count or 0)
    return decide_signs(counts)


def _which_sign(raw: RawTable, parts: list[str], signs: Signs) -> list[str]:
    other = {".": ",", ",": "."}[signs.either]
    ways = {
        f'decimal: "{other}", thousands: "{signs.either}"': (other, signs.either),
        f'decimal: "{signs.either}"': (signs.either, None),
    }
    lines = [f"{', '.join(parts)}: is '{signs.either}' the sign of thousands or of decimals?"]
    if signs.values:
        lines.append(f"It stands before three digits wherever it stands ({signs.values:,} values):")
    else:
        lines.append("Some values read in the one way only, some in the other:")
    for written, (decimal, thousands) in ways.items():
        number = read_number(raw.table[parts[0]], TableSource(decimal=decimal, thousands=thousands))
        asked = {"total": number.sum(), "largest": number.max(), "read": number.count()}
        found = fetch_rows(raw.table.aggregate(**asked))[0]
        total, largest = found["total"] or 0, found["largest"] or 0
        total = f"{found['read']:,} values read, total {total:,.2f}, largest {largest:,.3f}"
        lines.append(f"  {written}   # {total}")
    return lines


def _settle_units(proposal: Proposal, raw: RawTable) -> None:
    """Whole units or cents: headings may say so, decimals show it; whole numbers leave it open."""
    if proposal.currency in WITHOUT_CENTS or proposal.currency_sign:
        return
    for column in [c for c in proposal.columns if is_money(proposal.name, c)]:
        for part in proposal.origins(column)[-1:]:
            found = _whole_numbers(proposal, raw, part)
            if found is None:
                return
            if CENTS.search(plain(part)):
                proposal.block["amounts_in"] = "cents"
                proposal.notes.append(f"{part}: cents, as the heading says")
                return
            if found["least"] >= 100:
                proposal.ask("amounts_in", _which_unit(part, found), ("whole", "cents"))
                return


def _whole_numbers(proposal: Proposal, raw: RawTable, part: str) -> dict | None:
    """Ask what the amounts are like; None where their decimals show that they are whole units."""
    column = raw.table[part]
    number = read_number(column, proposal.source())
    if number is None or (column.type().is_decimal() and column.type().scale):
        return None
    size = number.abs()
    asked = {
        "rows": number.count(),
        "broken": (number != number.floor()).sum(),
        "least": size.min(where=size > 0),
        "most": size.max(),
        "full": (size % 100).isin(FULL_PRICES).sum(),
    }
    if column.type().is_string():
        shapes = count_shapes(column)
        asked["shown"] = shapes["dot_decimal"] + shapes["comma_decimal"]
    found = fetch_rows(raw.table.aggregate(**asked))[0]
    if found["broken"] or found.get("shown") or not found["least"]:
        return None
    return found


def _which_unit(part: str, found: Mapping) -> list[str]:
    least, most = found["least"], found["most"]
    return [
        f"{part} holds whole numbers only: euros (dollars …) or cents?",
        f"  whole: from {least:,.0f} to {most:,.0f}",
        f"  cents: from {least / 100:,.2f} to {most / 100:,.2f}",
        f"  {found['full']:,} of {found['rows']:,} end in 00, 90, 95 or 99, as prices in cents do",
    ]
