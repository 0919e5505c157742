"""Contracts that are renewed period by period: who renews, and how well that is foreseen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from analysis.data import Tables
from analysis.frames import spells
from analysis.frames.anniversaries import period_of_end, whole_periods
from analysis.methods.intervals import critical_value
from analysis.methods.purchases import SBG, BdW, fit_bdw, fit_sbg, not_fitted
from analysis.notes import Note, note
from analysis.params import Params

LEAST_AT_RISK = 10
NOBODY = note("renewals.nobody")


@dataclass(frozen=True, slots=True, eq=False)
class Renewals:
    """Renewals made, and two models of them.

    Attributes
    ----------
    curve : DataFrame
        `period, at_risk` (customers who faced the renewal)`, renewed` (share of those)`, staying`
        (observed share still there) with interval (log-log)`, sbg, bdw` (the same by models fitted
        before the periods held out)`, held_out`.
    sbg, bdw : SBG, BdW or None
        Fitted on all.
    in_force : {'sbg', 'bdw'}
        'bdw' where the likelihood-ratio test prefers it.
    p_duration : float
        Of that test: does leaving itself depend on tenure?
    error : dict of str to float
        Mean absolute error of the share still there in the periods held out, by model.
    months : int
        Length of a period.
    starts : DataFrame
        Customers by the year in which their contract began.
    note : Note or str
        Why nothing is estimable; empty where something is.
    """

    curve: pd.DataFrame
    sbg: SBG | None
    bdw: BdW | None
    in_force: str
    p_duration: float
    error: dict[str, float]
    months: int
    starts: pd.DataFrame
    note: Note | str

    @property
    def model(self) -> SBG | BdW:
        """The model in force."""
        return self.bdw if self.in_force == "bdw" else self.sbg

    @property
    def p_trend(self) -> float:
        """Do more, or fewer, make the later renewals? Cochran-Armitage test over those of `curve`.

        NaN where only one renewal was faced, or all went one way.

        References
        ----------
        Armitage (1955), Biometrics 11, 375-386.
        """
        n, share = (self.curve[name].to_numpy(float) for name in ("at_risk", "renewed"))
        order = self.curve["period"].to_numpy(float)
        if not n.sum():
            return np.nan
        common = (n @ share) / n.sum()
        apart = order - (n @ order) / n.sum()
        variance = common * (1 - common) * (n @ apart**2)
        if not variance > 0:
            return np.nan
        return float(2 * stats.norm.sf(abs((n * share) @ apart) / np.sqrt(variance)))

    def faced_by(self, least: int) -> Renewals:
        """The same, only renewals that at least so many customers faced."""
        return replace(self, curve=self.curve[self.curve["at_risk"] >= least])


def renewal_lives(found: pd.DataFrame, *, until: pd.Timestamp, months: int) -> pd.DataFrame:
    """Whole periods of each contract: `duration`, `event`, `began` (year).

    Periods follow the calendar from the first day (`frames.anniversaries`). One counts only where
    its end was observed: who ended in a period that `until` cuts is counted as renewed up to the
    last whole one, as those who did not end in it are. Contracts without a whole period are left
    out.

    Columns used: `started_at`, `ended_at` (NaT while open).
    """
    whole = whole_periods(found["started_at"], until, months=months)
    ended_in = period_of_end(found["started_at"], found["ended_at"], months=months)
    event = found["ended_at"].notna() & (ended_in <= whole)
    lives = pd.DataFrame(
        {
            "duration": np.where(event, ended_in, whole),
            "event": event.to_numpy(),
            "began": found["started_at"].dt.year.to_numpy(),
        }
    )
    return lives[lives["duration"] >= 1].reset_index(drop=True)


def fit_renewals(tables: Tables, params: Params) -> Renewals:
    """Fit sBG and BdW to the first relationships that began while observed.

    Parameters
    ----------
    tables : Tables
        Uses `contracts`, by way of `frames.spells`.
    params : Params
        Uses `renewal_months`, `holdout_weeks`, `observed_from`, `followed_until`, `conf_level`.

    Returns
    -------
    Renewals
    """
    months, until = params.renewal_months, pd.Timestamp(params.followed_until)
    found = spells(tables, params)
    begun = found["started_at"] >= pd.Timestamp(params.observed_from)
    found = found[(found["spell"] == 1) & begun]
    lives = renewal_lives(found, until=until, months=months)
    if not len(lives):
        empty = pd.DataFrame(columns=["began", "n"])
        return Renewals(
            _curve(lives, params.conf_level), None, None, "sbg", np.nan, {}, months, empty, NOBODY
        )
    sbg, bdw = (fit(lives, conf_level=params.conf_level) for fit in (fit_sbg, fit_bdw))
    gain = 2 * (bdw.log_likelihood - sbg.log_likelihood)
    p_value = float(stats.chi2.sf(max(gain, 0), 1)) if np.isfinite(gain) else np.nan
    in_force = "bdw" if p_value < 1 - params.conf_level else "sbg"
    why = not_fitted(bdw if in_force == "bdw" else sbg)
    split = until - pd.Timedelta(days=round(7 * params.holdout_weeks))
    known = found[found["started_at"] <= split]
    known = known.assign(ended_at=known["ended_at"].where(known["ended_at"] <= split))
    early = renewal_lives(known, until=split, months=months)
    curve, error = _with_models(_curve(lives, params.conf_level), early)
    starts = lives.groupby("began").size().rename("n").reset_index()
    return Renewals(
        curve, sbg, bdw, in_force, p_value, error, months, starts.astype({"began": str}), why
    )


def _curve(lives: pd.DataFrame, conf_level: float) -> pd.DataFrame:
    rows, staying, spread = [], 1.0, 0.0
    reach = critical_value(conf_level)
    for period in range(1, int(lives["duration"].max()) + 1 if len(lives) else 1):
        at_risk = int((lives["duration"] >= period).sum())
        left = int(((lives["duration"] == period) & lives["event"]).sum())
        staying *= 1 - left / at_risk
        spread += left / (at_risk * (at_risk - left)) if left < at_risk else np.nan
        ends = _ends(staying, spread, reach)
        rows.append((period, at_risk, 1 - left / at_risk, staying, *ends))
    columns = ["period", "at_risk", "renewed", "staying", "staying_conf_low", "staying_conf_high"]
    curve = pd.DataFrame(rows, columns=columns)
    return curve.assign(held_out=False, sbg=np.nan, bdw=np.nan)


def _ends(staying: float, spread: float, reach: float) -> tuple[float, float]:
    """Log-log interval of a Kaplan-Meier share, by Greenwood's sum."""
    if not (0 < staying < 1 and spread > 0):
        return (np.nan, np.nan)
    width = np.exp(reach * np.sqrt(spread) / abs(np.log(staying)))
    return staying**width, staying ** (1 / width)


def _with_models(curve: pd.DataFrame, early: pd.DataFrame) -> tuple[pd.DataFrame, dict]:
    last = int(early["duration"].max()) if len(early) else 0
    curve = curve.assign(held_out=curve["period"] > last)
    error = {}
    for name, fit in (("sbg", fit_sbg), ("bdw", fit_bdw)):
        model = fit(early) if len(early) else None
        if model is None or not_fitted(model):
            continue
        curve[name] = model.survival(curve["period"].to_numpy())
        judged = curve["held_out"] & (curve["at_risk"] >= LEAST_AT_RISK)
        if judged.any():
            error[name] = float((curve[name] - curve["staying"])[judged].abs().mean())
    return curve, error
