"""One row a customer: what he bought, and when, up to the end of the observation."""

from __future__ import annotations

from datetime import date
from weakref import WeakKeyDictionary

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.frames.calendar import days_between
from analysis.frames.money import at_minor_unit, minor_units
from analysis.params import Params

THIRDS = ("lowest third", "middle third", "highest third")
_held: WeakKeyDictionary[Tables, dict[date, ibis.Table]] = WeakKeyDictionary()


def customer_frame(tables: Tables, params: Params) -> pd.DataFrame:
    """Return one row a customer who ever bought, in the order of the ids.

    ===================  ==============================================================
    customer_id          text
    first_at             day of the first purchase
    second_at            day of the second purchase; NaT when there was none
    last_at              day of the last purchase
    purchases            purchase days (distinct customer-days), 1 or more
    frequency            repeat purchase days, x = purchases - 1
    recency_weeks        weeks from first to last purchase, t_x; 0 when there was no repeat
    age_weeks            weeks from first purchase to `observed_until`, T
    monetary_value       mean amount of the repeat days; NaN when there was no repeat
    revenue              sum of all amounts, returns netted
    margin               sum of all margins (only where the transactions carry one)
    first_value          amount of the first purchase day, known at time zero
    first_value_third    'lowest third', 'middle third', 'highest third' of `first_value`; equal
                         values, in whole minor units, in the same third
    acquired_month       month of the first purchase, '1997-01'
    (columns of `customers`)  as they came; a customer whom that table lacks has missing values
    ===================  ==============================================================

    Money is in `params.currency`; sums are rounded to 1e-6.
    """
    stored = tables.stored_frame("customer_frame", {})
    if stored is not None:
        return stored
    money = ["repeat_amount", "revenue", "first_value"]
    money += ["margin"] if "margin" in tables["transactions"].columns else []
    measured = tables.fetch(_measure(tables["transactions"]), money=money)
    return _derive(measured, _attributes(tables), params)


def customer_rows(tables: Tables, params: Params) -> ibis.Table:
    """The customer frame as a table of the engine, for what is counted there.

    Its columns are those of the customer frame, but for `repeat_amount` (the sum of the repeat
    days) in the place of `monetary_value`, and whole days `recency_days, age_days` in that of
    weeks; the thirds are cut at the same values.
    """
    stored = tables.stored_path("customer_rows", {})
    if stored is not None:
        return tables.connection.read_parquet(str(stored), table_name="customer_rows")
    held = _held.setdefault(tables, {})
    if params.observed_until not in held:
        held[params.observed_until] = _make_rows(tables, params)
    return held[params.observed_until]


def _make_rows(tables: Tables, params: Params) -> ibis.Table:
    """The rows, kept in the engine while its tables are: they take a pass over all lines."""
    rows = _measure(tables["transactions"])
    until = ibis.literal(params.observed_until, type="date")
    rows = rows.mutate(
        frequency=rows.purchases - 1,
        recency_days=days_between(rows.last_at, rows.first_at),
        age_days=days_between(until, rows.first_at),
        acquired_month=rows.first_at.strftime("%Y-%m"),
        value_cell=minor_units(rows.first_value, params.money_digits),
    )
    known = tables["customers"]
    added = [name for name in known.columns if name not in rows.columns]
    if added:
        rows = rows.left_join(known.select("customer_id", *added), "customer_id")
        rows = rows.drop("customer_id_right")
    rows = rows.cache()
    return rows.mutate(first_value_third=_third_of(tables, rows)).drop("value_cell")


