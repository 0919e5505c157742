"""Sentences about behaviour and one more point: every variant, never a nan."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.figures import loyalty as drawn
from analysis.findings import loyalty as of_loyalty
from analysis.findings import one_more_point as of_point
from analysis.methods.scales import Scale
from analysis.params import Params
from analysis.params.satisfaction import SatisfactionParams
from analysis.satisfaction.behaviour import behaviour_after
from analysis.satisfaction.one_more_point import months_gained
from analysis.satisfaction.worth import margin_gained
from analysis.states.answers import Answers
from analysis.telling.drawing import illustrate
from analysis.telling.tables import present
from analysis.telling.wording import wording_for


@pytest.fixture(scope="module")
def say():
    return wording_for(
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


def draw(plot, result, caption, alt, say) -> str:
    made = illustrate(plot, result, say, caption=caption(result, say), alt=alt(result, say))
    return made.caption + made.alt


def of_behaviour(asked: Answers, say) -> tuple[str, str]:
    found = behaviour_after(asked)
    present(found.by_group, say, caption="behaved.by_group", count="n_answers", weeks=26)
    present(found.diagnostics, say, caption="behaved.diagnostics", count=None)
    texts = [
        of_loyalty.behaviour_finding(found, say).markdown,
        of_loyalty.groups_finding(found, say).markdown,
        draw(drawn.plot_behaviour_shape, found, of_loyalty.behaviour_shape_caption,
             of_loyalty.behaviour_shape_alt, say),
        draw(drawn.plot_behaviour_groups, found, of_loyalty.groups_caption,
             of_loyalty.groups_alt, say),
    ]  # fmt: skip
    return texts[0], "".join(texts)


def of_months(asked: Answers, say) -> tuple[str, str]:
    found = months_gained(asked.frame, asked, rng=np.random.default_rng(1), replications=30)
    present(found.table, say, caption="point.months.table", count="n_answers", horizon=24)
    present(found.checks(), say, caption="point.checks", count=None)
    picture = draw(
        drawn.plot_months_gained, found, of_point.months_caption, of_point.months_alt, say
    )
    text = of_point.months_finding(found, say).markdown
    return text, text + picture


def of_margin(asked: Answers, say, quantity="margin") -> tuple[str, str]:
    found = margin_gained(asked.frame, quantity, asked)
    present(found.table, say, caption="point.worth.table", count="n_answers", weeks=26)
    picture = draw(
        drawn.plot_margin_gained, found, of_point.margin_caption, of_point.margin_alt, say
    )
    text = of_point.margin_finding(found, say).markdown
    return text, text + picture


def test_clear_effects_are_told_with_their_unit(say):
    asked = answers()
    assert "more in 100]{.finding-number} **customers buy again" in of_behaviour(asked, say)[0]
    assert "years as a customer" in of_behaviour(asked, say)[0]
    assert "Customers one point more satisfied, otherwise alike, stay" in of_months(asked, say)[0]
    assert "more margin within 26 weeks" in of_margin(asked, say)[0]
    assert "more revenue within 26 weeks" in of_margin(asked, say, "revenue")[0]


@pytest.mark.parametrize("told", [of_behaviour, of_months, of_margin])
def test_no_effect_is_no_clear_difference(told, say):
    text, everything = told(answers(effect=0.0), say)
    assert "No clear" in text
    assert " nan" not in everything


@pytest.mark.parametrize("told", [of_behaviour, of_months, of_margin])
def test_opposite_effect_is_not_worded_as_gain(told, say):
    text, _ = told(answers(effect=-0.4), say)
    assert "No clear" in text
    assert "longer by −" not in text


@pytest.mark.parametrize("told", [of_behaviour, of_months, of_margin])
@pytest.mark.parametrize("n", [1, 4, 9])
def test_few_answers_are_not_told(told, n, say):
    text, everything = told(answers(n), say)
    assert "Not told" in text
    assert " nan" not in everything


def test_nobody_active_or_nobody_lost_is_not_told(say):
    asked = answers(200)
    nobody = replace(asked, frame=asked.frame.head(0))
    assert "Not told" in of_months(nobody, say)[0]
    stayed = replace(asked, frame=asked.frame.assign(event=False))
    assert "Not told" in of_months(stayed, say)[0]
    cut = replace(asked, frame=asked.frame.assign(observed_26w=False))
    assert "Not told" in of_behaviour(cut, say)[0]
    bought = replace(asked, frame=asked.frame.assign(purchases_26w=1.0))
    assert "Not told" in of_behaviour(bought, say)[0]


def test_months_are_told_by_tier_and_stage_whatever_a_group_is_like(say):
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
    stages = table[table["segment"].eq("stage")].set_index("known_group")
    assert stages["n_answers"].to_dict() == {"prospect": 4, "new": 124, "declining": 26,
                                             "mature": 246}  # fmt: skip
    assert stages["months_longer"].notna().all()
    shown = present(table, say, caption="point.months.table", count="n_answers", horizon=24)
    assert "| stage | Prospect | – |" in shown.markdown
    drawn_labels = [label.get_text() for label in _drawn(drawn.plot_months_gained, found, say)]
    assert not any("Prospect" in label for label in drawn_labels)


def _drawn(plot, result, say) -> list:
    from matplotlib.figure import Figure

    return plot(result, Figure().add_subplot(), say).get_yticklabels()
