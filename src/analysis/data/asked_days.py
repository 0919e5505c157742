"""How the days of a table are written: found where one way alone reads, else asked of a person."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from analysis.data.conventions import DATE_FORMATS, guess_date_format
from analysis.data.crossing import fetch_rows
from analysis.data.parsing import read_day, reads_text
from analysis.data.proposed import Proposal
from analysis.data.raw import RawTable
from analysis.params.source import TableSource
from analysis.params.undecided import UNDECIDED
from analysis.schemas import SCHEMAS

SERIALS = {  # ways to read a number: from where on, up to where
    ("excel", "excel1904"): (20_000, 80_000),
    ("epoch_s", "epoch_ms"): (1e8, 4.1e9),
    ("epoch_ms", "epoch_s"): (1e11, 4.1e12),
}
SAYS = {
    "excel": "days since 1900, as most workbooks count",
    "excel1904": "days since 1904, as workbooks of old Macs count",
    "epoch_s": "seconds since 1970",
    "epoch_ms": "milliseconds since 1970",
}
ORDERS = {"dmY": "day first", "mdY": "month first", "Ymd": "year first"}
MEMBERS = re.compile(r"%([dmbYy])")
LINES = 6


def settle_days(
    proposal: Proposal, raw: RawTable, sample: Mapping[str, list], system: str | None
) -> None:
    """Propose `date_format`, or ask for it.

    Parameters
    ----------
    sample : mapping
        Column of the source to its first values, in their order.
    system : str, optional
        The date system that a workbook states ('excel', 'excel1904').
    """
    parts = dated_parts(proposal) if reads_text(raw.table) else []
    for readings, (low, high) in SERIALS.items():
        if any(_all_between(sample[part], low, high) for part in parts):
            serial = [part for part in parts if _all_between(sample[part], low, high)]
            _settle_serial(proposal, raw, serial, readings, system)
            return
    written = {part: _texts(sample[part]) for part in parts}
    fitting = {part: guess_date_format(values)[1] for part, values in written.items()}
    fitting = {part: forms for part, forms in fitting.items() if forms}
    if not fitting:
        return
    shared = [form for form in DATE_FORMATS if all(form in forms for forms in fitting.values())]
    if not shared or any(values and part not in fitting for part, values in written.items()):
        _settle_each(proposal, raw, fitting, written)
        return
    first, best = next(iter(fitting)), _read_most(raw, list(fitting), shared)
    if best and not _in_doubt(best):
        proposal.block["date_format"] = best[0]
    elif best:
        proposal.ask("date_format", _doubt(proposal, raw, first, best, written[first]), best)


def _settle_each(proposal: Proposal, raw: RawTable, fitting: Mapping, written: Mapping) -> None:
    """Propose a way for each column, where columns are written in several ways; ISO needs none."""
    shown, guessed, lines = {}, {}, []
    for part, forms in fitting.items():
        best = _read_most(raw, [part], forms)
        columns = [c for c in proposal.columns if part in proposal.origins(c)]
        doubt = best and _in_doubt(best)
        lines += _doubt(proposal, raw, part, best, written[part]) if doubt else []
        guessed |= dict.fromkeys(columns, best[0]) if best else {}
        shown |= dict.fromkeys(columns, UNDECIDED if doubt else best[0]) if best else {}
    if lines:
        proposal.ask("date_format", lines, [guessed], shown)
    elif shown:
        proposal.block["date_format"] = shown


def dated_parts(proposal: Proposal) -> list[str]:
    """List the columns of the source that are days or times in the contract."""
    contract = SCHEMAS[proposal.name].columns
    dated = [c for c in proposal.columns if contract[c].metadata["kind"].startswith("date")]
    return [part for column in dated for part in proposal.origins(column)]


def period_of(raw: RawTable, part: str, form: str) -> tuple[date | None, date | None]:
    """The first and last day of a column as one way reads it."""
    day = read_day(raw.table[part], TableSource(date_format=form))
    if day is None:
        return None, None
    found = fetch_rows(raw.table.aggregate(first=day.min(), last=day.max()))[0]
    return found["first"], found["last"]


def _settle_serial(proposal, raw, parts, readings, system) -> None:
    if readings[0] == "excel" and system is not None:
        proposal.block["date_format"] = system
        proposal.notes.append(f"{parts[0]}: {SAYS[system]}; the workbook itself says so")
        return
    lines = [f"{parts[0]} is a number. Of what?"]
    for form in readings:
        first, last = proposal.periods[form] = period_of(raw, parts[0], form)
        read = f"{first} to {last}" if first else "no day reads so"
        lines.append(f"  {form} ({SAYS[form]}): {read}")
    proposal.ask("date_format", lines, readings)


def _doubt(proposal, raw, part, forms, values) -> list[str]:
    """The question with its evidence: the period, and whether the rows stand in order of time."""
    example = next(value for value in values if value)
    firsts = [ORDERS[_order(form).replace("y", "Y")] for form in forms[:LINES]]
    asked = f"{', '.join(dict.fromkeys(firsts))}" if len(set(firsts)) > 1 else "of which century"
    lines = [f"{part}: {example}: {asked}? All rows read in each of these ways:"]
    for form in forms[:LINES]:
        first, last = proposal.periods[form] = period_of(raw, part, form)
        back = _steps_back(values, form)
        says = ORDERS[_order(form).replace("y", "Y")]
        lines.append(f'  "{form}" ({says}): {first} to {last}; {back}')
    return lines


def _steps_back(values: Sequence[str], form: str) -> str:
    days = [datetime.strptime(value, form) for value in values]
    back = sum(later < earlier for earlier, later in itertools.pairwise(days))
    return f"of the first {len(days):,} rows {back:,} lie before the row above them"


def _in_doubt(forms: Sequence[str]) -> bool:
    """Whether ways of different order read everywhere, or years have two digits."""
    return len({_order(form) for form in forms}) > 1 or "%y" in forms[0]


def _order(form: str) -> str:
    return "".join(MEMBERS.findall(form)).replace("b", "m")


def _read_most(raw: RawTable, parts: Sequence[str], forms: Sequence[str]) -> list[str]:
    """Return the ways in which most days of the whole table read."""
    asked = {}
    for place, form in enumerate(forms):
        for part in parts:
            day = read_day(raw.table[part], TableSource(date_format=form))
            if day is None:
                return []
            asked[place] = asked.get(place, 0) + day.count()
    found = fetch_rows(raw.table.aggregate(**{f"f{place}": n for place, n in asked.items()}))[0]
    most = max(found.values())
    return [form for place, form in enumerate(forms) if found[f"f{place}"] == most]


def _texts(values: Sequence[object]) -> list[str]:
    """Values as they are written; whole numbers too (20240131), other types not."""
    if any(isinstance(v, float | bool) or hasattr(v, "year") for v in values):
        return []
    return [str(value).strip() for value in values if value is not None and str(value).strip()]


def _all_between(values: Sequence[object], low: float, high: float) -> bool:
    try:
        numbers = [float(value) for value in values if value not in (None, "")]
    except (TypeError, ValueError):
        return False
    return bool(numbers) and all(low < number < high for number in numbers)
