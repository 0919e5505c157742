"""The answers of a study, ready to be analysed: scale scores, and what was known before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError
from analysis.frames import attach_known, customer_frame, survey_frame
from analysis.frames.calendar import first_day, month_number
from analysis.methods.disclosure import pool_small
from analysis.methods.scales import Scale, scale_scores
from analysis.notes import Note, note
from analysis.params import Params
from analysis.params.satisfaction import SatisfactionParams
from analysis.states.tier_held import with_tier
from analysis.units import WEEKS_PER_YEAR

WEIGHT = "survey_weight"
UNKNOWN = "unknown"
NOT_ESTIMABLE = note("not_estimable")
BEFORE = ("tenure_years", "log_spend_before")
CURVES = ("log_purchases_squared", "log_weeks_active_squared", "log_purchases_by_weeks")
HISTORY = ("log_purchases", "log_spend", "log_weeks_active", "purchases_band", *CURVES)
SINCE = ("log_weeks_since", "since_band")
MOST_BANDS, CUSTOMERS_A_BAND, CUSTOMERS_A_CURVE = 8, 100, 25
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """One row an answered questionnaire.

    Attributes
    ----------
    frame : DataFrame
        `customer_id, at`, the items, one column a scale (its mean, in the unit of the answers,
        reverse-coded items turned), what was known before the answer (`tier_held`, `tenure_years`,
        `log_spend_before`, the study's segments) and, where purchases are known, the windows after
        it (see `survey_frame`).
    scales : dict of str to Scale
    counts : DataFrame
        `scale, items, n, n_dropped, n_filled`.
    groups : tuple of str
        Columns that form groups, the tier first; all known before the answer.
    controls : tuple of str
        Columns that regressions adjust for; all known before the answer.
    weight : str or None
        Column of the sampling weight.
    roles : SatisfactionParams
    followed : bool
        Whether purchases are known, so that there is something after an answer.
    history : tuple of str
        Columns on the purchases up to the answer: how many, over how long, for how much.
    since : tuple of str
        Columns on the time from the last of them to the answer, where it varies.
    """

    frame: pd.DataFrame
    scales: Mapping[str, Scale]
    counts: pd.DataFrame
    groups: tuple[str, ...]
    controls: tuple[str, ...]
    weight: str | None
    roles: SatisfactionParams
    followed: bool
    history: tuple[str, ...] = ()
    since: tuple[str, ...] = ()

    @property
    def with_history(self) -> tuple[str, ...]:
        """What is known before the answer, with the purchases so far in the place of tenure."""
        if not self.history:
            return self.controls
        groups = [name for name in self.controls if name not in BEFORE]
        return (*groups, *self.history)

    @property
    def with_clock(self) -> tuple[str, ...]:
        """The same, and where the clock of purchases stands on the day of the answer.

        Who answers late after a purchase is closer to the next one, or further gone, whatever the
        answer: what is bought in a window after it is compared among those who stand alike.
        """
        return (*self.with_history, *self.since)

    @property
    def never_bought(self) -> int:
        """Answers before any purchase: they have no place on the clock of purchases."""
        column = "purchases_so_far"
        return int(self.frame[column].eq(0).sum()) if column in self.frame else 0

    @property
    def customers(self) -> int:
        """Customers who answered at least once."""
        return int(self.frame["customer_id"].nunique())

    @property
    def cluster(self) -> str | None:
        """`customer_id` where somebody answered more than once."""
        return "customer_id" if self.customers < len(self.frame) else None

    @property
    def sampled(self) -> dict[str, str | None]:
        """How the answers came about, as the methods take it: `cluster` and `weight`."""
        return {"cluster": self.cluster, "weight": self.weight}

    @property
    def one_day(self) -> bool:
        """Whether all answers carry one day, as where the source knows none."""
        return self.frame["at"].nunique() < 2


def read_answers(tables: Tables, params: Params) -> Answers:
    """Score the scales and join what was known of each customer before the answer.

    Parameters
    ----------
    tables : Tables
        Uses `surveys`, and what there is of `transactions`, `customers`, `tier_history`.
    params : Params
        Uses `satisfaction`, `segments`, `min_cell` and what `survey_frame` uses.

    Returns
    -------
    Answers

    Raises
    ------
    DataError
        Items that are absent, text, or outside the range of their scale, all at once; sampling
        weights that some answers have and others have not.
    """
    roles = params.satisfaction
    frame = survey_frame(tables, params).reset_index(drop=True)
    scales = {
        name: Scale(scale.items, scale.reverse, scale.low, scale.high)
        for name, scale in roles.scales.items()
    }
    scored = scale_scores(frame, scales=scales, missing=roles.missing_items)
    frame = frame.assign(**{name: scored.scores[name] for name in scales})
    frame, segments = _with_segments(frame, tables, params)
    frame, tier = _with_ordered_tier(frame, tables)
    followed = "transactions" in tables
    if followed:
        spent = frame["revenue_before"].clip(lower=0)
        frame = frame.assign(
            tenure_years=frame["tenure_weeks"].fillna(0) / WEEKS_PER_YEAR,
            log_spend_before=np.log1p(spent),
        )
        frame = _with_clock(frame)
    weight = WEIGHT if _is_weighted(frame) else None
    before = BEFORE if followed else ()
    return Answers(
        frame=frame,
        scales=scales,
        counts=scored.table,
        groups=(*tier, *segments),
        controls=tuple(c for c in (*tier, *before, *segments) if frame[c].nunique() > 1),
        weight=weight,
        roles=roles,
        followed=followed,
        history=_varying(frame, HISTORY) if followed else (),
        since=_varying(frame, SINCE) if followed else (),
    )


def study_customers(tables: Tables, params: Params) -> pd.DataFrame:
    """All customers of the study with what is known of them, whether they answered or not.

    Parameters
    ----------
    tables : Tables
        Uses `transactions`; where there are none, `customers`.
    params : Params
        What `customer_frame` uses.

    Returns
    -------
    DataFrame
        The customer frame; where there are no transactions, the table `customers` as it is.
    """
    if "transactions" in tables:
        return customer_frame(tables, params)
    return tables.fetch(tables["customers"])


def with_states(answers: Answers, months: ibis.Table, *, name: str, order: tuple) -> Answers:
    """Add the state of the last complete month before each answer, such as the stage.

    Parameters
    ----------
    answers : Answers
        Uses `customer_id` and `at`.
    months : ibis.Table
        `customer_id, month` (its first day) and the column `name`, as judged at the end of the
        month: it is known from the first day of the next one.
    name : str
        The state's column, which the answers get.
    order : tuple of str
        The states in their order.

    Returns
    -------
    Answers
    """
    judged = months.select("customer_id", name, from_at=first_day(month_number(months.month) + 1))
    frame = attach_known(answers.frame, judged, at="at")
    kept = [state for state in order if (frame[name] == state).any()]
    text = frame[name].astype(object).where(frame[name].notna(), UNKNOWN)
    levels = [*kept, *([UNKNOWN] if (text == UNKNOWN).any() else [])]
    return replace(answers, frame=frame.assign(**{name: pd.Categorical(text, levels)}))


def low_and_high(lowest: float, highest: float) -> tuple[float, float]:
    """The answers up to which a rating is low, and from which it is high: 5 and 9 of 1 to 10."""
    reach = highest - lowest
    return float(np.floor(lowest + 0.45 * reach)), float(np.ceil(lowest + 0.88 * reach))


def attempt(estimate: Callable[[], T]) -> tuple[T | None, Note | str]:
    """An estimate, or None and the cause for which the data do not allow it."""
    try:
        return estimate(), ""
    except DataError as error:
        return None, error.why or note("reasons.said", sentence=str(error))
    except np.linalg.LinAlgError:
        return None, note("reasons.singular")


def _with_clock(frame: pd.DataFrame) -> pd.DataFrame:
    """The purchases so far, and the time since the last one also in bands of alike answers."""
    bought = frame["purchases_so_far"].where(frame["purchases_so_far"] > 0)
    weeks = frame["days_since_purchase"] / 7
    edges = [0, 1, 2, 4, np.inf]
    customers = frame.loc[bought.notna(), "customer_id"].nunique()
    bands = min(MOST_BANDS, customers // CUSTOMERS_A_BAND)
    often, long = np.log(bought), np.log1p(frame["weeks_active"])
    curved = 1.0 if customers >= CUSTOMERS_A_CURVE else np.nan
    cuts = np.unique(weeks.quantile(np.arange(1, bands) / bands)) if bands > 1 else []
    cuts = [-np.inf, *(cut for cut in cuts if cut < weeks.max()), np.inf]
    labels = ["1", "2", "3–4", "5+"] if bands > 3 else ["1+"]
    return frame.assign(
        log_purchases=often,
        log_weeks_active=long,
        log_purchases_squared=often**2 * curved,
        log_weeks_active_squared=long**2 * curved,
        log_purchases_by_weeks=often * long * curved,
        purchases_band=pd.cut(bought, edges if bands > 3 else [0, np.inf], labels=labels),
        log_spend=np.log1p(frame["revenue_so_far"].clip(lower=0)).where(bought.notna()),
        log_weeks_since=np.log1p(weeks),
        since_band=pd.cut(weeks, cuts, labels=[str(place) for place in range(1, len(cuts))]),
    )


def _varying(frame: pd.DataFrame, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in columns if frame[name].nunique() > 1)


def _is_weighted(frame: pd.DataFrame) -> bool:
    """Whether every answer has a sampling weight; an error where only some have one."""
    if WEIGHT not in frame or frame[WEIGHT].isna().all():
        return False
    wrong = ~(frame[WEIGHT] > 0)
    if wrong.any():
        raise DataError(
            f"surveys.{WEIGHT} must be above 0 on every row, but {wrong.sum():,} of "
            f"{len(frame):,} rows are blank or not; fill them or leave the column out"
        )
    return True


def _with_segments(
    frame: pd.DataFrame, tables: Tables, params: Params
) -> tuple[pd.DataFrame, list[str]]:
    """Join the study's segments of customers; small ones are pooled."""
    # The table of customers knows those too who answered and never bought.
    named = [name for name in params.segments if name in tables["customers"].columns]
    listed = tables.fetch(tables["customers"].select("customer_id", *named))
    for people in (listed, study_customers(tables, params)):
        wanted = [name for name in params.segments if name in people and name not in frame]
        # The month of the first purchase has too many values to adjust for.
        wanted = [name for name in wanted if name != "acquired_month"]
        frame = frame.merge(people[["customer_id", *wanted]], on="customer_id", how="left")
    named = [name for name in params.segments if name in frame and name != "acquired_month"]
    pooled = {name: _pooled(frame[name], params.min_cell) for name in named}
    return frame.assign(**pooled), named


def _pooled(labels: pd.Series, min_cell: int) -> pd.Series:
    text = labels.astype(object).where(labels.notna(), UNKNOWN)
    if isinstance(labels.dtype, pd.CategoricalDtype):
        order = [*labels.cat.categories, *([UNKNOWN] if labels.isna().any() else [])]
        text = pd.Series(pd.Categorical(text, order, ordered=True), labels.index)
    return pool_small(text, min_cell)


def _with_ordered_tier(frame: pd.DataFrame, tables: Tables) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Join the company's tier as of the day of the answer, ordered by earlier spend."""
    frame = with_tier(frame, tables)
    if "tier_held" not in frame:
        return frame, ()
    tier = frame["tier_held"]
    if "revenue_before" in frame:
        order = list(frame["revenue_before"].groupby(tier).mean().sort_values().index)
    else:
        order = sorted(tier.unique())
    return frame.assign(tier_held=pd.Categorical(tier, order, ordered=True)), ("tier_held",)
