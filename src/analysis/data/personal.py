"""Columns that name a person or say where to reach one: never proposed as groups."""

from __future__ import annotations

import re
from collections.abc import Sequence

NAMES = re.compile(
    r"(?i)mail|phone|fon(?!d)|mobil|handy|cell(ular)?(?!ar)|fax|(^|[^a-z])tel($|[^a-z])|name|"
    r"stra(ss|ß)e|street|strasse|address|adresse|addr(?!ess)|anschrift|iban|(^|[^a-z])bic($|[^a-z])|"
    r"birth|geburt|gebdat|(^|[^a-z])dob($|[^a-z])|zip|plz|postal|postcode|post ?box|passport|ssn|"
    r"social ?security|national ?id|tax ?(id|no|num)|vat|ust ?id|steuer|licen[cs]e ?(no|num|plate)|"
    r"url|link|website|homepage|twitter|facebook|instagram|whatsapp|skype|wechat|"
    r"compan(y|ies)|firma|firm(?!ographic)|organi[sz]ation|employer|arbeitgeber|kontakt|"
    r"contact ?person|ansprechpartner|attention|(^|[^a-z])attn|"
    r"(^|[^a-z])ip($|[^a-z])|latitude|longitude|(^|[^a-z])(lat|lng|lon)($|[^a-z])|device ?id|"
    r"user ?agent|card ?n(o|um)|account ?n(o|um)|kontonummer|"
    r"姓名|名字|电话|手机|邮箱|邮件|地址|住址|公司|传真|身份证|微信|邮编"
)
KINDS_OF_FIRMS = re.compile(r"(?i)(size|type|sector|industry|kind|class|groesse|größe|branche)$")
VALUES = re.compile(
    r"[^@\s]+@[^@\s]+\.[^@\s]+"  # mail
    r"|https?://\S+|www\.\S+"
    r"|(?=(?:\D*\d){7})\+?[\d\s()./-]*\(?\d[\d\s()./-]*[\s()/+-][\d\s()./-]*"  # phone, fax
    r"|\+\d[\d\s()./-]{2,}"
    r"|[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?"  # IBAN
)
MOST_OF_THEM = 0.5


def is_personal(column: str, values: Sequence[object] = ()) -> bool:
    """Whether a column names a person, a firm or a way to reach them, by its name or its values."""
    if NAMES.search(_apart(column)) and not KINDS_OF_FIRMS.search(column):
        return True
    texts = [v.strip() for v in values if isinstance(v, str) and v.strip()]
    meant = [text for text in texts if VALUES.fullmatch(text) and not _is_day(text)]
    return len(meant) > MOST_OF_THEM * len(texts) if texts else False


def _apart(column: str) -> str:
    """Part the words of a name: 'homeTel' is 'home Tel'."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).replace("_", " ").replace("  ", " ")


def _is_day(text: str) -> bool:
    return re.match(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}", text) is not None
