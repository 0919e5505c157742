"""What drivers, touchpoints and unequal ratings say of ordinary and of odd surveys."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.chapters.drivers.facts import asymmetry_fact, drivers_fact, touchpoints_fact
from analysis.chapters.drivers.figures import (
    plot_driver_importance,
    plot_importance_performance,
    plot_penalty_reward,
)
from analysis.chapters.drivers.importance import satisfaction_drivers, touchpoints
from analysis.chapters.drivers.tables import asymmetry_table, importance_table
from analysis.states.answers import read_answers
from analysis.telling.showing import SILENT, chapter_of


def rng():
    return np.random.default_rng(1)


def told(tables, params) -> str:
    """All that the chapter says, figures drawn and tables shown."""
    show, answers = chapter_of(params, "drivers"), read_answers(tables, params)
    journey = show.gated(touchpoints(answers, rng=rng(), replications=20))
    drivers = journey.drivers
    few = {"min_cell": params.min_cell}
    important = drivers_fact(drivers, **few)
    painful = touchpoints_fact(journey, **few)
    unequal = asymmetry_fact(journey.drivers, **few)
    texts = [show.finding(fact).markdown for fact in (important, painful, unequal)]
    for plot, result, fact in (
        (plot_driver_importance, drivers, important),
        (plot_importance_performance, journey, painful),
        (plot_penalty_reward, journey.drivers, unequal),
    ):
        figure = show.figure(plot, result, fact)
        texts += [] if figure is SILENT else [figure.caption, figure.alt, figure.reading]
    rated_low = {"of": unequal, "count": "n_penalty"}
    texts += [
        show.table(importance_table(drivers), "drivers.table", of=important).markdown,
        show.table(journey.table, "touchpoints.table", of=painful).markdown,
        show.table(asymmetry_table(journey.drivers), "asymmetry.table", **rated_low).markdown,
    ]
    text = "\n".join(texts)
    assert " nan" not in text
    return text


def test_ordinary_survey_is_told(asked, survey, block):
    text = told(*asked(survey, block))
    assert "All drivers together explain" in text
    assert "nowhere do low ratings and weight for satisfaction meet more" in text


def test_weighted_survey_says_that_its_answers_are_weighted(asked, survey, block):
    weighted = survey.assign(survey_weight=np.where(survey["branch"] == "north", 0.5, 2.0))
    text = told(*asked(weighted, block))
    assert text.count("The answers are weighted for who was asked and who answered.") == 1


def test_few_answers_are_one_line_each(asked, survey, block):
    text = told(*asked(survey.head(4), block))
    assert text.count("is not told") == 3
    assert "|" not in text


def test_nobody_varies(asked, survey, block):
    same = survey.assign(**dict.fromkeys(survey.columns[:6], 7))
    assert "is not told: all have the same value of" in told(*asked(same, block))


def test_driver_shares_are_not_told_of_one_driver_repeated(asked, survey, block):
    twice = survey.assign(price_1=survey["quality_1"], price_2=survey["quality_2"])
    scales = block["scales"] | {"price": {"items": ("price_1", "price_2")}}
    both = block | {"scales": scales, "drivers": ("quality", "price")}
    tables, params = asked(twice, both)
    result = satisfaction_drivers(read_answers(tables, params), rng=rng(), replications=10)
    assert result.importance is None
    assert drivers_fact(result, min_cell=params.min_cell).variant == "not_estimable"


def test_bars_and_map_show_every_driver(bank):
    from matplotlib.figure import Figure

    say = chapter_of(bank.params, "drivers").say
    result = satisfaction_drivers(bank.answers, rng=rng(), replications=20)
    ax = plot_driver_importance(result, Figure().subplots(), say)
    widths = sorted(bar.get_width() for bar in ax.patches)
    shares = result.importance.table["estimate"]
    assert widths == pytest.approx(sorted(100 * shares))
    journey = touchpoints(bank.answers, rng=rng(), replications=20)
    ax = plot_importance_performance(journey, Figure().subplots(), say)
    written = {text.get_text() for text in ax.texts}
    assert {say.value(name) for name in journey.table["term"]} <= written
    assert "concentrate here" in written


def test_the_worst_of_the_finding_is_the_worst_of_the_map(bank):
    """Also where the lowest mean is another touchpoint's, and the quadrants would say otherwise."""
    from matplotlib.colors import to_hex
    from matplotlib.figure import Figure

    show = chapter_of(bank.params, "drivers")
    journey = touchpoints(bank.answers, rng=rng(), replications=20)
    worst = journey.table["term"].iloc[2]
    ranked = journey.table.assign(
        estimate=[0.4, 0.3, 0.2, 0.35, 0.38], weight=[0.05, 0.05, 0.2, 0.02, 0.03]
    )
    product = ranked["estimate"] * ranked["weight"]
    ranked = ranked.assign(
        priority=product / product.sum(), priority_rank=product.rank(ascending=False),
        conf_low=ranked["estimate"] - 0.02, conf_high=ranked["estimate"] + 0.02,
    )  # fmt: skip
    journey = replace(journey, table=ranked)
    fact = touchpoints_fact(journey, min_cell=10)
    assert fact.numbers["touchpoint"] == worst
    ax = plot_importance_performance(journey, Figure().subplots(), show.say)
    (dots,) = (marks for marks in ax.collections if hasattr(marks, "get_offsets") and len(
        marks.get_offsets()) == 5)  # fmt: skip
    red = [to_hex(colour) == "#d55e00" for colour in dots.get_facecolors()]
    assert [name for name, first in zip(ranked["term"], red, strict=True) if first] == [worst]
    assert dots.get_offsets()[2].tolist() == pytest.approx([80, 20])
    (curve,) = (line for line in ax.lines if line.get_linestyle() == "--")
    across, upward = curve.get_xydata().T
    for x, y in dots.get_offsets():
        assert y <= np.interp(x, across, upward) * 1.01  # none lies above the curve
