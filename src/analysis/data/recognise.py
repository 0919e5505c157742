"""Guess what a file holds by the names and kinds of its columns; a person checks the guess."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

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
    "product": "product productname productid "
    "item description stockcode sku category artikel produkt",
    "channel": "channel source store kanal",
    "order_id": "orderid order invoice invoiceno invoicenumber basketid receipt bestellnummer",
    "currency": "currency waehrung",
    "first_contact_at": "firstcontactat firstcontact leaddate",
    "acquired_at": "acquiredat acquired signupdate registeredat customersince kundeseit joined",
    "acquisition_cost": "acquisitioncost cac",
    "started_at": "startedat start startdate contractstart vertragsbeginn from begin "
    "openedon openedat openingdate",
    "ended_at": "endedat end enddate contractend vertragsende cancelledat canceledat "
    "terminatedat closedon closedat closingdate",
    "ended_reason": "endedreason churnreason cancelreason kuendigungsgrund",
    "plan": "plan tariff tarif contracttype",
    "contract_id": "contractid contractno contractnumber subscriptionid vertragsnummer id",
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
STEMS = {  # parts of a name that speak for a column, where its values are of the right kind
    "customer_id": r"^(customer|cust|kunden?|client|member|user|subscriber|account|household|buyer|"
    r"shopper|guest|konto|mitglied|klient|cardholder|card)s?(id|no|nr|num|number|nummer|code|key|ref)$",
    "at": r"datum|date|zeit|time|(^|[a-z])day$|"
    r"(opened|created|answered|submitted|sent|placed|bought|paid)(at|on)$",
    "amount": r"betrag|umsatz|amount|revenue|sales|total|spend|wert$|preis|price|value",
    "margin": r"margin|marge|profit|deckungsbeitrag",
    "product": r"product|produkt|artikel|article|item|category|warengruppe|sku",
    "channel": r"channel|kanal|filiale|branch|store|shop",
    "order_id": r"(order|invoice|receipt|basket|beleg|rechnung|bestell|bon)\w*"
    r"(id|no|nr|number|nummer)$",
    "first_contact_at": r"first(contact|seen|touch)|erstkontakt|lead|enquir",
    "acquired_at": r"acquired|signup|registr|register|joined|since|kundeseit|opened",
    "acquisition_cost": r"acquisitioncost|cac$",
    "started_at": r"start|begin|effective|activat|inception|opened",
    "ended_at": r"end|cancel|terminat|churn(ed)?(at|on|date)|closed|expir|kuendig",
    "ended_reason": r"reason|grund",
    "plan": r"plan|tarif|product|produkt",
    "monthly_fee": r"month\w*(fee|price|charge|rate|amount)|grundgebuehr|mrc|monatspreis",
    "nps": r"nps|recommend|weiterempf",
    "survey_weight": r"weight|gewicht",
    "comment": r"comment|verbatim|freetext|kommentar|bemerkung",
    "kind": r"kind|type|typ|category|kategorie|art$|anliegen",
    "resolved_at": r"resolved|closed|solved|erledigt",
    "cost": r"cost|kosten",
    "rating": r"rating|csat|score",
    "tier": r"tier|level|stufe|status",
    "from_at": r"from|since|valid\w*from|ab$|start",
    "to_at": r"(^|valid|[a-z])(to|until|bis)(at|date)?$|end",
    "reason": r"reason|grund",
    "campaign": r"campaign|kampagne|mailing|aktion",
    "arm": r"arm$|group|variant|gruppe",
    "redeemed_at": r"redeem|eingeloest",
}
MAIL = (
    r"(^|customer|client|contact|buyer|billing|user|kontakt|kunden)e?mails?(address|adresse)?$"
    r"|邮箱$"
)
NOT_STEMS = {
    "product": r"quantity|qty|menge|anzahl|price|preis|cost|weight|discount|count|tax|"
    r"(item|line)(id|no|nr|num)",
    "at": r"birth|geburt|dob|update|modif|due|end|closed|ship|liefer",
}
LASTING = {"started_at", "ended_at"}
OF_CONTACTS = (
    r"ticket|case(id|no|num)|complaint|^calls?(id|s|$)|issue|subject|priority|agent|enquir|contact|"
    r"resolved|beschwerde|anfrage|anliegen|anruf"
)
KINDS = {schemas.NUMBER: ("number",), schemas.DAY: ("date",), schemas.TIME: ("date",)}
QUANTITY = ("quantity", "qty", "menge", "anzahl", "units", "pieces", "stueck", "stueckzahl")
UNIT_PRICE = (
    *("unitprice", "price", "priceperunit"),
    *("einzelpreis", "preis", "stueckpreis"),
)
TABLE_WORDS = {
    "transactions": "transaction sale order invoice purchase receipt retail umsatz umsaetz bestell "
    "kauf beleg rechnung",
    "customers": "customer client member kunde demograph household",
    "contracts": "contract subscription vertrag vertraeg policy policies lease membership",
    "surveys": "survey answer response satisfaction umfrage nps befragung review feedback "
    "bewertung",
    "interactions": "interaction contact complaint ticket call enquir beschwerde anfrage",
    "tier_history": "tier level status stufe",
    "campaigns": "campaign mailing kampagne",
}


def plain(name: str) -> str:
    """Write a column name without what differs from export to export."""
    lowered = name.lower().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}))
    return re.sub(r"[^\w]|_", "", re.sub(r"\((utc|gmt)\)", "", lowered))


def match_columns(
    table: str, columns: Sequence[str], kinds: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Match the columns of the contract with those of a source.

    The closest names are taken first; then names that hold a telling part, where the values are of
    the right kind; last, the only column of days as the day of a purchase, an answer or a contact.

    Parameters
    ----------
    table : str
        Name in the contract.
    columns : sequence of str
        Those of the source.
    kinds : mapping, optional
        Source column to 'date', 'number', 'text' or 'nothing', as its values look.
    """
    contract, kinds = schemas.SCHEMAS[table].columns, kinds or {}
    found: dict[str, str] = {}
    for column, spec in contract.items():
        names = [plain(column), *SYNONYMS.get(column, "").split()]
        candidates = [c for name in names for c in columns if plain(c) == name]
        _take(found, column, candidates, kinds, named=True, also_unfit=spec.required)
    for column in contract:
        if column not in found and column in STEMS:
            unfit = NOT_STEMS.get(column, "$^")
            candidates = [
                c
                for c in columns
                if re.search(STEMS[column], plain(c)) and not re.search(unfit, plain(c))
            ]
            _take(found, column, candidates, kinds, named=False, also_unfit=False)
    days = [c for c in columns if kinds.get(c) == "date" and c not in found.values()]
    days = [c for c in days if not re.search(NOT_STEMS["at"], plain(c))]
    if "at" in contract and "at" not in found and len(days) == 1:
        found["at"] = days[0]
    mails = [c for c in columns if is_mail(c) and c not in found.values()]
    if "customer_id" not in found and mails:
        found["customer_id"] = mails[0]
    return {column: found[column] for column in contract if column in found}


