"""Sentences about prospects: every variant, odd studies, and which studies get the chapter."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.chapters.prospects.facts import channel_fact, conversion_fact, cost_fact
from analysis.chapters.prospects.figures import plot_conversion
from analysis.notes import note
from analysis.params import Params
from analysis.params.source import DataSource
from analysis.states.conversion import Prospects, conversion, pool_channels
from analysis.states.winning_cost import winning_costs
from analysis.telling.showing import SILENT, Chapter, chapter_of
from reporting.project import Notebook

SAME_NAME = {"first_contact_at": "first_contact_at"}
PEOPLE = "customers.first_contact_at"
FEW, LEVEL = {"min_cell": 10}, {"conf_level": 0.95}
NOBODY = pd.DataFrame(columns=["reason", "people"])


def study(**data):
    return Params.model_validate(
        {
            "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
            "relationship": "noncontractual", "observed_from": date(2022, 1, 1),
            "observed_until": date(2023, 12, 31), "timezone": "Europe/Berlin", "currency": "EUR",
            "data": data or {"simulated": {"company": "retailer", "customers": 10, "seed": 1}},
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def show() -> Chapter:
    return chapter_of(study(), "prospects")


def made(size, *, rates=(0.05, 0.02), seed=2, **columns):
    rng = np.random.default_rng(seed)
    second = np.arange(size) % 2
    wait = rng.exponential(1 / np.asarray(rates)[second])
    until = rng.uniform(20, 100, size)
    table = pd.DataFrame(
        {"duration": np.minimum(wait, until), "event": wait <= until, "entry": 0.0}
    )
    table = table.assign(
        channel=np.where(second, "fair", "search"), acquisition_cost=12 * rng.gamma(4, 0.25, size)
    )
    return Prospects(table.assign(**columns), NOBODY)


def told(prospects, show):
    """Facts by name, the detail of each, and all sentences, tables and figures as one text."""
    prospects = pool_channels(prospects, **FEW)
    weeks = [4, 13, 26, 52]
    together = show.gated(conversion(prospects, by=None, horizons_weeks=weeks))
    each = conversion(prospects, by="group", horizons_weeks=weeks)
    by_channel = show.gated(each)
    costs = show.gated(winning_costs(prospects, within=each.within, **FEW))
    facts = {
        "conversion": conversion_fact(together, **FEW),
        "channels": channel_fact(by_channel, **FEW, **LEVEL),
        "costs": cost_fact(costs, **LEVEL),
    }
    texts = [show.finding(fact).markdown for fact in facts.values()]
    for result, key in ((together, "conversion"), (by_channel, "channels")):
        figure = show.figure(plot_conversion, result, facts[key])
        assert (figure is SILENT) == facts[key].silent
        texts += [] if figure is SILENT else [figure.caption, figure.alt, figure.reading]
        columns = ["group", "weeks", "estimate", "conf_low", "conf_high", "at_risk", "n", "note"]
        options = {"of": facts[key], "count": "at_risk", "columns": columns}
        texts.append(show.table(result.within, f"{key}.table", **options).markdown)
    spent = costs.table.drop(columns=["term", "std_error"])
    texts.append(show.table(spent, "costs.table", of=facts["costs"]).markdown)
    text = "\n".join(texts)
    assert "nan" not in text.lower(), text
    assert "None" not in text
    return facts, {key: show.finding(fact).detail for key, fact in facts.items()}, text


def test_channels_that_differ(show):
    facts, details, text = told(made(600), show)
    assert "the clearest difference between channels" in text
    assert "“search” became customers" in details["channels"]
    assert "[€" in text
    assert "times as much" in details["costs"]
    assert "Half have become customers" in text
    assert facts["conversion"].n == facts["channels"].n == facts["costs"].n == 600
    assert facts["costs"].base == "prospects.with_cost"
    assert not facts["channels"].in_summary


def test_channels_that_do_not_differ(show):
    facts, details, text = told(made(400, rates=(0.03, 0.03)), show)
    assert facts["channels"].variant == "no_difference"
    assert "No clear difference" in text
    assert "no clear difference" in details["costs"]


def test_no_channel_and_no_cost(show):
    plain = made(200)
    bare = replace(plain, table=plain.table.drop(columns=["channel", "acquisition_cost"]))
    facts, _, text = told(bare, show)
    assert facts["channels"].silent
    assert "Fewer than two channels are known and large enough to be told." in text
    assert "What a new customer costs is not told: no cost of prospects is on record." in text


def test_a_column_of_costs_without_a_cost(show):
    text = told(made(200, acquisition_cost=np.nan), show)[2]
    assert "What a new customer costs is not told: no cost is known." in text


def test_costs_of_a_few_are_not_told(show):
    costs = made(200).table["acquisition_cost"].where(np.arange(200) < 4)
    text = told(made(200, acquisition_cost=costs), show)[2]
    assert "the cost of too few prospects is known" in text


def test_nobody_bought(show):
    facts, _, text = told(made(100, event=False), show)
    assert facts["conversion"].estimate == 0
    assert "0.0%" in text
    assert "What a new customer costs is not told: nobody bought within the horizon." in text


def test_one_person(show):
    facts, _, text = told(made(1), show)
    assert all(fact.silent for fact in facts.values())
    assert "fewer than 10 were followed until the first of the weeks asked for" in text


def test_channels_that_were_never_followed_together(show):
    table = made(200).table
    first = table["channel"] == "search"
    seen = {"duration": table["duration"].where(first, 2.0), "event": table["event"] & first}
    facts, _, text = told(made(200, **seen), show)
    assert facts["channels"].variant == "no_horizon"
    assert "no time at which enough prospects of every channel are still followed" in text
    assert facts["costs"].silent


def test_left_out_of_few_are_not_counted(show):
    reasons = ("no_contact", "met_later", "bought_before_contact")
    left_out = pd.DataFrame(
        {"reason": [note(f"prospects.{why}") for why in reasons], "people": [40, 3, 60]}
    )
    gated = show.gated(Prospects(made(20).table, left_out)).left_out
    shown = show.table(gated, "left_out", count="people").markdown
    assert "bought before the first contact on record" in shown
    assert "have no first contact on record" not in shown, "it would give away the three"
    assert "| 3 |" not in shown


def test_cost_is_that_of_all_over_their_conversion():
    prospects = pool_channels(made(500), min_cell=10)
    by_channel = conversion(prospects, by="group", horizons_weeks=[13, 26])
    costs = winning_costs(prospects, within=by_channel.within, min_cell=10)
    assert costs.weeks == 26
    whole = costs.table.iloc[0]
    assert whole["estimate"] == pytest.approx(whole["mean_cost"] / whole["conversion"])
    assert list(costs.table["group"]) == ["all", "fair", "search"]


def test_only_studies_that_know_first_contacts_get_the_chapter(tmp_path):
    chapter = Notebook("16_prospects", tmp_path, "?", ("transactions", PEOPLE), "")
    bought = {"file": "sales.csv"}
    with_people = {"transactions": bought, "customers": {"file": "p.csv"}}
    named = {"transactions": bought, "customers": {"file": "p.csv", "columns": SAME_NAME}}
    assert chapter.suits(study())
    assert chapter.missing(study(package="cdnow")) == (PEOPLE,)
    assert chapter.missing(study(package="complete_journey")) == (PEOPLE,)
    assert chapter.missing(study(files=with_people)) == (PEOPLE,)
    assert chapter.suits(study(files=named))
    stored = {"transactions": {"table": "sales"}}
    stored["customers"] = {"table": "people", "columns": SAME_NAME}
    assert PEOPLE in DataSource(connection={"url": "duckdb://x", "tables": stored}).columns


def test_nobody_with_a_first_contact_is_told_in_three_lines(show):
    facts, _, text = told(Prospects(made(4).table[:0], NOBODY), show)
    assert all(fact.silent for fact in facts.values())
    assert "|" not in text
