"""What the tiers hold at the latest rating."""

import pytest
from rated_studies import rng, steady, study, tables_of

from analysis.chapters.tiers.concentration import present_concentration
from analysis.chapters.tiers.profile import present_profile
from analysis.states.rating.periods import rate_periods


@pytest.fixture(scope="module")
def calm():
    tables = tables_of(steady())
    return tables, rate_periods(tables, study())


def test_shares_of_the_present_profile_sum_to_one(calm):
    _, rated = calm
    table = present_profile(rated).table
    assert table[["share", "share_purchases", "share_value"]].sum().tolist() == pytest.approx(
        [1, 1, 1]
    )
    assert present_concentration(rated, study(), rng=rng()).customers == 400
