"""What came after a day, by hand, and as the survey frame has it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pandas.testing import assert_frame_equal

from analysis.errors import DataError, ParamsError
from analysis.states.outcomes import outcomes_after
from analysis.study import Study, open_study

ROOT = Path(__file__).parents[3]
STUDY = {
    "schema_version": 1, "study": "acme", "title": "Acme", "author": "Research",
    "timezone": "Europe/Berlin", "currency": "EUR", "lapse_weeks": 4, "gap_days": 10,
}  # fmt: skip
PERIOD = "observed_from: 2023-01-01\nobserved_until: 2023-12-31\n"
SALES = """customer_id,at,amount,margin
a,2023-02-01,10,4
a,2023-03-01,20,8
a,2023-03-01,-5,-2
a,2023-03-15,30,12
a,2023-03-20,-7,-3
a,2023-03-29,40,16
b,2023-02-01,10,4
"""
CONTRACTS = """customer_id,started_at,ended_at
a,2023-01-01,2023-03-15
b,2023-01-01,2023-12-15
b,2023-12-20,
c,2023-05-01,2023-12-26
d,2023-05-01,
"""


@pytest.fixture
def acme(tmp_path):
    def made(relationship: str, **tables: str) -> Study:
        (tmp_path / "params").mkdir()
        for name, text in tables.items():
            (tmp_path / f"{name}.csv").write_text(text)
        files = {name: {"file": f"../{name}.csv"} for name in tables}
        values = STUDY | {"relationship": relationship, "data": {"files": files}}
        path = tmp_path / "params" / "acme.yml"
        path.write_text(PERIOD + yaml.safe_dump(values))
        return open_study(path)

    return made


def asked(*rows, columns=("customer_id", "at")) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns), index=range(10, 10 + len(rows)))


def test_purchases_after_a_day_by_hand(acme):
    study = acme("noncontractual", transactions=SALES)
    days = asked(("a", "2023-03-01"), ("a", "2023-03-01"), ("b", "2023-03-01"), ("z", "2023-03-01"),
                 ("a", "2023-12-04"))  # fmt: skip
    found = outcomes_after(study.tables, study.params, days, weeks=4)
    assert list(found.index) == [10, 11, 12, 13, 14]
    first = found.loc[10]
    assert first["until"] == pd.Timestamp("2023-03-29")
    assert (first["purchases"], first["revenue"], first["margin"]) == (2, 63, 25)
    assert found.loc[11].equals(first)
    assert first["bought_again"] == 1
    assert found.loc[[12, 13], ["purchases", "revenue", "bought_again"]].eq(0).all(axis=None)
    assert not found.loc[14, "observed"]  # the window ends on the first day of the next year
    assert found.loc[14, ["purchases", "revenue", "margin", "bought_again"]].isna().all()
    assert outcomes_after(
        study.tables, study.params, asked(("a", "2023-12-03")), weeks=4
    ).observed.all()


def test_lapse_after_a_day_by_hand(acme):
    """b lapses at the close of 1 March, 28 days after the purchase; z never was a customer."""
    study = acme("noncontractual", transactions=SALES)
    days = asked(("b", "2023-02-28"), ("b", "2023-03-01"), ("b", "2023-02-01"), ("z", "2023-03-01"))
    found = outcomes_after(study.tables, study.params, days, weeks=1)
    assert found["active"].tolist() == [True, False, True, False]
    assert found["ended"].tolist()[0] == 1
    assert found["ended"].isna().tolist() == [False, True, False, True]
    assert found.loc[12, "ended"] == 0


def test_ends_of_contracts_wait_until_they_are_sure(acme):
    study = acme("contractual", contracts=CONTRACTS)
    days = [("a", "2023-03-14"), ("a", "2023-03-15"), ("b", "2023-12-10"), ("d", "2023-12-10")]
    ends = ["2023-03-15", "2023-04-01", "2023-12-21", "2023-12-22"]
    rows = asked(*((*day, end) for day, end in zip(days, ends, strict=True)),
                 columns=("customer_id", "at", "until"))  # fmt: skip
    found = outcomes_after(study.tables, study.params, rows)
    assert "purchases" not in found
    assert found["active"].tolist() == [True, False, True, True]
    assert found["ends_observed"].tolist() == [True, True, True, False]
    assert found["observed"].all()
    assert found["ended"].iloc[0] == 1
    assert found["ended"].iloc[2] == 0  # b began again within the gap
    assert np.isnan(found["ended"].iloc[[1, 3]]).all()


@pytest.mark.whole
@pytest.mark.parametrize("name", ["market", "bank"])
def test_outcomes_are_those_of_the_survey_frame(name, tmp_path):
    study = open_study(ROOT / "params" / f"{name}.yml", build=tmp_path)
    answers = study.survey
    for weeks in study.params.horizons_weeks:
        found = outcomes_after(study.tables, study.params, answers, weeks=weeks)
        names = {"observed": f"observed_{weeks:g}w"}
        names |= {part: f"{part}_{weeks:g}w" for part in ("purchases", "revenue")}
        told = found[[*names]].rename(columns=names)
        assert_frame_equal(told, answers[list(told)])


@pytest.mark.whole
def test_past_knows_nothing_of_what_came_after(tmp_path):
    """A window that a past had not seen to its end is told as not observed, and as it was later."""
    study = open_study(ROOT / "params" / "market.yml", {"data.simulated.customers": 400}, tmp_path)
    past = study.until("2023-12-31")
    at = past.customers[["customer_id"]].assign(at=pd.Timestamp("2023-12-31"))
    assert not outcomes_after(past.tables, past.params, at, weeks=26)["observed"].any()
    came = outcomes_after(study.tables, study.params, at, weeks=26)
    assert came["observed"].all()
    assert 0 < came["bought_again"].mean() < 1
    assert came["active"].sum() == past.bases.n("current")


@pytest.mark.parametrize(("rows", "weeks", "error", "rule"), [
    (asked(("a", "2023-03-01")), None, ParamsError, "either weeks or a column until, but neither"),
    (asked(("a", "2023-03-01", "2023-04-01"), columns=("customer_id", "at", "until")), 4,
     ParamsError, "but both came"),
    (asked(("a", "2023-03-01", "2023-03-01"), columns=("customer_id", "at", "until")), None,
     ParamsError, "must end after the day it begins at"),
    (asked(("a", "2023-03-01")), 0.1, ParamsError, "must end after the day it begins at"),
    (asked(("a", "2023-03-01"), columns=("who", "at")), 4, DataError, "the column customer_id"),
])  # fmt: skip
def test_windows_without_sense_are_refused(rows, weeks, error, rule, acme):
    study = acme("noncontractual", transactions=SALES)
    with pytest.raises(error, match=rule):
        outcomes_after(study.tables, study.params, rows, weeks=weeks)
