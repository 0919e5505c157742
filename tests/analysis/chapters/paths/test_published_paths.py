"""The real surveys, through the study's own params files, against what was printed about them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.chapters.paths.facts import paths_fact
from analysis.chapters.paths.model import satisfaction_paths
from analysis.data import read_tables
from analysis.params import read_params
from analysis.states.answers import read_answers
from analysis.telling.showing import chapter_of

PARAMS = Path(__file__).parents[4] / "params"
# Sanchez (2013), PLS Path Modeling with R; R package plspm: mode A, centroid, unscaled.
PATHS = {
    "image → expectations": 0.578959, "image → satisfaction": 0.200724,
    "image → loyalty": 0.275150, "expectations → quality": 0.848344,
    "expectations → value": 0.105478, "expectations → satisfaction": -0.002754,
    "quality → value": 0.676656, "quality → satisfaction": 0.122145,
    "value → satisfaction": 0.589331, "satisfaction → loyalty": 0.495479,
}  # fmt: skip
TOTAL = {"image": 0.518416, "expectations": 0.248396, "quality": 0.258104, "value": 0.292001}
R_SQUARED = {
    "expectations": 0.335194, "quality": 0.719688, "value": 0.590084,
    "satisfaction": 0.707321, "loyalty": 0.509923,
}  # fmt: skip


@pytest.fixture(scope="module")
def ecsi(shared_data):
    params = read_params(PARAMS / "ecsi_bank.yml", {"data.if_absent": "refuse"})
    tables = read_tables(params, stored=False)
    return params, read_answers(tables, params)


def test_ecsi_paths_are_the_published_ones(ecsi):
    params, answers = ecsi
    found = satisfaction_paths(answers, rng=np.random.default_rng(1))
    paths = found.paths().set_index("term")["estimate"]
    pd.testing.assert_series_equal(
        paths[list(PATHS)], pd.Series(PATHS), check_names=False, atol=1e-5, rtol=0
    )
    total = found.effects_on_target().set_index("from")["estimate"]
    np.testing.assert_allclose(total[list(TOTAL)], list(TOTAL.values()), atol=1e-5)
    explained = found.constructs.set_index("construct")["r_squared"]
    np.testing.assert_allclose(explained[list(R_SQUARED)], list(R_SQUARED.values()), atol=1e-5)
    assert found.estimate.goodness_of_fit == pytest.approx(0.609742, abs=1e-5)
    show = chapter_of(params, "paths")
    csv = show.table(found.paths(), "paths.table").csv
    assert "satisfaction → loyalty,250,0.49547" in csv
    assert show.finding(paths_fact(found, min_cell=params.min_cell)).number == "0.52"
