"""What customers are worth, in sentences that say how far to trust them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.methods.disclosure import small_rows
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording
from analysis.value import AcquiredValue, ForecastCheck, ResidualValue, ValueModels

RESIDUAL, FORECAST, SPEND, ACQUIRED = (
    f"value.{part}" for part in ("residual", "forecast", "spend", "acquired")
)


def residual_finding(
    result: ResidualValue,
    say: Wording,
    *,
    check: ForecastCheck,
    top: str | None = None,
    segment: str = "current_tier",
) -> Finding:
    """What the present customers are still expected to bring, and how such a forecast fared.

    `top` names the best group of `segment`.
    """
    table = result.table
    if not len(table) or table["n"].iloc[0] < say.min_cell:
        return finding(say, f"{RESIDUAL}.none", claim="predictive", in_summary=False)
    row = table.iloc[0]
    if not np.isfinite(row["value_ahead"]):
        return finding(say, f"{RESIDUAL}.none", claim="predictive", in_summary=False)
    numbers = {"total": row["value_ahead"], "money": say.value(result.money), "n": row["n"]}
    numbers |= {"weeks": result.weeks, "each": row["value_each"]}
    details = []
    if np.isfinite(row["value_ahead_conf_low"]):
        ends = {"low": row["value_ahead_conf_low"], "high": row["value_ahead_conf_high"]}
        details.append(say(f"{RESIDUAL}.interval", **ends))
    details += [_fared(check, say), say(f"{RESIDUAL}.each", **numbers)]
    details.append(_top(table, segment, top, say))
    if result.money == "revenue":
        details.append(say(f"{RESIDUAL}.revenue"))
    return finding(say, f"{RESIDUAL}.told", *details, claim="predictive", **numbers)


def _fared(check: ForecastCheck, say: Wording) -> str:
    if check.calibration is None or not np.isfinite(check.calibration.shortfall):
        return say(f"{RESIDUAL}.unchecked")
    off = check.calibration.shortfall
    key = "missed" if off > 0 else "exceeded"
    return say(f"{RESIDUAL}.{key}", off=abs(off), weeks=check.weeks)


def _top(table: pd.DataFrame, segment: str, top: str | None, say: Wording) -> str:
    rows = table[table["segment"] == segment]
    rows = rows[~small_rows(rows["n"], say.min_cell)]
    best = rows[rows["group"] == top]
    if not len(best) or not np.isfinite(best["value_part"].iloc[0]):
        return ""
    part, share = best["value_part"].iloc[0], best["n"].iloc[0] / table["n"].iloc[0]
    return say(f"{RESIDUAL}.top", tier=say.value(top), part=part, share=share)


def residual_caption(result: ResidualValue, segment: str, say: Wording) -> str:
    """What the figure by group shows."""
    if not len(result.table):
        return say(f"{RESIDUAL}.none.headline")
    numbers = {"segment": say.value(segment), "money": say.value(result.money)}
    numbers |= {"weeks": result.weeks, "n": result.table["n"].sum()}
    return say(f"{RESIDUAL}.caption", **numbers)


def residual_alt(result: ResidualValue, segment: str, say: Wording) -> str:
    """The same in words."""
    rows = result.table[~small_rows(result.table["n"], say.min_cell)]
    if not len(rows):
        return say(f"{RESIDUAL}.none.headline")
    ends = rows.loc[[rows["value_each"].idxmax(), rows["value_each"].idxmin()]]
    best, least = ends.iloc[0], ends.iloc[1]
    numbers = {"best": say.value(best["group"]), "most": best["value_each"]}
    numbers |= {"worst": say.value(least["group"]), "least": least["value_each"]}
    return say(f"{RESIDUAL}.alt", segment=say.value(segment), **numbers)


def residual_table(result: ResidualValue, say: Wording) -> pd.DataFrame:
    """Totals by group; one line that says why where there are none."""
    return or_nothing(result.table, "segment", say)


def forecast_finding(result: ForecastCheck, say: Wording) -> Finding:
    """How many purchases the model in force would have missed in the weeks held out."""
    options = {"claim": "predictive"}
    if result.calibration is None or not np.isfinite(result.calibration.shortfall):
        return finding(say, f"{FORECAST}.none", in_summary=False, **options)
    row = result.table.iloc[0]
    if row["n"] < say.min_cell:
        return finding(say, f"{FORECAST}.none", in_summary=False, **options)
    numbers = {
        "off": abs(row["shortfall"]), "weeks": result.weeks, "made": row["made"],
        "forecast": row["forecast"], "split_at": result.split_at, "model": say.value(row["model"]),
    }  # fmt: skip
    key = "fewer" if row["shortfall"] > 0 else "more"
    details = [say(f"{FORECAST}.detail", **numbers)]
    low, high = row["forecast_conf_low"], row["forecast_conf_high"]
    if np.isfinite([low, high]).all():
        held = low <= row["made"] <= high
        details.append(say(f"{FORECAST}.{'held' if held else 'outside'}", low=low, high=high))
    if np.isfinite(result.calibration.correlation):
        details.append(say(f"{FORECAST}.rank", rank=result.calibration.correlation))
    return finding(say, f"{FORECAST}.{key}", *details, **options, **numbers)


def forecast_caption(result: ForecastCheck, figure: str, say: Wording) -> str:
    """What the figure ('tracking' or 'calibration') shows: the finding, then what is drawn."""
    told = forecast_finding(result, say)
    head = f"{told.number} {told.headline}"
    if result.calibration is None:
        return head
    numbers = {"weeks": result.weeks, "split_at": result.split_at, "n": result.table["n"].iloc[0]}
    return f"{head} {say(f'{FORECAST}.{figure}', **numbers)}"


def forecast_alt(result: ForecastCheck, figure: str, say: Wording) -> str:
    """The same in words."""
    told = forecast_finding(result, say)
    return say(f"{FORECAST}.{figure}_alt", headline=f"{told.number} {told.headline}")


def models_table(result: ForecastCheck, say: Wording) -> pd.DataFrame:
    """Models side by side; one line that says why where none was fitted."""
    return or_nothing(result.table, "model", say)


def spend_finding(result: ValueModels, say: Wording) -> Finding:
    """Whether who buys often also spends more a purchase, with its size."""
    row = result.check.table.set_index("term").loc["pearson"]
    options = {"claim": "descriptive", "in_summary": False}
    if not np.isfinite(row["estimate"]) or row["n"] < say.min_cell:
        return finding(say, f"{SPEND}.none", **options)
    numbers = {"r": row["estimate"], "low": row["conf_low"], "high": row["conf_high"]}
    ranked = result.check.table.set_index("term").loc["spearman", "estimate"]
    details = [say(f"{SPEND}.detail", rank=ranked, n=row["n"], **numbers)]
    details.append(say(f"{SPEND}.{result.check.size}"))
    if result.spend.left_out:
        details.append(say(f"{SPEND}.left_out", left_out=result.spend.left_out))
    return finding(say, f"{SPEND}.told", *details, **options, **numbers)


def acquired_finding(result: AcquiredValue, say: Wording) -> Finding:
    """What a new customer brings, and how many times her cost that is."""
    if not len(result.table) or not np.isfinite(result.table["value_new"].iloc[0]):
        return finding(say, f"{ACQUIRED}.none", claim="predictive", in_summary=False)
    row = result.table.iloc[0]
    if row["n"] < say.min_cell:
        return finding(say, f"{ACQUIRED}.none", claim="predictive", in_summary=False)
    numbers = {"each": row["value_new"], "low": row["value_new_conf_low"]}
    numbers |= {"high": row["value_new_conf_high"], "weeks": result.weeks}
    numbers |= {"money": say.value(result.money)}
    known = np.isfinite([numbers["low"], numbers["high"]]).all()
    details = [say(f"{ACQUIRED}.interval", **numbers)] if known else []
    details.append(_cost(result, row, say))
    return finding(
        say, f"{ACQUIRED}.told", *details, claim="predictive", in_summary=False, **numbers
    )


def _cost(result: AcquiredValue, row: pd.Series, say: Wording) -> str:
    if not result.has_cost or not pd.notna(row["acquisition_cost"]):
        return say(f"{ACQUIRED}.no_cost")
    if not np.isfinite(row["value_to_cost"]):
        return say(f"{ACQUIRED}.free")
    numbers = {"cost": row["acquisition_cost"], "times": row["value_to_cost"]}
    groups = result.table.iloc[1:]
    groups = groups[~small_rows(groups["n"], say.min_cell)].dropna(subset=["value_to_cost"])
    text = say(f"{ACQUIRED}.cost", **numbers)
    if len(groups) < 2:
        return text
    best = groups.loc[groups["value_to_cost"].idxmax()]
    worst = groups.loc[groups["value_to_cost"].idxmin()]
    ends = {"best": say.value(best["group"]), "most": best["value_to_cost"]}
    ends |= {"worst": say.value(worst["group"]), "least": worst["value_to_cost"]}
    return f"{text} {say(f'{ACQUIRED}.range', segment=say.value(result.segment), **ends)}"


def acquired_table(result: AcquiredValue, say: Wording) -> pd.DataFrame:
    """By group; without the cost columns where the study knows no cost."""
    table = result.table
    if not result.has_cost:
        costs = ["acquisition_cost", "value_to_cost"]
        costs += ["value_to_cost_conf_low", "value_to_cost_conf_high"]
        table = table.drop(columns=costs)
    return or_nothing(table, "group", say)


def or_nothing(table: pd.DataFrame, column: str, say: Wording) -> pd.DataFrame:
    """The table, or one line that says that nothing is told."""
    if len(table):
        return table
    nothing = pd.DataFrame({name: [np.nan] for name in table})
    return nothing.assign(**{column: say("value.not_told")})
