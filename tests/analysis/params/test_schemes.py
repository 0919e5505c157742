"""The `tiers:` block of a params file."""

import math

import pytest
from pydantic import ValidationError

from analysis.params.tiers import PRESETS, Scheme, TierParams, preset_scheme

THREE = ("basic", "silver", "gold")


def scheme(**rule):
    return Scheme.model_validate({"tiers": THREE, **rule})


@pytest.mark.parametrize(
    ("preset", "tiers"),
    [
        ("ecommerce", ("ordinary", "bronze", "silver", "gold", "vip")),
        ("bank", ("potential", "general", "important", "high_end")),
        ("chain", ("low_value", "potential", "high_value")),
        ("retail", ("ordinary", "silver", "gold")),
        ("value", ("low_value", "mid_value", "high_value")),
        ("account", ("ordinary", "important", "vip")),
    ],
)
def test_presets_are_those_of_the_domain(preset, tiers):
    assert preset_scheme(preset).tiers == tiers
    assert set(PRESETS) == {"ecommerce", "bank", "chain", "retail", "value", "account"}


def test_value_is_the_scheme_where_none_is_named():
    assert TierParams().rated_by.name == "value"
    assert TierParams(preset="bank").rated_by.name == "bank"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            {"thresholds": {"limits": {"amount": (500, 200)}}},
            "thresholds of amount must rise from tier to tier, but 500, 200 came",
        ),
        (
            {"thresholds": {"limits": {"-recency_days": (30, 90)}}},
            "thresholds of -recency_days must fall",
        ),
        (
            {"thresholds": {"limits": {"amount": (500,)}}},
            r"one number fewer than .* \(3\), but has 1",
        ),
        (
            {"quantiles": {"quantity": "amount", "cuts": (0.8, 1.5)}},
            "between 0 and 1, but 0.8, 1.5",
        ),
        ({"rfm": {"cuts": (9.0, 6.0)}}, "cuts of rfm must rise"),
        ({"thresholds": {"limits": {"amount": (100.0, math.inf)}}}, "should be a finite number"),
        ({"thresholds": {"limits": {"amount": (math.nan, 200.0)}}}, "should be a finite number"),
        ({}, "exactly one rule .* but has none"),
        (
            {"rfm": {"cuts": (6.0, 9.0)}, "quantiles": {"quantity": "amount", "cuts": (0.5, 0.8)}},
            "but has quantiles and rfm",
        ),
        ({"clusters": {"quantities": ("amount",), "k": 4}}, "k = 3 for 3 tiers, but k is 4"),
        (
            {"clusters": {"quantities": ("amount",), "k": 3}, "grace_periods": 1},
            "clusters must have no hysteresis",
        ),
        ({"tiers": ("a", "a", "b"), "rfm": {"cuts": (6.0, 9.0)}}, "tiers must be different names"),
    ],
)
def test_impossible_schemes_are_refused(rule, message):
    with pytest.raises(ValidationError, match=message):
        scheme(**rule)


def bands(*ends):
    return {
        "bands": {
            "quantity": "amount",
            "bands": tuple(
                {"tier": tier, "start": start, "below": below}
                for tier, (start, below) in zip(THREE, ends, strict=True)
            ),
        }
    }


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        (
            ((None, 100), (80, 300), (300, None)),
            "silver must start where basic ends, but they overlap",
        ),
        (((None, 100), (120, 300), (300, None)), "silver must start .* but they leave a gap"),
        (((0, 100), (100, 300), (300, None)), "lowest band must have no start"),
        (((None, 100), (100, 50), (50, None)), "the bands must rise"),
    ],
)
def test_overlapping_or_gaping_bands_are_refused(ends, message):
    with pytest.raises(ValidationError, match=message):
        scheme(**bands(*ends))


def test_bands_that_meet_are_accepted():
    made = scheme(**bands((None, 100), (100, 300), (300, None)))
    assert made.bands.cuts == (100, 300)
    assert made.kind == "bands"


def test_weights_that_do_not_sum_are_refused():
    parts = {
        "financial": {"weight": 0.5, "quantities": ("amount",)},
        "behavioural": {"weight": 0.4, "quantities": ("purchases",)},
    }
    with pytest.raises(ValidationError, match=r"weights .* must sum to 1, but sum to 0.9"):
        scheme(score={"dimensions": parts, "cuts": (50.0, 80.0)})


def test_a_preset_and_a_scheme_are_refused():
    with pytest.raises(ValidationError, match="preset or give a scheme, but both came"):
        TierParams.model_validate({"preset": "bank", "scheme": preset_scheme("bank")})


def test_a_scheme_is_read_from_yaml(tmp_path):
    from pathlib import Path

    from analysis.errors import ParamsError
    from analysis.params import read_params

    shipped = (Path(__file__).parents[3] / "params" / "cdnow.yml").read_text(encoding="utf-8")
    own = """
tiers:
  rating_months: 6
  scheme:
    tiers: [basic, silver, gold]
    thresholds: {limits: {amount: [100, 500], "-recency_days": [90, 30]}, combine: any}
    hysteresis: 0.1
"""
    path = tmp_path / "cdnow.yml"
    path.write_text(shipped.split("\ntiers:")[0] + own, encoding="utf-8")
    params = read_params(path)
    assert params.tiers.rated_by.thresholds.limits["amount"] == (100, 500)
    assert params.tiers.rating_months == 6
    path.write_text(path.read_text(encoding="utf-8").replace("500]", "50]"), encoding="utf-8")
    with pytest.raises(ParamsError, match=r"thresholds of amount must rise .* but 100, 50 came"):
        read_params(path)
    with pytest.raises(ParamsError, match=r"did you mean .*hysteresis"):
        read_params(path, {"tiers.scheme.hysteresys": 0.1})
