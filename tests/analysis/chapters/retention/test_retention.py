"""Sentences about coming back: every variant, and never a missing number in a sentence."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import rated_studies
from matplotlib.figure import Figure

from analysis.chapters.retention.cohorts import CohortRetention, _typical
from analysis.chapters.retention.facts import (
    cohort_fact,
    lapse_fact,
    second_purchase_fact,
    segment_fact,
)
from analysis.chapters.retention.figures import plot_cohort_retention, plot_second_purchase
from analysis.chapters.retention.lapse import LapseByDefinition, lapse_by_definition
from analysis.chapters.retention.second_purchase import (
    compare_segments,
    second_purchase,
    second_purchase_by_segment,
    segment_tests,
)
from analysis.errors import DataError
from analysis.methods.disclosure import pool_small
from analysis.params import Params
from analysis.states.bases import count_bases
from analysis.states.segments import MOST_GROUPS
from analysis.telling.showing import SILENT, Chapter, chapter_of

HORIZONS = [4, 13, 26, 52]
UNTIL = pd.Timestamp("2024-12-31")


@pytest.fixture(scope="module")
def show() -> Chapter:
    return chapter_of(
        Params.model_validate(
            {
                "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
                "relationship": "noncontractual", "observed_from": date(2022, 1, 1),
                "observed_until": UNTIL.date(), "timezone": "Europe/Berlin", "currency": "EUR",
                "data": {"simulated": {"company": "retailer", "customers": 10, "seed": 1}},
            }
        ),
        "retention",
    )  # fmt: skip


def customers(gap_weeks, age_weeks, **columns):
    """First purchases so many weeks ago; the second came after the gap, if observation allowed."""
    age = np.asarray(age_weeks, float)
    gap = np.broadcast_to(np.asarray(gap_weeks, float), age.shape)
    duration = np.where(gap <= age, np.round(gap * 7) / 7, age)
    return pd.DataFrame({"duration": duration, "event": gap <= age} | columns)


def shop(size=400, *, apart=2.0, seed=3):
    rng = np.random.default_rng(seed)
    channel = rng.choice(["fair", "search", "social"], size)
    gap = rng.exponential(np.where(channel == "fair", 10 * apart, 10))
    return customers(gap, rng.uniform(10, 100, size), channel=channel)


def everything(frame, show):
    """All sentences, figures and tables of one study, as one text."""
    few = {"min_cell": show.say.min_cell}
    whole = show.gated(second_purchase(frame, horizons_weeks=HORIZONS))
    pooled = pool_small(frame["channel"], show.say.min_cell, most=MOST_GROUPS)
    by_channel = {"channel": frame.assign(channel=pooled)}
    groups = show.gated(second_purchase_by_segment(by_channel, horizons_weeks=HORIZONS))
    bought = second_purchase_fact(whole, **few)
    by = segment_fact(groups["channel"], "channel", conf_level=0.95, **few)
    texts = [
        show.finding(bought).markdown,
        show.finding(by).markdown,
        show.table(whole.within, "second_purchase.table",
                   columns=["weeks", "estimate", "conf_low", "conf_high", "at_risk"]).markdown,
        show.table(compare_segments(groups), "segments.table").markdown,
        show.table(segment_tests(groups), "segments.tests",
                   columns=["segment", "chi2", "dof", "p_holm", "note"]).markdown,
    ]  # fmt: skip
    for result, fact in ((whole, bought), (groups["channel"], by)):
        figure = show.figure(plot_second_purchase, result, fact)
        texts += [] if figure is SILENT else [figure.caption, figure.alt, figure.reading]
    text = "\n".join(texts)
    for wrong in ("nan", "NaN", "None", "inf", "−0.0", "-0."):
        assert wrong not in text, text
    return text


def test_clear_difference_names_the_groups(show):
    text = everything(shop(), show)
    assert "in coming back, the clearest difference by channel" in text
    assert "both corrected for the 3 pairs compared" in text
    assert "of new customers bought a second time within" in text


def test_same_groups_have_no_clear_difference(show):
    assert "No clear difference" in everything(shop(apart=1.0, seed=8), show)


def test_nobody_came_back(show):
    text = everything(shop().assign(event=False), show)
    assert "0.0%" in text


def test_everybody_was_seen_for_a_few_weeks_only(show):
    frame = customers(np.tile([1.0, 9.0], 50), np.full(100, 3.0), channel=np.tile(list("ab"), 50))
    text = everything(frame, show)
    assert "fewer than" in text.lower() or "too few" in text.lower()


def test_nobody_was_seen_as_long_as_the_first_horizon(show):
    frame = customers(np.tile([1.0, 9.0], 50), np.full(100, 2.0), channel=np.tile(list("ab"), 50))
    assert "customers were observed until the first" in everything(frame, show)


def test_a_group_of_three_is_not_shown(show):
    frame = pd.concat([shop(), customers([1, 2, 3], [50, 50, 50], channel="rare")])
    text = everything(frame.reset_index(drop=True), show)
    assert "rare" not in text  # joined with the next smallest


def test_many_groups_of_which_all_soon_come_back_have_no_common_horizon(show):
    rng = np.random.default_rng(2)
    channel = rng.choice(list("abcdefghij"), 300)
    frame = customers(rng.exponential(1, 300), rng.uniform(60, 90, 300), channel=channel)
    text = everything(frame, show)
    assert "enough of every group are still waiting" in text
    assert "Fewer than two groups" not in text


def test_one_group_is_not_compared(show):
    assert "Fewer than two groups" in everything(shop().assign(channel="all of them"), show)


def test_three_customers(show):
    everything(customers([1, 2, 99], [50, 50, 50], channel=["a", "a", "b"]), show)


def test_a_second_purchase_before_the_first_is_refused():
    frame = customers([5.0, 5.0], [20, 20], channel="a")
    frame.loc[0, "duration"] = -3 / 7
    with pytest.raises(DataError, match="duration must be at least 0"):
        second_purchase(frame, horizons_weeks=HORIZONS)


def lapses(shares, n=50):
    return LapseByDefinition(
        pd.DataFrame(
            {"lapse_weeks": [13.0, 26.0], "n": n, "lapsed": shares, "median_weeks": np.nan,
             "won_back": 0.25, "note": ""}
        )
    )  # fmt: skip


def test_lapse_is_told_where_nobody_lapsed(show):
    fact = lapse_fact(lapses([0.0, 0.0]), 26.0, churned=0, min_cell=10)
    told = show.finding(fact).markdown
    assert "nan" not in told
    assert "Nobody" in told


@pytest.mark.parametrize(
    ("churned", "said"),
    [
        (25, "50.0% were silent for so long and are called churned in this report (25 of the"),
        (40, "all of these were still silent: they are those called churned"),
        (6, "Fewer than 10 were silent for so long"),
        (38, "bought again while observed."),  # two who came back are not to be found
    ],
)
def test_lapsed_and_churned_by_the_same_weeks_are_told_apart(show, churned, said):
    fact = lapse_fact(lapses([0.9, 0.8]), 26.0, churned=churned, min_cell=10)
    finding = show.finding(fact)
    assert "80.0%]{.finding-number} **of customers have lapsed at least once" in finding.markdown
    assert said in finding.detail
    assert ("churned in this report" in finding.detail) == (churned in (25, 40))


def test_lapsed_and_churned_are_counted_by_one_clock_and_one_base():
    """a is silent to the end, b was silent and came back, c never was."""
    lines = [("a", "2021-01-05"), ("b", "2021-01-05"), ("b", "2022-12-20")]
    lines += [("c", day) for day in pd.date_range("2021-01-01", "2022-12-31", freq="30D")]
    rows = pd.DataFrame(lines, columns=["customer_id", "at"]).assign(amount=5.0)
    params = rated_studies.study(lapse_weeks=26.0, lapse_grid=(13.0,))
    tables = rated_studies.tables_of(rows)
    table = lapse_by_definition(tables, params).table.set_index("lapse_weeks")
    bases = count_bases(tables, params)
    assert table.loc[26.0, "n"] == bases.n("ever_bought") == 3
    assert table.loc[26.0, "lapsed"] == pytest.approx(2 / 3)
    assert bases.n("churned") == 1


def test_cohorts_of_few_are_not_told(show):
    table = pd.DataFrame(
        {"cohort": "2024-01", "months_since": [1, 2], "customers": 5, "active": [2, 1],
         "share": [0.4, 0.2]}
    )  # fmt: skip
    typical = _typical(table, show.say.min_cell)
    result = show.gated(CohortRetention(table, typical, customers=5, cohorts=1))
    told = cohort_fact(result)
    assert told.silent
    assert "no cohort of at least 10 customers" in show.finding(told).markdown
    assert show.figure(plot_cohort_retention, result, told) is SILENT


def cohorts(active, customers=100):
    """A row a cohort, its buyers in each month after the first."""
    rows = [
        {"cohort": f"2024-{k + 1:02}", "months_since": month, "customers": customers, "active": n}
        for k, seen in enumerate(active) for month, n in enumerate(seen, start=1)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    table["share"] = table["active"] / table["customers"]
    return CohortRetention(table, _typical(table, 10), customers * len(active), len(active))


def test_median_of_a_cohorts_last_months_is_that_of_a_cohort_that_is_shown(show):
    """The three oldest have fewer than ten buyers in months 4 and 5: these are not told."""
    seen = [[40, 35, 30, 8, 7], [42, 36, 28, 9, 6], [44, 30, 27, 5, 8], [38, 31, 26]]
    result = cohorts(seen)
    typical = result.typical.set_index("months_since")["median"]
    assert typical.dropna().to_dict() == pytest.approx({1: 0.41, 2: 0.33, 3: 0.275})
    assert typical.index[typical.isna()].tolist() == [4, 5]
    fact = cohort_fact(show.gated(result))
    assert (fact.numbers["last_months"], fact.numbers["last"]) == (3, pytest.approx(0.275))
    assert "3 months after the first purchase it is 27.5%" in show.finding(fact).markdown


def test_median_of_cohorts_is_not_that_of_those_shown_alone():
    """Of six shares in month 4 two may not be shown: the median counts them all the same."""
    result = cohorts([[50, 45, 40, n] for n in (4, 6, 20, 22, 24, 26)])
    assert result.typical.set_index("months_since")["median"][4] == pytest.approx(0.21)


def test_a_cohort_that_is_blank_has_no_part_in_the_median():
    """The first two have too few buyers to be shown, in any month: the others tell the median."""
    seen = [[4, 3, 5, 6, 3], [5, 4, 3, 6, 2], [50, 40, 30, 20], [55, 45, 35, 25], [60, 50, 40]]
    typical = cohorts(seen).typical
    assert typical["cohorts"].tolist() == [3, 3, 3, 2]
    assert typical["median"].tolist() == pytest.approx([0.55, 0.45, 0.35, 0.225])


def test_cohorts_that_are_hidden_have_their_own_reason(show):
    fact = cohort_fact(show.gated(cohorts([[4, 12, 13, 14], [5, 14, 15, 16], [60, 30, 31, 32]])))
    assert fact.silent
    assert "the median cohort has fewer than 10 buyers" in show.finding(fact).markdown
    alone = cohort_fact(show.gated(cohorts([[40], [50], [45]])))
    assert alone.variant == "one_month"
    assert "buy again in the following month." in show.finding(alone).markdown


def test_the_share_of_the_headline_is_marked_on_the_curve(show):
    result = show.gated(second_purchase(shop(), horizons_weeks=HORIZONS))
    fact = second_purchase_fact(result, min_cell=10)
    ax = plot_second_purchase(result, Figure().subplots(), show.say)
    (dot,) = (line.get_xydata()[0].tolist() for line in ax.lines if line.get_marker() == "o")
    assert dot == [fact.numbers["weeks"], fact.estimate]
    assert show.say.formats.show(fact.estimate, "percent") in {t.get_text() for t in ax.texts}


def test_the_groups_that_are_told_are_the_groups_that_are_marked(show):
    pooled = {"channel": shop()}
    result = show.gated(second_purchase_by_segment(pooled, horizons_weeks=HORIZONS))["channel"]
    fact = segment_fact(result, "channel", min_cell=10, conf_level=0.95)
    ax = plot_second_purchase(result, Figure().subplots(), show.say)
    dots = {line.get_xydata()[0].tolist()[1] for line in ax.lines if line.get_marker() == "o"}
    assert dots == {fact.numbers["most_share"], fact.numbers["least_share"]}
