"""One ordered question: what goes with a better answer, and does it at every step alike?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods.regression import (
    OrdinalFit,
    ProportionalOdds,
    average_marginal_effects,
    check_proportional_odds,
    fit_ordinal,
)
from analysis.methods.regression.design import Levels
from analysis.states.answers import NOT_ESTIMABLE, Answers, attempt


@dataclass(frozen=True, slots=True, eq=False)
class OrderedAnswer:
    """An ordered logit of one question.

    Attributes
    ----------
    fit : OrdinalFit or None
        None where it cannot be estimated; `why` says why not.
    odds : DataFrame
        `term, reference` (the level it is compared with), `n_answers, odds, odds_conf_low,
        odds_conf_high` (of a better answer), `coefficient, std_error, p_value, note`.
    shares : DataFrame
        `answer, n_answers, share` as given.
    best : DataFrame
        Effects on the share of the best answer: `term, n_answers, share_gain …` (0 to 1).
    parallel : ProportionalOdds or None
    item : str
    weighted : bool
        Whether the regression is weighted; `shares` are as given.
    alone : bool
        Whether the survey measures no scales, so that this is all that it tells.
    """

    fit: OrdinalFit | None
    odds: pd.DataFrame
    shares: pd.DataFrame
    best: pd.DataFrame
    parallel: ProportionalOdds | None
    item: str
    weighted: bool
    alone: bool
    why: str


def ordered_answer(answers: Answers, *, conf_level: float = 0.95) -> OrderedAnswer:
    """Regress the study's ordered question on its drivers by proportional odds.

    Raises
    ------
    DataError
        The question or a driver is no column of the survey, or an answer is not in its list.
    """
    asked = answers.roles.answer
    frame = _prepared(answers)
    levels = list(frame[asked.item].cat.categories)
    given = [level for level in levels if (frame[asked.item] == level).any()]
    fit, why = attempt(
        lambda: fit_ordinal(
            frame,
            outcome=asked.item,
            drivers=asked.drivers,
            conf_level=conf_level,
            **answers.sampled,
        )
    )
    counts = frame[asked.item].value_counts().reindex(given)
    shares = pd.DataFrame(
        {
            "answer": given,
            "n_answers": counts.to_numpy(),
            "share": (counts / counts.sum()).to_numpy(),
        }
    )
    if fit is None:
        none = _none(why)
        return OrderedAnswer(
            None, none, shares, none, None, asked.item, False, not answers.scales, why
        )
    parallel = None
    if len(fit.levels) > 2:
        parallel, _ = attempt(lambda: check_proportional_odds(fit))
    return OrderedAnswer(
        fit=fit,
        odds=_odds(fit),
        shares=shares,
        best=_best(fit),
        parallel=parallel,
        item=asked.item,
        weighted=answers.weight is not None,
        alone=not answers.scales,
        why="",
    )


def parallel_table(found: OrderedAnswer) -> pd.DataFrame:
    """Brant's check: `term, n_answers, chi_squared, degrees, p_value, note`."""
    if found.parallel is None:
        return pd.DataFrame([{"term": "all", "n_answers": 0, "note": NOT_ESTIMABLE}])
    table = found.parallel.table.rename(columns={"estimate": "chi_squared", "n": "n_answers"})
    return table[["term", "n_answers", "chi_squared", "degrees", "p_value", "note"]]


def _prepared(answers: Answers) -> pd.DataFrame:
    asked, frame = answers.roles.answer, answers.frame
    absent = [name for name in (asked.item, *asked.drivers) if name not in frame]
    if absent:
        raise DataError(
            f"the ordered question and its drivers must be columns of the survey, but "
            f"{', '.join(absent)} is absent; mend satisfaction.answer"
        )
    ordered = {name: _listed(frame[name], name, levels) for name, levels in asked.orders.items()}
    frame = frame.assign(**ordered)
    values = frame[asked.item]
    if asked.levels:
        return frame.assign(**{asked.item: _listed(values, asked.item, asked.levels)})
    numbers = pd.to_numeric(values, errors="coerce")
    if (numbers.isna() & values.notna()).any():
        raise DataError(
            f"surveys.{asked.item} must be a number, but holds text; list its answers from worst "
            "to best under satisfaction.answer.levels"
        )
    if not asked.bands:
        levels = sorted(numbers.dropna().unique())
        names = [f"{level:g}" for level in levels]
        known = numbers.map(dict(zip(levels, names, strict=True)))
        return frame.assign(**{asked.item: pd.Categorical(known, names, ordered=True)})
    edges = [-np.inf, *asked.bands, np.inf]
    least = 0 if asked.item == answers.roles.recommendation else numbers.min()
    names = _band_names(asked.bands, numbers.dropna(), least)
    return frame.assign(**{asked.item: pd.cut(numbers, edges, labels=names)})


def _band_names(bands: tuple[float, ...], numbers: pd.Series, least: float) -> list[str]:
    """0–6, 7–8, 9–10 for whole numbers; else ≤ 6.5, > 6.5 …"""
    whole = not (pd.Series([*bands, *numbers]) % 1).any()
    if whole and len(numbers):
        lows = [min(least, bands[0]), *(band + 1 for band in bands)]
        highs = [*bands, max(numbers.max(), bands[-1] + 1)]
        return [
            f"{low:g}" if low == high else f"{low:g}–{high:g}"
            for low, high in zip(lows, highs, strict=True)
        ]
    between = [f"> {low:g}, ≤ {high:g}" for low, high in pairwise(bands)]
    return [f"≤ {bands[0]:g}", *between, f"> {bands[-1]:g}"]


def _listed(values: pd.Series, name: str, levels: tuple[str, ...]) -> pd.Series:
    text = values.astype(object)
    strangers = sorted({str(value) for value in text.dropna()} - set(levels))
    if strangers:
        raise DataError(
            f"surveys.{name} must be one of {', '.join(levels)}, but {', '.join(strangers)} came; "
            "mend the list"
        )
    return pd.Series(pd.Categorical(text, list(levels), ordered=True), values.index)


def _odds(fit: OrdinalFit) -> pd.DataFrame:
    table = fit.table[fit.table["term"].isin(fit.design.names)]
    references = {
        name: str(term.levels[0])
        for term in fit.design.terms
        if isinstance(term, Levels)
        for name in term.names
    }
    return pd.DataFrame(
        {
            "term": table["term"],
            "reference": table["term"].map(references).fillna(""),
            "n_answers": table["n"],
            "odds": np.exp(table["estimate"]),
            "odds_conf_low": np.exp(table["conf_low"]),
            "odds_conf_high": np.exp(table["conf_high"]),
            "coefficient": table["estimate"],
            "std_error": table["std_error"],
            "p_value": table["p_value"],
            "note": table["note"],
        }
    )


def _best(fit: OrdinalFit) -> pd.DataFrame:
    found = average_marginal_effects(fit)
    found = found[found["level"].eq(fit.levels[-1])]
    names = {"n": "n_answers", "estimate": "share_gain"}
    names |= {"conf_low": "share_gain_conf_low", "conf_high": "share_gain_conf_high"}
    return found.rename(columns=names)[["term", *names.values(), "p_value"]]


def _none(why: str) -> pd.DataFrame:
    return pd.DataFrame([{"term": "all", "n_answers": 0, "note": why}])
