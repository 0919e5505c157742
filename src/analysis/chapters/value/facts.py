"""What customers are worth, in facts that say how far to trust them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.chapters.value.acquisition import AcquiredValue
from analysis.chapters.value.forecast import ForecastCheck
from analysis.chapters.value.residual import RETURNED, ResidualValue, ValueModels
from analysis.methods.pairs import best_supported, compare_pairs, is_known, logarithms
from analysis.notes import Note, includes, note
from analysis.telling.facts import Beside, Fact, Sentence, nothing

BASE = "ever_bought"
CLEARLY = 5.0
"""Of the log likelihood, as many numbers estimated: 10 of Akaike's criterion, from which on a model
has hardly any support (Burnham & Anderson, 2002, Model Selection and Multimodel Inference)."""


def residual_fact(
    result: ResidualValue, check: ForecastCheck, *, top: str, segment: str = "current_tier"
) -> Fact:
    """What customers so far are still expected to bring, and how such a forecast fared.

    Parameters
    ----------
    result : ResidualValue
        The gated result.
    check : ForecastCheck
    top : str
        The best group of `segment`.
    segment : str

    Returns
    -------
    Fact
    """
    table = result.table.dropna(subset=["n"])
    if not len(table) or not np.isfinite(table["value_ahead"].iloc[0]):
        why = _why(result.note, result.table)
        return nothing("residual", _reason(result), claim="predictive", why=why)
    row = table.iloc[0]
    off = np.nan if check.calibration is None else check.table["value_shortfall"].iloc[0]
    fared = "missed" if off > 0 else "exceeded" if np.isfinite(off) else "unchecked"
    numbers = {
        "money": result.money,
        "weeks": result.weeks,
        "each": row["value_each"],
        "off": abs(off),
        "check_weeks": check.weeks,
        "net": result.net,
    }
    also = ["interval"] if np.isfinite(row["value_ahead_conf_low"]) else []
    also += ["net"] if result.net < 1 else []
    best = table[(table["segment"] == segment) & (table["group"] == top)]
    also += [fared, *_others(result), *_better_model(check), "each"]
    if len(best) and np.isfinite(best["value_part"].iloc[0]):
        part, share = best["value_part"].iloc[0], best["n"].iloc[0] / row["n"]
        numbers |= {"tier": top, "part": part, "share": share}
        also.append("top")
    return Fact(
        "residual",
        "predictive",
        estimate=row["value_ahead"],
        low=row["value_ahead_conf_low"],
        high=row["value_ahead_conf_high"],
        unit="money",
        n=int(row["n"]),
        base=BASE,
        also=(*also, *(["revenue"] if result.money == "revenue" else [])),
        numbers=numbers,
        check=Beside("shortfall", off, unit="percent") if np.isfinite(off) else None,
    )


def _reason(result: ResidualValue | AcquiredValue) -> str:
    return "returned" if includes(result.note, RETURNED) else "none"


def _others(result: ResidualValue) -> list[Sentence]:
    """What other models of purchases expect, where there are two."""
    if len(result.others) < 2 or not np.isfinite(result.others).all():
        return []
    return [Sentence("others", {"least": min(result.others), "most": max(result.others)})]


def _better_model(check: ForecastCheck) -> list[Sentence]:
    """The model that describes the histories clearly better than the one in force, if one does."""
    fitted = check.table.dropna(subset=["log_likelihood", "shortfall", "n"])
    if check.calibration is None or len(fitted) < 2:
        return []
    own, best = fitted.iloc[0], fitted.loc[fitted["log_likelihood"].astype(float).idxmax()]
    gain = best["log_likelihood"] - own["log_likelihood"]
    if not gain > CLEARLY:
        return []
    told = {"better": best["model"], "model": own["model"], "gain": gain}
    return [Sentence("better_model", told | {"off_better": abs(best["shortfall"])})]


def _why(remark: str, table: pd.DataFrame) -> Note | str:
    """The cause for which nothing is estimated: that of the whole, else of its first row."""
    first = table["note"].iloc[0] if len(table) and "note" in table else ""
    return remark or first or note("reasons.no_error")


def groups_fact(result: ResidualValue, segment: str, *, conf_level: float) -> Fact:
    """Which group of one way to group is expected to bring most a customer, and which least.

    Parameters
    ----------
    result : ResidualValue
        The gated result of one way to group (`ResidualValue.of`).
    segment : str
    conf_level : float
        Between 0.5 and 1: that of the intervals, and of groups that differ clearly.

    Returns
    -------
    Fact
    """
    rows = result.table.dropna(subset=["n", "value_each"])
    rows = rows[is_known(rows["group"])]
    if not len(rows):
        reason = _reason(result) if result.note else "too_few"
        told = {"claim": "predictive", "segment": segment, "why": result.note}
        return nothing("groups", reason, **told)
    best, worst = rows.loc[rows["value_each"].idxmax()], rows.loc[rows["value_each"].idxmin()]
    return Fact(
        "groups",
        "predictive",
        estimate=best["value_each"],
        unit="money",
        n=int(result.table["n"].sum()),
        base="value.shown_groups",
        also=_apart(rows, "value_ahead", rows["n"], conf_level),
        numbers={
            "segment": segment,
            "money": result.money,
            "weeks": result.weeks,
            "best": best["group"],
            "worst": worst["group"],
            "least": worst["value_each"],
        },
        in_summary=False,
    )


def forecast_fact(result: ForecastCheck) -> Fact:
    """How many purchases, and how much money, the model in force would have missed.

    Parameters
    ----------
    result : ForecastCheck
        The gated result.

    Returns
    -------
    Fact
    """
    fitted = result.calibration is not None and np.isfinite(result.calibration.shortfall)
    if not fitted or not np.isfinite(result.table["n"].iloc[0]):
        why = _why(result.note, result.table)
        return nothing("forecast", "too_few" if fitted else "none", claim="predictive", why=why)
    row = result.table.iloc[0]
    low, high = row["forecast_conf_low"], row["forecast_conf_high"]
    also: list[str | Sentence] = ["detail"]
    if np.isfinite([low, high]).all():
        also.append("held" if low <= row["made"] <= high else "outside")
    also += _money_check(result)
    also += _better_model(result)
    if np.isfinite(result.calibration.correlation):
        also.append("rank")
    return Fact(
        "forecast",
        "predictive",
        estimate=abs(row["shortfall"]),
        unit="percent",
        n=int(row["n"]),
        base="value.customers_at_split",
        variant="fewer" if row["shortfall"] > 0 else "more",
        also=tuple(also),
        numbers={
            "weeks": result.weeks,
            "split_at": result.split_at,
            "model": row["model"],
            "made": row["made"],
            "forecast": row["forecast"],
            "forecast_low": low,
            "forecast_high": high,
            "rank": result.calibration.correlation,
        },
        comparator=Beside("made", row["made"], unit="count"),
    )


def _money_check(result: ForecastCheck) -> list[Sentence]:
    """The money forecast beside the money that came, and whether chance may explain the rest."""
    row = result.table.iloc[0]
    if not np.isfinite(row["value_shortfall"]):
        return [Sentence("no_money")]
    ends = {end: row[f"value_forecast_conf_{end}"] for end in ("low", "high")}
    told = {"forecast_money": row["value_forecast"], "brought": row["brought"]}
    told |= {"off": abs(row["value_shortfall"]), "money": result.money}
    fared = "money_missed" if row["value_shortfall"] > 0 else "money_exceeded"
    if not np.isfinite(list(ends.values())).all():
        return [Sentence(fared, told)]
    held = ends["low"] <= row["brought"] <= ends["high"]
    ends = {f"money_{end}": value for end, value in ends.items()}
    return [Sentence(fared, told), Sentence("money_held" if held else "money_outside", ends)]


def spend_fact(result: ValueModels, *, min_cell: int) -> Fact:
    """Whether who buys often also spends more a purchase, with its size.

    Parameters
    ----------
    result : ValueModels
    min_cell : int
        The fewest repeat buyers of whom anything is told.

    Returns
    -------
    Fact
    """
    rows = result.check.table.set_index("term")
    row = rows.loc["pearson"]
    if not np.isfinite(row["estimate"]) or row["n"] < min_cell:
        why = row["note"] if row["n"] >= min_cell else ""
        return nothing("spend", "none" if why else "too_few", why=why)
    left_out = ["left_out"] if result.spend.left_out else []
    return Fact(
        "spend",
        estimate=row["estimate"],
        low=row["conf_low"],
        high=row["conf_high"],
        unit="number2",
        n=int(row["n"]),
        base="value.repeat_buyers",
        also=("detail", result.check.size.replace(" ", "_"), *left_out),
        numbers={"rank": rows.at["spearman", "estimate"], "left_out": result.spend.left_out},
        in_summary=False,
    )


def acquired_fact(result: AcquiredValue, *, conf_level: float) -> Fact:
    """What a new customer brings, and how many times her cost that is.

    Parameters
    ----------
    result : AcquiredValue
        The gated result.
    conf_level : float
        Between 0.5 and 1: that of the intervals, and of groups that differ clearly.

    Returns
    -------
    Fact
    """
    table = result.table.dropna(subset=["n"])
    if not len(table) or not np.isfinite(table["value_new"].iloc[0]):
        why = _why(result.note, result.table)
        return nothing("acquired", _reason(result), claim="predictive", why=why)
    row = table.iloc[0]
    low, high = row["value_new_conf_low"], row["value_new_conf_high"]
    interval = ["interval"] if np.isfinite([low, high]).all() else []
    return Fact(
        "acquired",
        "predictive",
        estimate=row["value_new"],
        low=low,
        high=high,
        unit="money",
        n=int(row["n"]),
        base=BASE,
        also=(*interval, *_cost(result, table, conf_level)),
        numbers={"money": result.money, "weeks": result.weeks},
        in_summary=False,
    )


def _cost(result: AcquiredValue, table: pd.DataFrame, conf_level: float) -> list[str | Sentence]:
    row = table.iloc[0]
    if not result.cost_of:
        return [Sentence("no_cost", {"why": result.cost_note})]
    if not pd.notna(row["acquisition_cost"]):
        return [Sentence("no_cost", {"why": note("winning.too_few_with_cost")})]
    if not np.isfinite(row["value_to_cost"]):
        return ["free"]
    told: list[str | Sentence] = [
        Sentence(
            f"cost_{result.cost_of}",
            {
                "cost": row["acquisition_cost"],
                "cost_weeks": result.cost_weeks,
                "times": row["value_to_cost"],
            },
        )
    ]
    groups = table.iloc[1:].dropna(subset=["value_to_cost"])
    return [
        *told,
        *(
            Sentence(f"cost_{one.key}", dict(one.numbers) | {"segment": result.segment})
            for one in _apart(groups, "value_to_cost", 1.0, conf_level)
        ),
    ]


def _apart(
    rows: pd.DataFrame, quantity: str, size: pd.Series | float, conf_level: float
) -> tuple[Sentence, ...]:
    """The two groups whose quantity, a customer, differs most clearly; nothing for one group."""
    names = {"estimate": quantity, "conf_low": f"{quantity}_conf_low"}
    names["conf_high"] = f"{quantity}_conf_high"
    each = {name: rows[column] / size for name, column in names.items()}
    each = pd.DataFrame(each).assign(group=rows["group"])
    pairs = compare_pairs(logarithms(each, conf_level=conf_level), conf_level=conf_level)
    pair = best_supported(pairs)
    if pair is None:
        return ()
    held = each.set_index("group")["estimate"]
    ratio, low, high = np.exp(pair[["estimate", "conf_low", "conf_high"]].astype(float))
    numbers = {"high": pair["group"], "low": pair["reference"], "p": pair["p_holm"]}
    numbers |= {"high_each": held[pair["group"]], "low_each": held[pair["reference"]]}
    numbers |= {"ratio": ratio, "ratio_low": low, "ratio_high": high, "pairs": len(pairs)}
    return (Sentence("apart" if pair["p_holm"] < 1 - conf_level else "alike", numbers),)


def acquired_table(result: AcquiredValue) -> pd.DataFrame:
    """By group; without the cost columns where the study knows no cost.

    Parameters
    ----------
    result : AcquiredValue

    Returns
    -------
    DataFrame
        The columns of `AcquiredValue.table`.
    """
    costs = ["acquisition_cost", "value_to_cost"]
    costs += [f"value_to_cost_conf_{end}" for end in ("low", "high")]
    return result.table if result.cost_of else result.table.drop(columns=costs)
