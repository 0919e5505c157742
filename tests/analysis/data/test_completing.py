"""Groups that are named like words of the catalogue stay the company's own groups."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.data import read_tables
from analysis.frames import customer_frame
from analysis.methods.disclosure import pool_small
from analysis.names import MARK, is_marked, without_marks, words
from analysis.params import read_params
from analysis.states.segments import engine_groups
from analysis.telling.wording import wording_for

NAMES = (
    "all",
    "others",
    "not known",
    "active",
    "a_b_c",
    "all: x",
    "region: x",
    "Berlin, nan",
    "North",
)
PARAMS = """schema_version: 1
study: own
title: Own names
author: Tests
relationship: noncontractual
observed_from: 2023-01-01
observed_until: 2024-12-31
timezone: UTC
currency: EUR
segments: [region]
data:
  files:
    transactions: {file: transactions.csv}
    customers: {file: customers.csv, keep: [region]}
"""
EACH = 12
SMALL = 3


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    names = [name for name in NAMES for _ in range(EACH)]
    names += [f"small {number}" for number in range(10) for _ in range(SMALL)] + [None] * EACH
    ids = [f"C{number}" for number in range(len(names))]
    people = pd.DataFrame({"customer_id": ids, "region": names})
    people.to_csv(folder / "customers.csv", index=False)
    bought = pd.DataFrame({"customer_id": ids, "at": "2023-05-01", "amount": 10})
    bought.to_csv(folder / "transactions.csv", index=False)
    (folder / "own.yml").write_text(PARAMS)
    params = read_params(folder / "own.yml")
    return params, read_tables(params, folder=folder)


def test_words_are_those_of_every_catalogue():
    assert {"all", "others", "not known", "active", "transactions"} <= words()


def test_only_names_that_are_words_are_marked(study):
    params, tables = study
    held = customer_frame(tables, params)["region"].dropna().unique()
    assert {name for name in held if not is_marked(name)} == {
        *("a_b_c", "Berlin, nan", "North"),
        *(f"small {number}" for number in range(10)),
    }
    assert set(map(without_marks, held)) >= set(NAMES)


def test_every_name_is_told_as_it_stands(study):
    params, tables = study
    say = wording_for(params)
    held = customer_frame(tables, params)["region"].dropna().unique()
    told = {say.value(name) for name in held}
    assert set(NAMES) <= told
    assert not any(map(is_marked, told))
    assert say.value("others") == "Others"


def test_group_named_others_is_not_the_pooled_one(study):
    params, tables = study
    regions = customer_frame(tables, params)["region"].astype(object).fillna("not known")
    sizes = pool_small(regions, 10).value_counts()
    assert sizes["others"] == 10 * SMALL
    assert sizes[f"others{MARK}"] == EACH
    assert sizes["not known"] == sizes[f"not known{MARK}"] == EACH


def test_engine_groups_keep_them_apart_too(study):
    _, tables = study
    groups = engine_groups(tables, tables["customers"], "region", least=10, most=20)
    assert groups.sizes["others"] == 10 * SMALL
    assert groups.sizes[f"others{MARK}"] == EACH
