"""What the path model says."""

from __future__ import annotations

import numpy as np

from analysis.chapters.paths.model import SatisfactionPaths
from analysis.telling.apart import Apart, told_apart
from analysis.telling.facts import Fact, Sentence, nothing


def paths_fact(result: SatisfactionPaths, *, min_cell: int) -> Fact:
    """What has the largest total effect on loyalty, and which single path is strongest.

    Parameters
    ----------
    result : SatisfactionPaths
    min_cell : int
        The fewest answers of which anything is told.

    Returns
    -------
    Fact
    """
    estimate = result.estimate
    if estimate is None or estimate.n < min_cell:
        reason = "not_estimable" if estimate is None else "too_few"
        return nothing("paths", reason, why=result.why)
    first, paths = result.effects_on_target().iloc[0], result.paths()
    strongest = paths.loc[paths["estimate"].abs().idxmax()]
    unclear = (paths["conf_low"].le(0) & paths["conf_high"].ge(0)).sum()
    counts = {"unclear": unclear, "paths": len(paths)}
    also: list[str | Sentence] = ["detail"] if np.isfinite(first["conf_low"]) else []
    also += ["alone", Sentence("unclear" if unclear else "all_clear", counts)]
    if estimate.n_filled:
        also.append(Sentence("filled", {"filled": estimate.n_filled}))
    if estimate.n_unsettled:
        also.append("unsettled")
    if result.weighted:
        also.append("unweighted")
    return Fact(
        "paths",
        estimate=first["estimate"],
        low=first["conf_low"],
        high=first["conf_high"],
        unit="number2",
        n=estimate.n,
        base="paths.complete_answers",
        also=tuple(also),
        numbers={
            "construct": first["from"],
            "target": result.target,
            "explained": estimate.quality.set_index("construct").at[result.target, "r_squared"],
            "path": strongest["term"],
            "coefficient": strongest["estimate"],
            "unsettled": estimate.n_unsettled,
            "replications": result.replications,
        },
        in_summary=False,
    )


def consistent_fact(result: SatisfactionPaths) -> Fact:
    """Whether the consistent estimates may be read, and how far they lie from the paths.

    Parameters
    ----------
    result : SatisfactionPaths

    Returns
    -------
    Fact
    """
    if result.consistency in ("none", "inadmissible"):
        return nothing("consistent", result.consistency)
    table = result.estimate.table
    options = {"n": result.estimate.n, "base": "paths.complete_answers", "in_summary": False}
    if result.consistency == "extreme":
        row = table.loc[table["consistent"].abs().idxmax()]
        extreme, variant = int(table["note"].ne("").sum()), "extreme"
        own = {"estimate": extreme, "unit": "count"}
    else:
        row = table.loc[(table["consistent"] - table["estimate"]).abs().idxmax()]
        pair = sorted((row["consistent"], row["estimate"]), reverse=True)
        variant, own = "", {"estimate": Apart(*pair), "unit": "number2"}
    composite, consistent, _ = told_apart(row["estimate"], row["consistent"])
    numbers = {"path": row["term"], "composite": composite, "consistent": consistent}
    numbers |= {"paths": len(table), "htmt": result.constructs["htmt_largest"].max()}
    return Fact("consistent", variant=variant, also=("detail",), numbers=numbers, **own, **options)


def goodness_of_fit(result: SatisfactionPaths) -> float:
    """The goodness of fit, reproduced for those who ask for it.

    Parameters
    ----------
    result : SatisfactionPaths

    Returns
    -------
    float
        NaN where there is none.
    """
    return np.nan if result.estimate is None else result.estimate.goodness_of_fit


def constructs_caption(result: SatisfactionPaths) -> str:
    """Which caption the table of constructs has: with the goodness of fit, or without.

    Parameters
    ----------
    result : SatisfactionPaths

    Returns
    -------
    str
        A key of the chapter's texts.
    """
    return "paths.constructs" if np.isfinite(goodness_of_fit(result)) else "paths.constructs_bare"
