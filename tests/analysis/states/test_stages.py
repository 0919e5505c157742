"""Stages by rule: by hand, one a month, without look-ahead, and beside the simulator's truth."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from analysis.data import Description, Tables
from analysis.errors import ParamsError
from analysis.methods.multistate import step_probabilities
from analysis.params import Params, read_params
from analysis.params.stages import ORDER, PRESETS, StageScheme
from analysis.simulate import simulate_company
from analysis.states.stage_features import stage_features
from analysis.states.stage_months import relationship_months
from analysis.states.stages import (
    assign_stages,
    stage_counts,
    stage_paths,
)

FROM, UNTIL = date(2022, 1, 1), date(2023, 12, 31)


def study(until=UNTIL, lapse_weeks=26, relationship="noncontractual", **stages):
    return Params.model_validate(
        {
            "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
            "relationship": relationship, "observed_from": FROM, "observed_until": until,
            "timezone": "Europe/Berlin", "currency": "EUR", "lapse_weeks": lapse_weeks,
            "data": {"simulated": {"company": "retailer", "customers": 10, "seed": 1}},
            "stages": stages or {"preset": "five_stage"},
        }
    )  # fmt: skip


def tables_of(transactions, customers=None, history_complete=True, contracts=None):
    engine = ibis.duckdb.connect()
    if customers is None:
        customers = transactions[["customer_id"]].drop_duplicates()
    by_name = {"customers": engine.create_table("customers", customers)}
    if len(transactions):
        typed = transactions.assign(at=pd.to_datetime(transactions["at"]))
        sold = engine.create_table("transactions", typed)
        by_name["transactions"] = sold.mutate(at=sold["at"].cast("date"))
    described = Description("Made", "none", "none", "files", history_complete=history_complete)
    if contracts is not None:
        days = contracts.assign(
            started_at=pd.to_datetime(contracts["started_at"]),
            ended_at=pd.to_datetime(contracts["ended_at"]),
        )
        by_name["contracts"] = engine.create_table("contracts", days)
    return Tables(engine, by_name, pd.DataFrame(), described, "made")


def bought(*rows):
    return pd.DataFrame(rows, columns=["customer_id", "at", "amount"])


def assigned(tables, params, columns=("stage",)):
    table = assign_stages(tables, params).features.to_pandas()
    table["month"] = pd.to_datetime(table["month"]).dt.strftime("%Y-%m")
    return table.set_index(["customer_id", "month"]).sort_index()[list(columns)]


@pytest.fixture(scope="module")
def retailer():
    company = simulate_company(
        "retailer", customers=1500, seed=3, observed_from=FROM, observed_until=UNTIL
    )
    people = company.tables["customers"].to_pandas()
    people["first_contact_at"] = pd.to_datetime(people["first_contact_at"]).dt.normalize()
    transactions = company.tables["transactions"].to_pandas()
    transactions["at"] = pd.to_datetime(transactions["at"]).dt.normalize()
    return transactions, people, company.truth


def test_features_by_hand():
    rows = bought(
        ("a", "2022-01-10", 10.0), ("a", "2022-01-20", 20.0), ("a", "2022-03-01", 30.0),
        ("a", "2022-03-01", -5.0), ("b", "2022-02-05", 40.0), ("a", "2022-12-01", 50.0),
    )  # fmt: skip
    params = study(until=date(2022, 12, 31))
    months = relationship_months(tables_of(rows), params)
    found = stage_features(months, lapse_days=182, rhythm_quantile=0.5).to_pandas()
    found["month"] = pd.to_datetime(found["month"]).dt.month
    found = found.set_index(["customer_id", "month"]).sort_index()
    march = found.loc[("a", 3)]
    assert march["purchases"] == 3
    assert march["recency_days"] == 30
    assert march["rhythm_days"] == pytest.approx(50 / 2)
    assert march["silence"] == pytest.approx(30 / 25)
    assert found.loc[("b", 3), "rhythm_days"] == pytest.approx(25)  # the population's: a's alone
    assert found.loc[("b", 2), "rhythm_days"] == 182  # nobody had bought three times by then
    assert found.loc[("a", 9), "lapse_share"] == pytest.approx(
        (30 + 30 + 31 + 30 + 31 + 31 + 30 + 1) / 182
    )
    assert found.loc[("a", 12), "months_since_return"] == 0
    assert found.loc["a"]["months_since_return"].iloc[:11].isna().all()
    # January to March against April to June: 55 a quarter, then nothing
    assert found.loc[("a", 5), "spend_trend"] != found.loc[("a", 5), "spend_trend"]  # not known yet
    assert found.loc[("a", 6), "spend_trend"] == 0
    assert found.loc[("a", 12), "spend_trend"] == pytest.approx((50 / 3) / (55 / 9))
    assert found.loc[("a", 3), "value_rank"] == 1
    assert found.loc[("b", 3), "value_rank"] == 0


def test_five_stages_by_hand():
    rows = bought(
        ("a", "2022-01-10", 10.0), ("a", "2022-02-08", 10.0), ("a", "2022-03-10", 10.0),
        ("a", "2022-04-10", 10.0), ("a", "2023-03-05", 10.0), ("a", "2023-04-05", 10.0),
    )  # fmt: skip
    people = pd.DataFrame({"customer_id": ["a"], "first_contact_at": [pd.Timestamp("2021-11-20")]})
    found = assigned(tables_of(rows, people), study(until=date(2023, 9, 30)))["stage"]
    expected = (
        ["new"] * 3 + ["mature"] * 2 + ["declining"] * 4 + ["churned"] * 5 + ["won_back"] * 3
        + ["mature"] * 3 + ["declining"]
    )  # fmt: skip
    assert found.tolist()[:14] == expected[:14]
    assert found.loc[("a", "2023-03")] == "won_back"
    assert found.loc[("a", "2023-05")] == "won_back"
    assert found.loc[("a", "2023-06")] != "won_back"


def test_a_return_within_the_month_of_the_lapse_is_won_back():
    rows = bought(("a", "2022-01-01", 10.0), ("a", "2022-07-20", 10.0))  # lapsed on 2 July
    found = assigned(tables_of(rows), study(until=date(2022, 9, 30)))["stage"]
    assert found.loc[("a", "2022-06")] == "declining"
    assert found.loc[("a", "2022-07")] == "won_back"


def test_contracts_end_and_begin_again_by_hand():
    contracts = pd.DataFrame(
        [("a", "2022-02-10", "2022-05-31"), ("a", "2022-06-20", "2022-08-15"),
         ("a", "2023-01-05", None), ("b", "2022-03-01", "2022-03-31")],
        columns=["customer_id", "started_at", "ended_at"],
    )  # fmt: skip
    people = pd.DataFrame(
        {"customer_id": ["a", "b", "c"], "first_contact_at": pd.Timestamp("2022-01-15")}
    )
    tables = tables_of(bought(), people, contracts=contracts)
    rules = (
        {"stage": "prospect", "when": {"begun": {"max": 0}}},
        {"stage": "churned", "when": {"lapse_share": {"above": 1}}},
        {"stage": "won_back", "when": {"months_since_return": {"max": 1}}},
        {"stage": "customer"},
    )
    params = study(until=date(2023, 4, 30), relationship="contractual", rules=rules)
    found = assigned(tables, params)["stage"]
    # gap_days is 30: the gap of June is none; from 15 August on 30 days are over in September, and
    # those from 31 March on at the close of 30 April
    assert found["a"].tolist() == (
        ["prospect"] + ["customer"] * 7 + ["churned"] * 4 + ["won_back"] * 2 + ["customer"] * 2
    )
    assert found["b"].tolist()[:4] == ["prospect", "prospect", "customer", "churned"]
    assert set(found["c"]) == {"prospect"}


@pytest.mark.whole
@pytest.mark.parametrize("months_kept", [5, 15])
def test_no_look_ahead_at_contracts(months_kept):
    company = simulate_company(
        "bank", customers=400, seed=4, observed_from=FROM, observed_until=UNTIL
    )
    known = {name: table.to_pandas() for name, table in company.tables.items()}
    people, contracts = known["customers"], known["contracts"]
    people["first_contact_at"] = pd.to_datetime(people["first_contact_at"]).dt.normalize()
    for name in ("started_at", "ended_at"):
        contracts[name] = pd.to_datetime(contracts[name]).dt.normalize()
    sold = known["transactions"]
    sold["at"] = pd.to_datetime(sold["at"]).dt.normalize()
    end = pd.Timestamp(FROM) + pd.offsets.MonthEnd(months_kept)
    signed = contracts[contracts["started_at"] <= end].copy()
    signed["ended_at"] = signed["ended_at"].where(signed["ended_at"] <= end)
    cut = assigned(
        tables_of(sold[sold["at"] <= end], people[people["first_contact_at"] <= end], True, signed),
        study(until=end.date(), relationship="contractual"),
    )
    whole = assigned(tables_of(sold, people, True, contracts), study(relationship="contractual"))
    earlier = whole[whole.index.get_level_values("month") <= end.strftime("%Y-%m")]
    pd.testing.assert_frame_equal(cut, earlier)
    assert {"churned", "prospect"} <= set(whole["stage"])


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_gives_one_stage_a_month(retailer, preset):
    transactions, people, _ = retailer
    stages = assign_stages(tables_of(transactions, people), study(preset=preset))
    table = stages.table.select("customer_id", "month", "clock", "stage").to_pandas()
    assert not table.duplicated(["customer_id", "month"]).any()
    assert table["stage"].notna().all()
    assert set(table["stage"]) == set(ORDER[preset])
    span = table.groupby("customer_id")["clock"].agg(["size", "max"])
    assert (span["size"] == span["max"] + 1).all()  # every month up to the end
    counted = stage_counts(stages)
    assert counted["customers"].sum() == len(table)
    assert counted.groupby("month")["share"].sum().to_numpy() == pytest.approx(1)


@pytest.mark.whole
@pytest.mark.parametrize(("months_kept", "preset"), zip([1, 4, 9, 20], PRESETS, strict=True))
def test_no_look_ahead(retailer, months_kept, preset):
    """Without all customers' later rows every earlier stage is the same."""
    transactions, people, _ = retailer
    end = pd.Timestamp(FROM) + pd.offsets.MonthEnd(months_kept)
    known = transactions[transactions["at"] <= end]
    met = people[people["first_contact_at"] <= end]
    features = ("stage", "rhythm_days", "value_rank", "spend_trend", "months_since_return")
    cut = assigned(tables_of(known, met), study(until=end.date(), preset=preset), features)
    whole = assigned(tables_of(transactions, people), study(preset=preset), features)
    earlier = whole[whole.index.get_level_values("month") <= end.strftime("%Y-%m")]
    assert len(cut) > 50
    pd.testing.assert_series_equal(cut["stage"], earlier["stage"])
    measured = list(features[1:])
    pd.testing.assert_frame_equal(cut[measured].astype(float), earlier[measured].astype(float))


