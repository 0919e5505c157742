"""Validation of predictions against scikit-survival, by hand, and refusals."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sksurv import metrics
from sksurv.util import Surv

from analysis.errors import DataError, ParamsError
from analysis.methods.validation import (
    brier_score,
    calibrate,
    dynamic_auc,
    harrell_concordance,
    uno_concordance,
)
from analysis.notes import note

TIMES = np.array([2.0, 5, 8, 12])
COEFFICIENTS = np.array([0.5, -0.3, 0.2])


def customers(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Exponential lives, and their true shares alive at TIMES."""
    rng = np.random.default_rng(seed)
    linear = rng.normal(size=(rows, 3)) @ COEFFICIENTS
    life = rng.exponential(10 * np.exp(-linear))
    seen = np.minimum(rng.exponential(15, rows), 20 + rng.random(rows))
    table = pd.DataFrame(
        {"duration": np.minimum(life, seen), "event": life <= seen, "risk": linear.round(1)}
    )
    return table, np.exp(-TIMES / 10 * np.exp(linear)[:, None])


@pytest.fixture(scope="module")
def split():
    training, held_out = customers(400, 1), customers(300, 2)
    held_out[0]["event"] &= held_out[0]["duration"] < 19  # scikit-survival takes no ends past it
    outcome = [Surv.from_arrays(t["event"], t["duration"]) for t, _ in (training, held_out)]
    return training[0], *held_out, *outcome


def test_concordances_equal_scikit_survival(split):
    training, held_out, _, y_training, y = split
    harrell = harrell_concordance(held_out)
    peer = metrics.concordance_index_censored(
        held_out["event"], held_out["duration"], held_out["risk"]
    )
    assert_allclose(
        [harrell.estimate, harrell.concordant, harrell.discordant, harrell.tied_risk], peer[:4]
    )
    uno = uno_concordance(held_out, training=training, until=15)
    peer = metrics.concordance_index_ipcw(y_training, y, held_out["risk"], tau=15)
    assert uno.estimate == pytest.approx(peer[0], rel=1e-12)
    assert uno.std_error == pytest.approx(harrell.std_error, rel=0.3)


def test_dynamic_auc_equals_scikit_survival(split):
    training, held_out, _, y_training, y = split
    table = dynamic_auc(held_out, times=TIMES, training=training)
    auc, mean = metrics.cumulative_dynamic_auc(y_training, y, held_out["risk"], TIMES)
    assert_allclose(table["estimate"], [*auc, mean], rtol=1e-12)


def test_brier_score_equals_scikit_survival(split):
    training, held_out, survival, y_training, y = split
    score = brier_score(held_out, survival, times=TIMES, training=training)
    peer = metrics.brier_score(y_training, y, survival, TIMES)[1]
    assert_allclose(score.table["estimate"], peer, rtol=1e-12)
    integrated = metrics.integrated_brier_score(y_training, y, survival, TIMES)
    assert score.integrated == pytest.approx(integrated, rel=1e-12)
    assert (score.table["skill"] > 0).all()
    assert score.skill == pytest.approx(1 - score.integrated / score.integrated_null)


def test_harrell_concordance_by_hand():
    table = pd.DataFrame(
        {"duration": [1, 2, 2, 3, 3], "event": [1, 1, 0, 1, 1], "risk": [5, 3, 3, 4, 1]}
    )
    # from row 1: 4 concordant; from row 2: tie with row 3 (same time, open), discordant with row 4,
    # concordant with row 5; rows 4 and 5 ended together: not comparable
    result = harrell_concordance(table)
    assert (result.concordant, result.discordant, result.tied_risk) == (5, 1, 1)
    assert result.estimate == pytest.approx(5.5 / 7)


