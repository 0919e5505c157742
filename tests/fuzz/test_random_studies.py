"""A few random small studies, the whole way; `many.py` tries hundreds (result in docs/fuzz.md)."""

from __future__ import annotations

import pandas as pd
import pytest
import whole_study
from many import try_seed
from random_studies import write_study

SEEDS = (1014, 1016, 1021, 1036, 1039, 1044, 1048)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_study_is_reported_or_refused_in_one_sentence(seed):
    outcome = try_seed(seed)
    assert outcome.problems == []
    assert all(fault.count("\n") == 0 and " must " in fault for fault in outcome.faults)
    assert outcome.faults or outcome.told or outcome.silent


def test_a_seed_draws_the_same_study_again(tmp_path):
    texts = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        write_study(folder, 3)
        texts.append({path.name: path.read_text() for path in sorted(folder.iterdir())})
    assert texts[0] == texts[1]


def test_no_end_seen_is_told_in_every_chapter(tmp_path):
    (tmp_path / "params").mkdir()
    started = pd.date_range("2020-01-01", periods=60, freq="7D").strftime("%Y-%m-%d")
    contracts = pd.DataFrame({"customer_id": [f"c{k}" for k in range(60)], "started_at": started})
    contracts["ended_at"] = ["2022-12-31" if k % 9 == 0 else "" for k in range(60)]
    contracts.to_csv(tmp_path / "params" / "contracts.csv", index=False)
    people = contracts[["customer_id"]].assign(gender=["f", "m"] * 30)
    people.to_csv(tmp_path / "params" / "customers.csv", index=False)
    path = tmp_path / "params" / "open.yml"
    path.write_text(NO_END, encoding="utf-8")
    outcome = whole_study.try_study(path, tmp_path / "build")
    assert outcome.problems == []
    reasons = " ".join(outcome.reasons)
    assert reasons.count("no relationship was seen to end") >= 2


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("nan months", True), ("inf%", True), ("None of 37", False), ("information", False)],
)
def test_a_missing_number_in_a_text_is_noticed(text, wrong):
    assert bool(whole_study.NOT_TOLD.search(text)) == wrong


NO_END = """\
schema_version: 1
study: open
title: Nobody has left
author: Tests
relationship: contractual
observed_from: 2020-01-01
observed_until: 2022-12-31
timezone: UTC
currency: EUR
segments: [gender]
data:
  files:
    contracts: {file: contracts.csv}
    customers: {file: customers.csv, keep: [gender]}
"""
