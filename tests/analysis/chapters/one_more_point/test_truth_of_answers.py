"""What the bank's answers were drawn from is found again in them."""

import numpy as np
import pandas as pd
import pytest

from analysis.chapters.behaviour.followed import answers_followed, behaviour_after
from analysis.chapters.drivers.importance import satisfaction_drivers, touchpoints
from analysis.chapters.drivers.tables import asymmetry_table, importance_table
from analysis.chapters.intention.intended import loyalty_intention, mediation_table
from analysis.chapters.one_more_point.margin import margin_gained, worth_after
from analysis.chapters.one_more_point.months import months_gained, relationships_after
from analysis.chapters.paths.model import satisfaction_paths
from analysis.errors import DataError
from analysis.methods.hazards import cox_regression
from analysis.methods.regression import fit_counts, landmark

Z = 3.3  # a fixed seed must lie within the 99.9 % interval of each of the many numbers


def rng():
    return np.random.default_rng(1)


@pytest.fixture(scope="module")
def latent(bank) -> pd.DataFrame:
    table = bank.company.truth.latent.to_pandas().set_index("customer_id")
    return table.loc[bank.answers.frame["customer_id"]].reset_index(drop=True)


@pytest.fixture(scope="module")
def per_point(bank, latent) -> float:
    """Latent satisfaction per point of the measured one, given the answers."""
    score = bank.answers.frame["satisfaction"]
    known = score.notna()
    return np.corrcoef(score[known], latent["satisfaction"][known])[0, 1] / score.std()


def test_consistent_paths_are_the_structural_ones(bank):
    found = satisfaction_paths(bank.answers, rng=rng())
    truth = bank.company.truth.survey.paths
    table = found.estimate.table.set_index(["from", "to"])
    for (source, target), coefficient in truth.items():
        row = table.loc[(source, target)]
        assert abs(row["consistent"] - coefficient) < 0.08, (source, target)
    assert found.target == "loyalty"
    assert found.effects_on_target().iloc[0]["from"] == "satisfaction"


def test_importance_puts_value_and_quality_first(bank):
    found = satisfaction_drivers(bank.answers, rng=rng(), replications=100)
    table = importance_table(found)
    assert set(table["term"][:2]) == {"value", "quality"}
    assert table["estimate"].sum() == pytest.approx(found.importance.r_squared)
    assert set(asymmetry_table(found)["kind"]) <= {"performance", "basic", "excitement"}
    journey = touchpoints(bank.answers, rng=rng(), replications=50).table
    truth = bank.company.truth.survey.means
    painful = journey.set_index("term")["estimate"]
    lowest = min(bank.params.satisfaction.touchpoints, key=truth.get)
    assert painful.idxmax() == lowest


def test_loyalty_runs_through_satisfaction(bank):
    found = loyalty_intention(bank.answers, rng=rng(), replications=100)
    assert 0.45 < found.effect["estimate"] < 0.65
    routes = mediation_table(found).set_index("term")["estimate"]
    assert routes["share mediated"] > 0.6
    assert routes["indirect"] + routes["direct"] == pytest.approx(routes["total"])
    # A line is what the answers were drawn from.
    assert found.shapes.table.set_index("shape").at["spline", "p_value"] > 0.001


def test_effect_on_the_purchase_rate_is_found(bank, per_point):
    frame, truth = bank.answers.frame, bank.company.truth
    path = truth.path.to_pandas()
    opens, closes = frame["at"] + pd.Timedelta(days=1), frame["at"] + pd.Timedelta(days=92)
    stays = frame[["customer_id"]].reset_index(names="sheet").merge(path, on="customer_id")
    low = np.maximum(stays["from_at"], opens.loc[stays["sheet"]].to_numpy())
    until = stays["to_at"].fillna(pd.Timestamp("2100-01-01"))
    high = np.minimum(until, closes.loc[stays["sheet"]].to_numpy())
    months = ((high - low) / pd.Timedelta(days=30.4375)).clip(lower=0)
    rate = stays["stage"].map(truth.purchases.rate).fillna(0.0)
    exposure = (months * rate).groupby(stays["sheet"]).sum().reindex(frame.index)
    benefit = frame["tier_held"].astype(str).map(truth.tiers.benefit).fillna(0.0)
    rows = frame.assign(exposure=exposure * np.exp(benefit))
    rows = rows[rows["observed_13w"] & (rows["exposure"] > 0.3)]
    fit = fit_counts(
        rows,
        outcome="purchases_13w",
        drivers=["satisfaction"],
        exposure="exposure",
        cluster="customer_id",
    )
    found = fit.table.set_index("term").loc["satisfaction"]
    expected = truth.purchases.satisfaction_effect * per_point
    assert abs(found["estimate"] - expected) < Z * found["std_error"]
    assert found["p_value"] < 1e-4


