"""Values that stand for nothing in a source: blanks, and the codes that the params file names."""

from __future__ import annotations

import ibis


def present(column: ibis.Column, codes: tuple[str, ...]) -> ibis.Column:
    """Read blanks, and the codes that stand for nothing, as missing."""
    kind = column.type()
    if kind.is_string():
        return ibis.ifelse(column.strip().isin(["", *codes]), ibis.null("string"), column)
    nothing = column.isnan() if kind.is_floating() else ibis.literal(False)
    numbers = numbers_in(codes) if kind.is_numeric() and not kind.is_boolean() else {}
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
    if not kind.is_numeric() or kind.is_boolean() or not numbers_in(codes):
        return none
    number = column.cast("float64")
    return ibis.cases(*((number == n, code) for code, n in numbers_in(codes).items()), else_=none)


def numbers_in(codes: tuple[str, ...]) -> dict[str, float]:
    """The codes that are numbers."""
    found = {}
    for code in codes:
        try:
            found[code] = float(code)
        except ValueError:
            continue
    return found