def _third_of(tables: Tables, rows: ibis.Table) -> ibis.Value:
    """The third of the first value: cut at the order statistics that the terciles fall on."""
    levels = rows.group_by("value_cell").agg(size=rows.count())
    held = levels.size.sum().over(ibis.cumulative_window(order_by="value_cell"))
    levels = levels.mutate(held=held.cast("int64"))
    last = levels.held.max().name("customers")
    customers = int(tables.fetch(levels.aggregate(last))["customers"].fillna(0).iloc[0])
    reached = (levels.held > (part * (customers - 1) // 3) for part in (1, 2))
    names = ("lower", "upper")
    asked = {
        name: levels.value_cell.min(where=where) for name, where in zip(names, reached, strict=True)
    }
    lower, upper = tables.fetch(levels.aggregate(**asked)).fillna(0).iloc[0].astype("int64")
    lowest, middle, highest = THIRDS
    return ibis.cases(
        (rows.value_cell <= int(lower), lowest), (rows.value_cell <= int(upper), middle),
        else_=highest,
    )  # fmt: skip


def _measure(lines: ibis.Table) -> ibis.Table:
    """Aggregate in the engine, in one sorted pass: one row a customer.

    The lines of a day come with the largest amount first, so that the first line says whether
    anything was bought on the day (see `purchase_days`).
    """
    order = ["at", ibis.desc("amount")]
    so_far = ibis.cumulative_window(group_by="customer_id", order_by=order)
    bought_at = ibis.ifelse(lines.amount >= 0, lines["at"], ibis.null("date"))
    lines = lines.mutate(
        before_at=lines["at"].lag().over(ibis.window(group_by="customer_id", order_by=order)),
        first_at=bought_at.min().over(ibis.window(group_by="customer_id")),
        bought_at=bought_at.max().over(so_far),
    )
    bought = lines.bought_at == lines["at"]
    is_new = bought & (lines.before_at.isnull() | (lines.before_at < lines["at"]))
    is_repeat = bought & (lines["at"] > lines.first_at)
    sums = {"margin": lines.margin.sum()} if "margin" in lines.columns else {}
    measured = lines.group_by("customer_id").agg(
        first_at=lines["at"].min(where=bought),
        second_at=lines["at"].min(where=is_repeat),
        last_at=lines["at"].max(where=bought),
        purchases=lines.count(where=is_new),
        repeat_amount=lines.amount.sum(where=is_repeat),
        revenue=lines.amount.sum(),
        first_value=lines.amount.sum(where=lines["at"] == lines.first_at),
        **sums,
    )
    return measured.filter(measured.first_at.notnull())


def _attributes(tables: Tables) -> pd.DataFrame:
    """Read the attributes of customers; a bare list of ids has none and is not read."""
    known = tables["customers"]
    if len(known.columns) == 1:
        return pd.DataFrame({"customer_id": pd.Series(dtype="str")})
    return tables.fetch(known)


def _derive(measured: pd.DataFrame, attributes: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Add what follows from the aggregates, row by row."""
    frame = measured
    frame["purchases"] = frame["purchases"].astype("int64")
    frame["frequency"] = frame["purchases"] - 1
    frame["recency_weeks"] = (frame["last_at"] - frame["first_at"]).dt.days / 7
    frame["age_weeks"] = (pd.Timestamp(params.observed_until) - frame["first_at"]).dt.days / 7
    sums = [c for c in ("repeat_amount", "revenue", "margin", "first_value") if c in frame]
    repeats = frame["frequency"].where(frame["frequency"] > 0)
    frame["monetary_value"] = frame.pop("repeat_amount") / repeats
    money = ["monetary_value", *(name for name in sums if name != "repeat_amount")]
    frame["first_value_third"] = _thirds(at_minor_unit(frame["first_value"], params.money_digits))
    frame["acquired_month"] = _months(frame["first_at"])
    known = [c for c in attributes if c == "customer_id" or c not in frame]
    if len(known) > 1:
        frame = frame.merge(attributes[known], on="customer_id", how="left")
    order = ["customer_id", "first_at", "second_at", "last_at", "purchases", "frequency"]
    order += ["recency_weeks", "age_weeks", *money, "first_value_third", "acquired_month"]
    return frame[[*order, *(c for c in frame if c not in order)]]


def _months(days: pd.Series) -> pd.Series:
    """Write months as '1997-01', each distinct one once."""
    months = days.to_numpy().astype("datetime64[M]").astype("int64")
    codes, distinct = pd.factorize(months)
    names = np.datetime_as_string(distinct.astype("datetime64[M]"))
    return pd.Series(names, dtype="str").take(codes).set_axis(days.index)


def _thirds(values: np.ndarray) -> pd.Categorical:
    """Cut at the terciles; equal values always fall into the same third."""
    lower, upper = np.quantile(values, [1 / 3, 2 / 3]) if len(values) else (0.0, 0.0)
    third = np.where(values <= lower, 0, np.where(values <= upper, 1, 2))
    return pd.Categorical.from_codes(third, THIRDS, ordered=True)
