"""The `satisfaction:` block: what it refuses, and what notebooks learn from it."""

import copy

import pytest
from pydantic import ValidationError

from analysis.params.satisfaction import SatisfactionParams


def refuse(block, change):
    changed = copy.deepcopy(block)
    change(changed)
    with pytest.raises(ValidationError) as error:
        SatisfactionParams.model_validate(changed)
    return str(error.value)


FAULTS = {
    "item in two scales": (
        lambda b: b["scales"].update(value={"items": ("quality_1",)}),
        "an item must belong to one scale once, but quality_1 in quality and value came",
    ),
    "item twice": (
        lambda b: b["scales"].update(value={"items": ("v", "v")}),
        "v in value and value",
    ),
    "reverse stranger": (
        lambda b: b["scales"]["quality"].update(reverse=("quality_9",)),
        "reverse must name items of the scale, but quality_9 came",
    ),
    "range": (
        lambda b: b["scales"]["quality"].update(low=10.0, high=1.0),
        "low must lie below high",
    ),
    "scale named like an item": (
        lambda b: b["scales"].update(quality_1={"items": ("x",)}),
        "must not be named like an item",
    ),
    "driver": (lambda b: b.update(drivers=("price",)), "but price came; there are: quality"),
    "outcome as driver": (lambda b: b.update(drivers=("loyalty",)), "but loyalty came"),
    "role": (lambda b: b.update(satisfaction="delight"), "but delight came"),
    "touchpoint": (lambda b: b.update(touchpoints=("shop",)), "touchpoints must be items"),
    "circle": (
        lambda b: b.update(
            path_model={"paths": {"quality": ("loyalty",), "loyalty": ("quality",)}}
        ),
        "paths must not run in a circle",
    ),
    "no model": (lambda b: b.update(path_model={}), "either preset or paths, but neither came"),
    "construct": (
        lambda b: b.update(path_model={"paths": {"price": ("loyalty",)}}),
        "but price came",
    ),
    "preset that joins nothing": (
        lambda b: b.update(
            scales={"image": {"items": ("i",)}, "value": {"items": ("v",)}},
            drivers=(),
            touchpoints=(),
            answer=None,
            path_model={"preset": "ecsi"},
        ),
        "the preset ecsi of path_model must join two of the scales",
    ),
    "bands": (lambda b: b["answer"].update(bands=(8.0, 6.0)), "bands must rise"),
    "levels and bands": (lambda b: b["answer"].update(levels=("a", "b")), "levels or bands"),
    "answered days": (lambda b: b.update(answered_days=(14, 3)), "answered_days must rise"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_block_refuses_with_one_sentence(block, name):
    change, sentence = FAULTS[name]
    assert sentence in refuse(block, change)


def test_outcome_window_must_be_a_horizon(block, asked, survey):
    with pytest.raises(ValidationError, match="outcome_weeks must be one of horizons_weeks"):
        asked(survey, block | {"outcome_weeks": 17.0})


def test_named_says_what_notebooks_may_need(block):
    named = SatisfactionParams.model_validate(block).named
    assert {"scales", "satisfaction scale", "loyalty scale", "path model"} <= named
    assert "recommendation" not in named
    assert "drivers" not in named, "one driver has nothing to share"
    assert SatisfactionParams().named == frozenset()
