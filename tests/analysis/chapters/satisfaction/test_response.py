"""Who answered: as it was drawn, and told with groups large enough only."""

from dataclasses import replace

import pandas as pd

from analysis.chapters.satisfaction.facts import response_fact
from analysis.chapters.satisfaction.response import Response, who_answers
from analysis.states.answers import read_answers, study_customers

GROUPS = {"north": (0.2, 100), "south": (0.4, 90), "west": (0.9, 4)}


def response(p_value: float = 0.001, *, known: bool = True, n: int = 194) -> Response:
    rows = [("all", "all", n, n // 3, 0.33)]
    rows += [("branch", name, n, int(share * n), share) for name, (share, n) in GROUPS.items()]
    table = pd.DataFrame(rows, columns=["segment", "group", "n", "answered", "estimate"])
    table = table.assign(conf_low=table["estimate"] - 0.1, conf_high=table["estimate"] + 0.1)
    return Response(table, {"branch": p_value}, "known", known)


def told(result: Response, show, words) -> str:
    fact = response_fact(show.gated(result), conf_level=0.95)
    return words(show.finding(fact), show.table(result.table, "response.table", of=fact))


def test_groups_that_may_be_shown_are_compared(chapter, words):
    show, apart = chapter("satisfaction"), response()
    # West is too small, and south goes with it: the total would give west away.
    assert "differently" not in told(apart, show, words)
    wide = apart.table.assign(n=[194, 100, 80, 14])
    text = told(replace(apart, table=wide), show, words)
    assert "most clearly by branch: " in text
    assert "20.0% of “north”" in text
    alike = wide.assign(answered=[64, 33, 26, 4], estimate=0.33)
    assert "No clear difference" in told(replace(apart, table=alike), show, words)
    alone = told(apart, show, words)
    assert "64 of 194." in alone
    assert "No clear difference" not in alone


def test_where_the_silent_are_unknown_nothing_is_told(chapter, words):
    show = chapter("satisfaction")
    text = told(response(known=False), show, words)
    assert "Who did not answer is not known" in text
    assert "|" not in text
    assert "fewer than 10 customers" in told(response(n=8), show, words)
    nobody = replace(response(known=False), table=response().table[:0])
    assert response_fact(nobody, conf_level=0.95).silent


def test_response_differs_by_age_as_it_was_drawn(bank):
    customers = study_customers(bank.tables, bank.params)
    found = who_answers(customers, bank.answers, segments=("age_band",))
    ages = found.table[found.table["segment"].eq("age_band")].set_index("group")["estimate"]
    assert ages.is_monotonic_increasing
    assert found.p_values["age_band"] < 0.001
    assert found.known
    fact = response_fact(found, conf_level=0.95)
    assert (fact.n, fact.base) == (len(customers), "ever_bought")
    assert fact.numbers["answered"] == bank.answers.customers


def test_survey_alone_knows_nobody_who_was_silent(asked, odd_survey, block):
    tables, params = asked(odd_survey[1], block)
    answers = read_answers(tables, params)
    found = who_answers(study_customers(tables, params), answers, segments=params.segments)
    assert not found.known
    assert response_fact(found, conf_level=0.95).silent
