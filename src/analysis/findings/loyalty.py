"""What intention and behaviour say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.findings.satisfaction import headline_of
from analysis.methods.regression import ShapeComparison
from analysis.satisfaction.behaviour import Behaviour
from analysis.satisfaction.intention import Intention
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording

SHAPE = "intended.shape"
MEDIATION = "intended.mediation"


def controls_in_words(terms: list[str], driver: str, say: Wording) -> str:
    """The columns that a regression adjusts for, each once."""
    names = dict.fromkeys(
        term.split(": ")[0] for term in terms if term not in ("intercept", driver)
    )
    return ", ".join(_lower(say.value(name)) for name in names)


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def intention_finding(result: Intention, say: Wording) -> Finding:
    """How much intended loyalty goes with one more point of satisfaction."""
    options = {"claim": "descriptive", "in_summary": not result.followed}
    if result.fit is None or not np.isfinite(result.effect["std_error"]):
        return finding(say, "intended.finding.none", claim="descriptive", in_summary=False)
    effect = result.effect
    numbers = {"effect": effect["estimate"], "low": effect["conf_low"], "high": effect["conf_high"]}
    known = numbers | {"answers": result.fit.n}
    if effect["conf_low"] <= 0:
        key = "intended.finding.unclear"
        options["in_summary"] = False
        return finding(say, key, say(f"{key}.detail", **known), **options)
    among = controls_in_words(result.fit.design.names, effect.name, say)
    key = "intended.finding.detail" if among else "intended.finding.bare"
    details = [say(key, controls=among, **known), weighted_in_words(result.weighted, say)]
    details += [say("intended.finding.same"), *_moderation(result.moderation_p, say)]
    return finding(say, "intended.finding", *details, **options, **numbers)


def weighted_in_words(weighted: bool, say: Wording) -> str:
    """That a regression weighs the answers; nothing where there are no weights."""
    return say("loyalty.weighted") if weighted else ""


def _moderation(p_values: dict[str, float], say: Wording) -> list[str]:
    return [
        say(
            f"intended.moderation.{'differ' if _clear(p, p_values, say) else 'alike'}",
            by=_lower(say.value(by)),
            p=p,
        )
        for by, p in p_values.items()
    ]


def _clear(p_value: float, tests: dict[str, float], say: Wording) -> bool:
    """One test a grouping: each p-value is judged against their number (Bonferroni)."""
    return p_value * len(tests) < 1 - say.conf_level


def shape_finding(shapes: ShapeComparison | None, say: Wording) -> Finding:
    """Whether every point of satisfaction counts alike."""
    options = {"claim": "descriptive", "in_summary": False}
    p_value = np.nan if shapes is None else _spline_p(shapes)
    if not np.isfinite(p_value):
        return finding(say, f"{SHAPE}.none", **options)
    if p_value >= 1 - say.conf_level:
        return finding(say, f"{SHAPE}.line", say(f"{SHAPE}.line.detail", p=p_value), **options)
    slopes = shapes.bend.set_index("term")["estimate"]
    if len(slopes) < 2 or slopes.isna().any():
        detail = ""
    else:
        at = float(slopes.index[1].rpartition(" ")[2])
        below, above = slopes.iloc[0], slopes.iloc[0] + slopes.iloc[1]
        detail = say(f"{SHAPE}.bent.detail", p=p_value, at=at, below=below, above=above)
    return finding(say, f"{SHAPE}.bent", detail, **options)


def _spline_p(shapes: ShapeComparison) -> float:
    return float(shapes.table.set_index("shape").at["spline", "p_value"])


def intention_caption(result: Intention, say: Wording) -> str:
    """What the figure of intention shows."""
    if result.shapes is None:
        return say("intended.none_alt")
    headline = headline_of(shape_finding(result.shapes, say))
    return say("intended.caption", headline=headline, answers=result.fit.n)


def intention_alt(result: Intention, say: Wording) -> str:
    """The same in words."""
    if result.shapes is None:
        return say("intended.none_alt")
    return say("intended.alt", headline=headline_of(shape_finding(result.shapes, say)))


def mediation_finding(result: Intention, say: Wording) -> Finding:
    """How much of a driver's tie with loyalty runs through satisfaction."""
    options = {"claim": "descriptive", "in_summary": False}
    found = result.mediation
    if found is None or found.table["estimate"].isna().any():
        return finding(say, f"{MEDIATION}.none", **options)
    rows = found.table.set_index("term")
    driver = say.value(found.driver)
    if rows.at["share mediated", "note"]:
        return finding(say, f"{MEDIATION}.unclear", driver=driver, **options)
    detail = say(
        f"{MEDIATION}.detail",
        total=rows.at["total", "estimate"],
        indirect=rows.at["indirect", "estimate"],
        direct=rows.at["direct", "estimate"],
        low=rows.at["indirect", "conf_low"],
        high=rows.at["indirect", "conf_high"],
        driver=driver,
    )
    numbers = {"share": rows.at["share mediated", "estimate"], "driver": driver}
    caution = say(f"{MEDIATION}.caution")
    return finding(say, MEDIATION, detail, caution, **options, **numbers)