def test_harrell_concordance_with_late_entry_counts_pairs_that_were_there_together():
    rng = np.random.default_rng(6)
    entry = rng.integers(0, 6, 60)
    table = pd.DataFrame({"entry": entry, "duration": entry + rng.integers(1, 9, 60)})
    table["event"], table["risk"] = rng.random(60) < 0.6, rng.integers(0, 5, 60)
    pairs = np.zeros(3)
    for i in table[table["event"]].itertuples():
        for j in table.itertuples():
            later = j.duration > i.duration or (j.duration == i.duration and not j.event)
            if later and (j.entry < i.duration) and j.Index != i.Index:
                pairs[np.sign(i.risk - j.risk)] += 1
    result = harrell_concordance(table)
    assert_allclose([result.tied_risk, result.concordant, result.discordant], pairs)


def test_validation_counted_rows_equal_repeated_rows():
    table, survival = customers(80, 3)
    table = table.assign(duration=np.ceil(table["duration"]), count=np.arange(80) % 3)
    index = table.index.repeat(table["count"])
    repeated = table.loc[index].drop(columns="count")
    for measure in (harrell_concordance, uno_concordance):
        a, b = measure(table), measure(repeated)
        assert_allclose([a.estimate, a.std_error], [b.estimate, b.std_error])
    a, b = (
        brier_score(t, s, times=TIMES).table
        for t, s in ((table, survival), (repeated, survival[index]))
    )
    assert_allclose(a[["estimate", "std_error", "null"]], b[["estimate", "std_error", "null"]])
    a, b = (dynamic_auc(t, times=TIMES)["estimate"] for t in (table, repeated))
    assert_allclose(a, b)


def test_calibrate_finds_true_predictions_calibrated_and_shifted_ones_not():
    table, survival = customers(3000, 4)
    good = calibrate(table, survival[:, 2], horizon=8, groups=5)
    assert good.observed_to_expected == pytest.approx(1, abs=0.06)
    inside = (good.table["conf_low"] < good.table["predicted"]) & (
        good.table["predicted"] < good.table["conf_high"]
    )
    assert inside.sum() >= 4
    bad = calibrate(table, survival[:, 2] ** 2, horizon=8, groups=5)
    assert bad.observed_to_expected < 0.85
    assert good.table["n"].sum() == 3000


def test_calibrate_past_follow_up_is_noted():
    table = pd.DataFrame({"duration": [1, 2, 3, 4], "event": [1, 1, 0, 0]})
    result = calibrate(table, np.array([0.2, 0.3, 0.6, 0.7]), horizon=9, groups=2)
    ends = [note("survival.beyond_follow_up", end=end) for end in (2, 4)]
    assert result.table["note"].tolist() == ends
    assert result.table["estimate"].isna().all()


def test_brier_score_past_follow_up_is_noted():
    table = pd.DataFrame({"duration": [1, 2, 3, 4], "event": [1, 1, 0, 1]})
    score = brier_score(table, np.full((4, 2), 0.5), times=[2, 9])
    assert score.table["note"].tolist() == ["", note("survival.not_followed")]
    assert np.isnan(score.table["estimate"].iloc[1])


def test_dynamic_auc_without_cases_is_noted():
    table = pd.DataFrame({"duration": [3, 4], "event": [1, 1], "risk": [1, 0]})
    found = dynamic_auc(table, times=[1])["note"].iloc[0]
    assert found == note("survival.nobody_ended_then")


def test_validation_refuses_wrong_input(split):
    _, held_out, survival, *_ = split
    with pytest.raises(DataError, match="survival must have 300 rows and 2 columns"):
        brier_score(held_out, survival, times=[1, 2])
    with pytest.raises(DataError, match="shares in 0-1"):
        brier_score(held_out, survival * 100, times=TIMES)
    with pytest.raises(ParamsError, match="times must be increasing"):
        brier_score(held_out, survival, times=TIMES[::-1])
    with pytest.raises(DataError, match="risk is missing"):
        harrell_concordance(held_out.drop(columns="risk"))
    with pytest.raises(DataError, match="entry must be absent"):
        uno_concordance(held_out.assign(entry=held_out["duration"] / 2))
