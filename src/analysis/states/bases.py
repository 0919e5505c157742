"""The ledger of bases: whom a number speaks of, each defined once and counted once.

Every number that counts people, contracts or answers names its base by one of these keys (or by a
base of its chapter's own, such as 'stages.followed'), and a base has one number in a whole report.

People, as they are known at the end of a day; some only a study of contracts has:

===================  ======================================================================
known                everybody of whom any table tells by the day
prospects            known, but neither bought nor had a contract so far; left out where first
                     contacts are not recorded and nobody is seen before a purchase
ever_bought          bought at least once (a purchase is a day; see `frames.purchase_days`)
ever_contract        *contracts:* had at least one
without_contract     *contracts:* bought, but never had one; left out where there are none
current              their relationship has not ended: whoever has not churned, those at risk too
churned              *purchases:* silent for `lapse_weeks` up to the day: who has bought again is
                     current, however often silent before. *Contracts:* the last has ended by
                     `followed_until`, and none began within `gap_days`
at_risk              current, and in the stage of decline (where the scheme of stages has one)
active               current, and not at risk
under_contract       *contracts:* at least one runs
may_be_renewed       *contracts:* none runs, but the last ended after `followed_until`, less than
                     `gap_days` ago: current, since nobody can tell yet
followed             *contracts:* current, and was so when follow-up ended (`followed_until`): whose
                     end is waited for in lengths, renewals and expected ends
begun_since          *contracts:* current, but began, or came back, after `followed_until`; left out
                     where there are none
people_who_answered  answered at least one questionnaire
===================  ======================================================================

What is not people (`unit` says so):

===================  ======================================================================
contracts            every contract begun; one customer may have several
open_contracts       of these, running on the day
ended_contracts      of these, ended by the day
answers              answered questionnaires; one person may give several
===================  ======================================================================

Sums: known = prospects + ever_bought (of contracts: prospects + without_contract + ever_contract);
ever_bought (ever_contract) = current + churned; current = active + at_risk; current =
under_contract + may_be_renewed = followed + begun_since; contracts = open_contracts +
ended_contracts.

What a number is *not*: present customers are `current`, not `ever_bought`; who lapsed at least once
(18,905 of CDNOW) is more than who has churned now (16,512), since some came back, and is a base of
its chapter's own; open relationships are people (`under_contract`), `open_contracts` are contracts,
and neither is those whose coming months can be predicted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import ibis
import pandas as pd

from analysis.data import Tables, fetch, fetch_count
from analysis.errors import DataError
from analysis.frames import purchase_days
from analysis.frames.calendar import days_between
from analysis.methods.parts import small_parts
from analysis.params import Params

STAGES_OF_DECLINE = ("at_risk", "declining", "declining_or_churned")
COLUMNS = ("base", "n", "unit", "parts_of", "by")
PURCHASES = (
    ("known", "customers", "", ""),
    ("prospects", "customers", "known", "beginning"),
    ("ever_bought", "customers", "known", "beginning"),
    ("current", "customers", "ever_bought", "end"),
    ("churned", "customers", "ever_bought", "end"),
    ("active", "customers", "current", "stage"),
    ("at_risk", "customers", "current", "stage"),
)
CONTRACTS = (
    ("known", "customers", "", ""),
    ("prospects", "customers", "known", "beginning"),
    ("without_contract", "customers", "known", "beginning"),
    ("ever_contract", "customers", "known", "beginning"),
    ("current", "customers", "ever_contract", "end"),
    ("churned", "customers", "ever_contract", "end"),
    ("active", "customers", "current", "stage"),
    ("at_risk", "customers", "current", "stage"),
    ("under_contract", "customers", "current", "contract"),
    ("may_be_renewed", "customers", "current", "contract"),
    ("followed", "customers", "current", "follow_up"),
    ("begun_since", "customers", "current", "follow_up"),
    ("ever_bought", "customers", "", ""),
)
ROWS = (
    ("contracts", "contracts", "", ""),
    ("open_contracts", "contracts", "contracts", "end"),
    ("ended_contracts", "contracts", "contracts", "end"),
    ("people_who_answered", "customers", "", ""),
    ("answers", "answers", "", ""),
)
KEYS = frozenset(base for base, *_ in (*PURCHASES, *CONTRACTS, *ROWS))
WHOLE = "known"
STEPS = ("known", "ever_bought", "ever_contract", "current", "active")


def small_bases(table: pd.DataFrame, min_cell: int) -> pd.Series:
    """Which bases must be hidden: the few, and what would give them away, all who are known first.

    Parameters
    ----------
    table : DataFrame
        That of `Bases`.
    min_cell : int
        The smallest number that may be shown.

    Returns
    -------
    Series of bool, indexed as `table`
    """
    sums: dict[str, list[tuple[str, ...]]] = {}
    for (whole, _), parts in _wholes(table).items():
        sums.setdefault(whole, []).append(parts)
    hidden = small_parts(table.set_index("base")["n"], sums, min_cell, first=WHOLE)
    return hidden.set_axis(table.index)


def _wholes(table: pd.DataFrame) -> dict[tuple[str, str], tuple[str, ...]]:
    parts = table[table["parts_of"].ne("")].groupby(["parts_of", "by"], sort=False)
    return {whole: tuple(rows["base"]) for whole, rows in parts}


@dataclass(frozen=True, slots=True, eq=False)
class Bases:
    """How many of each base there are on one day.

    Attributes
    ----------
    table : DataFrame
        One row a base that the study has: `base`, `n`, `unit` ('customers', 'contracts',
        'answers'), `parts_of` (the base that it is a part of, or ''), `by` (which set of parts:
        the parts of one whole by one thing add up to it).
    at : date
        The day, at whose end all is counted.
    """

    COUNTED_BY: ClassVar = {"table": small_bases}

    table: pd.DataFrame
    at: date

    def n(self, base: str) -> int:
        """How many there are of a base.

        Raises
        ------
        DataError
            The study has no such base.
        """
        if base not in self:
            raise DataError(
                f"the base must be one that the study has, but '{base}' came "
                f"(there are: {', '.join(self.table['base'])})"
            )
        return int(self.table.set_index("base")["n"][base])

    def __contains__(self, base: str) -> bool:
        return base in set(self.table["base"])

    @property
    def wholes(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Every set of parts: (whole, by what) to the parts, which add up to it."""
        return _wholes(self.table)

    @property
    def steps(self) -> pd.DataFrame:
        """From all who are known to those who are current and not at risk, for a bar each.

        Returns
        -------
        DataFrame
            `base, n, share` (of the first step); each step is a part of the one before.
        """
        leading = self.table["parts_of"].ne("") | self.table["base"].eq("known")
        table = self.table[leading].set_index("base")["n"]
        table = table.reindex([base for base in STEPS if base in table.index]).reset_index()
        return table.assign(share=table["n"] / max(table["n"].max(), 1))


