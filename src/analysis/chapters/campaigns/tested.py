"""What being chosen for a campaign changed, by campaign and over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.chapters.campaigns.contacts import CONTROL, TREATED, Trials
from analysis.errors import DataError
from analysis.methods.experiments import (
    ALERT,
    ArmEffect,
    Balance,
    ComplierEffect,
    balance,
    complier_effect,
    equal_effects_p_value,
    mean_effect,
    pooled_effect,
    ratio_effect,
    sample_ratio_p_value,
)
from analysis.methods.pairs import holm
from analysis.methods.survival import (
    RestrictedMeans,
    SurvivalCurve,
    restricted_mean,
    survival_curve,
)

TICKET = "ticket"
NONE, EARLIER = "none", "earlier"
SPLITS = ("tier_held", "stage")
ESTIMATED = ("estimate", "std_error", "conf_low", "conf_high", "p_value")
TOLD = (*ESTIMATED, "treated_mean", "control_mean", "smallest")


@dataclass(frozen=True, slots=True, eq=False)
class CampaignEffects:
    """What campaigns changed for those chosen for them, whether or not they took the offer.

    Attributes
    ----------
    table : DataFrame of shape (campaigns and outcomes, 12)
        `campaign, outcome, estimate, std_error, conf_low, conf_high, p_value, p_holm` (over all
        rows)`, treated_mean, control_mean, smallest` (effect found with a power of 80 %)`, n`
        (customers in it). Adjusted for the same quantity before the contact.
    pooled : DataFrame of shape (outcomes x 2, 11)
        Over all campaigns, without and with the adjustment: `outcome, adjustment` ('none',
        'earlier')`, estimate, std_error, conf_low, conf_high, p_value, treated_mean, control_mean,
        smallest, n` (customers, each counted once). The outcome 'ticket' is revenue a purchase.
    arms : DataFrame of shape (campaigns, 6)
        `campaign, begins, treated, control, p_value` (that the arms have the sizes planned; NaN
        where no plan is known)`, n`.
    balance : Balance
        The arms before the contact.
    compliers : ComplierEffect or None
        Effect on purchases of those who used the offer because they got it; None where nobody did.
    cost : float
        Mean cost of contacting a customer, in the study's currency.
    customers : int
    weeks : float
    by_lot : bool
        Whether lot is known to have decided.
    """

    COUNTED_BY: ClassVar = {"table": "n", "pooled": "n", "arms": "n"}

    table: pd.DataFrame
    pooled: pd.DataFrame
    arms: pd.DataFrame
    balance: Balance
    compliers: ComplierEffect | None
    cost: float
    customers: int
    weeks: float
    by_lot: bool

    @property
    def doubt(self) -> str:
        """Why no effect may be called one: 'no_lot', 'sizes', 'unlike'; empty where it may."""
        if not self.by_lot:
            return "no_lot"
        if (self.arms["p_value"] < ALERT / max(len(self.arms), 1)).any():
            return "sizes"
        return "unlike" if self.balance.p_value < ALERT else ""

    def row(self, outcome: str, adjustment: str = EARLIER) -> pd.Series | None:
        """The pooled row of an outcome; None where there is none that may be told."""
        chosen = self.pooled["outcome"].eq(outcome) & self.pooled["adjustment"].eq(adjustment)
        rows = self.pooled[chosen].dropna(subset=["n", "conf_low"])
        return rows.iloc[0] if len(rows) else None


@dataclass(frozen=True, slots=True, eq=False)
class GroupEffects:
    """The effect on an outcome among customers of each tier and stage on the eve of the contact.

    Attributes
    ----------
    table : DataFrame of shape (groups, 8)
        `by` ('tier_held', 'stage')`, group, estimate, conf_low, conf_high, p_value, p_holm, n`.
    p_value : float
        One test that the effect is the same in all tiers and in all stages (the smaller of the two
        p-values, by Holm); NaN where there are no two groups.
    outcome : str
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    p_value: float
    outcome: str


@dataclass(frozen=True, slots=True, eq=False)
class NextPurchase:
    """How soon customers of each arm bought next, from the day of the contact.

    Attributes
    ----------
    curve : SurvivalCurve
        Days without a purchase, by arm ('treated', 'control').
    means : RestrictedMeans
        Mean days without a purchase within the window, and their difference.
    weeks : float
    n : int
        Customers.
    """

    curve: SurvivalCurve
    means: RestrictedMeans
    weeks: float
    n: int


def campaign_effects(trials: Trials, *, conf_level: float) -> CampaignEffects:
    """Estimate what being chosen changed in each outcome (intention to treat).

    Parameters
    ----------
    trials : Trials
        Without a campaign that can be compared, the tables are empty.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    CampaignEffects
    """
    frame, rows, pooled = trials.frame, [], []
    for outcome in trials.outcomes:
        for adjustment in (NONE, EARLIER):
            effects = _each(frame, outcome, adjustment, conf_level)
            if not effects:
                continue
            told = pooled_effect([*effects.values()], _units(frame, effects), conf_level=conf_level)
            pooled.append({"outcome": outcome, "adjustment": adjustment, **_told(told)})
            if adjustment == EARLIER:
                rows += [
                    {"campaign": name, "outcome": outcome, **_told(one)}
                    for name, one in effects.items()
                ]
    pooled += _ticket(frame, trials, conf_level)
    table = pd.DataFrame(rows, columns=["campaign", "outcome", *TOLD, "n"])
    table.insert(6, "p_holm", holm(table["p_value"]))
    return CampaignEffects(
        table,
        pd.DataFrame(pooled, columns=["outcome", "adjustment", *TOLD, "n"]),
        _arms(frame, trials),
        balance(_before(frame), treated=frame["treated"], strata=frame["campaign"]),
        _compliers(frame, conf_level) if len(frame) else None,
        float(frame.loc[frame["treated"], "cost"].mean()),
        trials.customers,
        trials.weeks,
        trials.by_lot is not None,
    )


