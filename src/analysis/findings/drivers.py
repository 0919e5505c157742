"""What drivers, touchpoints and the path model say."""

from __future__ import annotations

import numpy as np

from analysis.findings.loyalty import weighted_in_words
from analysis.findings.satisfaction import headline_of
from analysis.satisfaction.drivers import Drivers, Touchpoints
from analysis.satisfaction.paths import SatisfactionPaths
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording

TOUCH = "drivers.touchpoints"
UNEQUAL = "drivers.asymmetry"
STABLE = 0.8


def drivers_finding(result: Drivers, say: Wording) -> Finding:
    """Which driver goes with most of satisfaction, unless two are as good as tied."""
    if result.importance is None or result.n < say.min_cell:
        return finding(say, "drivers.finding.none", claim="descriptive", in_summary=False)
    options = {"claim": "descriptive", "in_summary": not result.followed}
    table = result.importance.table.sort_values("rank")
    first, second = table.iloc[0], table.iloc[1]
    numbers = {
        "driver": say.value(first["term"]),
        "second": say.value(second["term"]),
        "share": first["share"],
        "variance": first["estimate"],
        "explained": result.importance.r_squared,
    }
    stable = first["rank_stability"]
    if not np.isfinite(stable) or not np.isfinite(first["conf_low"]):
        return finding(say, "drivers.finding", **options, **numbers)
    limits = {"low": first["conf_low"], "high": first["conf_high"], "stable": stable}
    details = [say("drivers.finding.detail", **numbers, **limits)]
    details.append(weighted_in_words(result.weighted, say))
    key = "drivers.finding" if stable >= STABLE else "drivers.finding.close"
    return finding(say, key, *details, **options, **numbers)


def drivers_caption(result: Drivers, say: Wording) -> str:
    """What the bars show."""
    if result.importance is None:
        return say("drivers.none_alt")
    headline = headline_of(drivers_finding(result, say))
    return say("drivers.caption", headline=headline, answers=result.n)


def drivers_alt(result: Drivers, say: Wording) -> str:
    """The same in words."""
    if result.importance is None:
        return say("drivers.none_alt")
    first = result.importance.table.sort_values("rank").iloc[0]
    return say("drivers.alt", driver=say.value(first["term"]), variance=first["estimate"])


def touchpoints_finding(result: Touchpoints, say: Wording) -> Finding:
    """Where low ratings and weight for satisfaction meet most."""
    told = _told(result, say)
    if told is None:
        return finding(say, f"{TOUCH}.none", claim="descriptive", in_summary=False)
    first, second = told.iloc[0], told.iloc[1]
    numbers = {
        "touchpoint": say.value(first["touchpoint"]),
        "pain": first["pain"],
        "low_at": result.drivers.low_at,
    }
    detail = say(
        f"{TOUCH}.detail",
        low=first["pain_conf_low"],
        high=first["pain_conf_high"],
        variance=first["variance"],
        second=say.value(second["touchpoint"]),
    )
    return finding(say, TOUCH, detail, claim="descriptive", **numbers)


def _told(result: Touchpoints, say: Wording):
    if result.drivers.importance is None or result.drivers.n < say.min_cell:
        return None
    table = result.table.dropna(subset=["priority_rank"]).sort_values("priority_rank")
    return table if len(table) > 1 and table["priority"].notna().all() else None


def touchpoints_caption(result: Touchpoints, say: Wording) -> str:
    """What the map shows."""
    if result.drivers.map is None:
        return say("drivers.none_alt")
    headline = headline_of(touchpoints_finding(result, say))
    return say(f"{TOUCH}.caption", headline=headline, answers=result.drivers.n)


def touchpoints_alt(result: Touchpoints, say: Wording) -> str:
    """The same in words."""
    told = _told(result, say)
    if told is None:
        return say("drivers.none_alt")
    return say(f"{TOUCH}.alt", touchpoint=say.value(told.iloc[0]["touchpoint"]))


def asymmetry_finding(result: Drivers, say: Wording) -> Finding:
    """Which ratings punish more than they reward, and the reverse."""
    options = {"claim": "descriptive", "in_summary": False}
    if result.asymmetry is None:
        return finding(say, f"{UNEQUAL}.none", **options)
    kinds = result.asymmetry.kinds
    details, unequal = [], 0
    for kind in ("basic", "excitement"):
        names = [f"“{say.value(name)}”" for name in kinds.loc[kinds["kind"].eq(kind), "term"]]
        unequal += len(names)
        details += [say(f"{UNEQUAL}.{kind}", names=", ".join(names))] if names else []
    if not unequal:
        return finding(say, f"{UNEQUAL}.equal", **options)
    details.append(say(f"{UNEQUAL}.performance") if unequal < len(kinds) else "")
    return finding(say, UNEQUAL, *details, count=unequal, all=len(kinds), **options)