@pytest.mark.whole
@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 700), st.floats(-50, 200)),
        min_size=1, max_size=25,
    ),
    st.integers(2, 60),
)  # fmt: skip
def test_any_purchases_and_rules_partition_the_months(rows, lapse_weeks):
    start = pd.Timestamp(FROM)
    table = bought(*((who, start + pd.Timedelta(days=day), paid) for who, day, paid in rows))
    table = pd.concat([table, bought(("z", start, 1.0))])
    rules = (
        {"stage": "lost", "when": {"lapse_share": {"above": 1}}},
        {"stage": "quiet", "when": {"silence": {"above": 1.5}, "purchases": {"min": 2}}},
        {"stage": "best", "when": {"value_rank": {"min": 0.5}}},
        {"stage": "rest"},
    )
    params = study(lapse_weeks=lapse_weeks, rules=rules)
    stages = assign_stages(tables_of(table), params)
    found = stages.features.to_pandas()
    assert not found.duplicated(["customer_id", "month"]).any()
    lost = found["lapse_share"] > 1
    quiet = ~lost & (found["silence"] > 1.5) & (found["purchases"] >= 2)
    best = ~lost & ~quiet & (found["value_rank"] >= 0.5)
    expected = np.select([lost, quiet, best], ["lost", "quiet", "best"], "rest")
    assert (found["stage"] == expected).all()
    assert stages.order == ("lost", "quiet", "best", "rest")


