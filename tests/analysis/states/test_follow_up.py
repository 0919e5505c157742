"""Follow-up ends for everybody on one day, and all who count by it count the same people."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from shared_cases import shared_case

from analysis.chapters.relationships.ahead import check_ends_ahead, ends_ahead
from analysis.chapters.relationships.length import relationship_length
from analysis.data import Description, Tables
from analysis.frames import spells
from analysis.methods.survival import survival_curve
from analysis.params import Params
from analysis.states.bases import count_bases
from analysis.states.outcomes import outcomes_after
from analysis.states.relationships import read_relationships
from analysis.study import open_study

FROM, UNTIL = date(2023, 1, 1), date(2023, 12, 31)
HAZARD = 0.05  # a month


def params_of(**more) -> Params:
    return Params.model_validate(
        {
            "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
            "relationship": "contractual", "observed_from": FROM, "observed_until": UNTIL,
            "timezone": "UTC", "currency": "EUR", "segments": ("plan",),
            "data": {"simulated": {"company": "bank", "customers": 10, "seed": 1}},
        } | more
    )  # fmt: skip


def tables_of(contracts: pd.DataFrame) -> Tables:
    engine = ibis.duckdb.connect()
    stored = engine.create_table("contracts", contracts)
    days = {name: stored[name].cast("date") for name in ("started_at", "ended_at")}
    people = contracts[["customer_id"]].drop_duplicates().assign(plan="one")
    by_name = {"customers": engine.create_table("c", people), "contracts": stored.mutate(**days)}
    return Tables(engine, by_name, pd.DataFrame(), Description("Made", "", "", "files"), "made")


def never_renewed(customers: int, seed: int) -> pd.DataFrame:
    """Contracts begun through the year that end at a constant rate."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp(FROM) + pd.to_timedelta(rng.integers(0, 365, customers), "D")
    lasts = np.ceil(rng.exponential(30.4375 / HAZARD, customers))
    end = start + pd.to_timedelta(lasts, "D")
    return pd.DataFrame(
        {"customer_id": [f"c{k:05d}" for k in range(customers)], "started_at": start,
         "ended_at": end.where(end <= pd.Timestamp(UNTIL))}
    )  # fmt: skip


