"""How many of the relationships open on a day will end soon?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.frames.anniversaries import calendar_months
from analysis.methods.intervals import critical_value
from analysis.methods.survival import SurvivalCurve, remaining_life, survival_curve
from analysis.notes import note

TENURES = (0, 6, 12, 24, 36, 60)  # months; bands begin here
BAND_COLUMNS = ["tenure", "n", "told", "estimate", "conf_low", "conf_high", "share"]
BAND_COLUMNS += ["remaining", "remaining_conf_low", "remaining_conf_high", "note"]


@dataclass(frozen=True, slots=True, eq=False)
class EndsAhead:
    """How many of the relationships open on a day are expected to end within some months.

    Attributes
    ----------
    table : DataFrame of shape (bands, 11)
        One row a band of tenure reached, and one for those won back: `tenure` ('12–24', months)`,
        n` (open then)`, told` (of these, within what the past covers; missing where fewer than
        `min_cell`)`, estimate, conf_low, conf_high` (ends to come among them)`, share, remaining,
        remaining_conf_low, remaining_conf_high` (median months still to come for those who have
        just reached the band)`, note`.
    expected, conf_low, conf_high : float
        Ends to come among `told`, with a prediction interval; NaN where nobody can be told.
    open_now, told, observed : int or None
        Open relationships; those predicted; how many of them did end (None while unknown).
    as_of : date
    months : int
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    expected: float
    conf_low: float
    conf_high: float
    open_now: int
    told: int
    observed: int | None
    as_of: date
    months: int


def ends_ahead(
    relationships: pd.DataFrame,
    *,
    as_of: date,
    followed_until: date | None = None,
    months: int = 12,
    min_cell: int = 1,
    conf_level: float = 0.95,
) -> EndsAhead:
    """Predict how many open relationships end within the next months.

    Each open relationship of tenure u ends within h months with chance 1 - S(u + h) / S(u), S
    being the Kaplan-Meier curve of its kind (first, or won back). Nothing is extrapolated: where
    u + h lies past the time at which `min_cell` are at risk, the relationship is not told. The
    interval holds the uncertainty of S (Greenwood's) and of the ends themselves (binomial), and
    assumes that the coming months are like those observed.

    Parameters
    ----------
    relationships : DataFrame
        Of `states.relationships`: all relationships; columns used: `spell, started_at, ended_at,
        duration, entry` (calendar months).
    as_of : date
        Only relationships and ends up to that day are used; by default of a study it is the day on
        which its follow-up ends.
    followed_until : date, optional
        The last day whose ends are known; `as_of` where none is given.
    months : int
        How far ahead, in calendar months.
    min_cell : int
        Chances are told as far as so many are at risk.
    conf_level : float
        Of the prediction intervals; between 0.5 and 1.

    Returns
    -------
    EndsAhead
        `observed` counts the ends that came, where follow-up goes on long enough to know.
    """
    known = _as_of(relationships, pd.Timestamp(as_of))
    known["kind"] = np.where(known["spell"] > 1, "won back", "first")
    opened = known[known["open"]].copy()
    opened["chance"], curves = np.nan, {}
    for kind, own in known.groupby("kind"):
        curve = survival_curve(own[["duration", "entry", "event"]], conf_level=conf_level)
        tenure = opened.loc[opened["kind"] == kind, "duration"]
        opened.loc[tenure.index, "chance"] = _chances(curve, tenure, months, min_cell)
        curves[str(kind)] = curve
    told = opened.dropna(subset=["chance"])
    rows = [
        {"tenure": name, "n": len(band)}
        | _band(band.dropna(subset=["chance"]), curves, months, min_cell, conf_level)
        | _remaining(known, since, months, min_cell, conf_level)
        for name, since, band in _bands(opened)
    ]
    return EndsAhead(
        table=pd.DataFrame(rows, columns=BAND_COLUMNS),
        **_expect(told, curves, months, conf_level),
        open_now=len(opened),
        told=len(told),
        observed=_observed(told, relationships, as_of, followed_until, months),
        as_of=as_of,
        months=months,
    )


def check_ends_ahead(
    relationships: pd.DataFrame,
    *,
    followed_until: date,
    months: int = 12,
    min_cell: int = 1,
    conf_level: float = 0.95,
) -> EndsAhead | None:
    """Predict as of an earlier day whose following months are known, to be compared with them.

    The day lies `months` before `followed_until`, so that every end in between is known.

    Parameters
    ----------
    relationships, months, min_cell, conf_level
        As those of `ends_ahead`.
    followed_until : date
        The day on which follow-up ends.

    Returns
    -------
    EndsAhead or None
        None where nothing had ended by then or nobody could be told.
    """
    as_of = (pd.Timestamp(followed_until) - pd.DateOffset(months=months)).date()
    before = relationships["ended_at"] <= pd.Timestamp(as_of)
    if before.sum() < max(min_cell, 1):
        return None
    options = {"months": months, "min_cell": min_cell, "conf_level": conf_level}
    checked = ends_ahead(relationships, as_of=as_of, followed_until=followed_until, **options)
    return checked if checked.told >= max(min_cell, 1) else None


