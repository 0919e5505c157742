"""One ordered question: what goes with a better answer, and does it at every step alike?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods.regression import (
    OrdinalFit,
    average_marginal_effects,
    check_proportional_odds,
    fit_ordinal,
)
from analysis.methods.regression.design import Levels
from analysis.notes import Note
from analysis.states.answers import Answers, attempt

ENDS = ["estimate", "conf_low", "conf_high"]


@dataclass(frozen=True, slots=True, eq=False)
class OrderedAnswer:
    """An ordered logit of one question; `odds`, `best`, `parallel` are empty where it has no fit.

    Attributes
    ----------
    fit : OrdinalFit or None
        None where it cannot be estimated; `why` says why not.
    odds : DataFrame of shape (terms, 10)
        `term, reference` (the level it is compared with), `n` (answers), `estimate` (odds ratio of
        a better answer), `conf_low, conf_high, coefficient, std_error` (of the coefficient),
        `p_value, note`.
    shares : DataFrame of shape (answers in use, 3)
        `answer` (from worst to best), `n, share` as given, not weighted.
    best : DataFrame of shape (terms, 6)
        Average effect on the share of the best answer: `term, n, estimate` (0 to 1), `conf_low,
        conf_high, p_value`.
    parallel : DataFrame of shape (1 + terms, 6)
        Brant's check, all terms together first: `term, n, chi2, dof, p_value, note`; also empty
        where fewer than three answers are in use.
    item : str
        The question.
    answers : int
        Answers to it.
    weighted : bool
        Whether the regression is weighted.
    alone : bool
        Whether the survey measures no scales, so that this is all that it tells.
    why : Note or str
        Why there is nothing; empty where there is something.
    """

    COUNTED_BY: ClassVar = {"odds": "n", "shares": "n", "best": "n", "parallel": "n"}

    fit: OrdinalFit | None
    odds: pd.DataFrame
    shares: pd.DataFrame
    best: pd.DataFrame
    parallel: pd.DataFrame
    item: str
    answers: int
    weighted: bool
    alone: bool
    why: Note | str = ""


def ordered_answer(answers: Answers, *, conf_level: float = 0.95) -> OrderedAnswer:
    """Regress the study's ordered question on its drivers by proportional odds.

    Parameters
    ----------
    answers : Answers
        Uses the question and the drivers that `roles.answer` names, the sampling weight, and
        `customer_id` as the cluster.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    OrderedAnswer

    Raises
    ------
    DataError
        The question or a driver is no column of the survey, or an answer is not in its list.

    References
    ----------
    McCullagh (1980), JRSS B 42, 109-142; Brant (1990), Biometrics 46, 1171-1178.
    """
    asked = answers.roles.answer
    frame = _prepared(answers)
    options = {"outcome": asked.item, "drivers": asked.drivers, "conf_level": conf_level}
    fit, why = attempt(lambda: fit_ordinal(frame, **options, **answers.sampled))
    shares = _shares(frame[asked.item])
    return OrderedAnswer(
        fit=fit,
        odds=_odds(fit),
        shares=shares,
        best=_best(fit),
        parallel=_parallel(fit),
        item=asked.item,
        answers=int(shares["n"].sum()),
        weighted=answers.weight is not None,
        alone=not answers.scales,
        why=why,
    )


def _shares(given: pd.Series) -> pd.DataFrame:
    counts = given.value_counts().reindex(given.cat.categories)
    counts = counts[counts > 0]
    shares = {"n": counts.to_numpy(), "share": (counts / counts.sum()).to_numpy()}
    return pd.DataFrame({"answer": counts.index.astype(str), **shares})


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
        named = numbers.map(dict(zip(levels, names, strict=True)))
        return frame.assign(**{asked.item: pd.Categorical(named, names, ordered=True)})
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


def _odds(fit: OrdinalFit | None) -> pd.DataFrame:
    columns = ["term", "reference", "n", *ENDS, "coefficient", "std_error", "p_value", "note"]
    if fit is None:
        return pd.DataFrame(columns=columns)
    table = fit.table[fit.table["term"].isin(fit.design.names)]
    references = {
        name: str(term.levels[0])
        for term in fit.design.terms
        if isinstance(term, Levels)
        for name in term.names
    }
    with np.errstate(over="ignore"):  # odds beyond all numbers are infinite: shown as a dash
        odds = np.exp(table[ENDS]).assign(coefficient=table["estimate"])
    reference = [references.get(term, "") for term in table["term"]]
    odds = table.drop(columns=ENDS).join(odds).assign(reference=reference)
    return odds[columns].reset_index(drop=True)


def _best(fit: OrdinalFit | None) -> pd.DataFrame:
    columns = ["term", "n", *ENDS, "p_value"]
    if fit is None:
        return pd.DataFrame(columns=columns)
    effects = average_marginal_effects(fit)
    return effects.loc[effects["level"].eq(fit.levels[-1]), columns].reset_index(drop=True)


def _parallel(fit: OrdinalFit | None) -> pd.DataFrame:
    columns = ["term", "n", "chi2", "dof", "p_value", "note"]
    several = fit is not None and len(fit.levels) > 2
    check = attempt(lambda: check_proportional_odds(fit))[0] if several else None
    if check is None:
        return pd.DataFrame(columns=columns)
    return check.table.rename(columns={"estimate": "chi2", "degrees": "dof"})[columns]
