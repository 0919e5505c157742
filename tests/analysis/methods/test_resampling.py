"""Bootstrap by covariance matrices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import ParamsError
from analysis.methods.intervals import critical_value
from analysis.methods.resampling import (
    bca_interval,
    bootstrap_counts,
    bootstrap_covariances,
    covariance,
    drawn_spread,
    jackknife_covariances,
    percentile_interval,
)

RNG = np.random.default_rng


def test_bca_law_school_as_efron():
    # Efron & Tibshirani (1993), An Introduction to the Bootstrap, the law school data:
    # correlation .776; 90 % interval .43 to .92 by BCa, .52 to .95 by percentiles
    lsat = [576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594]
    gpa = [3.39, 3.30, 2.81, 3.03, 3.44, 3.07, 3.00, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96]
    values = np.column_stack([lsat, gpa])

    def correlation(matrices):
        return matrices[:, 0, 1] / np.sqrt(matrices[:, 0, 0] * matrices[:, 1, 1])

    estimate = correlation(covariance(values)[None])
    assert estimate[0] == pytest.approx(0.776, abs=5e-4)
    drawn = correlation(bootstrap_covariances(values, replications=20_000, rng=RNG(1)))[:, None]
    left_out = correlation(jackknife_covariances(values))[:, None]
    low, high = bca_interval(drawn, estimate=estimate, jackknife=left_out, conf_level=0.9)
    np.testing.assert_allclose([low[0], high[0]], [0.43, 0.92], atol=0.015)
    low, high = percentile_interval(drawn, conf_level=0.9)
    np.testing.assert_allclose([low[0], high[0]], [0.52, 0.95], atol=0.015)


def test_bootstrap_covariances_are_those_of_the_drawn_rows():
    values, weights = RNG(1).normal(size=(12, 3)), RNG(2).uniform(1, 2, 12)
    found = bootstrap_covariances(values, replications=4, rng=RNG(3), weights=weights)
    counts = np.vstack(list(bootstrap_counts(12, replications=4, rng=RNG(3))))
    for matrix, count in zip(found, counts, strict=True):
        rows = np.repeat(np.arange(12), count)
        np.testing.assert_allclose(matrix, np.cov(values[rows].T, aweights=weights[rows], ddof=0))


def test_jackknife_leaves_one_customer_out():
    values, customers = RNG(1).normal(size=(6, 2)), np.array(list("aabbcc"))
    found = jackknife_covariances(values, clusters=customers)
    np.testing.assert_allclose(found[1], np.cov(values[[0, 1, 4, 5]].T, ddof=0))


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 30), st.integers(1, 9))
def test_counts_draw_as_many_as_there_are(n, replications):
    counts = np.vstack(list(bootstrap_counts(n, replications=replications, rng=RNG(1))))
    assert counts.shape == (replications, n)
    assert (counts.sum(axis=1) == n).all()


def test_customers_are_drawn_whole():
    counts = next(bootstrap_counts(4, replications=50, rng=RNG(1), clusters=np.array(list("aabb"))))
    assert (counts[:, 0] == counts[:, 1]).all()
    assert (counts[:, [0, 2]].sum(axis=1) == 2).all()


def test_resampling_refuses():
    with pytest.raises(ParamsError, match="replications must be at least 1"):
        next(bootstrap_counts(3, replications=0, rng=RNG(1)))
    with pytest.raises(ParamsError, match="conf_level must be between 0 and 1"):
        critical_value(95)


def test_of_very_many_a_sample_draws_some_and_strays_as_far(monkeypatch):
    """The spread of m out of n, drawn back, is that of whole samples."""
    values = RNG(5).normal(size=(1200, 2)) @ [[1.0, 0.5], [0.0, 1.0]]

    def spread(**options):
        drawn = bootstrap_covariances(values, replications=2000, rng=RNG(6), **options)
        return drawn.mean(axis=0), drawn.std(axis=0)

    customers = np.repeat(np.arange(600), 2)
    whole = [spread(), spread(clusters=customers)]
    monkeypatch.setattr("analysis.methods.resampling.MOST_DRAWN", 300)
    few = [spread(), spread(clusters=customers)]
    for (mean, error), (few_mean, few_error) in zip(whole, few, strict=True):
        np.testing.assert_allclose(few_mean, mean, atol=0.01)
        np.testing.assert_allclose(few_error, error, rtol=0.08)


def test_counts_of_very_many_draw_some(monkeypatch):
    monkeypatch.setattr("analysis.methods.resampling.MOST_DRAWN", 5)
    counts = np.vstack(list(bootstrap_counts(20, replications=9, rng=RNG(1))))
    assert (counts.sum(axis=1) == 5).all()
    assert drawn_spread(20) == 0.5
    assert drawn_spread(4) == 1.0