def _as_of(relationships: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """The relationships as they were known at the close of a day."""
    known = relationships[relationships["started_at"] <= day].copy()
    known["event"] = known["ended_at"] <= day
    known["open"] = ~known["event"]
    known["duration"] = calendar_months(known["started_at"], day).where(
        known["open"], known["duration"]
    )
    observed = (known["entry"] <= 0) | (known["entry"] < known["duration"])
    return known[observed]


def _chances(curve: SurvivalCurve, tenure: pd.Series, months: float, least: int) -> np.ndarray:
    """Chance to end within the months ahead, NaN where the curve does not reach so far."""
    now = tenure.to_numpy(float)
    (sets,) = curve.risk_sets.values()
    enough = sets.time[sets.at_risk >= max(least, 1)]
    reach = enough[-1] if len(enough) else -1.0
    share = np.append(1.0, curve.table["estimate"].to_numpy())
    start = share[np.searchsorted(sets.time, now, side="right")]
    later = share[np.searchsorted(sets.time, now + months, side="right")]
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = 1 - later / start
    return np.where((now + months <= reach) & (start > 0), chance, np.nan)


def _expect(
    told: pd.DataFrame, curves: dict[str, SurvivalCurve], months: float, conf_level: float
) -> dict[str, float]:
    if not len(told):
        return {"expected": np.nan, "conf_low": np.nan, "conf_high": np.nan}
    chance = told["chance"].to_numpy()
    variance = (chance * (1 - chance)).sum()
    for kind, own in told.groupby("kind"):
        variance += _curve_variance(curves[kind], own, months)
    expected = chance.sum()
    reach = critical_value(conf_level) * np.sqrt(variance)
    low, high = max(expected - reach, 0), min(expected + reach, len(told))
    return {"expected": expected, "conf_low": low, "conf_high": high}


def _curve_variance(curve: SurvivalCurve, told: pd.DataFrame, months: float) -> float:
    """Variance of the expected number: sum over times of W^2 d / (n (n - d)), W the shares that
    stay, summed over those whose months ahead hold the time."""
    (sets,) = curve.risk_sets.values()
    stay = 1 - told["chance"].to_numpy()
    now = told["duration"].to_numpy(float)
    size = len(sets.time) + 1
    begin = np.searchsorted(sets.time, now, side="right")
    end = np.searchsorted(sets.time, now + months, side="right")
    steps = np.bincount(begin, stay, size) - np.bincount(end, stay, size)
    load = np.cumsum(steps)[:-1]
    n, d = sets.at_risk.astype(float), sets.events
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where((d > 0) & (n > d), d / (n * (n - d)), 0.0)
    return float(load**2 @ spread)


def _bands(opened: pd.DataFrame) -> Iterator[tuple[str, float, pd.DataFrame]]:
    """Name, first month and relationships of each band; those won back last."""
    first = opened["kind"] == "first"
    for low, high in zip(TENURES, [*TENURES[1:], np.inf], strict=True):
        band = opened[first & (opened["duration"] >= low) & (opened["duration"] < high)]
        if len(band):
            yield f"{low}–{high}" if np.isfinite(high) else f"{low}+", low, band
    if not first.all():
        yield "won back", np.nan, opened[~first]


def _band(
    told: pd.DataFrame,
    curves: dict[str, SurvivalCurve],
    months: float,
    least: int,
    conf_level: float,
) -> dict:
    if len(told) < max(least, 1):
        number = np.nan if len(told) else 0
        return {"told": number, "note": note("relationships.beyond_the_past")}
    ends = _expect(told, curves, months, conf_level)
    row = {"told": len(told), "estimate": ends.pop("expected"), "note": ""}
    return row | ends | {"share": row["estimate"] / len(told)}


def _remaining(
    known: pd.DataFrame, since: float, months: float, least: int, conf_level: float
) -> dict[str, float]:
    """Median months still to come for first relationships that have lasted so long."""
    first = known[known["kind"] == "first"]
    if np.isnan(since) or (first["duration"] > since).sum() < max(least, 1):
        return {}
    columns = first[["duration", "entry", "event"]]
    life = remaining_life(columns, at=since, horizon=months, conf_level=conf_level)
    median = life[life["term"] == "median remaining"].iloc[0]
    ends = {f"remaining_{end}": median[end] for end in ("conf_low", "conf_high")}
    return {"remaining": median["estimate"]} | ends


def _observed(
    told: pd.DataFrame,
    relationships: pd.DataFrame,
    as_of: date,
    followed_until: date | None,
    months: int,
) -> int | None:
    until = pd.Timestamp(as_of) + pd.DateOffset(months=months)
    if until > pd.Timestamp(followed_until or as_of):
        return None
    return int((relationships.loc[told.index, "ended_at"] <= until).sum())
