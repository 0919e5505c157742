"""Money is compared in whole minor units: equal customers share a tier, whatever floats add to."""

import numpy as np
import pandas as pd
import pytest
from rated_studies import study, tables_of
from shared_cases import shared_case

from analysis.chapters.tiers.concentration import present_concentration
from analysis.chapters.tiers.limits import near_limits
from analysis.data import fetch, read_tables
from analysis.frames import counted, customer_frame, customer_rows
from analysis.frames.money import at_minor_unit, to_minor_unit
from analysis.params import read_params
from analysis.params.currencies import minor_digits
from analysis.params.tiers import Scheme
from analysis.states.rating.criteria import criteria_of, levels_of
from analysis.states.rating.periods import rate_periods
from analysis.states.stages import assign_stages
from analysis.telling.wording import wording_for

SPLITS = ((176.45, 0.54, 23.01), (0.1, 0.2, 199.7), (33.3, 66.6, 100.1), (66.666, 66.666, 66.666))
"""Each is told as 200.00: floats miss it by their last bits, lines of three decimals by less than
half a cent."""
TIERS = ("basic", "silver", "gold")
SCHEMES = {
    "limits": {"thresholds": {"limits": {"amount": (200.0, 500.0)}}},
    "at most": {"thresholds": {"limits": {"-amount": (500.0, 200.0)}}},
    "average": {"thresholds": {"limits": {"average_purchase": (66.67, 500.0)}}},
    "bands": {"bands": {"quantity": "amount", "bands": (
        {"tier": "basic", "below": 200.0}, {"tier": "silver", "start": 200.0, "below": 500.0},
        {"tier": "gold", "start": 500.0})}},
    "quantiles": {"quantiles": {"quantity": "amount", "cuts": (0.3, 0.6)}},
    "rfm": {"rfm": {"cuts": (7.0, 11.0)}},
    "score": {"score": {"dimensions": {"financial": {
        "weight": 1.0, "quantities": ("amount", "average_purchase")}}, "cuts": (30.0, 60.0)}},
    "shares": {"score": {"dimensions": {"financial": {"weight": 1.0, "quantities": ("amount",)}},
               "cuts": (0.3, 0.6), "cut_at": "share"}},
    "clusters": {"clusters": {"quantities": ("amount", "average_purchase"), "k": 3}},
}  # fmt: skip
WAYS = {"one row a customer": counted.LARGE, "counted in the engine": 0}


def bought(customer, *amounts, year=2022):
    return [(customer, f"{year}-0{month}-10", amount) for month, amount in enumerate(amounts, 1)]


def equals():
    """Forty customers who spent 200.00 on three days, each twenty of less and of more."""
    rows = [row for k in range(40) for row in bought(f"e{k:02d}", *SPLITS[k % len(SPLITS)])]
    rows += [row for k in range(20) for row in bought(f"l{k:02d}", 60.0, 60.0, 79.99 - k)]
    return rows + [row for k in range(20) for row in bought(f"m{k:02d}", 200.0, 250.0, 90.0 + k)]


def tier_of(rated, tables):
    present = rated.present.table
    if rated.held is not None:
        found = tables.fetch(present.table.select("customer_id", tier="label"))
        return found.set_index("customer_id")["tier"]
    return present.set_index("customer_id")["tier"].astype(str)


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    monkeypatch.setattr(counted, "LARGE", WAYS[request.param])


@pytest.mark.parametrize("name", SCHEMES)
def test_equal_customers_share_a_tier(name, way):
    params = study({"scheme": {"tiers": TIERS} | SCHEMES[name]})
    tables = tables_of(equals())
    tier = tier_of(rate_periods(tables, params), tables)
    alike = tier[tier.index.str.startswith("e")]
    assert alike.nunique() == 1
    if name in ("limits", "bands", "average"):
        assert set(alike) == {"silver"}
        assert set(tier[tier.index.str.startswith("l")]) == {"basic"}


def test_a_tier_is_kept_at_the_limit_less_its_share(way):
    """85 % of 600.60 is 510.51; 510.50 is less, and floats that add to 510.51 are not."""
    rows = bought("kept", 600.60, year=2021) + bought("lost", 600.60, year=2021)
    rows += bought("kept", 170.17, 170.17, 170.17) + bought("lost", 510.50)
    rule = {"thresholds": {"limits": {"amount": (600.60,)}}, "hysteresis": 0.15}
    params = study({"scheme": {"tiers": ("basic", "silver")} | rule})
    tables = tables_of(rows)
    tier = tier_of(rate_periods(tables, params), tables)
    assert tier.to_dict() == {"kept": "silver", "lost": "basic"}


@pytest.mark.parametrize("share", [0.1, 0.15, 0.3, 0.35, 0.42, 0.58])
@pytest.mark.parametrize("limit", [20.0, 50.0, 60.0, 100.0, 1e12])
def test_a_lowered_limit_is_reached_by_its_own_number(limit, share):
    lowered = round(limit * (1 - share), 6)
    rule = Scheme.model_validate({"tiers": ("a", "b"), "hysteresis": share,
                                  "thresholds": {"limits": {"points": (limit,)}}})  # fmt: skip
    frame = pd.DataFrame({"points": [lowered, lowered * (1 - 1e-12)]})
    criteria, _ = criteria_of(frame, rule)
    assert levels_of(criteria, rule, slack=share)[0].tolist() == [1, 0]


