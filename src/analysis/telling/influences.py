"""Facts of what goes with coming back or ending, and of how far it is foreseen.

The chapters `returning` and `ending` make them alike; what differs stands in their own texts:
`rate` (of coming back, of ending), `did` (came back, ended), `unit` (weeks, months).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.methods.pairs import best_supported
from analysis.methods.resampling import critical_value
from analysis.notes import note
from analysis.states.covariates import NO_VALUE
from analysis.states.influences import PER, Influences
from analysis.states.predictability import Predictability
from analysis.telling.facts import Beside, Fact, Sentence, nothing

RATIOS, CONSTANT, FORESEEN = (f"influences.{key}" for key in ("ratios", "constant", "foreseen"))
OWN = {"rate": "rate", "did": "did", "unit": "unit", "period": "period"}
FORMS = {PER["first_value"]: "doubling", PER[NO_VALUE]: "flag"}


def ratio_fact(result: Influences, *, conf_level: float, min_cell: int) -> Fact:
    """The clearest association: how much higher or lower a rate is, and how many others are clear.

    Its estimate is the hazard ratio; the sentence tells by how many per cent the rate differs.

    Parameters
    ----------
    result : Influences
    conf_level : float
        Level of the intervals, in (0, 1).
    min_cell : int
        The smallest group that may be told.

    Returns
    -------
    Fact
    """
    if result.fit is None:
        return nothing(RATIOS, "too_few", why=result.note, **OWN)
    compared = result.table[result.table["level"] != result.table["reference"]]
    shown = compared.loc[compared["hazard_ratio_conf_low"].notna(), "covariate"]
    if not len(shown):
        return nothing(RATIOS, "too_few", why=note("influences.all_few", least=min_cell), **OWN)
    supported = result.pairs[result.pairs["covariate"].isin(shown)]
    clear = supported.loc[supported["p_holm"] < 1 - conf_level, "covariate"].nunique()
    numbers = OWN | {"tested": len(result.tests), "clear": clear, "ended": result.ended}
    numbers["pairs"] = len(result.pairs)
    options = {"n": result.customers, "base": f"{result.kind}.followed"}
    left_out = _left_out(result, min_cell)
    row = best_supported(supported)
    if not clear or row is None:
        also = ("detail", *left_out)
        return Fact(RATIOS, variant="no_difference", also=also, numbers=numbers, **options)
    reach = critical_value(conf_level) * row["std_error"]
    ratio = np.exp(row["estimate"] + np.array([0, -reach, reach]))
    direction = "higher" if ratio[0] > 1 else "lower"
    change, *ends = (ratio - 1) * (1 if direction == "higher" else -1)
    numbers |= dict(
        zip(("change", "change_low", "change_high"), [change, *sorted(ends)], strict=True)
    )
    numbers |= {"covariate": row["covariate"], "group": row["level"], "reference": row["reference"]}
    numbers["p"] = row["p_holm"]
    others = ("others",) if len(result.tests) > 1 else ()
    return Fact(
        RATIOS,
        estimate=ratio[0],
        low=ratio[1],
        high=ratio[2],
        unit="number2",
        variant=f"{_form(row)}_{direction}",
        also=("interval", *others, "association", *left_out),
        numbers=numbers,
        **options,
    )


def _form(row: pd.Series) -> str:
    return "level" if row["reference"] else FORMS.get(row["level"], "spread")


def _left_out(result: Influences, min_cell: int) -> tuple[Sentence, ...]:
    rows = result.left_out.to_dict("records")
    told = [Sentence("joined" if _is_joined(row) else "left_out", row) for row in rows]
    if result.incomplete >= min_cell:
        told.append(Sentence("incomplete", {"incomplete": result.incomplete}))
    return tuple(told)


def _is_joined(row: dict[str, Any]) -> bool:
    return getattr(row["reason"], "key", "") == "influences.level_joined"


def constant_fact(result: Influences) -> Fact:
    """Whether the ratios are the same at all times, and what the milestones say where not.

    Parameters
    ----------
    result : Influences

    Returns
    -------
    Fact
    """
    if result.fit is None:
        return nothing(CONSTANT, "too_few", why=result.note, **OWN)
    if not np.isfinite(result.p_constant):
        return nothing(CONSTANT, "untested")
    own = result.table[result.table["covariate"] == result.watched]
    if not own.loc[own["level"] == result.watched_level, "hazard_ratio"].notna().any():
        return nothing(CONSTANT, "too_few", why=note("influences.watched_few"), **OWN)
    course = result.over_time["hazard_ratio"]
    numbers = OWN | {
        "p": result.p_constant,
        "early": course.iloc[0],
        "late": course.iloc[-1],
        "ended": result.ended,
        **_watched(result),
    }
    also: tuple[str | Sentence, ...] = ("detail",)
    if result.doubtful:
        tests = result.tests.set_index("covariate")
        numbers["own"] = tests.loc[result.doubtful, "p_constant"]
        also = (*also, *_apart(result))
    return Fact(
        CONSTANT,
        n=result.customers,
        base=f"{result.kind}.followed",
        variant="doubtful" if result.doubtful else "holds",
        also=also,
        numbers=numbers,
        in_summary=False,
    )


def _watched(result: Influences) -> dict[str, Any]:
    """The row whose course is drawn: its names, and the words for it."""
    table = result.table[result.table["covariate"] == result.watched]
    row = table[table["level"] == result.watched_level].iloc[0]
    names = {"covariate": row["covariate"], "group": row["level"], "reference": row["reference"]}
    return names | {"watched": note(f"influences.watched_{_form(row)}", **names)}


def _apart(result: Influences) -> tuple[Sentence, ...]:
    """How far the extreme groups lie apart at the first and the last milestone."""
    marks = result.milestones.dropna(subset=["estimate", "n"])
    if not len(marks):
        return ()
    last = marks[marks["time"] == marks["time"].max()]
    group = last.loc[last["estimate"].abs().idxmax(), "group"]
    own = marks[marks["group"] == group].sort_values("time")
    early, late = own.iloc[0], own.iloc[-1]
    numbers = {"group": str(group), "reference": str(early["reference"])}
    numbers |= {"early": early["estimate"], "early_time": early["time"]}
    return (Sentence("apart", numbers | {"late": late["estimate"], "late_time": late["time"]}),)


def foreseen_fact(result: Predictability) -> Fact:
    """How often the order of two customers kept aside is foreseen, and how much error is saved.

    Parameters
    ----------
    result : Predictability

    Returns
    -------
    Fact
    """
    if result.note:
        return nothing(FORESEEN, "too_few", claim="predictive", why=result.note, **OWN)
    order, skill = result.value("uno"), result.value("skill")["estimate"]
    ratio = result.value("observed_to_expected")["estimate"]
    better = order["conf_low"] > 0.5
    told = {
        "interval": np.isfinite(order["conf_low"]),
        "saved" if skill >= 0.0005 else "not_saved": True,
        "calibrated": np.isfinite(ratio),
        _strength(order["estimate"]): better,
    }
    groups = result.calibration.dropna(subset=["n", "estimate"])
    numbers = OWN | {
        "skill": skill,
        "ratio": ratio,
        "until": result.until,
        "training": result.training,
        "groups": len(result.calibration),
        "least": groups["predicted"].min(),
        "most": groups["predicted"].max(),
        "least_seen": groups["estimate"].min(),
        "most_seen": groups["estimate"].max(),
    }
    return Fact(
        FORESEEN,
        claim="predictive",
        estimate=order["estimate"],
        low=order["conf_low"],
        high=order["conf_high"],
        unit="percent0",
        n=result.held_out,
        base=f"{result.kind}.kept_aside",
        variant="better" if better else "chance",
        also=tuple(sentence for sentence, holds in told.items() if holds),
        numbers=numbers,
        comparator=Beside("average_curve", skill, unit="percent"),
        check=Beside("observed_to_expected", ratio, unit="number2"),
    )


def _strength(concordance: float) -> str:
    return "weak" if concordance < 0.6 else "fair" if concordance < 0.7 else "good"