def count_bases(tables: Tables, params: Params, *, declining: ibis.Table | None = None) -> Bases:
    """Count every base at the end of `params.observed_until`; the counting is the engine's.

    For an earlier day ask the study as it was known then: `study.until(day).bases`.

    Parameters
    ----------
    tables : Tables
        Every table of the study; days after `observed_until` count as not known.
    params : Params
        Uses `relationship`, `observed_until`, `followed_until`, `lapse_weeks` or `gap_days`.
    declining : ibis.Table, optional
        `customer_id` of those in the stage of decline on the day (`declining_customers`); without
        it nobody is told to be at risk.
    """
    counted = _people(tables, params, declining) | _contracts(tables, params)
    if "surveys" in tables:
        counted["answers"] = fetch_count(tables["surveys"])
    contractual = params.relationship == "contractual" and "contracts" in tables
    kinds = (*(CONTRACTS if contractual else PURCHASES), *ROWS)
    rows = [(base, int(counted[base]), *rest) for base, *rest in kinds if base in counted]
    if "first_contact_at" in tables["customers"].columns:
        unseen = {"without_contract", "begun_since"}
    else:
        unseen = {"prospects", "without_contract", "begun_since"}  # 0 would say there were none
    rows = [row for row in rows if row[1] or row[0] not in unseen]
    return Bases(pd.DataFrame(rows, columns=list(COLUMNS)), params.observed_until)


def declining_customers(stages: ibis.Table, order: Iterable[str]) -> ibis.Table | None:
    """The customers in the stage of decline in the last month; None where the scheme has none.

    Parameters
    ----------
    stages : ibis.Table
        `customer_id, month, stage`.
    order : iterable of str
        The stages of the scheme.
    """
    decline = next((name for name in STAGES_OF_DECLINE if name in order), None)
    if decline is None:
        return None
    last = stages.aggregate(last=stages.month.max())
    now = stages.filter(stages.stage == decline).join(last, stages.month == last.last)
    return now.select("customer_id")


