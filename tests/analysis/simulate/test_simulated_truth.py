"""Recovery: what the tables were drawn from is found again in them."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from analysis.simulate import ACTIVE_STAGES, LATENTS, STAGES, draw_company
from analysis.simulate.clock import Clock
from analysis.simulate.companies import COMPANIES
from analysis.simulate.paths import draw_paths
from analysis.simulate.people import draw_people
from analysis.units import DAYS_PER_MONTH

# a fixed seed must lie within the 99.9 % interval of each of the many numbers
Z = stats.norm.ppf(0.9995)
DAY = pd.Timedelta(1, "D")
END = pd.Timestamp("2025-01-01")


def covers(events, expected, log_effect=0.0):
    """Whether the log rate ratio events / expected has log_effect in its Poisson interval."""
    assert events > 20
    return abs(np.log(events / expected) - log_effect) < Z / np.sqrt(events)


def stays_of(company):
    path = company.truth.path.to_pandas()
    follows = path.customer_id.eq(path.customer_id.shift(-1))
    path["next"] = path.stage.shift(-1).where(follows)
    path["to_at"] = path.to_at.fillna(END)
    path["months"] = (path.to_at - path.from_at) / DAY / DAYS_PER_MONTH
    return path


def test_stage_hazards_are_found_in_the_paths(retailer):
    stays, truth = stays_of(retailer), retailer.truth.stages
    exposure = stays.groupby("stage").months.sum()
    moves = stays.groupby(["stage", "next"]).size()
    shared = {pair: value for pair, value in truth.hazards.items() if pair[1] != "churned"}
    assert len(shared) == 7
    for (source, target), hazard in shared.items():
        assert covers(moves[source, target], hazard * exposure[source]), (source, target)


def test_conversion_hazards_are_found_by_channel(retailer):
    customers = retailer.tables["customers"].to_pandas()
    until = customers.acquired_at.fillna(END)
    months = (until - customers.first_contact_at) / DAY / DAYS_PER_MONTH
    by_channel = months.groupby(customers.channel).sum()
    converted = customers.groupby("channel").acquired_at.count()
    for channel, hazard in retailer.truth.stages.conversion.items():
        assert covers(converted[channel], hazard * by_channel[channel]), channel


@pytest.fixture(scope="module")
def endangered(retailer):
    """Stays of active customers cut at complaints: months calm, and upset after a complaint."""
    stays, truth = stays_of(retailer), retailer.truth.stages
    stays = stays[stays.stage.isin(ACTIVE_STAGES)].reset_index(names="stay")
    latent = retailer.truth.latent.to_pandas().set_index("customer_id")
    hazard = stays.stage.map({stage: truth.hazards[stage, "churned"] for stage in ACTIVE_STAGES})
    stays["hazard"] = hazard * np.exp(latent.log_churn.loc[stays.customer_id].to_numpy())
    told = retailer.tables["interactions"].to_pandas().query("kind == 'complaint'")
    told = told.sort_values(["customer_id", "at"])
    window = told["at"] + truth.complaint_days * DAY
    following = told.groupby("customer_id")["at"].shift(-1)
    told["calm_at"] = window.where(following.isna() | (following > window), following)
    days = told.resolved_at.dt.normalize() - told["at"].dt.normalize()
    told["fast"] = days <= truth.fast_days * DAY
    told["known"] = told["at"] < END - (truth.fast_days + 1) * DAY
    upset = stays.merge(told[["customer_id", "at", "calm_at", "fast", "known"]], on="customer_id")
    low, high = (
        pd.concat([upset.from_at, upset["at"]], axis=1).max(axis=1),
        pd.concat([upset.to_at, upset.calm_at], axis=1).min(axis=1),
    )
    upset["months"] = (high - low) / DAY / DAYS_PER_MONTH
    upset["ends"] = (upset.reason == "voluntary") & (high == upset.to_at)
    return stays, upset[upset.months > 0]


def test_complaints_and_their_handling_change_churn(retailer, endangered):
    _, upset = endangered
    truth = retailer.truth.stages
    for fast, effect in (
        (False, truth.complaint_effect),
        (True, truth.complaint_effect - truth.fast_relief),
    ):
        here = upset[upset.known & (upset.fast == fast)]
        assert covers(here.ends.sum(), (here.hazard * here.months).sum(), effect), fast


def test_churn_hazards_and_the_effect_of_satisfaction_are_found(retailer, endangered):
    stays, upset = endangered
    stays = stays.set_index("stay", drop=False)
    calm = stays.months - upset.groupby("stay").months.sum().reindex(stays.index, fill_value=0.0)
    ends = (stays.reason == "voluntary") & ~stays.stay.isin(upset.stay[upset.ends])
    for stage in ACTIVE_STAGES:
        here = stays.stage == stage
        assert covers(ends[here].sum(), (stays.hazard * calm)[here].sum()), stage
    latent = retailer.truth.latent.to_pandas().set_index("customer_id").loc[stays.customer_id]
    channel = retailer.tables["customers"].to_pandas().set_index("customer_id").channel
    truth = retailer.truth.stages
    effect = channel.loc[stays.customer_id].map(truth.channel_effect).to_numpy()
    base = stays.stage.map({stage: truth.hazards[stage, "churned"] for stage in ACTIVE_STAGES})
    offset = np.log(base.to_numpy() * np.maximum(calm.to_numpy(), 1e-9)) + effect
    design = sm.add_constant(latent.satisfaction.to_numpy())
    fit = sm.GLM(ends.to_numpy(float), design, sm.families.Poisson(), offset=offset).fit()
    assert abs(fit.params[1] - truth.satisfaction_effect) < Z * fit.bse[1]
    assert abs(fit.params[0]) < Z * fit.bse[0]


def test_other_ends_are_found_as_competing(retailer):
    stays, truth = stays_of(retailer), retailer.truth.stages
    months = stays.months[stays.stage.isin(ACTIVE_STAGES)].sum()
    for reason in ("involuntary", "merged"):
        assert covers((stays.reason == reason).sum(), getattr(truth, reason) * months), reason


def test_campaign_effects_are_found_by_difference_in_means(retailer):
    rows = retailer.tables["campaigns"].to_pandas()
    orders = retailer.tables["transactions"].to_pandas().query("amount > 0")
    effects = retailer.truth.campaign_effects.to_pandas().set_index("campaign")
    assert len(effects) == 5
    gaps = []
    for name, reached in rows.groupby("campaign"):
        window = orders["at"].between(
            effects.from_at[name], effects.until_at[name], inclusive="left"
        )
        counts = orders[window].groupby("customer_id").size()
        bought = counts.reindex(reached.customer_id, fill_value=0).to_numpy()
        arms = [bought[(reached.arm == arm).to_numpy()] for arm in ("treated", "control")]
        error = np.sqrt(sum(arm.var(ddof=1) / arm.size for arm in arms))
        gaps.append((arms[0].mean() - arms[1].mean() - effects.effect[name]) / error)
        assert effects.effect[name] > 0.02
    assert np.max(np.abs(gaps)) < Z
    assert abs(np.sum(gaps)) / np.sqrt(len(gaps)) < Z


@pytest.fixture(scope="module")
def calm_bank():
    """A bank without seasons and campaign effects, so that exposure is time."""
    bank = COMPANIES["bank"]
    buying = replace(bank.purchases, season=(1.0,) * 12, weekday=(1.0,) * 7)
    bank = replace(bank, purchases=buying, campaigns=replace(bank.campaigns, effect=0.0))
    day = ((0.0,) * 6 + (1.0,) * 18,) * 2
    clock = Clock.of(date(2022, 1, 1), date(2024, 12, 31), buying.season, buying.weekday, day)
    return draw_company(bank, clock, 6_000, 11)


def test_purchase_rates_satisfaction_and_tier_benefits_are_found(calm_bank):
    truth = calm_bank.truth
    stays = stays_of(calm_bank)
    stays = stays[stays.stage.isin(ACTIVE_STAGES)]
    held = calm_bank.tables["tier_history"].to_pandas()
    held = held.rename(columns={"from_at": "held_from", "to_at": "held_to"}).drop(columns="reason")
    both = stays.merge(held.fillna({"held_to": END}), on="customer_id")
    low, high = (
        both[["from_at", "held_from"]].max(axis=1),
        both[["to_at", "held_to"]].min(axis=1),
    )
    both["months"] = ((high - low) / DAY / DAYS_PER_MONTH).clip(lower=0)
    orders = calm_bank.tables["transactions"].to_pandas().query("amount > 0").sort_values("at")
    entry = stays.from_at.where(stays.stage.isin(["new", "won_back"])).dt.floor("s").dropna()
    entered = pd.MultiIndex.from_arrays([stays.customer_id.loc[entry.index], entry])
    orders = orders[~pd.MultiIndex.from_frame(orders[["customer_id", "at"]]).isin(entered)]
    spells = both[both.months > 0].assign(low=low, high=high).sort_values("low")
    where = pd.merge_asof(orders, spells, left_on="at", right_on="low", by="customer_id")
    cell = ["customer_id", "tier", "stage"]
    number = where.groupby(cell).size()
    table = spells.groupby(cell).months.sum().to_frame()
    table["orders"] = number.reindex(table.index, fill_value=0)
    table = table.reset_index()
    latent = truth.latent.to_pandas().set_index("customer_id").loc[table.customer_id]
    names = [f"tier {tier}" for tier in truth.tiers.tiers[1:]]
    design = pd.get_dummies("tier " + table.tier).astype(float)[names]
    stages = pd.get_dummies(table.stage).astype(float)
    design = design.join(stages).assign(satisfaction=latent.satisfaction.to_numpy())
    offset = np.log(latent.frailty.to_numpy() * table.months)
    fit = sm.GLM(table.orders, design, sm.families.Poisson(), offset=offset).fit()
    expected = {"satisfaction": truth.purchases.satisfaction_effect}
    expected |= {stage: np.log(truth.purchases.rate[stage]) for stage in ACTIVE_STAGES}
    expected |= {f"tier {tier}": truth.tiers.benefit[tier] for tier in truth.tiers.tiers[1:]}
    for term, value in expected.items():
        assert abs(fit.params[term] - value) < Z * fit.bse[term], term
    jump = fit.params["tier important"] - fit.params["tier general"]
    assert truth.tiers.programme == "important"
    assert truth.tiers.thresholds[truth.tiers.tiers.index("important") - 1] == 3000.0
    benefit = truth.tiers.benefit["important"] - truth.tiers.benefit["general"]
    assert benefit == pytest.approx(0.25)
    assert abs(jump - benefit) < 0.05


def test_heterogeneity_and_spend_are_as_the_truth_says(retailer):
    latent, truth = retailer.truth.latent.to_pandas(), retailer.truth.purchases
    frailty = stats.kstest(
        latent.frailty, stats.gamma(truth.frailty_shape, scale=1 / truth.frailty_shape).cdf
    )
    assert frailty.pvalue > 0.001
    spend = stats.kstest(
        truth.p / latent.mean_spend, stats.gamma(truth.q, scale=1 / truth.gamma).cdf
    )
    assert spend.pvalue > 0.001
    orders = retailer.tables["transactions"].to_pandas().query("amount > 0")
    mean = latent.set_index("customer_id").mean_spend.loc[orders.customer_id].to_numpy()
    ratio = orders.amount.to_numpy() / mean
    assert abs(ratio.mean() - 1) < Z * ratio.std() / np.sqrt(ratio.size)
    assert stats.kstest(ratio, stats.gamma(truth.p, scale=1 / truth.p).cdf).statistic < 0.01


def test_returns_are_as_frequent_as_the_truth_says(retailer):
    rows = retailer.tables["transactions"].to_pandas()
    early = rows[rows["at"] < END - 60 * DAY]
    orders = early[early.amount > 0]
    share = orders.order_id.isin(rows.order_id[rows.amount < 0]).mean()
    truth = retailer.truth.purchases.return_share
    assert abs(share - truth) < Z * np.sqrt(truth * (1 - truth) / len(orders))


def test_latent_scores_obey_the_structural_model(retailer):
    scores = retailer.truth.latent.to_pandas()[list(LATENTS)]
    np.testing.assert_allclose(scores.std(), 1.0, atol=0.02)
    for target in LATENTS[1:]:
        paths = {
            source: value
            for (source, into), value in retailer.truth.survey.paths.items()
            if into == target
        }
        fit = sm.OLS(scores[target], sm.add_constant(scores[list(paths)])).fit()
        for source, value in paths.items():
            assert abs(fit.params[source] - value) < Z * fit.bse[source], (source, target)


def test_alpha_of_the_scales_is_near_what_the_loadings_imply(retailer):
    surveys, truth = retailer.tables["surveys"].to_pandas(), retailer.truth.survey
    for scale, loadings in truth.loadings.items():
        items = surveys[list(loadings)].dropna() * np.sign(list(loadings.values()))
        count = len(loadings)
        alpha = count / (count - 1) * (1 - items.var().sum() / items.sum(axis=1).var())
        assert truth.alpha(scale) - 0.035 < alpha < truth.alpha(scale) + 0.01, scale


def test_alpha_of_equal_loadings_by_hand():
    survey = replace(COMPANIES["chain"].survey, loadings={"three": dict.fromkeys("abc", 0.8)})
    assert survey.alpha("three") == pytest.approx(3 * 0.64 / (1 + 2 * 0.64))


def test_items_load_on_their_latent_score(retailer):
    surveys, truth = retailer.tables["surveys"].to_pandas(), retailer.truth.survey
    latent = retailer.truth.latent.to_pandas().set_index("customer_id").loc[surveys.customer_id]
    for scale, loadings in truth.loadings.items():
        for item, loading in loadings.items():
            found = surveys[item].corr(latent[scale].set_axis(surveys.index))
            assert abs(found - loading) < 0.04, item  # rounding and the ends of the scale
    nps = surveys.nps.corr(latent.loyalty.set_axis(surveys.index))
    assert abs(nps - truth.nps_loading) < 0.05


def test_complaints_come_from_the_dissatisfied(retailer):
    stays = stays_of(retailer)
    months = stays[stays.stage.isin(ACTIVE_STAGES)].groupby("customer_id").months.sum()
    told = retailer.tables["interactions"].to_pandas().query("kind == 'complaint'")
    number = told.groupby("customer_id").size().reindex(months.index, fill_value=0)
    satisfaction = retailer.truth.latent.to_pandas().set_index("customer_id").satisfaction
    design = sm.add_constant(satisfaction.loc[months.index])
    fit = sm.GLM(number, design, sm.families.Poisson(), offset=np.log(months)).fit()
    truth = retailer.truth.contacts
    assert abs(fit.params["const"] - np.log(truth.complaint_rate)) < Z * fit.bse["const"]
    gap = fit.params["satisfaction"] - truth.complaint_satisfaction
    assert abs(gap) < Z * fit.bse["satisfaction"]


def test_interval_of_a_stage_hazard_covers_it_in_200_companies():
    chain = COMPANIES["chain"]
    flat = (1.0,) * 12, (1.0,) * 7, chain.opening
    clock = Clock.of(date(2022, 1, 1), date(2023, 12, 31), *flat)
    hazard, covered = chain.stages.hazards["mature", "declining"], 0
    mature, declining = STAGES.index("mature"), STAGES.index("declining")
    for seed in range(200):
        people = draw_people(chain, clock, np.arange(300), seed)
        spells, _ = draw_paths(chain, clock, people, seed)
        here = np.flatnonzero(spells.stage == mature)
        months = (spells.stop - spells.start)[here].sum() / DAYS_PER_MONTH
        moves = spells.ended[here] & (np.append(spells.stage, -1)[here + 1] == declining)
        events = moves.sum()
        covered += abs(np.log(events / months / hazard)) < 1.96 / np.sqrt(events)
    assert 0.895 <= covered / 200 <= 0.990
