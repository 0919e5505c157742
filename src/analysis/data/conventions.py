"""How days and numbers are written in an export: guessed from values, for a person to check."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

DAYS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y"),
    *("%d %b %Y", "%b %d, %Y", "%Y%m%d", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y"),
)
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
DATE_FORMATS = [day + time for day in DAYS for time in TIMES]
ISO = re.compile(r"^\s*\d{4}-\d{1,2}-\d{1,2}([T ].*)?$")
CURRENCY_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "CNY"}
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
    bare = [re.sub(r"[€$£¥\s]", "", value) for value in known]
    return "number" if all(NUMBER.fullmatch(value) for value in bare) else "text"


def guess_currency(values: Sequence[object]) -> str | None:
    """Find the one currency sign that stands beside amounts."""
    signs = {sign for value in values for sign in CURRENCY_SIGNS if sign in str(value)}
    return CURRENCY_SIGNS[signs.pop()] if len(signs) == 1 else None


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


def guess_signs(values: Sequence[str]) -> tuple[str, str | None]:
    """Guess the decimal and the thousands sign of numbers that are written as text."""
    texts = [re.sub(r"[€$£¥\s]", "", value) for value in values if value]
    if any(re.search(r"\d\.\d{3},\d", text) for text in texts):
        return ",", "."
    if any(re.search(r"\d,\d{3}\.\d", text) for text in texts):
        return ".", ","
    if any(re.search(r"\d,\d{1,2}$", text) for text in texts):
        dotted = any(re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})+", text) for text in texts)
        return ",", "." if dotted else None
    if any(re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+", text) for text in texts):
        return ".", ","
    return ".", None


def _reads(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True
