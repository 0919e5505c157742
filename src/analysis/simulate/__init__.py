"""Companies whose truth is known: their tables as a company would export them, and the truth.

What is assumed of all three:

1. Everybody is first met inside the observed period, uniformly over it; nobody bought before.
2. Stages follow a continuous-time Markov process given latent satisfaction, channel and
   complaints; satisfaction does not change over time.
3. Orders are a Poisson process within a stage; tiers and campaigns raise its rate and nothing
   else, so they neither keep customers nor raise what an order is worth.
4. Region, city tier, gender and income band make no difference; the age band changes only who
   answers surveys. Contract fees are not in `transactions`.
5. Moments are local and lie between 6 and 24 o'clock.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date

import pyarrow as pa

from analysis.errors import ParamsError
from analysis.simulate.campaigns import (
    campaign_effects_table,
    campaigns_table,
    plan_campaigns,
)
from analysis.simulate.clock import Clock, company_seed
from analysis.simulate.companies import COMPANIES
from analysis.simulate.contacts import interactions_table
from analysis.simulate.contracts import contracts_table
from analysis.simulate.paths import draw_paths, path_table
from analysis.simulate.people import customers_table, draw_people, latent_table, make_ids
from analysis.simulate.purchases import draw_orders, transactions_table
from analysis.simulate.surveys import surveys_table
from analysis.simulate.tiers import tier_history_table
from analysis.simulate.truth import (
    ACTIVE_STAGES,
    LATENTS,
    STAGES,
    Preset,
    Truth,
)

__all__ = [
    "ACTIVE_STAGES",
    "LATENTS",
    "STAGES",
    "Company",
    "Truth",
    "simulate_company",
]


@dataclass(frozen=True, slots=True, eq=False)
class Company:
    """The tables of a simulated company, by name, and what is true of it."""

    tables: dict[str, pa.Table]
    truth: Truth


def simulate_company(
    company: str,
    *,
    customers: int,
    seed: int,
    observed_from: date,
    observed_until: date,
    contractual: bool | None = None,
) -> Company:
    """Make the tables of a company whose truth is known.

    Parameters
    ----------
    company : {"retailer", "bank", "chain"}
        An e-commerce retailer with five tiers, a bank with four, a chain of shops with three.
    customers : int
        Rows of `customers`: persons first met inside the period, uniformly over it. Some never
        buy (`acquired_at` is null); nobody was a customer before observation began.
    seed : int
        Everything follows from it. Each table has its own stream of chance.
    observed_from, observed_until : date
        Both days are observed. Moments are local, without a time zone.
    contractual : bool, optional
        Whether there is a `contracts` table; by default the bank has one. Nothing else changes.

    Raises
    ------
    ParamsError
        If the company is unknown, the period is empty, or there are no customers.
    """
    if company not in COMPANIES:
        known = ", ".join(COMPANIES)
        raise ParamsError(f"company must be one of {known}, but {company!r} came; choose one")
    if customers < 1:
        raise ParamsError(f"customers must be at least 1, but {customers} came; raise it")
    if seed < 0:
        raise ParamsError(f"seed must be 0 or more, but {seed} came; take another")
    if observed_until <= observed_from:
        raise ParamsError(
            f"observed_until must be after observed_from ({observed_from}), "
            f"but {observed_until} came; choose a later day"
        )
    preset = COMPANIES[company]
    if contractual is not None:
        preset = replace(preset, contractual=contractual)
    buying = preset.purchases
    clock = Clock.of(observed_from, observed_until, buying.season, buying.weekday, preset.opening)
    return draw_company(preset, clock, customers, company_seed(seed, company))


def draw_company(preset: Preset, clock: Clock, customers: int, seed: int) -> Company:
    """Draw the tables and the truth of a company with parameters of one's own."""
    people = draw_people(preset, clock, make_ids("C", customers, seed), seed)
    spells, complaints = draw_paths(preset, clock, people, seed)
    acquired = spells.acquired(customers)
    plans = plan_campaigns(preset, clock, acquired, seed)
    orders, ratings, effects = draw_orders(preset, clock, people, spells, plans, seed)
    tables = {
        "transactions": transactions_table(preset, people, orders, seed),
        "customers": customers_table(preset, people, acquired, seed),
        "contracts": contracts_table(preset, clock, people, spells, seed),
        "surveys": surveys_table(preset, clock, people, spells, acquired, ratings, seed),
        "interactions": interactions_table(preset, clock, people, spells, complaints, orders, seed),
        "tier_history": tier_history_table(preset, people, acquired, ratings),
        "campaigns": campaigns_table(preset, people, plans, orders, seed),
    }
    if not preset.contractual:
        del tables["contracts"]
    latent = {
        "campaign_effects": campaign_effects_table(plans, effects),
        "path": path_table(people, spells),
        "latent": latent_table(people),
    }
    written = {name: clock.write(columns) for name, columns in (tables | latent).items()}
    given = {field.name: getattr(preset, field.name) for field in fields(Preset)}
    truth = Truth(**given, **{name: written.pop(name) for name in latent})
    return Company(written, truth)
