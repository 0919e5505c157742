"""What a params file says of the tables outside its `data:` block must be true of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from analysis.data.faults import Fault
from analysis.params import Params
from analysis.schemas import DAY, kind_of

OF_PURCHASES = ("first_value_third", "acquired_month")
OF_CONTRACTS = ("acquired_year",)
MADE = (
    *("first_at", "second_at", "last_at", "begun_at", "purchases", "frequency", "recency_weeks"),
    *("recency_days", "age_weeks", "age_days", "monetary_value", "repeat_amount", "revenue"),
    *("margin", "first_value", "first_value_third", "acquired_month"),
    *("spell", "started_at", "ended_at", "duration", "event", "entry", "cause", "reason"),
    *("count", "group", "won_back"),
)
"""Names of what is computed of a customer or a relationship: no column of one's own may bear one,
since the one would be taken for the other."""
OF_EVERY_BUYER = ("purchases", "amount", "average_purchase", "active_months")
OF_EVERY_BUYER += ("recency_days", "tenure_days")
MEASURED = (
    ("transactions", "margin", "margin"),
    ("transactions", "product", "products"),
    ("transactions", "channel", "channels"),
    ("interactions", None, "complaints"),
    ("surveys", "nps", "nps"),
)
"""What else a tier can rest on: the table, the column, the quantity."""
OF_CUSTOMERS = ("transactions", "interactions", "tier_history", "campaigns")
"""Tables of what customers do: who still is one contracts alone tell, in a contractual study."""


def missing_promises(params: Params, columns: Mapping[str, Iterable[str]]) -> list[Fault]:
    """Find what the params name and no table has: contracts, groups, questions, tiers, labels …

    Parameters
    ----------
    params : Params
        Uses `relationship`, `segments` (where stated), `covariates`, `tiers`, `group_labels` and
        `satisfaction`.
    columns : mapping
        Table to the columns that it has; a table that could not be opened is left out.
    """
    faults = []
    came = [name for name in columns if name in OF_CUSTOMERS]
    if params.relationship == "contractual" and came and "contracts" not in columns:
        faults.append(_without_contracts(came))
    if "segments" in params.model_fields_set and "customers" in columns:
        faults += _segments(params, columns)
    if params.covariates and "customers" in columns:
        faults += _covariates(params, columns)
    if "transactions" in columns:
        faults += _quantities(params, columns)
    if "surveys" in columns:
        faults += _questions(params, columns)
    faults += _labels(params, columns)
    faults += [_made(name) for name in columns.get("customers", ()) if name in MADE]
    return faults


def _made(name: str) -> Fault:
    rule, came = "must not bear the name of what the report computes", f"'{name}' is one"
    remedy = f"take it under another name, columns: {{own_{name}: {name}}}, or leave it out"
    return Fault("customers", name, rule, came, remedy=remedy)


def _without_contracts(came: list[str]) -> Fault:
    rule = "must be given where relationship is contractual"
    remedy = "add the contracts, or set relationship: noncontractual"
    return Fault("contracts", "", rule, f"only {', '.join(came)} came", remedy=remedy)


def _traits(columns: Mapping[str, Iterable[str]]) -> tuple[list[str], list[str]]:
    """What the table of customers tells of them, but for their ids; and its days apart."""
    days = [c for c in columns["customers"] if kind_of("customers", c) == DAY]
    return [c for c in columns["customers"] if c not in ("customer_id", *days)], days


def _segments(params: Params, columns: Mapping[str, Iterable[str]]) -> Iterable[Fault]:
    known, days = _traits(columns)
    known += OF_PURCHASES if "transactions" in columns else ()
    known += OF_CONTRACTS if "contracts" in columns else ()
    # Where nothing but answers tells of customers, they are grouped by what they answered.
    alone = not {"transactions", "contracts"} & set(columns)
    answered = set(columns.get("surveys", ())) if alone else set()
    for name in params.segments:
        if name in days:
            yield _day_for_groups(name, known)
        elif name not in known and name not in answered:
            remedy = "map it under columns: or keep:, or set segments to some of these"
            yield _absent("customers", name, "segments", known, remedy)


def _day_for_groups(name: str, known: list[str]) -> Fault:
    rule = "must hold groups, as segments names it"
    came = "it is a day, and nearly everybody has one of his own"
    remedy = f"set segments to some of {', '.join(known)}" if known else "leave it out of segments"
    return Fault("customers", name, rule, came, remedy=remedy)


def _covariates(params: Params, columns: Mapping[str, Iterable[str]]) -> Iterable[Fault]:
    known, _ = _traits(columns)
    known += ("first_value", *OF_PURCHASES) if "transactions" in columns else ()
    known += [name for name in OF_CONTRACTS if name in params.segments]
    remedy = "name what is known of a customer on the first day, or leave it out"
    for name in params.covariates:
        if name not in known:
            yield _absent("customers", name, "covariates", known, remedy)


def _labels(params: Params, columns: Mapping[str, Iterable[str]]) -> Iterable[Fault]:
    known = sorted({c for table in columns.values() for c in table} - {"customer_id"})
    for name in params.group_labels:
        if name not in known:
            remedy = "take it along under keep: or mend its name"
            yield _absent("data", name, "group_labels", known, remedy)
    numbers = {*params.covariates, *(column for _, column in params.satisfaction.questions)}
    for name in sorted(numbers & set(params.group_labels)):
        came = "it is a number that is computed with"
        remedy = "leave it out of group_labels, or of covariates and satisfaction"
        yield Fault("data", name, "must be a column of groups to have labels", came, remedy=remedy)


def _quantities(params: Params, columns: Mapping[str, Iterable[str]]) -> Iterable[Fault]:
    """What the scheme in force rates by can be measured; a score needs one of its quantities."""
    scheme, known = params.tiers.rated_by, [*OF_EVERY_BUYER]
    for table, column, name in MEASURED:
        known += [name] if table in columns and column in (None, *columns[table]) else []
    lacking = [name for name in scheme.quantities if name not in known]
    enough = scheme.score is not None and len(lacking) < len(scheme.quantities)
    for name in () if enough else lacking:
        near = ", ".join(known)
        rule = "must hold what a tier rests on, as tiers.scheme names it"
        remedy = "name the column or the table that it is measured from, or rate by another"
        yield Fault("transactions", name, rule, f"there are only: {near}", remedy=remedy)


def _questions(params: Params, columns: Mapping[str, Iterable[str]]) -> Iterable[Fault]:
    known = [c for c in columns["surveys"] if c not in ("customer_id", "at")]
    remedy = "map it under columns: or mend its name"
    for where, name in params.satisfaction.questions:
        if name not in known:
            yield _absent("surveys", name, f"satisfaction.{where}", known, remedy)


def _absent(table: str, column: str, where: str, known: list[str], remedy: str) -> Fault:
    near = difflib.get_close_matches(column, known, n=3) or known[:12]
    rule = f"must be a column of {table}, as {where} names it"
    came = f"there are only: {', '.join(near)}" if near else "there are no others than the ids"
    return Fault(table, column, rule, came, remedy=remedy)
