"""A few kills and full disks over real notebooks; `many.py` tries more."""

from __future__ import annotations

import random

import pytest
from stopping import Shop, fill_once, kill_once, next_run

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def shop(tmp_path_factory, copy_project) -> Shop:
    return Shop.of(copy_project(tmp_path_factory.mktemp("stopped") / "project"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_run_leaves_the_old_report_or_the_new_and_the_next_completes(shop, seed):
    killed = kill_once(shop, random.Random(seed), seed % 2)
    assert killed.faults == ()


@pytest.mark.parametrize(("limit", "number"), [(2_000, 0), (60_000, 1), (200_000, 0)])
def test_disk_without_room_is_told_by_the_file_and_the_next_run_completes(shop, limit, number):
    """The study is changed to and fro, so that there is something to be made each time."""
    found = fill_once(shop, number, lambda: shop.start(limit=limit))
    assert found.ended == "stopped"
    assert found.faults == ()
    assert next_run(shop, number) == []
