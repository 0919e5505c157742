"""The satisfaction figures draw what the results say, and nothing else."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.figures.path_layout import distance_to_segments, place_constructs
from analysis.figures.satisfaction import (
    plot_coefficients,
    plot_driver_importance,
    plot_importance_performance,
    plot_path_model,
)
from analysis.methods.drivers import driver_importance, importance_performance, performance_scores
from analysis.methods.pathmodel import ECSI_PATHS, PathModel, ecsi_model, estimate_path_model
from analysis.methods.regression import fit_linear
from analysis.methods.scales import Scale
from analysis.params import Params
from analysis.telling.drawing import illustrate
from analysis.telling.wording import Wording, wording_for


@pytest.fixture(scope="module")
def say() -> Wording:
    return wording_for(
        Params.model_validate(
            {
                "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
                "relationship": "noncontractual", "observed_from": date(2022, 1, 1),
                "observed_until": date(2022, 12, 31), "timezone": "Europe/Berlin",
                "currency": "EUR", "min_cell": 10,
                "data": {"simulated": {"company": "bank", "customers": 9, "seed": 1}},
            }
        )
    )  # fmt: skip


def ratings(n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.uniform(0, 10, (n, 3)), columns=["price", "staff", "app"])
    frame["loyalty"] = frame["price"] + 0.5 * frame["staff"] + rng.normal(size=n)
    return frame


def axes():
    return Figure(figsize=(7, 4)).subplots()


def texts_of(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_ecsi_layout_runs_right_and_through_no_box():
    names = [*ECSI_PATHS, "loyalty"]
    adjacency = np.zeros((7, 7), bool)
    for source, targets in ECSI_PATHS.items():
        adjacency[names.index(source), [names.index(target) for target in targets]] = True
    places = place_constructs(adjacency)
    assert len(np.unique(places, axis=0)) == 7
    arrows = np.argwhere(adjacency)
    assert (places[arrows[:, 1], 0] >= places[arrows[:, 0], 0]).all()
    for k in range(7):
        others = (arrows != k).all(axis=1)
        begins, ends = places[arrows[others, 0]], places[arrows[others, 1]]
        assert distance_to_segments(places[k], begins, ends).min() > 0.4
    np.testing.assert_array_equal(places, place_constructs(adjacency))


def test_path_diagram_says_every_coefficient_and_r_squared(say):
    rng = np.random.default_rng(2)
    cause = rng.normal(size=200)
    survey = pd.DataFrame({"image": cause, "satisfaction": cause + rng.normal(size=200)})
    survey["loyalty"] = -survey["satisfaction"] + rng.normal(size=200)
    scales = {name: Scale((name,), lowest=-20, highest=20) for name in survey}
    result = estimate_path_model(survey, model=ecsi_model(scales))
    ax = plot_path_model(result, axes(), say)
    written = texts_of(ax)
    for estimate in result.table["estimate"]:
        assert f"{estimate:.2f}".replace("-", "−") in written
    assert {"image", "satisfaction", "loyalty"} <= set(written)
    assert sum(text.startswith("R² ") for text in written) == 2


def test_single_path_needs_no_legend(say):
    rng = np.random.default_rng(3)
    survey = pd.DataFrame({"a": rng.normal(size=50)}).assign(b=lambda f: f["a"] + 0.1)
    survey["b"] += rng.normal(size=50)
    scales = {name: Scale((name,), lowest=-20, highest=20) for name in "ab"}
    result = estimate_path_model(survey, model=PathModel(scales, {"a": ["b"]}))
    assert plot_path_model(result, axes(), say).get_legend() is None


def test_driver_bars_and_map_show_every_driver(say):
    frame = ratings()
    drivers = ["price", "staff", "app"]
    result = driver_importance(
        frame, outcome="loyalty", drivers=drivers, replications=50, rng=np.random.default_rng(1)
    )
    ax = plot_driver_importance(result, axes(), say)
    widths = sorted(bar.get_width() for bar in ax.patches)
    np.testing.assert_allclose(widths, sorted(100 * result.table["estimate"]))
    assert [label.get_text() for label in ax.get_yticklabels()][-1] == "Price"
    scores = performance_scores(frame, drivers=drivers, lowest=0, highest=10)
    ax = plot_importance_performance(importance_performance(result.table, scores), axes(), say)
    assert set(drivers) <= set(texts_of(ax))
    assert "concentrate here" in texts_of(ax)


def test_coefficients_leave_out_the_intercept(say):
    fit = fit_linear(ratings(), outcome="loyalty", drivers=["price", "staff"])
    ax = plot_coefficients(fit, axes(), say)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["staff", "price"]
    assert "loyalty" in ax.get_xlabel()


def test_figures_become_the_same_svg_twice(say):
    fit = fit_linear(ratings(), outcome="loyalty", drivers=["price", "staff"])
    drawn = [illustrate(plot_coefficients, fit, say, caption="c", alt="a").svg for _ in range(2)]
    assert drawn[0] == drawn[1]
