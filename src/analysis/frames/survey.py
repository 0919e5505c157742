"""One row a survey answer: what was true before it and, apart from that, what came after."""

from __future__ import annotations

import ibis
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError
from analysis.frames.calendar import days_between
from analysis.frames.purchases import purchase_days
from analysis.params import Params


def survey_frame(tables: Tables, params: Params) -> pd.DataFrame:
    """Return one row an answered questionnaire, ordered by customer and day.

    The columns of `surveys` come first (`customer_id, at`, the items, `nps`, `survey_weight` …);
    then, from the transactions:

    =======================  ==========================================================
    answer                   1 for a customer's first answer, then 2, 3 …
    purchases_before         purchase days before the day of the answer
    revenue_before           amount before the day of the answer
    tenure_weeks             weeks since the first purchase; NaN when none came before
    days_since_last          days since the latest purchase before; NaN when none
    purchases_so_far         purchase days up to the day of the answer, that day included
    revenue_so_far           amount up to then
    weeks_active             weeks from the first to the last of those purchases; NaN when none
    days_since_purchase      days since the last of them; 0 when it was made on the day of the
                             answer, NaN when there is none
    days_followed            days from the answer to `observed_until`
    days_to_next             days to the next purchase after the answer; NaN when none
    observed_<w>w            whether the w weeks after the answer were fully observed
    purchases_<w>w           purchase days in the w weeks after the answer; NaN where the
                             window was not fully observed
    revenue_<w>w             amount in those weeks; NaN likewise
    =======================  ==========================================================

    The windows w are `params.horizons_weeks`. Purchases on the day of the answer count neither
    before nor after, since their order is not known; they do count where the clock stands, which
    runs from the last purchase (`_so_far`, `days_since_purchase`).

    Raises
    ------
    DataError
        If the study has no `surveys`.
    """
    made_with = {"horizons_weeks": list(params.horizons_weeks)}
    stored = tables.stored_frame("survey_frame", made_with)
    if stored is not None:
        return stored
    if "surveys" not in tables:
        raise DataError("survey_frame needs the table surveys, but the study has none; name it")
    answers = tables.fetch(tables["surveys"])
    answers["answer"] = answers.groupby("customer_id").cumcount() + 1
    if "transactions" not in tables:
        return answers
    sums = _around(tables, params)
    known = tables.fetch(sums, money=[c for c in sums.columns if c.startswith("revenue_")])
    frame = answers.merge(known, on=["customer_id", "at"], how="left")
    return _derive(frame, params)


def _around(tables: Tables, params: Params) -> ibis.Table:
    """Sum, in the engine, what lies before and after each answer."""
    asked = tables["surveys"].select("customer_id", "at").distinct().rename(asked_at="at")
    days = purchase_days(tables)
    pairs = asked.join(days, "customer_id").mutate(
        gap=lambda pair: days_between(pair["at"], pair.asked_at)
    )
    before, after, so_far = pairs.gap < 0, pairs.gap > 0, (pairs.gap <= 0) & pairs.bought
    sums = {
        "first_at": pairs["at"].min(where=before & pairs.bought),
        "latest_at": pairs["at"].max(where=before & pairs.bought),
        "purchases_before": pairs.count(where=before & pairs.bought),
        "revenue_before": pairs.amount.sum(where=before),
        "begun_at": pairs["at"].min(where=so_far),
        "last_at": pairs["at"].max(where=so_far),
        "purchases_so_far": pairs.count(where=so_far),
        "revenue_so_far": pairs.amount.sum(where=pairs.gap <= 0),
        "next_at": pairs["at"].min(where=after & pairs.bought),
    }
    for weeks in params.horizons_weeks:
        within = after & (pairs.gap <= int(7 * weeks))
        sums[f"purchases_{weeks:g}w"] = pairs.count(where=within & pairs.bought)
        sums[f"revenue_{weeks:g}w"] = pairs.amount.sum(where=within)
    return pairs.group_by(["customer_id", "asked_at"]).agg(**sums).rename(at="asked_at")


def _derive(frame: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Turn days into durations; blank the windows that were not fully observed."""
    frame["purchases_before"] = frame["purchases_before"].fillna(0).astype("int64")
    frame["revenue_before"] = frame["revenue_before"].fillna(0.0)
    frame["tenure_weeks"] = (frame["at"] - frame.pop("first_at")).dt.days / 7
    frame["days_since_last"] = (frame["at"] - frame.pop("latest_at")).dt.days
    frame["purchases_so_far"] = frame["purchases_so_far"].fillna(0).astype("int64")
    frame["revenue_so_far"] = frame["revenue_so_far"].fillna(0.0)
    last_at = frame.pop("last_at")
    frame["weeks_active"] = (last_at - frame.pop("begun_at")).dt.days / 7
    frame["days_since_purchase"] = (frame["at"] - last_at).dt.days
    frame["days_followed"] = (pd.Timestamp(params.observed_until) - frame["at"]).dt.days
    frame["days_to_next"] = (frame.pop("next_at") - frame["at"]).dt.days
    for weeks in params.horizons_weeks:
        observed = frame["days_followed"] >= int(7 * weeks)
        frame[f"observed_{weeks:g}w"] = observed
        purchases = frame.pop(f"purchases_{weeks:g}w").astype(float).fillna(0.0)
        revenue = frame.pop(f"revenue_{weeks:g}w").fillna(0.0)
        frame[f"purchases_{weeks:g}w"] = purchases.where(observed)
        frame[f"revenue_{weeks:g}w"] = revenue.where(observed)
    return frame