def mediation_driver(result: Intention, say: Wording) -> str:
    """The name of the driver, for the table's caption."""
    return say.value("all" if result.mediation is None else result.mediation.driver)


def behaviour_finding(result: Behaviour, say: Wording) -> Finding:
    """How many more customers buy again per point of satisfaction."""
    row = result.overall
    if row is None or result.n < say.min_cell or not np.isfinite(row["again"]):
        why = say("behaved.finding.why", weeks=result.weeks)
        key = "behaved.finding.none"
        return finding(say, key, claim="predictive", in_summary=False, why=why)
    numbers = {"points": row["again"], "weeks": result.weeks}
    limits = {"low": row["again_conf_low"], "high": row["again_conf_high"]}
    if limits["low"] <= 0:
        key = "behaved.finding.unclear"
        detail = say(f"{key}.detail", **numbers, **limits)
        return finding(say, key, detail, claim="predictive", in_summary=False, **numbers)
    driver = result.again.design.names[1]
    detail = say(
        "behaved.finding.detail",
        answers=result.again.n,
        customers=result.customers,
        controls=controls_in_words(result.again.design.names, driver, say),
        **limits,
    )
    details = [detail, weighted_in_words(result.weighted, say), _bought(row, say)]
    details.append(say("behaved.finding.not_causal"))
    return finding(say, "behaved.finding", *details, claim="predictive", **numbers)


def _bought(row: pd.Series, say: Wording) -> str:
    numbers = {}
    for name in ("bought", "spent"):
        ends = {"": "", "_low": "_conf_low", "_high": "_conf_high"}
        numbers |= {f"{name}{end}": row[f"{name}{column}"] for end, column in ends.items()}
    clear = np.isfinite(list(numbers.values())).all() and numbers["bought_low"] > 0
    return say("behaved.finding.bought", **numbers) if clear and numbers["spent_low"] > 0 else ""


def groups_finding(result: Behaviour, say: Wording) -> Finding:
    """Whether one point goes with more in some groups than in others."""
    options = {"claim": "predictive", "in_summary": False}
    tested = result.moderation_p
    if not tested:
        return finding(say, "behaved.groups.one", **options)
    told = [say("behaved.groups.tested", by=_lower(say.value(by)), p=p) for by, p in tested.items()]
    if len(tested) > 1:
        limit = (1 - say.conf_level) / len(tested)
        told.append(say("behaved.groups.several", tests=len(tested), limit=limit))
    clear = [by for by, p in tested.items() if _clear(p, tested, say)]
    between = f" {say('loyalty.or')} "
    by = between.join(_lower(say.value(name)) for name in clear or tested)
    kind = "differ" if clear else "alike"
    return finding(say, f"behaved.groups.{kind}", *told, by=by, **options)


def behaviour_shape_caption(result: Behaviour, say: Wording) -> str:
    """What the figure of buying again shows."""
    if result.shapes is None:
        return say("behaved.none_alt")
    headline = headline_of(shape_finding(result.shapes, say))
    numbers = {"weeks": result.weeks, "answers": result.again.n}
    return say("behaved.shape_caption", headline=headline, **numbers)


def behaviour_shape_alt(result: Behaviour, say: Wording) -> str:
    """The same in words."""
    if result.shapes is None:
        return say("behaved.none_alt")
    return say("behaved.shape_alt", headline=headline_of(shape_finding(result.shapes, say)))


def groups_caption(result: Behaviour, say: Wording) -> str:
    """What the figure of the groups shows."""
    headline = headline_of(groups_finding(result, say))
    numbers = {"weeks": result.weeks, "answers": result.n}
    return say("behaved.groups_caption", headline=headline, **numbers)


def groups_alt(result: Behaviour, say: Wording) -> str:
    """The same in words."""
    return say("behaved.groups_alt")
