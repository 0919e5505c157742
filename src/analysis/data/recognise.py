"""Guess what a file holds by its names and first rows; a person checks the guess."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from analysis import schemas

SYNONYMS = {
    "customer_id": "customer customerid custid cid clientid client kundennummer kundenid kunde "
    "userid user memberid member householdid accountid cardno 客户编号 会员号",
    "at": "at date invoicedate orderdate purchasedate transactiondate transactiontimestamp "
    "timestamp datum bestelldatum kaufdatum day surveydate responsedate answeredat createdat "
    "orderedat time 日期 下单时间",
    "amount": "amount sales salesvalue revenue total totalamount orderamount netamount umsatz "
    "betrag price value dollarvalue spend 金额",
    "margin": "margin profit grossprofit contribution deckungsbeitrag",
    "product": "product productname item description stockcode sku category artikel produkt",
    "channel": "channel source store kanal",
    "order_id": "orderid order invoice invoiceno invoicenumber basketid receipt bestellnummer",
    "currency": "currency waehrung",
    "first_contact_at": "firstcontactat firstcontact leaddate",
    "acquired_at": "acquiredat acquired signupdate registeredat customersince kundeseit joined",
    "acquisition_cost": "acquisitioncost cac",
    "started_at": "startedat start startdate contractstart vertragsbeginn from begin",
    "ended_at": "endedat end enddate contractend vertragsende cancelledat terminatedat",
    "ended_reason": "endedreason churnreason cancelreason kuendigungsgrund",
    "plan": "plan tariff tarif contracttype",
    "monthly_fee": "monthlyfee monthlycharges fee mrr",
    "nps": "nps recommend likelihoodtorecommend",
    "survey_weight": "surveyweight weight gewicht",
    "comment": "comment freetext verbatim kommentar",
    "kind": "kind type eventtype interactiontype",
    "resolved_at": "resolvedat closedat solvedat",
    "cost": "cost kosten",
    "rating": "rating score csat",
    "tier": "tier level status stufe",
    "from_at": "fromat from validfrom since",
    "to_at": "toat to validto until",
    "reason": "reason grund",
    "campaign": "campaign campaignid kampagne",
    "arm": "arm group variant",
    "redeemed_at": "redeemedat redemptiondate",
}
QUANTITY = ("quantity", "qty", "menge", "anzahl", "units")
UNIT_PRICE = ("unitprice", "price", "einzelpreis", "preis", "stueckpreis")
TABLE_WORDS = {
    "transactions": "transaction sale order invoice purchase receipt retail umsatz bestell kauf",
    "customers": "customer client member kunde demograph household",
    "contracts": "contract subscription vertrag policy",
    "surveys": "survey answer response satisfaction umfrage nps befragung",
    "interactions": "interaction contact complaint ticket call enquir beschwerde",
    "tier_history": "tier level status stufe",
    "campaigns": "campaign mailing kampagne",
}
DATE_FORMATS = [
    f"{day}{time}"
    for day in ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%d-%b-%Y", "%Y%m%d")
    for time in ("", " %H:%M", " %H:%M:%S")
]
ISO = re.compile(r"^\s*\d{4}-\d{1,2}-\d{1,2}([T ].*)?$")


def plain(name: str) -> str:
    """Write a column name without what differs from export to export."""
    lowered = name.lower().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}))
    return re.sub(r"[^\w]|_", "", lowered)


def match_columns(table: str, columns: Sequence[str]) -> dict[str, str]:
    """Match the columns of the contract with those of a source, the closest names first."""
    found: dict[str, str] = {}
    for column in schemas.SCHEMAS[table].columns:
        names = [plain(column), *SYNONYMS.get(column, "").split()]
        candidates = [c for name in names for c in columns if plain(c) == name]
        free = [c for c in candidates if c not in found.values()]
        if free:
            found[column] = free[0]
    return found


def guess_table(name: str, columns: Sequence[str]) -> str:
    """Guess which table of the contract a file holds; '' when nothing speaks for any."""

    def score(table: str) -> tuple[int, int]:
        spec, matched = schemas.SCHEMAS[table].columns, match_columns(table, columns)
        needed = [c for c in spec if spec[c].required and c != "customer_id"]
        product = table == "transactions" and find_product(columns) is not None
        met = sum(c in matched or (c == "amount" and product) for c in needed)
        named = any(word in plain(name) for word in TABLE_WORDS[table].split())
        whole = 2 if needed and met == len(needed) else 0
        return (3 * named + whole + (1 if "customer_id" in matched else -5), len(matched))

    best = max(schemas.SCHEMAS, key=score)
    return best if score(best)[0] > 0 else ""


def find_product(columns: Sequence[str]) -> tuple[str, str] | None:
    """Find quantity and unit price, which make an amount together."""
    quantity = next((c for c in columns if plain(c) in QUANTITY), None)
    price = next((c for c in columns if plain(c) in UNIT_PRICE), None)
    return (quantity, price) if quantity and price else None


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
