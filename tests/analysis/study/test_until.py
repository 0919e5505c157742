"""The past of a study is what a source that ends on that day gives: for every shipped study."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
import yaml
from marked_names import as_written
from pandas.testing import assert_frame_equal

from analysis.data import Tables
from analysis.errors import ParamsError
from analysis.frames import customer_months
from analysis.params import Params
from analysis.states.stages import assign_stages
from analysis.study import Study, open_study

ROOT = Path(__file__).parents[3]
PAST = {
    "market": ("2022-02-11", "2023-06-30", "2024-12-30"),
    "bank": ("2019-03-01", "2021-12-31", "2024-02-29"),
    "cdnow": ("1997-01-15", "1997-04-01", "1998-05-31"),
    "complete_journey": ("2017-01-31", "2017-05-04", "2017-11-15"),
    "housing": ("1976-02-01", "1976-07-01", "1976-12-31"),
    "ecsi_bank": ("2000-06-30", "2000-09-01", "2000-12-31"),
}
CASES = [(study, day) for study, days in PAST.items() for day in days]
BEGINS = {"contracts": "started_at", "tier_history": "from_at"}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory, request):
    """Each shipped study, opened once."""
    build, opened = tmp_path_factory.mktemp("build"), {}

    def study(name: str) -> Study:
        if name not in opened:
            found = open_study(ROOT / "params" / f"{name}.yml", build=build)
            if found.params.data.absent(ROOT / "params"):
                request.getfixturevalue("shared_data")
            opened[name] = found
        return opened[name]

    return study


def as_known(rows: dict[str, pd.DataFrame], day: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """What would have been written down by the end of a day, by hand and in pandas."""
    end = day + pd.Timedelta(days=1)
    told = pd.concat(
        [
            part[["customer_id"]].assign(at=part[BEGINS.get(name, "at")])
            for name, part in rows.items()
            if name != "customers"
        ]
    )
    cut = {}
    for name, part in rows.items():
        part = part.copy()
        if name == "customers":
            dates = [c for c in ("first_contact_at", "acquired_at") if c in part]
            own = part.melt("customer_id", dates, value_name="at")[["customer_id", "at"]]
            first = pd.concat([told, own]).groupby("customer_id")["at"].min()
            met = part["customer_id"].map(first)
            part = part[met.isna() | (met < end)].copy()
            for column in dates:
                part[column] = part[column].where(part[column] < end)
        else:
            part = part[part[BEGINS.get(name, "at")] < end].copy()
        for ended, also in (
            ("ended_at", ["ended_reason"]),
            ("resolved_at", ["rating", "cost"]),
            ("to_at", []),
            ("redeemed_at", []),
        ):
            if ended in part:
                open_still = part[ended].notna() & (part[ended] >= end)
                part.loc[open_still, [ended, *(c for c in also if c in part)]] = None
        if len(part):
            cut[name] = part
    return cut


@cache
def rows_of(study: Study) -> dict[str, pd.DataFrame]:
    """The tables that the source has, in pandas."""
    given = [*study.tables]
    if "customers" not in set(study.tables.audit["table"]):
        given.remove("customers")
    return {name: study.tables.fetch(study.tables[name]) for name in given}


def source_ending(study: Study, day: str, folder: Path) -> Study:
    """A study whose files end on a day, read as any other."""
    files = {}
    for name, part in as_known(rows_of(study), pd.Timestamp(day)).items():
        part.to_parquet(folder / f"{name}.parquet")
        files[name] = {"file": f"../{name}.parquet", "keep": list(part.columns)}
        days = part.select_dtypes("datetime")
        if (days.notna() & (days != days.apply(lambda times: times.dt.normalize()))).any(axis=None):
            files[name]["times_in"] = "local"
    values = yaml.safe_load(study.params.path.read_text(encoding="utf-8"))
    history = "complete" if study.params.data.history_complete else "cut"
    values |= {"data": {"files": files, "history": history}}
    values["observed_until"] = date.fromisoformat(day)
    (folder / "params").mkdir()
    path = folder / "params" / study.params.path.name
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return open_study(path)


def same_rows(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Equal as sets of rows, types and names included; a file's groups are marked as names."""
    assert list(one) == list(other)
    one, other = as_written(one), as_written(other)
    ordered = [part.sort_values(list(part), ignore_index=True) for part in (one, other)]
    assert_frame_equal(*ordered, rtol=1e-9, check_categorical=False)


def stages_of(tables: Tables, params: Params) -> pd.DataFrame:
    return tables.fetch(assign_stages(tables, params).table)


@pytest.mark.whole
@pytest.mark.parametrize(("name", "day"), CASES)
def test_past_is_what_a_source_that_ends_on_the_day_gives(name, day, shipped, tmp_path):
    whole = shipped(name)
    past, other = whole.until(day), source_ending(whole, day, tmp_path)
    assert set(past.tables) == set(other.tables)
    for table in other.tables:
        columns = other.tables[table].columns
        assert set(past.tables[table].columns) == set(columns)
        same_rows(
            past.tables.fetch(past.tables[table].select(*columns)),
            other.tables.fetch(other.tables[table]),
        )
    kept = [
        study.tables.audit.query("step == 'kept'").set_index("table")["rows"]
        for study in (past, other)
    ]
    assert kept[0].to_dict() == kept[1].to_dict()
    if "surveys" in other.tables:
        same_rows(past.survey[list(other.survey)], other.survey)
    if "transactions" in other.tables:
        same_rows(past.customers[list(other.customers)], other.customers)
        same_rows(
            *(
                study.tables.fetch(customer_months(study.tables, study.params))
                for study in (past, other)
            )
        )
        same_rows(stages_of(past.tables, past.params), stages_of(other.tables, other.params))
    if (
        "contracts" if past.params.relationship == "contractual" else "transactions"
    ) in past.tables:
        same_rows(past.spells, other.spells)


def test_past_of_the_last_day_is_the_study(shipped):
    whole = shipped("market")
    past = whole.until("2024-12-31")
    assert set(past.tables) == set(whole.tables)
    for table in whole.tables:
        same_rows(*(study.tables.fetch(study.tables[table]) for study in (past, whole)))
    assert_frame_equal(past.customers, whole.customers)


def test_past_of_a_past_is_the_past(shipped):
    whole = shipped("market")
    twice, once = whole.until("2024-01-31").until("2023-05-05"), whole.until(date(2023, 5, 5))
    assert twice.folder == once.folder != whole.folder
    assert twice.tables.fingerprint == once.tables.fingerprint != whole.tables.fingerprint
    assert_frame_equal(twice.customers, once.customers)
    with pytest.raises(ParamsError, match="not after observed_until"):
        once.until("2023-05-06")


@pytest.mark.parametrize("day", ["2022-01-01", "2025-01-01", "2021-05-05", "next May"])
def test_past_is_refused_outside_the_observation(day, shipped):
    rule = (
        r"the day must lie after observed_from \(2022-01-01\) and not after observed_until "
        rf"\(2024-12-31\), but {day} came"
    )
    with pytest.raises(ParamsError, match=rule):
        shipped("market").until(day)


def test_past_in_which_nothing_was_known_is_refused(shipped):
    past = shipped("housing").until("1976-01-03")
    assert past.tables["surveys"].count().execute() > 0
    shifted = open_study(shipped("housing").params.path, {"observed_from": "1975-01-01"})
    with pytest.raises(ParamsError, match="no transaction, contract or answer from before"):
        assert shifted.until("1975-06-01").tables