def test_transitions_and_paths_agree(retailer):
    transactions, people, _ = retailer
    stages = assign_stages(tables_of(transactions, people), study())
    table = stages.table.select("customer_id", "clock", "stage").to_pandas()
    table = table.sort_values(["customer_id", "clock"])
    following = table.groupby("customer_id")["stage"].shift(-1)
    by_pandas = pd.crosstab(table["stage"], following)
    paths = stage_paths(stages)
    seen_twice = table.groupby("customer_id").size() > 1
    assert paths.groupby("customer_id")["count"].first().sum() == seen_twice.sum()
    assert paths["customer_id"].nunique() < seen_twice.sum()
    steps = step_probabilities(paths).table
    trials = steps["n"] * steps["estimate"]
    found = trials.groupby([steps["from"], steps["to"]]).sum()
    for (source, target), number in by_pandas.stack().items():
        assert found.get((source, target), 0) == pytest.approx(number)


def test_paths_of_groups_and_on_the_calendar(retailer):
    transactions, people, _ = retailer
    stages = assign_stages(tables_of(transactions, people), study())
    groups = people[["customer_id"]].assign(group=people["channel"])
    paths = stage_paths(stages, groups=groups)
    assert set(paths["group"]) == set(people["channel"])
    assert paths.groupby("customer_id")["group"].nunique().max() == 1
    calendar = stage_paths(stages, axis="calendar")
    assert calendar["start"].min() == 0
    assert calendar["stop"].max() == 23
    assert calendar.groupby("customer_id")["start"].min().nunique() > 12


