"""What the chapter on tiers says and draws of ordinary and of odd studies."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from rated_studies import odd_studies, shoppers, steady, study, tables_of

from analysis.chapters.tiers.concentration import present_concentration
from analysis.chapters.tiers.facts import concentration_fact, held_fact, moves_fact, near_fact
from analysis.chapters.tiers.figures import plot_lorenz, plot_moves
from analysis.chapters.tiers.limits import near_limits
from analysis.chapters.tiers.moves import Moves, tier_moves
from analysis.chapters.tiers.profile import present_profile
from analysis.chapters.tiers.tables import (
    care_table,
    criteria_table,
    moves_table,
    near_table,
    scheme_table,
)
from analysis.methods.concentration import measure_concentration, measure_migration
from analysis.states.rating.periods import rate_periods
from analysis.telling.gates import gated
from analysis.telling.showing import chapter_of
from analysis.telling.tiers import plot_profile

ODD = odd_studies()
TIERS = ("ordinary", "silver", "gold")
DESCRIBED = ("because", "causes", "leads to", "thanks to", "effect of")


@pytest.fixture(scope="module")
def told(words):
    """All that the chapter says of a study, figures drawn and tables shown."""

    def text(tables, params):
        show, draw = chapter_of(params, "tiers"), np.random.default_rng(1)
        rated = rate_periods(tables, params)
        profile = show.gated(present_profile(rated))
        spread = present_concentration(rated, params, rng=draw, replications=20)
        moves = show.gated(tier_moves(rated, tables, params, rng=draw, draws=5))
        near = show.gated(near_limits(rated))
        held, moved = held_fact(profile, rated), moves_fact(moves)
        concentrated = concentration_fact(spread, rated, min_cell=params.min_cell)
        close = near_fact(near, conf_level=params.conf_level)
        return words(
            *(show.finding(fact) for fact in (held, concentrated, moved, close)),
            show.figure(plot_profile, profile, held),
            show.figure(plot_lorenz, spread, concentrated),
            show.figure(plot_moves, moves, moved),
            show.table(scheme_table(rated, show.say), "scheme.table", **rated.period),
            show.table(criteria_table(rated, show.say), "scheme.criteria", count=None),
            show.table(profile.table, "held.table", **rated.period),
            show.table(spread.table.iloc[1:], "concentration.table", of=concentrated,
                       columns=["term", "estimate", "conf_low", "conf_high", "n", "note"]),
            show.table(moves_table(moves), "moves.table", of=moved),
            show.table(near_table(near), "near.table", of=close, **rated.period),
            show.table(care_table(rated), "care.table", count=None),
            show.limits(),
        )  # fmt: skip

    return text


def test_ordinary_study_is_told(told):
    text = told(tables_of(shoppers(300)), study())
    assert "of the revenue of the 12 months before 1 January 2023 came from the top tier" in text
    assert "revenue of at least 300" in text
    assert "Personal manager" in text
    assert "Gini coefficient is" in text
    assert not any(word in text for word in DESCRIBED)


@pytest.mark.parametrize("name", ODD)
def test_odd_studies_are_told_in_sentences(told, name):
    rows, params = ODD[name]
    text = told(tables_of(rows), params)
    if name in ("all zero spend", "zero by score"):
        assert "What the tiers hold is not told" in text
    if name == "shorter than a period":
        assert "there are fewer than two ratings" in text
    if name == "clusters":
        assert "groups found by clustering have no limits" in text
    if name == "fewer than a cell":
        assert text.count("is not told: fewer than") == 3
        assert "What the tiers hold is not told: so few customers are in each tier" in text


def test_small_top_tier_is_not_told(chapter, words):
    rows = [(f"c{k:03d}", "2022-03-01", 50.0 + 60 * (k % 5)) for k in range(100)]
    rows += [(f"g{k}", "2022-03-01", 5000.0) for k in range(4)]
    rated, show = rate_periods(tables_of(rows), study()), chapter("tiers")
    profile = show.gated(present_profile(rated))
    fact = held_fact(profile, rated)
    assert show.finding(fact).number == "Too few"
    shown = show.table(profile.table, "held.table", **rated.period)
    assert "5,000" not in shown.markdown
    assert "5000" not in shown.csv
    assert "Too few customers are in the top tier" in words(
        show.figure(plot_profile, profile, fact)
    )


def moves_of(before, after) -> Moves:
    seen = measure_migration(before, after, tiers=TIERS)
    rates = seen.rates[seen.rates["group"] == "all"]
    held = seen.table.drop_duplicates("from")[["from", "n"]]
    cells = seen.table[["from", "to", "count", "estimate"]]
    return Moves(cells, held, rates, rates.iloc[:0], TIERS, ())


def test_moves_show_shares_and_hide_small_cells(chapter):
    before = ["ordinary"] * 100 + ["silver"] * 60 + ["gold"] * 40
    after = ["ordinary"] * 70 + ["silver"] * 27 + ["gold"] * 3
    after += ["ordinary"] * 30 + ["silver"] * 30 + ["silver"] * 20 + ["gold"] * 20
    say = chapter("tiers").say
    ax = plot_moves(gated(moves_of(before, after), 10), Figure().subplots(), say)
    shown = [text.get_text() for text in ax.texts]
    assert "70%" in shown
    assert "3%" not in shown  # three customers
    assert "27%" not in shown  # nor the one that would give them away
    assert [label.get_text() for label in ax.get_xticklabels()] == ["Ordinary", "Silver", "Gold"]
    assert ax.get_ylabel() == "Tier before"


def test_moves_beside_luck(chapter):
    params, draw, show = study(), np.random.default_rng(0), chapter("tiers")
    rows = [(f"c{k:04d}", "2020-12-31", 0.0) for k in range(300)]
    tables = tables_of(rows + shoppers(300))
    moves = tier_moves(rate_periods(tables, params), tables, params, rng=draw, draws=20)
    stay = moves.against_luck["term"].eq("stay")
    said = {}
    for key, luck in (("more", 0.9), ("within", None), ("fewer", 0.1)):
        beside = moves.against_luck.copy()
        own = beside.loc[stay, "estimate"].iloc[0]
        at = own if luck is None else luck * own + (1 - own if key == "more" else 0)
        beside.loc[stay, ["luck", "luck_conf_low", "luck_conf_high"]] = at
        if luck is None:
            beside.loc[stay, "luck_conf_high"] = own + 0.01
        said[key] = show.finding(moves_fact(replace(moves, against_luck=beside))).detail
    assert "so the moves show no more change than that" in said["within"]
    assert "purchases come more regularly" in said["fewer"] or "more regularly" in said["more"]
    assert "Shorrocks' mobility index" in said["within"]
    bare = replace(moves, against_luck=moves.against_luck.iloc[:0])
    assert "cannot be told here" in show.finding(moves_fact(bare)).detail


def test_lorenz_marks_what_the_top_fifth_holds(chapter):
    say, draw = chapter("tiers").say, np.random.default_rng(1)
    many = measure_concentration([1] * 80 + [16] * 20, rng=draw, replications=2)
    ax = plot_lorenz(many, Figure().subplots(), say)
    assert "best tenth: 40.0%" in [text.get_text() for text in ax.texts]
    assert len(ax.lines[1].get_xdata()) == 11  # a point for each ten customers
    few = measure_concentration([1, 1, 1, 1, 16], rng=draw, replications=2)
    ax = plot_lorenz(few, Figure().subplots(), say)
    assert not any("tenth" in text.get_text() for text in ax.texts)
    assert list(ax.lines[1].get_xdata()) == [0, 1]
    assert ax.get_xlim() == (0, 1)
    ax = plot_lorenz(measure_concentration([0, 0], rng=draw), Figure().subplots(), say)
    assert [text.get_text() for text in ax.texts] == ["all alike"]


def test_a_best_tenth_of_few_is_not_told(chapter):
    params, show = study(), chapter("tiers")
    rated = rate_periods(tables_of(shoppers(300)), params)
    few = measure_concentration(np.arange(1.0, 61), rng=np.random.default_rng(1), replications=2)
    fact = concentration_fact(few, rated, min_cell=10)
    assert fact.variant == "few_at_the_top"
    said = show.finding(fact).sentence
    assert "Gini coefficient" in said
    assert "fewer than 10 customers" in said
    many = replace(few, customers=100)
    assert concentration_fact(many, rated, min_cell=10).variant == ""


def test_gathering_above_a_limit_is_told(chapter):
    params, show = study(), chapter("tiers")
    rated = rate_periods(tables_of(shoppers(300)), params)
    near = near_limits(rated)
    for p_value, words in ((1e-6, "customers or staff may aim at it"), (0.6, "No gathering")):
        table = near.table.assign(p_value=p_value, excess=0.5)
        fact = near_fact(replace(near, table=table), conf_level=0.95)
        assert words in show.finding(fact).detail
    assert (fact.n, fact.base) == (300, "tiers.rated")
    empty = near_fact(replace(near, table=near.table.iloc[:0]), conf_level=0.95)
    assert empty.variant == "unreached"
    assert "no limit that customers stand near to" in show.finding(empty).sentence


def test_the_companys_own_tiers_are_told_as_such(told):
    lines = steady(300)
    ids = lines["customer_id"].unique()[:280]
    history = pd.DataFrame({"customer_id": ids, "from_at": pd.Timestamp("2020-12-31")})
    history["tier"] = ["club" if int(who[1:]) % 5 == 0 else "guest" for who in ids]
    text = told(tables_of(lines, tier_history=history), study({"preset": "value"}))
    assert "These are the company's own tiers, as they stood on that day." in text
    assert "Left out, as they held no tier of the company: 20 customers." in text
    assert "As the company has it" in text
    assert "the limits of the company's own tiers are not known here" in text
    assert "the part of luck is told by “Usual scheme: value”" in text
    assert "luck in the timing of purchases alone would move" in text
    assert "came from the top tier, “club”" in text or "came from the top tier, “guest”" in text
    scheme = told(tables_of(lines), study({"preset": "value"}))
    assert "company's own tiers" not in scheme
    assert "Rated is whoever had bought before that day" in scheme


def test_weights_shown_are_the_weights_used(chapter):
    """Nobody was asked and nothing but purchases is known: their weights are shared out."""
    rule = {
        "financial": {"weight": 0.5, "quantities": ("amount",)},
        "behavioural": {"weight": 0.3, "quantities": ("purchases", "assets")},
        "emotional": {"weight": 0.2, "quantities": ("nps",)},
    }
    scheme = {"tiers": ("low", "high"), "score": {"dimensions": rule, "cuts": (50.0,)}}
    rated = rate_periods(tables_of(shoppers(100)), study({"scheme": scheme}))
    table = criteria_table(rated, chapter("tiers").say).set_index("dimension")
    assert table["weight"].to_dict() == pytest.approx(
        {"rated_by_financial": 0.625, "rated_by_behavioural": 0.375, "rated_by_emotional": 0.0}
    )
    frame = rated.present_frame
    share = [100 * (frame[name].rank() - 0.5) / len(frame) for name in ("amount", "purchases")]
    used = sum(w * of for w, of in zip(table["weight"], share, strict=False))
    top = rated.present.table["tier"].eq("high").to_numpy()
    assert ((used >= 50) == top).all()