def often_renewed(customers: int, seed: int) -> pd.DataFrame:
    """Up to four contracts each, the gaps between them around the gap that ends a relationship."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(customers):
        day = pd.Timestamp("2022-06-01") + pd.Timedelta(days=int(rng.integers(0, 550)))
        for _ in range(rng.integers(1, 5)):
            end = day + pd.Timedelta(days=int(rng.integers(1, 200)))
            over = end <= pd.Timestamp(UNTIL)
            rows.append((f"c{k:04d}", day, end if over else pd.NaT))
            day = end + pd.Timedelta(days=int(rng.integers(-5, 70)))
            if not over or day > pd.Timestamp(UNTIL):
                break
    contracts = pd.DataFrame(rows, columns=["customer_id", "started_at", "ended_at"])
    contracts = contracts.drop_duplicates(["customer_id", "started_at"])
    return contracts[contracts["started_at"] <= pd.Timestamp(UNTIL)]


def test_ends_that_cannot_be_known_do_not_lengthen_lives():
    """Were only the recent ends left out and the others followed, the share would be too high."""
    contracts, params = never_renewed(40_000, 1), params_of()
    tables = tables_of(contracts)
    marks = relationship_length(read_relationships(tables, params), horizon_months=12).marks
    marks = marks.set_index("months")
    for month in (3, 6):
        truth = np.exp(-HAZARD * month)
        assert marks.loc[month, "estimate"] == pytest.approx(truth, abs=0.01)
    every = spells(tables, params)
    alone = every["ended_at"].fillna(pd.Timestamp(UNTIL)) - every["started_at"]
    alone = pd.DataFrame({"duration": alone.dt.days / 30.4375, "event": every["event"]})
    assert survival_curve(alone).at([6])["estimate"].iloc[0] > np.exp(-6 * HAZARD) + 0.015


@pytest.mark.parametrize("gap_days", [0, 30, 45])
def test_sums_of_what_was_followed_meet(gap_days):
    params, tables = params_of(gap_days=gap_days), tables_of(often_renewed(600, 3))
    found = read_relationships(tables, params)
    length = relationship_length(found, horizon_months=12)
    ahead = ends_ahead(found, as_of=params.followed_until)
    bases = count_bases(tables, params).table.set_index("base")["n"]
    every = spells(tables, params)
    last = every.drop_duplicates("customer_id", keep="last")
    since = bases.get("begun_since", 0)
    assert (since > 0) == (gap_days > 0)
    assert ahead.open_now == bases["followed"] == (~found["event"]).sum()
    assert since == (every["reason"] == "begun later").sum()
    assert bases["followed"] + since == bases["current"] == (~last["event"]).sum()
    assert bases["current"] + bases["churned"] == bases["ever_contract"]
    came = outcomes_after(
        tables, params, last[["customer_id"]].assign(at=pd.Timestamp(params.followed_until)),
        weeks=1,
    )  # fmt: skip
    assert came["active"].sum() == bases["followed"]
    assert length.customers == (found["spell"] == 1).sum()


def test_no_window_and_no_check_reaches_past_follow_up():
    params, tables = params_of(), tables_of(never_renewed(2_000, 7))
    assert params.followed_until == date(2023, 12, 1)
    found = read_relationships(tables, params)
    checked = check_ends_ahead(found, followed_until=params.followed_until, months=3)
    assert checked.as_of == date(2023, 9, 1)
    day = pd.Timestamp(checked.as_of)
    open_then = (found["started_at"] <= day) & ~(found["ended_at"] <= day)
    assert checked.open_now == open_then.sum() > checked.told > checked.observed > 0
    assert ends_ahead(found, as_of=params.followed_until, months=3).observed is None
    asked = pd.DataFrame({"customer_id": "c00001", "at": pd.to_datetime(["2023-11-24"] * 2)})
    asked["until"] = pd.to_datetime(["2023-12-01", "2023-12-02"])
    assert outcomes_after(tables, params, asked)["ends_observed"].tolist() == [True, False]


@pytest.mark.parametrize("lapse_weeks", [4, 13])
def test_a_lapse_leaves_nobody_followed_longer_than_another(lapse_weeks):
    """Whoever has been silent so long by the last day has lapsed, the others are followed to it."""
    rng = np.random.default_rng(2)
    rows = [
        (f"c{k:04d}", pd.Timestamp(FROM) + pd.Timedelta(days=int(day)), 5.0)
        for k in range(300)
        for day in np.unique(rng.integers(0, 365, rng.integers(1, 9)))
    ]
    sales = pd.DataFrame(rows, columns=["customer_id", "at", "amount"])
    params = params_of(relationship="noncontractual", lapse_weeks=lapse_weeks, segments=("a",))
    engine = ibis.duckdb.connect()
    sold = engine.create_table("transactions", sales)
    by_name = {
        "customers": engine.create_table("c", sales[["customer_id"]].drop_duplicates()),
        "transactions": sold.mutate(at=sold["at"].cast("date")),
    }
    described = Description("Made", "", "", "files")
    found = spells(Tables(engine, by_name, pd.DataFrame(), described, "made"), params)
    until, lapse = pd.Timestamp(UNTIL), pd.Timedelta(weeks=lapse_weeks)
    days = sales.sort_values("at").groupby("customer_id")["at"].agg(list)
    for who, own in found.groupby("customer_id"):
        gaps = np.diff([*days[who], until + pd.Timedelta(days=1)])
        silent = [day for day, gap in zip(days[who], gaps, strict=True) if gap > lapse]
        assert own["ended_at"].dropna().tolist() == [day + lapse for day in silent]
    still = found[~found["event"]]
    followed = still["duration"] * 30.4375 - (until - still["started_at"]).dt.days
    assert followed.abs().max() < 1e-9


def test_follow_up_of_what_has_no_gap_ends_with_the_observation():
    assert params_of(relationship="noncontractual").followed_until == UNTIL
    assert params_of(gap_days=0).followed_until == UNTIL
    early = params_of().model_copy(update={"observed_until": date(2023, 1, 20)})
    assert early.followed_until == FROM  # of a past in which no end can be known yet


def test_shared_case_of_recent_ends(tmp_path):
    study = open_study(shared_case("recent_ends", tmp_path) / "recent.yml", build=tmp_path)
    found = read_relationships(study.tables, study.params)
    marks = relationship_length(found, horizon_months=12).marks.set_index("months")
    for month, truth in {3: 0.861, 6: 0.741}.items():
        told = marks.loc[month]
        assert told["conf_low"] < truth < told["conf_high"]
        assert told["estimate"] == pytest.approx(truth, abs=0.007)
