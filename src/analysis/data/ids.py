"""How ids and keys are written: blanks around them, zeros before them, '.0' behind them."""

from __future__ import annotations

import ibis

from analysis.data.parsing import read_text

BLANK = r"[ \t\n\r\f\v]"  # engines differ in what \s is
FLOAT_ID = rf"^{BLANK}*[0-9]+\.0+{BLANK}*$"
ID_PADDING = rf"^{BLANK}|{BLANK}$"
ROUNDED_ID = rf"^{BLANK}*[0-9]([.,][0-9]+)?[eE]\+?[0-9]+{BLANK}*$"  # 1.23457E+11: cut by Excel


def clean_id(value: ibis.Column, decimals: bool, padding: bool) -> ibis.Column:
    """Write an id without '.0', or without the blanks around it."""
    if decimals:
        value = ibis.ifelse(
            value.re_search(FLOAT_ID), value.re_replace(rf"\.0+{BLANK}*$", ""), value
        )
    if padding:
        value = value.strip().nullif("")
    return value


def without_zeros(ids: ibis.Column) -> ibis.Column:
    """Write ids without the zeros before them; '000' is '0'."""
    stripped = ids.re_replace("^0+", "")
    return ibis.ifelse((stripped == "") & (ids != ""), "0", stripped)


def as_key(column: ibis.Column) -> ibis.Column:
    """Write a key as text; blanks are none, whole numbers written as decimals lose their '.0'."""
    text = read_text(column)
    text = ibis.ifelse(text.strip() == "", ibis.null("string"), text)
    return ibis.ifelse(text.re_search(FLOAT_ID), text.re_replace(r"\.0+[ \t]*$", ""), text)
