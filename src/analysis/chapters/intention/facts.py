"""What intention says."""

from __future__ import annotations

import numpy as np

from analysis.chapters.intention.intended import Intention
from analysis.notes import note
from analysis.states.slopes import adjusted_for, clear_tests, joined_levels
from analysis.telling.apart import told_apart
from analysis.telling.facts import Fact, Sentence, nothing
from analysis.telling.shapes import joined_sentence

BASE = "intention.complete_answers"


def intention_fact(result: Intention, *, conf_level: float) -> Fact:
    """How much intended loyalty goes with one more point of satisfaction.

    Parameters
    ----------
    result : Intention
    conf_level : float
        Between 0 and 1; tests of groups are judged against it.

    Returns
    -------
    Fact
    """
    if result.fit is None or not np.isfinite(result.effect["std_error"]):
        return nothing("intention", "none", why=result.why or note("reasons.no_error"))
    effect = result.effect
    controls = adjusted_for(result.fit, effect.name)
    told = {
        "estimate": effect["estimate"],
        "low": effect["conf_low"],
        "high": effect["conf_high"],
        "unit": "number2",
        "n": result.fit.n,
        "base": BASE,
        "numbers": {"controls": controls},
    }
    if effect["conf_low"] <= 0 <= effect["conf_high"]:
        return Fact("intention", variant="unclear", also=("detail",), in_summary=False, **told)
    clear = clear_tests(result.moderation_p, conf_level)
    also: list[str | Sentence] = ["detail" if controls else "bare"]
    also += ["slopes.weighted"] if result.weighted else []
    also += joined_sentence(joined_levels(result.fit))
    also.append("same")
    also += [
        Sentence("differ" if by in clear else "alike", {"by": by, "p": p})
        for by, p in result.moderation_p.items()
    ]
    return Fact("intention", also=tuple(also), in_summary=not result.followed, **told)


def mediation_fact(result: Intention) -> Fact:
    """How much of a driver's tie with loyalty runs through satisfaction.

    Parameters
    ----------
    result : Intention

    Returns
    -------
    Fact
    """
    split = result.mediation
    if split is None or split.table["estimate"].isna().any():
        why = result.why_no_mediation or note("reasons.no_error")
        return nothing("mediation", "none", why=why)
    rows = split.table.set_index("term")
    share, indirect = rows.loc["share mediated"], rows.loc["indirect"]
    options = {"n": int(share["n"]), "base": "intention.split_answers", "in_summary": False}
    if share["note"]:
        return Fact("mediation", variant="unclear", numbers={"driver": split.driver}, **options)
    total, through, direct = told_apart(rows.at["total", "estimate"], indirect["estimate"])
    return Fact(
        "mediation",
        estimate=share["estimate"],
        unit="percent0",
        also=("detail", "caution"),
        numbers={
            "driver": split.driver,
            "total": total,
            "direct": direct,
            "indirect": through,
            "indirect_low": indirect["conf_low"],
            "indirect_high": indirect["conf_high"],
        },
        **options,
    )
