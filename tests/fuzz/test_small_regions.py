"""Small studies with regions of 1 to 12 people: an intruder finds nothing in their reports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from whole_study import try_study

PARAMS = """\
schema_version: 1
study: regions
title: Regions
author: Test
relationship: noncontractual
observed_from: 2022-01-01
observed_until: 2024-12-31
timezone: Europe/Berlin
currency: EUR
data:
  files:
    transactions: {{file: purchases.csv}}
    customers: {{file: people.csv}}
segments: [region, plan]
covariates: [plan]
min_cell: {min_cell}
tiers: {{preset: value}}
"""


def write_regions(folder: Path, *, customers: int, min_cell: int) -> Path:
    rng = np.random.default_rng(customers)
    sizes = rng.integers(1, 13, customers)
    regions = rng.permutation(np.repeat(np.arange(customers), sizes)[:customers])
    people = pd.DataFrame({"customer_id": [f"c{k}" for k in range(customers)]})
    people["region"] = [f"r{k}" for k in regions]
    people["plan"] = rng.choice(["basic", "plus", "rare"], customers, p=[0.6, 0.36, 0.04])
    days, spread = rng.poisson(5, customers) + 1, rng.integers(20, 700, customers)
    bought = people[["customer_id"]].loc[people.index.repeat(days)].reset_index(drop=True)
    after = rng.random(len(bought)) * np.repeat(spread, days)
    bought["at"] = (pd.Timestamp("2022-02-01") + pd.to_timedelta(after, "D")).strftime("%Y-%m-%d")
    bought["amount"] = rng.lognormal(3, 1.2, len(bought)).round(2)
    people.to_csv(folder / "people.csv", index=False)
    bought.to_csv(folder / "purchases.csv", index=False)
    path = folder / "regions.yml"
    path.write_text(PARAMS.format(min_cell=min_cell), encoding="utf-8")
    return path


@pytest.mark.parametrize(("customers", "min_cell"), [(60, 3), (150, 5), (400, 12)])
def test_an_intruder_finds_nothing(tmp_path, customers, min_cell):
    path = write_regions(tmp_path, customers=customers, min_cell=min_cell)
    outcome = try_study(path, tmp_path / "build")
    assert outcome.faults == []
    assert outcome.problems == []
    assert {"data", "retention", "tiers"} <= set(outcome.told)
