"""What the associations with coming back or ending say, and how far they foresee it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.lifecycle.influences import Influences
from analysis.lifecycle.predictability import Predictability
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording

RATIOS = "influences.ratios"
CONSTANT = "influences.constant"
FORESEEN = "influences.foreseen"
FORMS = {"per doubling": "doubling", "without charge": "flag"}


def words(result: Influences | Predictability, say: Wording) -> dict[str, str]:
    """The words that differ between coming back and ending."""
    names = ("rate", "did", "unit")
    return {name: say(f"influences.{name}.{result.kind}") for name in names}


def ratio_finding(result: Influences, say: Wording) -> Finding:
    """The clearest association, in per cent of the rate, and how many others are clear."""
    told_as = words(result, say)
    options = {"claim": "descriptive", **told_as}
    if result.fit is None:
        return finding(say, f"{RATIOS}.too_few", in_summary=False, **options)
    alpha = 1 - say.conf_level
    clear = result.tests[result.tests["p_holm"] < alpha]
    counts = {"tested": len(result.tests), "clear": len(clear)}
    if not len(clear):
        key = f"{RATIOS}.no_difference"
        detail = say(f"{key}.detail", **counts, **told_as)
        return finding(say, key, detail, _left_out(result, say), **options, **counts)
    row = _clearest(result, clear)
    higher = row["hazard_ratio"] > 1
    names = {
        "covariate": say.value(row["covariate"]),
        "group": say.value(row["level"]),
        "reference": say.value(row["reference"]),
        "change": abs(row["hazard_ratio"] - 1),
    }
    ends = np.sort(np.abs(row[["ratio_conf_low", "ratio_conf_high"]].to_numpy(float) - 1))
    numbers = names | counts | {"low": ends[0], "high": ends[1]}
    key = f"{RATIOS}.{_form(row)}_{'higher' if higher else 'lower'}"
    details = [
        say(f"{RATIOS}.interval", **numbers),
        say(f"{RATIOS}.others", **counts) if len(result.tests) > 1 else "",
        say(f"{RATIOS}.association"),
        _left_out(result, say),
    ]
    return finding(say, key, *details, **options, **numbers)


def _clearest(result: Influences, clear: pd.DataFrame) -> pd.Series:
    best = clear.sort_values(["p_holm", "chi2"], ascending=[True, False]).iloc[0]
    table = result.table[result.table["std_error"].notna()]
    own = table[table["covariate"] == best["covariate"]]
    return own.loc[(own["log_ratio"] / own["std_error"]).abs().idxmax()]


def _form(row: pd.Series) -> str:
    if row["reference"]:
        return "level"
    return FORMS.get(row["level"], "spread")


def _left_out(result: Influences, say: Wording) -> str:
    told = [
        say(f"{RATIOS}.left_out", covariate=say.value(row.covariate), reason=say.value(row.reason))
        for row in result.left_out.itertuples()
    ]
    if result.incomplete >= say.min_cell:
        told.append(say(f"{RATIOS}.incomplete", incomplete=result.incomplete))
    return " ".join(told)


def ratio_caption(result: Influences, say: Wording) -> str:
    """What the forest plot shows."""
    told = ratio_finding(result, say)
    numbers = {"customers": result.customers, "ended": result.ended}
    drawn = say(f"{RATIOS}.caption", **numbers, **words(result, say))
    return f"{told.number} {told.headline} {drawn}"


def ratio_alt(result: Influences, say: Wording) -> str:
    """The same in words."""
    told = ratio_finding(result, say)
    return say(f"{RATIOS}.alt", headline=f"{told.number} {told.headline}")


def constant_finding(result: Influences, say: Wording) -> Finding:
    """Whether the ratios are the same at all times, and what the milestones say where not."""
    options = {"claim": "descriptive", "in_summary": False, **words(result, say)}
    if result.fit is None or not np.isfinite(result.p_constant):
        return finding(say, f"{CONSTANT}.too_few", **options)
    numbers = {"p": result.p_constant, "covariate": say.value(result.watched)}
    if not result.doubtful:
        key = f"{CONSTANT}.holds"
        return finding(say, key, say(f"{key}.detail", **numbers), **options, **numbers)
    key = f"{CONSTANT}.doubtful"
    own = result.tests.set_index("covariate").loc[result.doubtful, "p_constant"]
    numbers |= {"own": own, "watched": _watched(result, say)}
    course = result.over_time["hazard_ratio"]
    numbers |= {"early": course.iloc[0], "late": course.iloc[-1]}
    details = [say(f"{key}.detail", **numbers, **words(result, say)), _apart(result, say)]
    return finding(say, key, *details, **options, **numbers)


def _watched(result: Influences, say: Wording) -> str:
    """The row whose course is drawn, in words."""
    table = result.table[result.table["covariate"] == result.watched]
    row = table[table["level"] == result.watched_level].iloc[0]
    names = {name: say.value(row[name]) for name in ("covariate", "reference")}
    return say(f"{CONSTANT}.watched_{_form(row)}", group=say.value(row["level"]), **names)


def _apart(result: Influences, say: Wording) -> str:
    """How far the extreme groups lie apart at the first and the last milestone."""
    marks = result.milestones.dropna(subset=["points_apart"])
    if not len(marks):
        return ""
    last = marks[marks["time"] == marks["time"].max()]
    group = last.loc[last["points_apart"].abs().idxmax(), "group"]
    own = marks[marks["group"] == group].sort_values("time")
    early, late = own.iloc[0], own.iloc[-1]
    numbers = {
        "group": say.value(str(group)),
        "reference": say.value(str(early["reference"])),
        "early": early["points_apart"],
        "early_time": early["time"],
        "late": late["points_apart"],
        "late_time": late["time"],
    }
    return say(f"{CONSTANT}.apart", **numbers, **words(result, say))


def constant_caption(result: Influences, say: Wording) -> str:
    """What the course of a ratio over time shows."""
    if result.fit is None:
        return say(f"{CONSTANT}.too_few.headline", **words(result, say))
    told = constant_finding(result, say)
    told_as = words(result, say)
    drawn = say(f"{CONSTANT}.caption", watched=_watched(result, say), ended=result.ended, **told_as)
    return f"{told.number} {told.headline} {drawn}"


def constant_alt(result: Influences, say: Wording) -> str:
    """The same in words."""
    if result.fit is None:
        return say(f"{CONSTANT}.too_few.headline", **words(result, say))
    course = result.over_time["hazard_ratio"]
    numbers = {"early": course.iloc[0], "late": course.iloc[-1]}
    return say(f"{CONSTANT}.alt", watched=_watched(result, say), **numbers)


def foreseen_finding(result: Predictability, say: Wording) -> Finding:
    """How often the order of two customers kept aside is foreseen, and how much error is saved."""
    told_as = words(result, say)
    options = {"claim": "predictive", **told_as}
    if result.calibration is None:
        return finding(say, f"{FORESEEN}.too_few", in_summary=False, **options)
    order, skill = result.value("uno"), result.value("skill")["value"]
    numbers = {
        "share": order["value"],
        "low": order["value_conf_low"],
        "high": order["value_conf_high"],
        "skill": skill,
        "held_out": result.held_out,
        "training": result.training,
    }
    chance = not order["value_conf_low"] > 0.5
    saved = "saved" if skill >= 0.0005 else "not_saved"
    details = [
        say(f"{FORESEEN}.interval", **numbers),
        say(f"{FORESEEN}.{saved}", **numbers, **told_as),
        _calibrated(result, say),
        "" if chance else say(f"{FORESEEN}.{_strength(order['value'])}", **told_as),
    ]
    key = f"{FORESEEN}.{'chance' if chance else 'better'}"
    return finding(say, key, *details, **options, **numbers)


def _strength(concordance: float) -> str:
    return "weak" if concordance < 0.6 else "fair" if concordance < 0.7 else "good"


def _calibrated(result: Predictability, say: Wording) -> str:
    ratio = result.calibration.observed_to_expected
    if not np.isfinite(ratio):
        return ""
    numbers = {"ratio": ratio, "until": result.until}
    return say(f"{FORESEEN}.calibrated", **numbers, **words(result, say))


def foreseen_caption(result: Predictability, say: Wording) -> str:
    """What the calibration figure shows."""
    told_as = words(result, say)
    if result.calibration is None:
        return say(f"{FORESEEN}.too_few.headline", **told_as)
    numbers = {"held_out": result.held_out, "until": result.until}
    numbers["groups"] = len(result.calibration.table)
    return say(f"{FORESEEN}.caption", **numbers, **told_as)


def foreseen_alt(result: Predictability, say: Wording) -> str:
    """The same in words."""
    told_as = words(result, say)
    if result.calibration is None:
        return say(f"{FORESEEN}.too_few.headline", **told_as)
    table = 1 - result.calibration.table[["predicted", "estimate"]]
    table = table.dropna()
    numbers = {"until": result.until, "low": table["predicted"].min()}
    numbers |= {"high": table["predicted"].max(), "seen_low": table["estimate"].min()}
    return say(f"{FORESEEN}.alt", seen_high=table["estimate"].max(), **numbers, **told_as)
