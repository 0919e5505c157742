"""Complaints: the landmark, the comparison, the truth of the bank, and every wording."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.chapters.complaints.contacts import (
    FAST,
    LOST,
    OPEN,
    OTHER,
    SLOW,
    complaint_events,
)
from analysis.chapters.complaints.facts import handling_fact, loss_fact
from analysis.chapters.complaints.figures import plot_loss
from analysis.chapters.complaints.loss import (
    Handling,
    Loss,
    _median,
    complaint_handling,
    loss_after_contacts,
)
from analysis.telling.showing import SILENT


@pytest.fixture(scope="module")
def events(bank):
    return complaint_events(bank.tables, bank.params)


def test_everybody_has_survived_the_same_wait(bank, events):
    _, late_days = bank.params.satisfaction.answered_days
    waited = (events["at"] - events["began_at"].dt.normalize()).dt.days
    assert (waited == late_days).all()
    path = bank.company.truth.path.to_pandas()
    gone = path[path["stage"].eq("churned")][["customer_id", "from_at", "to_at"]]
    pairs = events.merge(gone, on="customer_id")
    inside = (pairs["from_at"] < pairs["at"]) & ~(pairs["to_at"] <= pairs["at"])
    # A contract ends on the day of the end: only that very day may be shared.
    assert inside.mean() < 0.01


def test_windows_are_whole_and_ends_lie_inside(bank, events):
    days = pd.Timedelta(days=int(7 * bank.params.satisfaction.outcome_weeks))
    assert (events["at"] + days <= pd.Timestamp(bank.params.followed_until)).all()
    assert set(events[LOST]) == {0.0, 1.0}
    assert (events["days_since_last"] >= 0).all()
    assert not events.duplicated(["customer_id", "at"]).any()


def test_late_answers_lose_more_as_they_were_drawn_to(bank, events):
    table = loss_after_contacts(events, bank.params).table.set_index("handling")
    assert list(table.index) == [OTHER, FAST, SLOW, OPEN]
    assert table.at[SLOW, "difference_conf_low"] > 0
    assert table.at[SLOW, "estimate"] > table.at[FAST, "estimate"] > table.at[OTHER, "estimate"]
    assert table["contacts"].sum() == len(events)


def test_handling_is_as_it_was_drawn(bank):
    found = complaint_handling(bank.tables, bank.params)
    truth = bank.company.truth.contacts.handling_days["complaint"][0]
    assert found.median_days == pytest.approx(truth, abs=1)
    assert found.within[3] < found.within[14] < 1
    assert found.customers < found.complaints
    assert found.settled < found.complaints


def test_only_complaints_cannot_be_compared(bank, events, chapter, words):
    show = chapter("complaints")
    alone = show.gated(loss_after_contacts(events[events["handling"] != OTHER], bank.params))
    assert alone.fit is None
    assert np.isnan(alone.table["difference"]).all()
    text = told(alone, show, words)
    assert "no other contacts were followed for the whole window to compare with" in text
    assert show.figure(plot_loss, alone, loss_fact(alone)) is SILENT


@pytest.mark.parametrize("change", ["nobody", "one", "all lost"])
def test_odd_contacts_are_told(bank, events, change, chapter, words):
    show = chapter("complaints")
    odd = {"nobody": events.head(0), "one": events.head(1), "all lost": events.assign(lost=1.0)}
    found = show.gated(loss_after_contacts(odd[change], bank.params))
    assert "Who is lost after a complaint is not told" in told(found, show, words)


def told(result: Loss, show, words) -> str:
    fact = loss_fact(result)
    return words(
        show.finding(fact),
        show.figure(plot_loss, result, fact),
        show.table(result.table, "loss.table", of=fact, count="customers"),
    )


def loss(gap: float = 0.1, *, late: int = 100, contractual: bool = False) -> Loss:
    table = pd.DataFrame(
        {
            "handling": [OTHER, FAST, SLOW, OPEN],
            "contacts": [5000, 300, 2 * late, 40],
            "customers": [2000, 250, late, 40],
            "estimate": [0.2, 0.24, 0.2 + gap, 0.35],
            "conf_low": [0.19, 0.2, 0.15 + gap, 0.2],
            "conf_high": [0.21, 0.28, 0.25 + gap, 0.5],
            "difference": [np.nan, 0.04, gap, 0.15],
            "difference_conf_low": [np.nan, 0.01, gap - 0.05, 0.01],
            "difference_conf_high": [np.nan, 0.07, gap + 0.05, 0.3],
            "p_value": [np.nan, 0.02, 0.001, 0.03],
        }
    )
    return Loss(table, None, 2200, 26.0, 3, 14, contractual)


def test_loss_is_told_by_handling(chapter, words):
    show = chapter("complaints")
    text = told(loss(), show, words)
    assert (
        "[10.0 more in 100]{.finding-number} **complaints answered late are followed by the loss"
        in text
    )
    assert "within 3 days it is 4.0 more" in text
    assert "14 days after the contact" in text
    assert "nothing was bought" in text
    assert "the contract ended" in told(loss(contractual=True), show, words)
    fact = loss_fact(loss())
    assert (fact.low, fact.high, fact.comparator.estimate) == (0.05, 0.15000000000000002, 0.2)
    assert fact.in_summary


def test_unclear_and_opposite_losses_are_told_as_what_they_are(chapter, words):
    show = chapter("complaints")
    for gap, said in ((0.02, "No clear difference"), (-0.1, "10.0 fewer in 100")):
        text = told(loss(gap), show, words)
        assert said in text
        assert "it is 4.0 more" not in text
        assert not loss_fact(loss(gap)).in_summary


def test_few_customers_are_hidden_however_often_they_complained(chapter, words):
    show = chapter("complaints")
    few = show.gated(loss(late=9))  # eighteen contacts
    assert "too few complaints that were answered late" in told(few, show, words)
    rare = loss()
    rare.table.loc[1, "customers"] = 9
    text = told(show.gated(rare), show, words)
    assert "it is 4.0 more" not in text
    assert "24.0%" not in text


def test_handling_is_told_with_or_without_a_median(chapter, words):
    finding = chapter("complaints").finding
    handling = Handling({3: 0.5, 14: 0.9}, 3.0, 440, 400, 430)
    text = words(finding(handling_fact(handling, min_cell=10)))
    assert "[50%]{.finding-number} **of complaints are answered within 3 days.**" in text
    assert "half of all complaints are answered within 3 days. 440 complaints of 400" in text
    never = handling_fact(replace(handling, median_days=np.nan), min_cell=10)
    assert "fewer than half are ever answered" in words(finding(never))
    few = handling_fact(replace(handling, customers=9), min_cell=10)
    assert "fewer than 10 customers" in words(finding(few))
    none = handling_fact(Handling({3: np.nan, 14: np.nan}, np.nan, 0, 0, 0), min_cell=10)
    assert "none are recorded" in words(finding(none))


def test_complaints_made_lately_do_not_lengthen_the_wait():
    """Answered on the tenth day, all of them; half were made within the last nine days."""
    until = pd.Timestamp("2023-12-31")
    early = pd.DataFrame({"began_at": until - pd.to_timedelta(range(10, 50), "D"), "days": 10.0})
    lately = pd.DataFrame({"began_at": until - pd.to_timedelta(np.arange(60) % 10, "D")})
    complaints = pd.concat([early, lately.assign(days=np.nan)], ignore_index=True)
    assert _median(complaints, until) == 10
    assert np.isnan(_median(complaints.assign(days=np.nan), until))
    assert np.isnan(_median(complaints.head(0), until))
