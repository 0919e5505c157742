"""The company's own tiers are the scheme in force."""

from datetime import date

import pandas as pd
import pytest
from rated_studies import SPEND, steady, study, tables_of

from analysis.errors import ParamsError
from analysis.notes import note
from analysis.states.rating.company import order_of_tiers, tiers_held
from analysis.states.rating.periods import rate_periods

DAY = date(2023, 1, 1)
HISTORY = pd.DataFrame(
    [
        ("a", "plus", "2021-03-01", "2022-12-31"), ("a", "prime", "2022-12-31", None),
        ("b", "plus", "2021-05-01", None), ("b", "basic", "2023-01-01", None),
        ("c", "prime", "2023-01-02", None),  # not yet
        ("d", "prime", "2021-01-01", "2023-01-01"),  # no longer
    ],
    columns=["customer_id", "tier", "from_at", "to_at"],
).astype({"from_at": "datetime64[us]", "to_at": "datetime64[us]"})  # fmt: skip
LINES = [(who, "2022-06-01", amount) for who, amount in zip("abcd", (50, 30, 20, 10), strict=True)]


def test_a_tier_holds_from_its_day_until_the_next_or_its_end():
    tables = tables_of(LINES, tier_history=HISTORY)
    held = tables.fetch(tiers_held(tables, DAY)).set_index("customer_id")
    assert held["tier"].to_dict() == {"a": "prime", "b": "basic"}
    without_ends = tables_of(LINES, tier_history=HISTORY.drop(columns="to_at"))
    held = tables.fetch(tiers_held(without_ends, DAY)).set_index("customer_id")
    assert held["tier"].to_dict() == {"a": "prime", "b": "basic", "d": "prime"}


def test_who_holds_no_tier_is_left_out_and_counted():
    tables = tables_of(LINES, tier_history=HISTORY)
    rated = rate_periods(tables, study(SPEND))
    table = rated.present.table.set_index("customer_id")
    assert rated.scheme is None
    assert rated.present.rated_at == DAY
    assert table["tier"].astype(str).to_dict() == {"a": "prime", "b": "basic"}
    assert table.at["a", "reason"] == note("tiers.own_since", day=date(2022, 12, 31))
    assert rated.without_tier == 2
    assert rated.present.notes == (note("tiers.none_of_the_company", customers=2),)
    assert rated.present_frame["customer_id"].tolist() == ["a", "b"]


def test_without_a_tier_of_anybody_the_scheme_is_in_force():
    late = HISTORY.assign(from_at=pd.Timestamp("2024-01-01"), to_at=pd.NaT)
    rated = rate_periods(tables_of(LINES, tier_history=late), study(SPEND))
    assert rated.scheme == study(SPEND).tiers.rated_by
    assert rated.present.tiers == ("basic", "silver", "gold")


def test_tiers_are_ordered_as_told_or_as_the_scheme_or_by_what_they_bring():
    worth = {"silver": 9.0, "gold": 5.0}
    assert order_of_tiers(study(SPEND), worth) == ("silver", "gold")  # as the scheme has them
    assert order_of_tiers(study({"preset": "bank"}), worth) == ("gold", "silver")
    told = study({"preset": "bank", "order": ("bronze", "silver", "gold")})
    assert order_of_tiers(told, worth) == ("silver", "gold")
    with pytest.raises(ParamsError, match=r"tiers\.order must name every tier .* lacks platinum"):
        order_of_tiers(told, worth | {"platinum": 1.0})
    with pytest.raises(ValueError, match="order must name each tier once"):
        study({"order": ("a", "a")})


def test_what_the_company_rates_is_what_every_chapter_rates():
    """Its two tiers are dealt by the number of the customer: no rule of the params gives them."""
    lines = steady(60)
    ids = lines["customer_id"].unique()
    history = pd.DataFrame({"customer_id": ids, "from_at": pd.Timestamp("2020-12-31")})
    history["tier"] = ["even" if int(who[1:]) % 2 == 0 else "odd" for who in ids]
    rated = rate_periods(tables_of(lines, tier_history=history), study(SPEND))
    assert len(rated.rerating.ratings) == 2
    assert rated.judged.scheme == "company"
    for rating in rated.rerating.ratings:
        odd = rating.table["customer_id"].str[1:].astype(int) % 2 == 1
        assert (rating.table["tier"].eq("odd") == odd).all()
