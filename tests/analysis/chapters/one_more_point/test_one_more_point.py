"""Sentences about behaviour and one more point: every variant, never a nan."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.chapters.behaviour.facts import behaviour_fact, groups_fact
from analysis.chapters.behaviour.figures import plot_behaviour_groups, plot_behaviour_shape
from analysis.chapters.behaviour.followed import behaviour_after
from analysis.chapters.one_more_point.facts import margin_fact, months_fact
from analysis.chapters.one_more_point.figures import plot_margin_gained, plot_months_gained
from analysis.chapters.one_more_point.margin import margin_gained
from analysis.chapters.one_more_point.months import months_gained
from analysis.methods.scales import Scale
from analysis.params import Params
from analysis.params.satisfaction import SatisfactionParams
from analysis.states.answers import Answers
from analysis.telling.shapes import shape_fact
from analysis.telling.showing import SILENT, Chapter, chapter_of

LEVEL = {"conf_level": 0.95}


@pytest.fixture(scope="module")
def params() -> Params:
    return (
        Params.model_validate(
            {
                "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
                "relationship": "noncontractual", "observed_from": date(2022, 1, 1),
                "observed_until": date(2024, 12, 31), "timezone": "Europe/Berlin",
                "currency": "EUR",
                "data": {"simulated": {"company": "retailer", "customers": 10, "seed": 1}},
            }
        )
    )  # fmt: skip


def answers(n: int = 800, *, effect: float = 0.4, seed: int = 2) -> Answers:
    """Answers whose satisfaction goes with what follows by `effect` a point."""
    rng = np.random.default_rng(seed)
    score = np.clip(rng.normal(6.5, 1.5, n), 1, 10)
    pull = effect * (score - 6.5)
    bought = rng.poisson(np.exp(0.2 + 0.5 * pull))
    life = rng.exponential(20 * np.exp(pull))
    frame = pd.DataFrame(
        {
            "customer_id": rng.integers(0, max(n * 3 // 4, 2), n).astype(str),
            "at": pd.Timestamp("2023-01-01"),
            "satisfaction": score,
            "tier_held": pd.Categorical(rng.choice(["low", "gold"], n), ["low", "gold"]),
            "tenure_years": rng.random(n),
            "log_spend_before": rng.random(n),
            "observed_26w": True,
            "purchases_26w": bought.astype(float),
            "revenue_26w": bought * 20.0,
            "worth_after": bought * 5.0,
            "duration": np.minimum(life, 30.0),
            "event": life <= 30,
        }
    )
    return Answers(
        frame=frame,
        scales={"satisfaction": Scale(("s",))},
        counts=pd.DataFrame(),
        groups=("tier_held",),
        controls=("tier_held", "tenure_years", "log_spend_before"),
        weight=None,
        roles=SatisfactionParams(horizon_months=24),
        followed=True,
    )


def shown(show: Chapter, plot, result, fact) -> str:
    figure = show.figure(plot, result, fact)
    return "" if figure is SILENT else figure.caption + figure.alt + figure.reading


def of_behaviour(asked: Answers, params) -> tuple[str, str]:
    show = chapter_of(params, "behaviour")
    followed = show.gated(behaviour_after(asked))
    buying = behaviour_fact(followed, min_cell=params.min_cell)
    window = {"base": "behaviour.followed_answers", "weeks": followed.weeks}
    bend = shape_fact(followed.shapes, **window, **LEVEL)
    differing = groups_fact(followed, **LEVEL)
    texts = [show.finding(fact).markdown for fact in (buying, bend, differing)]
    texts += [
        show.table(followed.by_group, "groups.table", of=buying).markdown,
        show.table(followed.diagnostics, "behaviour.diagnostics", of=buying, count=None).markdown,
        show.table(followed.models.drop(columns="outcome"), "behaviour.models", of=buying).markdown,
        shown(show, plot_behaviour_shape, followed, bend),
        shown(show, plot_behaviour_groups, followed, differing),
    ]
    return texts[0], "".join(texts)


def of_months(asked: Answers, params) -> tuple[str, str]:
    show = chapter_of(params, "one_more_point")
    longer = months_gained(asked.frame, asked, rng=np.random.default_rng(1), replications=30)
    longer = show.gated(longer)
    fact = months_fact(longer, min_cell=params.min_cell)
    text = show.finding(fact).markdown
    tables = show.table(longer.table, "months.table", of=fact).markdown
    tables += show.table(longer.checks(), "months.checks", of=fact, count=None).markdown
    return text, text + tables + shown(show, plot_months_gained, longer, fact)


def of_margin(asked: Answers, params, quantity="margin") -> tuple[str, str]:
    show = chapter_of(params, "one_more_point")
    richer = show.gated(margin_gained(asked.frame, quantity, asked))
    fact = margin_fact(richer, min_cell=params.min_cell)
    text = show.finding(fact).markdown
    table = show.table(richer.table, "money.table", of=fact).markdown
    return text, text + table + shown(show, plot_margin_gained, richer, fact)


def test_clear_effects_are_told_with_their_unit(params):
    asked = answers()
    assert (
        "more in 100]{.finding-number} **answers are followed by a purchase"
        in of_behaviour(asked, params)[0]
    )
    assert "years as a customer" in of_behaviour(asked, params)[0]
    assert (
        "Customers one point more satisfied, otherwise alike, stay" in of_months(asked, params)[0]
    )
    assert "more margin within 26 weeks" in of_margin(asked, params)[0]
    assert "more revenue within 26 weeks" in of_margin(asked, params, "revenue")[0]


@pytest.mark.parametrize("told", [of_behaviour, of_months, of_margin])
def test_no_effect_is_no_clear_difference(told, params):
    text, everything = told(answers(effect=0.0), params)
    assert "No clear" in text
    assert " nan" not in everything


@pytest.mark.parametrize("told", [of_behaviour, of_months, of_margin])
def test_opposite_effect_is_not_worded_as_gain(told, params):
    text, _ = told(answers(effect=-0.4), params)
    assert any(word in text for word in ("fewer in 100", "fewer as a customer", "less within"))
    assert "−" not in text.partition("**")[0]
    assert "longer by −" not in text


@pytest.mark.parametrize("told", [of_behaviour, of_months, of_margin])
@pytest.mark.parametrize("n", [1, 4, 9])
def test_few_answers_are_not_told(told, n, params):
    text, everything = told(answers(n), params)
    assert "is not told" in text
    assert " nan" not in everything


def test_nobody_active_or_nobody_lost_is_not_told(params):
    asked = answers(200)
    nobody = replace(asked, frame=asked.frame.head(0))
    assert "is not told" in of_months(nobody, params)[0]
    stayed = replace(asked, frame=asked.frame.assign(event=False))
    assert "is not told" in of_months(stayed, params)[0]
    cut = replace(asked, frame=asked.frame.assign(observed_26w=False))
    assert "is not told" in of_behaviour(cut, params)[0]
    bought = replace(asked, frame=asked.frame.assign(purchases_26w=1.0))
    assert "is not told" in of_behaviour(bought, params)[0]


def test_months_are_told_by_tier_and_stage_whatever_a_group_is_like(params):
    asked = answers(400)
    stage = np.where(np.arange(400) % 3, "mature", "new").astype(object)
    stage[:4], stage[4:30] = "prospect", "declining"
    frame = asked.frame.assign(stage=pd.Categorical(stage, ["prospect", "new", "declining",
                                                            "mature"]))  # fmt: skip
    # Nobody who declines was lost: a ratio of their own cannot be estimated.
    frame.loc[frame["stage"].eq("declining"), "event"] = False
    found = months_gained(
        frame, asked, rng=np.random.default_rng(1), moderators=("stage",), replications=20
    )
    table = found.table
    assert table["segment"].unique().tolist() == ["all", "tier_held", "stage"]
    stages = table[table["segment"].eq("stage")].set_index("group")
    assert stages["n"].to_dict() == {"prospect": 4, "new": 124, "declining": 26,
                                             "mature": 246}  # fmt: skip
    assert stages["estimate"].notna().all()
    show = chapter_of(params, "one_more_point")
    longer = show.gated(found)
    fact = months_fact(longer, min_cell=params.min_cell)
    assert "| stage | Prospect | – |" in show.table(longer.table, "months.table", of=fact).markdown
    ax = plot_months_gained(longer, Figure().add_subplot(), show.say)
    assert not any("Prospect" in label.get_text() for label in ax.get_yticklabels())