def test_effect_on_the_churn_hazard_is_found(bank, per_point):
    path = bank.company.truth.path.to_pandas()
    followed = relationships_after(bank.answers, bank.tables, bank.params).reset_index()
    stays = path[["customer_id", "stage", "from_at", "to_at", "reason"]]
    rows = followed.merge(stays, on="customer_id")
    held = (rows["from_at"] <= rows["at"]) & ~(rows["to_at"] <= rows["at"])
    rows = rows[held & (rows["stage"] != "churned")].drop_duplicates("sheet")
    ends = path.loc[path["reason"].eq("voluntary"), ["customer_id", "to_at"]]
    chosen = pd.MultiIndex.from_frame(ends.assign(to_at=ends["to_at"].dt.normalize()))
    asked = pd.MultiIndex.from_arrays([rows["customer_id"], rows["ended_at"]])
    # Within half a year, before the stage that was true at the answer has changed much.
    own = asked.isin(chosen) & rows["event"] & (rows["duration"] <= 6)
    rows = rows.assign(event=own, duration=rows["duration"].clip(upper=6))
    rows = rows.dropna(subset=["satisfaction"])
    assert rows["event"].sum() > 150
    fit = cox_regression(rows, covariates=["satisfaction"], strata="stage", cluster="customer_id")
    found = fit.table.iloc[0]
    expected = bank.company.truth.stages.satisfaction_effect * per_point
    assert abs(found["estimate"] - expected) < Z * found["std_error"]


def test_one_more_point_lasts_longer_and_leaves_more(bank):
    followed = relationships_after(bank.answers, bank.tables, bank.params)
    assert (followed["at"] >= followed["started_at"]).all()
    assert followed["duration"].gt(0).all()
    longer = months_gained(followed, bank.answers, rng=rng(), replications=40)
    row = longer.table.iloc[0]
    assert 0 < row["conf_low"] < row["estimate"] < row["conf_high"]
    assert longer.ratio["hazard_ratio"] < 1
    assert longer.hidden.estimate > longer.hidden.limit > 1
    assert longer.n + longer.n_inactive <= len(bank.answers.frame)
    assert longer.weighted
    worth, quantity = worth_after(bank.answers, bank.tables)
    assert quantity == "margin"
    richer = margin_gained(worth, quantity, bank.answers, moderators=("channel",))
    assert richer.table["estimate"].iloc[0] > 0
    assert richer.table["group"].tolist()[0] == "all"
    groups = richer.table.groupby("segment", sort=False)["n"].sum()
    assert groups.index.tolist() == ["all", "tier_held", "channel"]
    assert groups.nunique() == 1


def test_worth_is_what_the_transactions_say(bank):
    worth, _ = worth_after(bank.answers, bank.tables)
    bought = bank.tables.fetch(bank.tables["transactions"])
    for _, sheet in worth.sample(20, random_state=1).iterrows():
        own = bought[bought["customer_id"] == sheet["customer_id"]]
        days = (own["at"] - sheet["at"]).dt.days
        assert own.loc[days.between(1, 91), "margin"].sum() == pytest.approx(
            sheet["worth_after"], abs=1e-5
        )


def test_behaviour_uses_whole_windows_after_the_answer_only(bank):
    rows, cut_off, _ = answers_followed(bank.answers)
    assert rows["observed_13w"].all()
    assert len(rows) + cut_off == len(bank.answers.frame)
    found = behaviour_after(bank.answers)
    assert (found.overall[["again", "bought", "spent"]] > 0).all()
    assert found.by_group["segment"].unique().tolist() == ["all", "tier_held"]
    assert found.weighted
    ratios = found.models.set_index("model")["estimate"]
    assert ratios["poisson"] == pytest.approx(ratios["negative_binomial"], rel=0.05)


def test_survey_after_its_outcome_is_an_error(bank):
    frame = bank.answers.frame.assign(opened=bank.answers.frame["at"] - pd.Timedelta(days=30))
    with pytest.raises(DataError, match="an outcome before the survey explains nothing"):
        landmark(frame, answered_at="at", outcome_from="opened", observed="observed_13w")
