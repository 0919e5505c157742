"""Values that stand for nothing: blanks, and the codes that the params file names by column.

A code belongs to a column: the 6 of 'does not apply' is a 6 of ten elsewhere. So each code is
counted where it blanked a value, and a number that is named for a whole table is refused where it
may be a value of another column.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import ibis

from analysis.data.faults import Fault
from analysis.notes import note
from analysis.params import Params
from analysis.params.missing import codes_of
from analysis.params.rows import ProductOf
from analysis.params.source import TableSource

CODED = "coded__"
ANYWHERE = "any column"
Origins = Mapping[str, str | ProductOf]
NPS = range(11)


def present(column: ibis.Column, codes: tuple[str, ...]) -> ibis.Column:
    """Read blanks, and the codes that stand for nothing, as missing."""
    kind = column.type()
    if kind.is_string():
        return ibis.ifelse(column.strip().isin(["", *codes]), ibis.null("string"), column)
    nothing = column.isnan() if kind.is_floating() else ibis.literal(False)
    numbers = _numbers(codes) if kind.is_numeric() and not kind.is_boolean() else {}
    if not numbers and not kind.is_floating():
        return column
    if numbers:
        nothing = nothing | column.cast("float64").isin(list(numbers.values()))
    return ibis.ifelse(nothing, ibis.null(kind), column)


def code_held(column: ibis.Column, codes: tuple[str, ...]) -> ibis.Column:
    """The code that a value is, as the params file writes it; missing where it is none."""
    kind, none = column.type(), ibis.null("string")
    if kind.is_string():
        return ibis.ifelse(column.strip().isin(list(codes)), column.strip(), none)
    if not kind.is_numeric() or kind.is_boolean() or not _numbers(codes):
        return none
    number = column.cast("float64")
    return ibis.cases(*((number == n, code) for code, n in _numbers(codes).items()), else_=none)


def check_names(
    table: str,
    source: TableSource,
    origins: Origins,
    columns: Iterable[str],
) -> list[Fault]:
    """Find codes of columns that the table does not have."""
    if not isinstance(source.missing, Mapping):
        return []
    strangers = [name for name in source.missing if name not in {*origins, *columns}]
    rule, remedy = "must be a column, as missing: names it", "mend its name under missing:"
    came = f"there are: {', '.join([*origins][:12])}"
    return [Fault(table, name, rule, came, remedy=remedy) for name in strangers]


def ask_codes(mapped: ibis.Table, source: TableSource, origins: Origins) -> dict[str, ibis.Scalar]:
    """Count, for each column and code, the values that it blanked."""
    return {
        f"code{place}": (mapped[CODED + column] == code).fill_null(False).sum()
        for place, (column, code) in enumerate(_pairs(source, origins))
    }


def check_codes(
    table: str, source: TableSource, origins: Origins, found: Mapping[str, int], params: Params
) -> tuple[list[tuple[str, str, str, int]], list[Fault]]:
    """Tell what each code blanked where; refuse a number that may be a value elsewhere.

    Returns
    -------
    audit, faults
        `audit`: rows of the step 'blanked'; a code that blanked nothing is told too.
    """
    by_code: dict[str, dict[str, int]] = defaultdict(dict)
    for place, (column, code) in enumerate(_pairs(source, origins)):
        by_code[code][column] = found[f"code{place}"]
    by_column = isinstance(source.missing, Mapping)
    audit, faults = [], []
    for code, counts in by_code.items():
        told = {c: n for c, n in counts.items() if n or by_column} or {ANYWHERE: 0}
        reasons = (
            (note("rows.code_blanked", code=code, column=column), n) for column, n in told.items()
        )
        audit += [(table, "blanked", reason, n) for reason, n in reasons]
        if not by_column and _is_doubtful(table, code, counts, params):
            faults.append(_refusal(table, code, {c: n for c, n in counts.items() if n}))
    return audit, faults


def _pairs(source: TableSource, origins: Origins) -> list[tuple[str, str]]:
    """Each column of the contract with each of its codes."""
    found = {}
    for column, origin in origins.items():
        parts = origin.product_of if isinstance(origin, ProductOf) else (origin,)
        codes = (code for part in parts for code in codes_in(source, column, part))
        found |= dict.fromkeys((column, code) for code in codes)
    return list(found)


def _is_doubtful(table: str, code: str, counts: Mapping[str, int], params: Params) -> bool:
    """Whether a code of the whole table blanked what may be a value."""
    hit = [column for column, count in counts.items() if count]
    valid = [_is_valid(table, column, code, params) for column in hit]
    return any(valid) or (None in valid and len(hit) > 1)


def _is_valid(table: str, column: str, code: str, params: Params) -> bool | None:
    """Whether a code is a value that its column may hold; None where nothing says so."""
    stated, number = params.satisfaction, next(iter(_numbers((code,)).values()), None)
    surveyed = table == "surveys"
    ordered = surveyed and stated.answer is not None and column == stated.answer.item
    if ordered and stated.answer.levels:
        return code in stated.answer.levels
    if number is None:
        return False
    if column == "customer_id":
        return True
    if surveyed and column == "nps":
        return number in NPS
    scales = stated.scales.values() if surveyed else ()
    bounds = [(scale.low, scale.high) for scale in scales if column in scale.items]
    return bounds[0][0] <= number <= bounds[0][1] if bounds else None


def _refusal(table: str, code: str, hit: Mapping[str, int]) -> Fault:
    listed = ", ".join(f"{column} ({count:,})" for column, count in hit.items())
    example = next((column for column in hit if column not in ("customer_id", "nps")), "column")
    return Fault(
        table,
        "",
        "must have its codes of missing values by column",
        f"'{code}' blanks {listed}, and may be a value there",
        remedy=f'write missing: {{{example}: ["{code}"]}}, with the columns where it means nothing',
    )


def _numbers(codes: tuple[str, ...]) -> dict[str, float]:
    """The codes that are numbers."""
    found = {}
    for code in codes:
        try:
            found[code] = float(code)
        except ValueError:
            continue
    return found


def codes_in(source: TableSource, column: str, origin: str) -> tuple[str, ...]:
    """The codes of a column of the contract that comes from a column of the source."""
    return codes_of(source.missing, column, origin)