def _people(tables: Tables, params: Params, declining: ibis.Table | None) -> dict[str, int]:
    """Count people: one row a person in the engine, one row of counts out of it."""
    person = _person(tables, params, declining)
    asked = {"known": person.customer_id.notnull()}
    if "transactions" in tables:
        asked["ever_bought"] = person.last_at.notnull()
    if "surveys" in tables:
        asked["people_who_answered"] = person.answered.notnull()
    if params.relationship == "contractual":
        asked |= _under_contract(person, params) if "contracts" in tables else {}
    elif "transactions" in tables:
        asked |= _buying(person, params)
    if declining is not None and "current" in asked:
        asked["at_risk"] = asked["current"] & person.declines.notnull()
        asked["active"] = asked["current"] & person.declines.isnull()
    counts = {base: person.count(where=holds) for base, holds in asked.items()}
    return fetch(person.aggregate(**counts)).iloc[0].to_dict()


def _person(tables: Tables, params: Params, declining: ibis.Table | None) -> ibis.Table:
    """Everybody of whom any table tells: `customer_id` and what the bases ask of a person."""
    ids = [tables[name].select("customer_id").distinct() for name in tables]
    person = ibis.union(*ids, distinct=True) if len(ids) > 1 else ids[0]
    told = []
    if "transactions" in tables:
        days = purchase_days(tables).filter(lambda day: day.bought)
        told.append(days.group_by("customer_id").agg(last_at=days["at"].max()))
    if "contracts" in tables:
        told.append(_held_by_person(tables, params))
    if "surveys" in tables:
        told.append(tables["surveys"].select("customer_id").distinct().mutate(answered=1))
    if declining is not None:
        told.append(declining.select("customer_id").distinct().mutate(declines=1))
    for part in told:
        person = person.left_join(part, "customer_id").drop("customer_id_right")
    return person


def _held(tables: Tables, params: Params) -> ibis.Table:
    """The contracts begun by the day: `started_at, runs, over_at`; a later end is none yet."""
    contracts, until = tables["contracts"], ibis.literal(params.observed_until, type="date")
    if "ended_at" not in contracts.columns:
        contracts = contracts.mutate(ended_at=ibis.null("date"))
    begun = contracts.filter(contracts.started_at <= until)
    over = (begun.ended_at <= until).fill_null(False)
    over_at = ibis.ifelse(over, begun.ended_at, ibis.null("date"))
    return begun.select("customer_id", "started_at", runs=~over, over_at=over_at)


def _held_by_person(tables: Tables, params: Params) -> ibis.Table:
    """One row a person: `running` contracts, `over_at` (the last end, of those that have one), and

    whether the relationship is one that had begun when follow-up ended: `alive_at` (first day of
    the first contract that ran beyond that day) and `before_at` (the last end up to it).
    """
    held, until = _held(tables, params), ibis.literal(params.followed_until, type="date")
    alive = held.over_at.isnull() | (held.over_at > until)
    return held.group_by("customer_id").agg(
        running=held.count(where=held.runs),
        over_at=held.over_at.max(),
        alive_at=held.started_at.min(where=alive),
        before_at=held.over_at.max(where=~alive),
    )


def _buying(person: ibis.Table, params: Params) -> dict[str, ibis.Value]:
    """Who is a customer where purchases alone tell: lapse falls on the close of its last day."""
    until = ibis.literal(params.observed_until, type="date")
    silent = days_between(until, person.last_at) >= int(7 * params.lapse_weeks)
    bought = person.last_at.notnull()
    return {"prospects": ~bought, "churned": bought & silent, "current": bought & ~silent}


def _under_contract(person: ibis.Table, params: Params) -> dict[str, ibis.Value]:
    """Who is a customer where contracts tell: a gap that may still be closed is no end."""
    until = ibis.literal(params.followed_until, type="date")
    ever, runs = person.running.notnull(), (person.running > 0).fill_null(False)
    churned = ever & ~runs & (person.over_at <= until).fill_null(False)
    gap = days_between(person.alive_at, person.before_at)
    began = (person.alive_at <= until) | (gap <= params.gap_days).fill_null(False)
    bought = person.last_at.notnull() if "last_at" in person.columns else ibis.literal(False)
    return {
        "prospects": ~ever & ~bought,
        "without_contract": ~ever & bought,
        "ever_contract": ever,
        "churned": churned,
        "current": ever & ~churned,
        "under_contract": runs,
        "may_be_renewed": ever & ~churned & ~runs,
        "followed": ever & ~churned & began.fill_null(False),
        "begun_since": ever & ~churned & ~began.fill_null(False),
    }


def _contracts(tables: Tables, params: Params) -> dict[str, int]:
    if "contracts" not in tables:
        return {}
    held = _held(tables, params)
    counts = {"contracts": held.count(), "open_contracts": held.count(where=held.runs)}
    counted = fetch(held.aggregate(**counts)).iloc[0].to_dict()
    return counted | {"ended_contracts": counted["contracts"] - counted["open_contracts"]}
