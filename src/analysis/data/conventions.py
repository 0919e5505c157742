"""How days and numbers are written in an export, as far as values show it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

DAYS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y"),
    *("%d %b %Y", "%b %d, %Y", "%Y%m%d", "%Y.%m.%d", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y"),
    *("%y/%m/%d", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d"),
)
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S %z", " %H:%M %z")
DATE_FORMATS = [day + time for day in DAYS for time in TIMES]
ISO = re.compile(r"^\s*\d{4}-\d{1,2}-\d{1,2}([T ].*)?$")
CURRENCY_SIGNS = {"€": "EUR", "£": "GBP"}
SHARED_SIGNS = {"$": "USD, AUD, CAD …", "¥": "CNY or JPY", "￥": "CNY or JPY"}
NUMBER = re.compile(r"[+-]?\d[\d.,'\s]*([eE][+-]?\d+)?-?")


def kind_of_values(values: Sequence[object]) -> str:
    """Say what a column holds: 'date', 'number', 'text', or 'nothing'."""
    known = [v for v in values if v is not None and not (isinstance(v, str) and not v.strip())]
    if not known:
        return "nothing"
    if all(hasattr(value, "year") for value in known):
        return "date"
    if not all(isinstance(value, str) for value in known):
        return "number" if not any(isinstance(value, str | bool) for value in known) else "text"
    form, fitting = guess_date_format(known)
    iso = form is None and all(ISO.match(value) for value in known)
    if iso or (fitting and form != "excel"):
        return "date"
    bare = [re.sub(r"[€$£¥￥\s]", "", value) for value in known]
    return "number" if all(NUMBER.fullmatch(value) for value in bare) else "text"


def guess_currency(values: Sequence[object]) -> tuple[str | None, str]:
    """Find the one currency sign that stands beside amounts, and the code where it has one only."""
    known = (*CURRENCY_SIGNS, *SHARED_SIGNS)
    signs = {sign for value in values for sign in known if sign in str(value)}
    sign = signs.pop() if len(signs) == 1 else ""
    return CURRENCY_SIGNS.get(sign), sign


def guess_date_format(values: Sequence[str]) -> tuple[str | None, list[str]]:
    """Find the formats in which every value reads; None stands for ISO days.

    Returns
    -------
    tuple
        The first that fits (None when ISO), and all that fit.
    """
    values = [value.strip() for value in values if value and value.strip()]
    if not values or all(ISO.match(value) for value in values):
        return None, []
    fitting = [form for form in DATE_FORMATS if all(_reads(value, form) for value in values)]
    if not fitting and all(re.fullmatch(r"[1-9]\d{4}(\.\d+)?", value) for value in values):
        return "excel", ["excel"]
    return (fitting[0], fitting) if fitting else (None, [])


def _reads(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True