def is_mail(column: str) -> bool:
    """Whether a column is named as the mail address of a customer is."""
    return re.search(MAIL, plain(column)) is not None


def _take(
    found: dict[str, str],
    column: str,
    candidates: Sequence[str],
    kinds: Mapping[str, str],
    *,
    named: bool,
    also_unfit: bool,
) -> None:
    """Take the first candidate that is free and holds what the column needs.

    `named` says that the names are the column's own, not only alike: days may be numbers then.
    """
    kind = next(
        spec.columns[column].metadata["kind"]
        for spec in schemas.SCHEMAS.values()
        if column in spec.columns
    )
    fit = ("nothing", *KINDS.get(kind, ("text", "number", "date")))
    free = [c for c in candidates if c not in found.values()]
    fitting = [c for c in free if kinds.get(c, fit[0]) in fit]
    if column == "at" or (named and kind in (schemas.DAY, schemas.TIME)):
        fitting += [c for c in free if kinds.get(c) == "number"]  # days by serial number
    chosen = fitting or (free if also_unfit else [])
    if chosen:
        found[column] = chosen[0]


def guess_table(name: str, columns: Sequence[str], kinds: Mapping[str, str] | None = None) -> str:
    """Guess which table of the contract a file holds; '' when nothing speaks for any."""

    of_contacts = any(re.search(OF_CONTACTS, plain(word)) for word in (name, *columns))

    def score(table: str) -> tuple[int, int]:
        spec, matched = schemas.SCHEMAS[table].columns, match_columns(table, columns, kinds)
        needed = [c for c in spec if spec[c].required and c != "customer_id"]
        product = table == "transactions" and find_product(columns) is not None
        met = sum(c in matched or (c == "amount" and product) for c in needed)
        named = any(word in plain(name) for word in TABLE_WORDS[table].split())
        whole = 2 if needed and met == len(needed) else -1 if needed and not (met or named) else 0
        whole += table == "contracts" and set(matched) >= LASTING and not of_contacts
        known = 1 if "customer_id" in matched else -1 if named and whole else -5
        return (3 * named + whole + known, len(matched))

    best = max(schemas.SCHEMAS, key=score)
    return best if score(best)[0] > 0 else ""


def lacking_columns(
    table: str, columns: Sequence[str], kinds: Mapping[str, str] | None = None
) -> list[str]:
    """List the needed columns of a table of the contract that a source lacks."""
    spec, matched = schemas.SCHEMAS[table].columns, match_columns(table, columns, kinds)
    product = table == "transactions" and find_product(columns) is not None
    needed = [column for column in spec if spec[column].required and column not in matched]
    return [column for column in needed if not (column == "amount" and product)]


def find_product(columns: Sequence[str]) -> tuple[str, str] | None:
    """Find quantity and unit price, which make an amount together."""
    quantity = next((c for c in columns if plain(c) in QUANTITY), None)
    price = next((c for c in columns if plain(c) in UNIT_PRICE), None)
    return (quantity, price) if quantity and price else None
