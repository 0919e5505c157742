"""No finding follows from the clock: the null company, and answers of those who never bought."""

import numpy as np
import pandas as pd
import pytest
from clock_null import KINDS, company, findings, rate_ratio
from scipy.stats import binom
from shared_cases import shared_case

from analysis.chapters.behaviour.facts import behaviour_fact
from analysis.chapters.behaviour.followed import behaviour_after
from analysis.chapters.one_more_point.facts import margin_fact, months_fact
from analysis.chapters.one_more_point.margin import margin_gained, worth_after
from analysis.chapters.one_more_point.months import (
    followed_answers,
    months_gained,
    purchases_after,
)
from analysis.data import read_tables
from analysis.methods.hazards import cox_regression
from analysis.params import read_params
from analysis.states.answers import CURVES, read_answers
from analysis.states.influences import influences
from analysis.states.waiting import read_returning
from analysis.telling.showing import chapter_of

COMPANIES = 60
MOST = binom.ppf(0.999, COMPANIES, 0.05)
LAPSE_DAYS = 182


@pytest.mark.parametrize("kind", KINDS)
def test_repeat_buying_without_regard_to_the_score_is_seldom_a_finding(kind):
    rng = np.random.default_rng(3)
    z = pd.DataFrame([findings(company(300, rng, kind), rng, 0) for _ in range(COMPANIES)])
    assert ((z.abs() > 1.96).sum() <= MOST).all(), z.abs().gt(1.96).mean()


@pytest.mark.parametrize(("answers", "curved"), [(40, False), (300, True)])
def test_what_was_bought_before_is_curved_in_small_companies_too(answers, curved):
    # Without the curves one in ten companies of regular buyers had a finding, of whatever size.
    asked = company(answers, np.random.default_rng(3), "regular")
    assert (set(CURVES) <= set(asked.with_history)) == curved


def test_months_to_an_end_by_rule_would_be_a_finding():
    rng, z = np.random.default_rng(3), []
    for _ in range(10):
        frame = company(600, rng, "stopping").frame
        bought = frame["days_to_next"] + frame["days_since_purchase"] <= LAPSE_DAYS
        frame = frame[(frame["days_since_purchase"] < LAPSE_DAYS) & ~bought]
        left = LAPSE_DAYS - frame["days_since_purchase"]
        seen = np.minimum(left, frame["days_followed"])
        rows = frame.assign(duration=seen, event=left <= frame["days_followed"])
        fit = cox_regression(rows, covariates=["satisfaction"], cluster="customer_id")
        z.append(fit.table["z"].iloc[0])
    assert np.mean(z) < -1.96


def test_a_true_tie_is_found():
    rng = np.random.default_rng(5)
    asked = company(900, rng, "poisson")
    frame = asked.frame
    sooner = np.exp(-0.25 * (frame["satisfaction"] - 3))
    waited = np.ceil(frame["days_to_next"] * sooner)
    frame["days_to_next"] = waited.where(waited <= frame["days_followed"])
    assert rate_ratio(asked) > 4
    found = months_gained(purchases_after(asked), asked, rng=rng, replications=20)
    assert found.outcome == "sooner"
    fact = months_fact(found, min_cell=10)
    assert fact.key == "sooner"
    assert fact.low > 0
    assert found.table["raised"].iloc[0] < found.table["as_answered"].iloc[0]


@pytest.fixture(scope="module")
def nonbuyers(tmp_path_factory):
    folder = shared_case("answers_of_nonbuyers", tmp_path_factory.mktemp("case"))
    params = read_params(folder / "nonbuy.yml")
    tables = read_tables(params)
    return params, tables, read_answers(tables, params)


def test_who_never_bought_is_left_out_and_told(nonbuyers):
    params, tables, answers = nonbuyers
    assert answers.never_bought == 200
    show, point = (chapter_of(params, name) for name in ("behaviour", "one_more_point"))
    followed = behaviour_after(answers)
    buying = behaviour_fact(followed, min_cell=10)
    assert not buying.silent
    followed = followed_answers(answers, tables, params)
    sooner = months_gained(followed, answers, rng=np.random.default_rng(1), replications=20)
    worth, quantity = worth_after(answers, tables)
    money = margin_gained(worth, quantity, answers)
    texts = [
        show.finding(buying).markdown,
        point.finding(months_fact(sooner, min_cell=10)).markdown,
        point.finding(margin_fact(money, min_cell=10)).markdown,
    ]
    for text in texts:
        assert "200 answers came before any purchase and are left out" in text
        assert "not told" not in text
        assert "Not adjusted for on its own" in text


def test_unknown_groups_of_the_same_customers_do_not_stop_a_regression(nonbuyers):
    params, tables, _ = nonbuyers
    found = influences(read_returning(tables, params), min_cell=10)
    assert found.fit is not None
    assert not set(found.pairs["level"]) & {"not known", "unknown"}


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"satisfaction": 3.0}, "all have the same value of satisfaction"),
        ({"purchases_so_far": 0}, "nobody who answered had bought before"),
        ({"days_to_next": np.nan}, "nobody who answered was seen to buy again"),
    ],
)
def test_the_cause_that_holds_is_told(spoilt, reason, nonbuyers):
    asked = company(300, np.random.default_rng(2), "poisson")
    for column, value in spoilt.items():
        asked.frame[column] = value
    rng = np.random.default_rng(1)
    found = months_gained(purchases_after(asked), asked, rng=rng, replications=20)
    fact = months_fact(found, min_cell=10)
    assert fact.silent
    text = chapter_of(nonbuyers[0], "one_more_point").finding(fact).markdown
    assert reason in text
