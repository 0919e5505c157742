"""Complaints: the landmark, the comparison, and the truth of the bank."""

import numpy as np
import pandas as pd
import pytest

from analysis.satisfaction.complaints import (
    FAST,
    LOST,
    OPEN,
    OTHER,
    SLOW,
    complaint_events,
    complaints_and_loss,
)


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
    assert (events["at"] + days <= pd.Timestamp(bank.params.observed_until)).all()
    assert set(events[LOST]) == {0.0, 1.0}
    assert (events["days_since_last"] >= 0).all()
    assert not events.duplicated(["customer_id", "at"]).any()


def test_late_answers_lose_more_as_they_were_drawn_to(bank, events):
    found = complaints_and_loss(events, bank.tables, bank.params)
    table = found.table.set_index("handling")
    assert list(table.index) == [OTHER, FAST, SLOW, OPEN]
    assert table.at[SLOW, "points_conf_low"] > 0
    assert table.at[SLOW, "estimate"] > table.at[FAST, "estimate"] > table.at[OTHER, "estimate"]
    assert table["contacts"].sum() == len(events)
    truth = bank.company.truth.contacts.handling_days["complaint"][0]
    assert found.median_days == pytest.approx(truth, abs=1)
    assert found.answered_within[3] < found.answered_within[14] < 1


def test_only_complaints_cannot_be_compared(bank, events):
    alone = events[events["handling"] != OTHER]
    found = complaints_and_loss(alone, bank.tables, bank.params)
    assert found.fit is None
    assert "both be there" in found.why
    assert np.isnan(found.table["points_apart"]).all()