def test_near_a_limit_is_told_in_whole_units(way):
    """From 180.00 to 219.99: forty at the limit itself, one at each end, none of the next cent."""
    rows = equals() + bought("low", 60.06, 60.06, 59.88) + bought("lower", 179.99)
    rows += bought("high", 73.33, 73.33, 73.33) + bought("higher", 220.0)
    limits = {"thresholds": {"limits": {"amount": (200.0,)}}}
    params = study({"scheme": {"tiers": ("basic", "silver")} | limits})
    rated = rate_periods(tables_of(rows), params)
    near = near_limits(rated).table.iloc[0]
    assert near["above"] * near["n"] == pytest.approx(41)
    assert near["below"] * near["n"] == pytest.approx(1 + 20)


def test_shares_of_the_top_are_those_of_exact_amounts(way):
    params = study({"scheme": {"tiers": TIERS} | SCHEMES["limits"]})
    rated = rate_periods(tables_of(equals()), params)
    found = present_concentration(rated, params, rng=np.random.default_rng(1), replications=2)
    assert found.total == pytest.approx(40 * 200 + sum(199.99 - k for k in range(20))
                                        + sum(540 + k for k in range(20)), abs=1e-9)  # fmt: skip


def test_reasons_name_money_to_the_last_cent():
    rule = Scheme.model_validate({"tiers": ("a", "b"), "thresholds": {
        "limits": {"amount": (20000.0,)}}})  # fmt: skip
    tables = tables_of(bought("x", 19999.99))
    params = study({"scheme": rule.model_dump()})
    reason = rate_periods(tables, params).present.table["reason"].item()
    assert wording_for(params).note(reason) == "revenue 19999.99: under 20000"


def test_equal_first_amounts_share_a_third():
    rows = [(f"c{k:02d}", "2021-02-03", part) for k in range(40) for part in SPLITS[k % 4]]
    rows += [(f"d{k:02d}", "2021-02-03", 10.0 + k) for k in range(20)]
    tables, params = tables_of(rows), study()
    thirds = customer_frame(tables, params).set_index("customer_id")["first_value_third"]
    assert thirds[thirds.index.str.startswith("c")].nunique() == 1
    counted_thirds = fetch(customer_rows(tables, params).select("customer_id", "first_value_third"))
    assert counted_thirds["first_value_third"].tolist() == thirds.astype(str).tolist()


def test_equal_spenders_have_one_rank_in_each_month():
    tables = tables_of(equals())
    features = assign_stages(tables, study()).features
    last = features.filter(features.month == features.month.max())
    rank = fetch(last.select("customer_id", "value_rank")).set_index("customer_id")["value_rank"]
    assert rank[rank.index.str.startswith("e")].nunique() == 1
    assert rank["l00"] < rank["e00"] < rank["m00"]


@pytest.mark.parametrize(
    ("currency", "digits", "amount", "told"),
    [("EUR", 2, 1.005, 1.01), ("JPY", 0, 1.5, 2.0), ("KWD", 3, 1.0015, 1.002), ("CLP", 0, 0.4, 0)],
)
def test_the_smallest_unit_is_that_of_the_currency(currency, digits, amount, told):
    assert minor_digits(currency) == digits
    assert study(currency=currency).money_digits == digits
    assert at_minor_unit(np.array([amount, -0.0, np.nan]), digits).tolist()[:2] == [told, 0.0]
    tables = tables_of([("a", "2021-02-01", amount)])["transactions"]
    rounded = tables.select(amount=to_minor_unit(tables.amount, digits)).to_pandas()["amount"]
    assert rounded.tolist() == [told]


HALVES = {"scheme": {"tiers": ("lower", "upper"),
                     "quantiles": {"quantity": "amount", "cuts": (0.5,)}}}  # fmt: skip


@pytest.mark.parametrize("name", ["three", "sixty"])
@pytest.mark.parametrize("scheme", ["of the case", "halves"])
def test_shared_case_200_is_200(name, scheme, tmp_path, way):
    params = read_params(shared_case("money_limit", tmp_path) / f"{name}.yml")
    if scheme == "halves":
        params = params.model_copy(update={"tiers": study(HALVES).tiers})
    tables = read_tables(params, stored=False)
    tier = tier_of(rate_periods(tables, params), tables)
    lines = fetch(tables["transactions"])
    lines = lines[pd.to_datetime(lines["at"]).dt.year == 2024]
    cents = (100 * lines["amount"]).round().groupby(lines["customer_id"]).sum()
    equal = cents.index[cents == 20_000]
    assert len(equal) == {"three": 2, "sixty": 60}[name]
    assert set(tier[equal]) == ({"silver"} if scheme == "of the case" else {"lower"})
