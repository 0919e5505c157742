"""What steps took is kept, and tells how much of a make is done and how long it goes on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from reporting import took
from reporting.took import STEPS, Took, ask_make, keep, left_of_make, share_done

MAKEFILE = """
both: ; @$(PY) -m reporting.warm reporting.tables shop
\t@.venv/bin/python -m reporting.warm reporting.execute shop 10_retention
\t@.venv/bin/python -m reporting.warm reporting.report shop
one: ; @.venv/bin/python -m reporting.warm reporting.report shop retention
\t@echo 'All reports: build/site/index.html'
"""


@dataclass
class Shop:
    folder: Path
    params: SimpleNamespace


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A study whose steps end ten seconds after the machine began, five after the make did."""
    clock = SimpleNamespace(monotonic=lambda: 10.0, time=lambda: 5.0)
    monkeypatch.setattr("reporting.took.time", clock)
    return Shop(tmp_path / "build" / "shop", SimpleNamespace(study="shop"))


def test_keep_records_seconds_and_memory(shop):
    told = keep(shop, "10_retention", 6.0)
    assert told == "4 s"
    kept = took.took(shop.folder, "10_retention")
    assert kept.seconds == 4
    assert 0.01 < kept.gib < 64
    assert kept.at > 1e9


@pytest.mark.parametrize("broken", [None, "", "{}", "[]", '{"seconds": "long", "gib": 1}'])
def test_a_step_whose_record_is_broken_has_none(shop, broken):
    place = shop.folder / "took" / "tables.json"
    place.parent.mkdir(parents=True)
    if broken is not None:
        place.write_text(broken)
    assert took.took(shop.folder, "tables") is None


def last(seconds: float, at: float = 0.0) -> Took:
    return Took(seconds, 1.0, at)


def test_share_done_counts_time_and_not_steps():
    """One of ten seconds is done after ten of them, so that thirty are left at that pace."""
    assert share_done([last(10, 110), last(30)], 100, 110) == "25 % done, about 30 s left"


def test_share_done_goes_as_many_side_by_side_as_so_far():
    steps = [last(60, 150), last(60, 160), last(240), last(240)]
    assert share_done(steps, 100, 160) == "20 % done, about 4 min left"


def test_share_done_takes_a_new_step_for_a_middling_one():
    assert share_done([last(10, 110), last(30), last(20), None], 100, 110).startswith("12 %")


def test_share_done_counts_steps_where_no_times_are_known():
    assert share_done([last(10, 110), None, None], 100, 110) == "1 of 3 steps"


def test_share_done_is_silent_at_the_end_and_without_steps():
    assert share_done([last(10, 110), last(5, 111)], 100, 112) == ""
    assert share_done([], 100, 112) == ""


@pytest.mark.parametrize(
    ("goals", "expected"),
    [
        ("both", [["shop", "tables"], ["shop", "10_retention"], ["shop", "report"]]),
        ("one", [["shop", "retention"]]),
        ("", None),
    ],
)
def test_make_says_which_steps_it_takes(tmp_path, monkeypatch, goals, expected):
    (tmp_path / "Makefile").write_text(MAKEFILE)
    monkeypatch.setattr(took, "ROOT", tmp_path)
    monkeypatch.setenv("GOALS", goals)
    monkeypatch.setenv("MAKEFLAGS", "k -j2 --jobserver-auth=3,4")
    ask_make(tmp_path)
    place = tmp_path / STEPS
    assert (json.loads(place.read_text())["steps"] if place.is_file() else None) == expected


def test_left_of_make_reads_what_make_said(shop, tmp_path, monkeypatch):
    server = tmp_path / "server"
    server.mkdir()
    monkeypatch.setattr("reporting.warm.server_folder", lambda make: server)
    monkeypatch.setenv("BUILD", str(tmp_path / "build"))
    monkeypatch.delenv("WARM", raising=False)
    assert left_of_make(shop) == ""
    monkeypatch.setenv("WARM", "1234")
    assert left_of_make(shop) == ""
    steps = [("shop", "tables"), ("shop", "10_retention"), ("other", "tables")]
    (server / STEPS).write_text(json.dumps({"began": 0, "steps": steps}))
    keep(shop, "tables", 5.0)
    assert left_of_make(shop) == "1 of 3 steps"
    place = shop.folder.parent / "other" / "took" / "tables.json"
    place.parent.mkdir(parents=True)
    place.write_text('{"seconds": 5, "gib": 1}')
    assert left_of_make(shop).startswith("67 % done, about ")