def effects_by_group(
    trials: Trials, *, least: int, conf_level: float, outcome: str = "bought_again"
) -> GroupEffects:
    """Estimate the effect in each tier and stage, and test first whether it differs at all.

    Parameters
    ----------
    trials : Trials
    least : int
        Customers that a group needs in each arm of a campaign, at least 2.
    conf_level : float
        Between 0 and 1.
    outcome : str
        One of its outcomes.

    Returns
    -------
    GroupEffects
    """
    frame, rows, tests = trials.frame, [], []
    for by in (name for name in SPLITS if name in frame):
        found = {}
        for group, part in frame.groupby(by, observed=True):
            effects = _each(part, outcome, EARLIER, conf_level, least=least)
            if effects:
                units = _units(part, effects)
                found[group] = pooled_effect([*effects.values()], units, conf_level=conf_level)
        tests.append(equal_effects_p_value([*found.values()]))
        rows += [{"by": by, "group": group, **_told(one)} for group, one in found.items()]
    columns = ["by", "group", "estimate", "conf_low", "conf_high", "p_value", "n"]
    table = pd.DataFrame(rows, columns=columns)
    table.insert(6, "p_holm", holm(table["p_value"]))
    known = [p for p in holm(np.array(tests, float)) if p == p]
    return GroupEffects(table, min(known, default=np.nan), outcome)


def next_purchase(trials: Trials, *, conf_level: float) -> NextPurchase | None:
    """Compare how soon customers of the two arms bought next.

    Parameters
    ----------
    trials : Trials
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    NextPurchase or None
        None without a campaign that can be compared.
    """
    frame = trials.frame
    if not len(frame):
        return None
    arm = pd.Categorical(np.where(frame["treated"], TREATED, CONTROL), [CONTROL, TREATED])
    durations = pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            "duration": frame["days"],
            "event": frame["bought"],
            "arm": arm,
        }
    )
    several = trials.customers < len(frame)
    given = {"by": "arm", "conf_level": conf_level}
    whose = "customer_id" if several else None
    window = float(int(7 * trials.weeks))
    return NextPurchase(
        survival_curve(durations, **given),
        restricted_mean(durations, until=window, cluster=whose, **given),
        trials.weeks,
        trials.customers,
    )


def _each(
    frame: pd.DataFrame, outcome: str, adjustment: str, conf_level: float, *, least: int = 2
) -> dict[str, ArmEffect]:
    """The effect in every campaign that can tell one."""
    found = {}
    for name, part in frame.groupby("campaign", sort=False):
        if min(part["treated"].sum(), (~part["treated"]).sum()) < least:
            continue
        known = _before(part) if adjustment == EARLIER else None
        try:
            found[name] = mean_effect(
                part[outcome], treated=part["treated"], covariates=known, conf_level=conf_level
            )
        except DataError:
            continue
    return found


def _before(part: pd.DataFrame) -> pd.DataFrame:
    return part[[name for name in part if str(name).endswith("_before")]]


def _units(frame: pd.DataFrame, effects: dict[str, ArmEffect]) -> list[pd.Series]:
    return [frame.loc[one.influence.index, "customer_id"] for one in effects.values()]


def _told(effect: ArmEffect) -> dict:
    return {name: getattr(effect, name) for name in TOLD} | {"n": len(effect.influence)}


def _ticket(frame: pd.DataFrame, trials: Trials, conf_level: float) -> list[dict]:
    if "revenue" not in trials.outcomes:
        return []
    effects = {}
    for name, part in frame.groupby("campaign", sort=False):
        try:
            effects[name] = ratio_effect(
                part["revenue"], part["purchases"], treated=part["treated"], conf_level=conf_level
            )
        except DataError:
            continue
    if not effects:
        return []
    told = pooled_effect([*effects.values()], _units(frame, effects), conf_level=conf_level)
    return [{"outcome": TICKET, "adjustment": NONE, **_told(told)}]


def _arms(frame: pd.DataFrame, trials: Trials) -> pd.DataFrame:
    rows = []
    for name, part in frame.groupby("campaign", sort=False):
        treated, control = int(part["treated"].sum()), int((~part["treated"]).sum())
        p_value = np.nan
        if trials.by_lot is not None:
            p_value = sample_ratio_p_value(treated, control, planned=trials.by_lot)
        rows.append((name, part["at"].min(), treated, control, p_value, treated + control))
    return pd.DataFrame(rows, columns=["campaign", "begins", "treated", "control", "p_value", "n"])


def _compliers(frame: pd.DataFrame, conf_level: float) -> ComplierEffect | None:
    """Both effects over the same campaigns: those in which somebody used the offer."""
    taken = frame.assign(taken=frame["redeemed"].astype(float))
    found = [_each(taken, outcome, NONE, conf_level) for outcome in ("purchases", "taken")]
    both = [name for name in found[0] if name in found[1]]
    if not both:
        return None
    pooled = []
    for effects in found:
        kept = {name: effects[name] for name in both}
        units = _units(taken, kept)
        pooled.append(pooled_effect([*kept.values()], units, conf_level=conf_level))
    return complier_effect(*pooled, conf_level=conf_level)
