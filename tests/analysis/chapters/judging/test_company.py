"""The company's own tiers, as of a day."""

from datetime import date

import pandas as pd
import pytest

from analysis.chapters.judging.company import company_rating
from analysis.errors import DataError
from analysis.notes import note

DAY = date(2024, 1, 1)
THREE = ("basic", "silver", "gold")


def test_the_companys_own_tiers_as_of_a_day():
    history = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b", "c"],
            "tier": ["basic", "gold", "silver", "gold"],
            "from_at": pd.to_datetime(["2023-01-01", "2023-12-31", "2023-05-01", "2024-01-01"]),
            "to_at": pd.to_datetime(["2023-12-31", None, None, None]),
        }
    )
    rating = company_rating(history, rated_at=DAY, tiers=THREE, customers=pd.Series(list("abcd")))
    assert dict(zip(rating.table["customer_id"], rating.table["tier"], strict=True)) == {
        "a": "gold",
        "b": "silver",
    }
    assert rating.notes == (note("tiers.none_of_the_company", customers=2),)
    with pytest.raises(DataError, match="must have one tier at 2024-01-01, but 1 have two"):
        company_rating(history.assign(to_at=pd.NaT), rated_at=DAY, tiers=THREE)
    with pytest.raises(DataError, match="must hold only the tiers basic, but holds gold, silver"):
        company_rating(history, rated_at=DAY, tiers=["basic"])
    with pytest.raises(DataError, match="somebody's tier at 2020-01-01"):
        company_rating(history, rated_at=date(2020, 1, 1), tiers=THREE)