def asymmetry_caption(result: Drivers, say: Wording) -> str:
    """What the bars to both sides show."""
    if result.asymmetry is None:
        return say("drivers.none_alt")
    headline = headline_of(asymmetry_finding(result, say))
    numbers = {"low_at": result.low_at, "high_at": result.high_at, "answers": result.n}
    return say(f"{UNEQUAL}.caption", headline=headline, **numbers)


def asymmetry_alt(result: Drivers, say: Wording) -> str:
    """The same in words."""
    return say("drivers.none_alt" if result.asymmetry is None else f"{UNEQUAL}.alt")


def paths_finding(result: SatisfactionPaths, say: Wording) -> Finding:
    """What has the largest total effect on loyalty."""
    if result.estimate is None or result.estimate.n < say.min_cell:
        return finding(say, "paths.finding.none", claim="descriptive", in_summary=False)
    effects = result.effects_on_target()
    first = effects.iloc[0]
    explained = result.estimate.quality.set_index("construct").at[result.target, "r_squared"]
    target = say.value(result.target)
    numbers = {"total": first["total"], "construct": say.value(first["construct"])}
    numbers["target"] = target
    details = []
    if np.isfinite(first["total_conf_low"]):
        limits = {"low": first["total_conf_low"], "high": first["total_conf_high"]}
        answers = result.estimate.n
        details.append(
            say(
                "paths.finding.detail",
                explained=explained,
                answers=answers,
                target=target,
                **limits,
            )
        )
    details += [say("paths.finding.alone", **_strongest(result, say)), _unclear(result, say)]
    if result.estimate.n_unsettled:
        counts = {"count": result.estimate.n_unsettled, "all": result.replications}
        details.append(say("paths.finding.unsettled", **counts))
    details += [say("loyalty.unweighted")] if result.weighted else []
    return finding(say, "paths.finding", *details, claim="descriptive", in_summary=False, **numbers)


def _strongest(result: SatisfactionPaths, say: Wording) -> dict[str, object]:
    paths = result.paths()
    strongest = paths.loc[paths["coefficient"].abs().idxmax()]
    return {"path": say.value(strongest["path"]), "coefficient": strongest["coefficient"]}


def _unclear(result: SatisfactionPaths, say: Wording) -> str:
    paths = result.paths()
    held = paths["coefficient_conf_low"].le(0) & paths["coefficient_conf_high"].ge(0)
    if held.any():
        return say("paths.finding.unclear", count=held.sum(), all=len(paths))
    return say("paths.finding.all_clear")


def consistent_finding(result: SatisfactionPaths, say: Wording) -> Finding:
    """Whether the consistent estimates may be read, and how far they lie from the paths."""
    options = {"claim": "descriptive", "in_summary": False}
    if result.consistency in ("none", "inadmissible"):
        return finding(say, f"paths.consistent.{result.consistency}", **options)
    table = result.estimate.table
    if result.consistency == "extreme":
        beyond = table.loc[table["consistent"].abs().idxmax()]
        numbers = {"count": int(table["note"].ne("").sum()), "all": len(table)}
        told = {"path": say.value(beyond["term"]), "composite": beyond["estimate"]}
        detail = say(
            "paths.consistent.extreme.detail",
            consistent=beyond["consistent"],
            htmt=result.constructs["htmt_largest"].max(),
            **told,
        )
        return finding(say, "paths.consistent.extreme", detail, **options, **numbers)
    moved = table.loc[(table["consistent"] - table["estimate"]).abs().idxmax()]
    told = {"path": say.value(moved["term"]), "composite": moved["estimate"]}
    told |= {"consistent": moved["consistent"]}
    return finding(
        say,
        "paths.consistent",
        say("paths.consistent.detail", **told),
        change=abs(moved["consistent"] - moved["estimate"]),
        **options,
    )


def goodness_in_words(result: SatisfactionPaths, say: Wording) -> str:
    """The goodness of fit, reproduced for those who ask for it; nothing where there is none."""
    fit = np.nan if result.estimate is None else result.estimate.goodness_of_fit
    return say("paths.goodness", fit=fit) if np.isfinite(fit) else ""


def paths_caption(result: SatisfactionPaths, say: Wording) -> str:
    """What the diagram shows."""
    if result.estimate is None:
        return say("paths.none_alt")
    headline = headline_of(paths_finding(result, say))
    return say("paths.caption", headline=headline, answers=result.estimate.n)


def paths_alt(result: SatisfactionPaths, say: Wording) -> str:
    """The same in words."""
    if result.estimate is None:
        return say("paths.none_alt")
    return say("paths.alt", **_strongest(result, say))