def beside(stages, path):
    """Months by stage and by the simulator's stage at their end: `stage, other, months, share`."""
    ours = stages.table.select("customer_id", "stage", "month").to_pandas()
    following = pd.to_datetime(ours["month"]) + pd.offsets.MonthBegin(1)
    ours["judged"] = following.clip(upper=pd.Timestamp(UNTIL) + pd.Timedelta(days=1))
    both = ours.merge(path.rename(columns={"stage": "other"}), on="customer_id")
    lasts = both["to_at"].isna() | (both["judged"] <= both["to_at"])
    both = both[(both["judged"] > both["from_at"]) & lasts]
    counted = both.groupby(["stage", "other"]).size().rename("months").reset_index()
    total = counted.groupby("stage")["months"].transform("sum")
    return counted.assign(share=counted["months"] / total)


def test_rules_beside_the_latent_stages(retailer):
    """The rules see purchases only; the truth is known to the simulator."""
    transactions, people, truth = retailer
    stages = assign_stages(tables_of(transactions, people), study())
    table = beside(stages, truth.path.to_pandas())
    share = table.pivot(index="stage", columns="other", values="share").fillna(0)
    months = table.groupby("stage", observed=True)["months"].sum()
    assert months.sum() == pytest.approx(stages.table.count().to_pandas(), rel=0.01)
    assert share.loc["prospect", "prospect"] > 0.97
    assert share.loc["new", "prospect"] < 0.05
    assert share.loc["churned", "churned"] > 0.6
    assert share.loc["churned", "churned"] > 2 * share.loc["mature", "churned"]
    assert share.loc["won_back", "won_back"] > share.loc["mature", "won_back"]


@pytest.mark.whole
def test_transaction_only_studies_say_that_there_are_no_prospects(retailer):
    transactions, people, _ = retailer
    alone = assign_stages(tables_of(transactions, history_complete=False), study())
    assert (alone.prospects_known, alone.past_known) == (False, False)
    assert "prospect" not in set(stage_counts(alone)["stage"])
    told = assign_stages(tables_of(transactions, people), study())
    assert (told.prospects_known, told.past_known) == (True, True)


@pytest.mark.whole
@pytest.mark.parametrize(
    ("preset", "gone"),
    [
        ("five_stage", {"new"}),
        ("purchase", {"first_purchase"}),
        ("activity", {"new"}),
        ("three_phase", {"initial"}),
    ],
)
def test_nobody_is_new_where_customers_bought_before_the_observation(retailer, preset, gone):
    transactions, people, _ = retailer
    known = assign_stages(tables_of(transactions, people), study(preset=preset))
    cut = assign_stages(
        tables_of(transactions, people, history_complete=False), study(preset=preset)
    )
    assert set(known.order) - set(cut.order) == gone
    assert (known.past_known, cut.past_known) == (True, False)
    counts = cut.table.stage.value_counts().to_pandas()
    assert set(counts["stage"]) <= set(cut.order)
    assert counts.iloc[:, 1].sum() == known.table.count().to_pandas()


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ({"preset": "five_stage", "rules": ({"stage": "a"},)}, "name a preset or give rules"),
        ({"rules": ({"stage": "a", "when": {"purchases": {"max": 0}}},)}, "last rule must have no"),
        ({"rules": ({"stage": "a"}, {"stage": "b"})}, "only the last rule"),
        ({"rules": ({"stage": "a", "when": {"purchases": {}}}, {"stage": "b"})}, "min, max, above"),
        ({"rules": ({"stage": "a", "when": {"age": {"max": 0}}}, {"stage": "b"})}, "tenure_months"),
        ({"preset": "six_stage"}, "five_stage"),
    ],
)
def test_wrong_schemes_are_refused(stages, message):
    with pytest.raises(ValidationError, match=message):
        StageScheme.model_validate(stages)


def test_a_wrong_scheme_in_a_file_is_one_sentence(tmp_path):
    text = (
        "schema_version: 1\nstudy: made\ntitle: Made\nauthor: Test\nrelationship: noncontractual\n"
        "observed_from: 2022-01-01\nobserved_until: 2022-12-31\ntimezone: Europe/Berlin\n"
        "currency: EUR\ndata: {simulated: {company: bank, customers: 5, seed: 1}}\n"
    )
    (tmp_path / "made.yml").write_text(text + "stages: {preset: purchase}\n")
    assert read_params(tmp_path / "made.yml").stages.stages == ORDER["purchase"]
    (tmp_path / "made.yml").write_text(text + "stages: {rules: [{stage: a, wen: {}}]}\n")
    with pytest.raises(ParamsError, match="wen must be a known key, but is not; did you mean when"):
        read_params(tmp_path / "made.yml")
