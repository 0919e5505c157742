"""Sentences about prospects: every variant, odd studies, and which studies get the chapter."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.figures.prospects import plot_conversion
from analysis.findings import prospects as findings
from analysis.lifecycle.prospect_costs import conversion_costs
from analysis.lifecycle.prospects import Prospects, conversion, pool_channels
from analysis.params import Params
from analysis.params.source import DataSource
from analysis.telling.drawing import illustrate
from analysis.telling.tables import present
from analysis.telling.wording import wording_for
from reporting.project import Notebook

SAME_NAME = {"first_contact_at": "first_contact_at"}
PEOPLE = "customers.first_contact_at"


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
def say():
    return wording_for(study())


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
    return Prospects(table.assign(**columns), ())


def everything(prospects, say):
    """All sentences, tables and the figure, as one text."""
    prospects = pool_channels(prospects, min_cell=say.min_cell)
    weeks = [4, 13, 26, 52]
    together = conversion(prospects, by=None, horizons_weeks=weeks)
    by_channel = conversion(prospects, by="group", horizons_weeks=weeks)
    costs = conversion_costs(prospects, within=by_channel.within, min_cell=say.min_cell)
    told = {
        "conversion": findings.conversion_finding(together, say),
        "channels": findings.channel_finding(by_channel, say),
        "costs": findings.cost_finding(costs, say),
    }
    caption = findings.conversion_caption(by_channel, say)
    alt = findings.conversion_alt(by_channel, say)
    illustrate(plot_conversion, by_channel, say, caption=caption, alt=alt)
    options = {"caption": "prospects.conversion.table", "count": "waiting"}
    tables = [present(result.summary(), say, **options) for result in (together, by_channel)]
    weeks_told = {"caption": findings.cost_table(costs), "weeks": costs.weeks}
    tables.append(present(costs.summary(), say, **weeks_told))
    text = "\n".join([caption, alt, *(one.markdown for one in (*told.values(), *tables))])
    assert "nan" not in text.lower().replace("finan", ""), text
    assert "None" not in text
    return told, text


def test_channels_that_differ(say):
    told, text = everything(made(600), say)
    assert told["conversion"].number.endswith("%")
    assert told["channels"].number.endswith("points")
    assert "“search” became customers" in told["channels"].detail
    assert told["costs"].number.startswith("€")
    assert "times as much" in told["costs"].detail
    assert "Half have become customers" in text


def test_channels_that_do_not_differ(say):
    told, _ = everything(made(400, rates=(0.03, 0.03)), say)
    assert told["channels"].number == "No clear difference"
    assert "no clear difference" in told["costs"].detail


def test_no_channel_and_no_cost(say):
    plain = made(200)
    told, text = everything(
        Prospects(plain.table.drop(columns=["channel", "acquisition_cost"]), ()), say
    )
    assert told["channels"].number == "One channel"
    assert told["costs"].number == "Not told"
    assert "no cost is known" in text


def test_nobody_bought_and_one_person(say):
    told, _ = everything(made(100, event=False), say)
    assert told["conversion"].number == "0.0%"
    assert told["costs"].number == "Not told"
    told, _ = everything(made(1), say)
    assert told["conversion"].number == "Too few"


def test_cost_is_that_of_all_over_their_conversion():
    prospects = pool_channels(made(500), min_cell=10)
    by_channel = conversion(prospects, by="group", horizons_weeks=[13, 26])
    costs = conversion_costs(prospects, within=by_channel.within, min_cell=10)
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
    assert PEOPLE in DataSource(connection={"url": "duckdb://x", "tables": named}).columns
