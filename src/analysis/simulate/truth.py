"""What is true of a simulated company: every number that its tables were drawn from.

An analysis that is right finds these numbers again, within its own intervals, from the tables
alone; the latent path and the latent scores are there for the tests that look behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

import pyarrow as pa

STAGES = ("prospect", "new", "mature", "declining", "churned", "won_back")
ACTIVE_STAGES = ("new", "mature", "declining", "won_back")
LATENTS = ("image", "expectations", "quality", "value", "satisfaction", "loyalty")


class _Fixed:
    """A dataclass whose dictionaries cannot be changed either."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _fixed(getattr(self, field.name)))


def _fixed(value):
    if not isinstance(value, dict):
        return value
    return MappingProxyType({key: _fixed(inner) for key, inner in value.items()})


@dataclass(frozen=True, slots=True, eq=False)
class StageTruth(_Fixed):
    """Intensities of the latent stage process, per month of 30.4375 days.

    A customer's intensity into `churned` from an active stage is
    `hazards[stage, "churned"] * exp(churn) + involuntary + merged`, where `churn` sums
    `satisfaction_effect` times latent satisfaction, the channel's effect and, within
    `complaint_days` after a complaint, `complaint_effect` (less `fast_relief` where it was
    resolved within `fast_days` calendar days, from the complaint on).
    All other intensities are the same for everybody.
    """

    hazards: Mapping[tuple[str, str], float]
    conversion: Mapping[str, float]  # prospect to new, by channel
    involuntary: float
    merged: float
    satisfaction_effect: float
    channel_effect: Mapping[str, float]
    complaint_effect: float
    fast_relief: float
    complaint_days: float
    fast_days: float


@dataclass(frozen=True, slots=True, eq=False)
class PurchaseTruth(_Fixed):
    """Orders: a Poisson process within a stage, and one order on entering `new` or `won_back`.

    The rate is `rate[stage] * frailty * exp(satisfaction_effect * satisfaction + tier benefit)`
    orders a month, times `season[month] * weekday[day]` (each of mean one); frailty is gamma
    with shape `frailty_shape` and mean one. Amounts follow the gamma-gamma model of Fader and
    Hardie: an order of customer i is Gamma(`p`, rate nu_i), nu_i is Gamma(`q`, rate `gamma`).
    """

    rate: Mapping[str, float]
    frailty_shape: float
    satisfaction_effect: float
    season: tuple[float, ...]
    weekday: tuple[float, ...]
    p: float
    q: float
    gamma: float
    return_share: float
    return_days: float
    margin: Mapping[str, float]  # product to mean margin rate


@dataclass(frozen=True, slots=True, eq=False)
class TierTruth(_Fixed):
    """The company's own tiers, rated each January and July on the net spend of twelve months.

    `tiers[k]` needs at least `thresholds[k - 1]`; `benefit[tier]` is added to the log of the
    purchase rate while the tier is held. The programme is the tier `programme`: at its threshold
    the log rate jumps by the difference of its benefit to that of the tier below.
    """

    tiers: tuple[str, ...]
    thresholds: tuple[float, ...]
    benefit: Mapping[str, float]
    programme: str


@dataclass(frozen=True, slots=True, eq=False)
class SurveyTruth(_Fixed):
    """The structural model of the latent scores and the measurement of the items.

    All latent scores have mean 0 and variance 1. `paths[from, to]` are the structural
    coefficients. An item is its mean plus `item_sd` times (loading * latent + noise), the
    bracket of variance 1, rounded and held to 1..10 (`nps`: 0..10).
    """

    paths: Mapping[tuple[str, str], float]
    loadings: Mapping[str, Mapping[str, float]]  # scale to item to loading
    means: Mapping[str, float]
    item_sd: float
    nps_loading: float
    nps_mean: float
    nps_sd: float
    sampling: Mapping[str, float]  # tier to the share asked in a wave
    response: Mapping[str, float]  # age band to the share that answers
    missing_share: float

    def alpha(self, scale: str) -> float:
        """Cronbach's alpha of a scale that its loadings imply, before rounding."""
        loadings = [abs(loading) for loading in self.loadings[scale].values()]
        items, total = len(loadings), sum(loadings)
        common = total**2 - sum(loading**2 for loading in loadings)
        return items / (items - 1) * common / (items + common)


@dataclass(frozen=True, slots=True, eq=False)
class ContactTruth(_Fixed):
    """Interactions: events a month of relationship, by kind, and how they are handled."""

    rates: Mapping[str, float]  # contact, enquiry
    complaint_rate: float
    complaint_satisfaction: float  # effect of satisfaction on the log complaint rate
    handling_days: Mapping[str, tuple[float, float]]  # kind to median and log standard deviation
    unresolved_days: float  # handling that would take longer is never resolved
    channels: Mapping[str, float]  # channel to cost of one interaction


@dataclass(frozen=True, slots=True, eq=False)
class CampaignTruth(_Fixed):
    """Campaigns on customers who have bought: arms by lot, effect on the log purchase rate."""

    months: tuple[int, ...]
    reach: float
    treated_share: float
    window_days: int
    effect: float
    cost: float
    redeem_share: float


@dataclass(frozen=True, slots=True, eq=False)
class Preset(_Fixed):
    """What a company is like before anything is drawn.

    `opening` holds the weights of the 24 hours, Monday to Friday and at weekends; `plans` the
    monthly fees of the contracts; `order_channels` where orders are placed.
    """

    company: str
    contractual: bool
    segments: Mapping[str, Mapping[str, float]]  # segment column to shares
    acquisition_cost: Mapping[str, float]  # channel to mean cost of a contact
    order_channels: Mapping[str, float]
    products: Mapping[str, float]
    plans: Mapping[str, float]
    opening: tuple[tuple[float, ...], tuple[float, ...]]
    stages: StageTruth
    purchases: PurchaseTruth
    tiers: TierTruth
    survey: SurveyTruth
    contacts: ContactTruth
    campaigns: CampaignTruth


@dataclass(frozen=True, slots=True, eq=False)
class Truth(Preset):
    """A company's parameters and what was drawn of its latent world.

    Attributes
    ----------
    path : pyarrow.Table
        `customer_id, stage, from_at, to_at, reason`: one row a stay in a stage; `to_at` is null
        where observation ended first, `reason` (voluntary, involuntary, merged) is set where the
        stay ended in `churned`.
    latent : pyarrow.Table
        One row a customer: the six latent scores, `frailty`, `mean_spend` of an order,
        `log_churn` (constant part of the log churn effect) and `log_rate` (frailty included).
    campaign_effects : pyarrow.Table
        One row a campaign: `campaign, from_at, until_at, treated, control, effect`, the average
        effect of treatment on orders in the window, over both arms, given their paths.
    """

    path: pa.Table
    latent: pa.Table
    campaign_effects: pa.Table
