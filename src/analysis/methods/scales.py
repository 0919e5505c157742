"""A scale is a list of items with one range; reverse-coded items are turned first of all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError

Missing = Literal["listwise", "person_mean"]
LARGEST_SHARE_FILLED = 0.5


@dataclass(frozen=True, slots=True)
class Scale:
    """Items that are meant to measure one thing, answered between `lowest` and `highest`.

    Attributes
    ----------
    items : tuple of str
        One or more columns, each once.
    reverse : tuple of str
        Items that ask for the opposite: their answers are turned round.
    lowest, highest : float
        The range of answers.
    """

    items: tuple[str, ...]
    reverse: tuple[str, ...] = ()
    lowest: float = 1
    highest: float = 10

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple(self.items))
        object.__setattr__(self, "reverse", tuple(self.reverse))
        twice = sorted({item for item in self.items if self.items.count(item) > 1})
        if not self.items:
            raise ParamsError("a scale must name at least one item, but none came")
        if twice:
            raise ParamsError(f"a scale must name an item once, but {twice} came twice")
        if not set(self.reverse) <= set(self.items):
            strangers = sorted(set(self.reverse) - set(self.items))
            raise ParamsError(f"reverse items must be items of the scale, but {strangers} are not")
        if not self.lowest < self.highest:
            raise ParamsError(
                f"lowest must lie below highest, but {self.lowest} and {self.highest} came"
            )


@dataclass(frozen=True, slots=True, eq=False)
class ItemAnswers:
    """The usable answers to some items.

    Attributes
    ----------
    values : one row a usable answer sheet, one column an item, reverse-coded items turned.
    n_dropped : answer sheets left out because too much was missing.
    n_filled : single answers filled with the person's own mean.
    given : the answers as they were given, on every answer sheet, turned likewise.
    """

    values: pd.DataFrame
    n_dropped: int
    n_filled: int
    given: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class ScaleScores:
    """Scale means per answer sheet (NaN where too much was missing), in the items' own unit.

    Attributes
    ----------
    scores : index of the survey, one column a scale.
    table : scale, items, n, n_dropped, n_filled.
    """

    scores: pd.DataFrame
    table: pd.DataFrame


def check_scales(survey: pd.DataFrame, *, scales: Mapping[str, Scale]) -> None:
    """Raise one error with all faults: items absent, in two scales, text, outside their range.

    Parameters
    ----------
    survey : DataFrame
        One row an answer sheet; a unique index.
    scales : mapping of str to Scale

    Raises
    ------
    ParamsError
        An item belongs to two scales.
    DataError
        Items that are absent, text or outside their range; an index value that repeats.
    """
    if not survey.index.is_unique:
        raise DataError("a survey must have one row an index value, but some repeat; reset_index")
    owners: dict[str, list[str]] = {}
    for name, scale in scales.items():
        for item in scale.items:
            owners.setdefault(item, []).append(name)
    shared = [f"{item} is in {' and '.join(names)}" for item, names in owners.items() if names[1:]]
    if shared:
        raise ParamsError(f"an item must belong to one scale, but {'; '.join(shared)}")
    faults = [
        fault
        for scale in scales.values()
        for item in scale.items
        for fault in _item_faults(survey, item, scale)
    ]
    if faults:
        raise DataError("; ".join(faults))


def _item_faults(survey: pd.DataFrame, item: str, scale: Scale) -> list[str]:
    if item not in survey.columns:
        return [f"surveys.{item} must be a column, but it is absent; mend the scale or the mapping"]
    answers = survey[item]
    numbers = pd.to_numeric(answers, errors="coerce")
    text = numbers.isna() & answers.notna()
    if text.any():
        first = text.idxmax()
        return [
            f"surveys.{item} must be a number, but {text.sum():,} of {len(survey):,} rows are not "
            f"(first: row {first}, {answers.loc[first]!r})"
        ]
    outside = numbers.notna() & ~numbers.between(scale.lowest, scale.highest)
    if outside.any():
        first = outside.idxmax()
        return [
            f"surveys.{item} must lie between {scale.lowest} and {scale.highest}, but "
            f"{outside.sum():,} of {len(survey):,} rows do not (first: row {first}, "
            f"{numbers.loc[first]:g}); mend the range or blank the code for a missing answer"
        ]
    return []


def item_answers(
    survey: pd.DataFrame, *, scale: Scale, missing: Missing = "listwise"
) -> ItemAnswers:
    """Take a scale's items out of a survey, turned and complete.

    Parameters
    ----------
    survey : DataFrame
        The items of the scale as columns, numbers within its range or missing.
    scale : Scale
    missing : {"listwise", "person_mean"}
        "listwise" drops an answer sheet with any item missing; "person_mean" fills up to half of
        the items with the person's mean of the others. Both are counted.

    Returns
    -------
    ItemAnswers

    Raises
    ------
    ParamsError
        Another rule for what is missing.
    DataError
        Items that are absent, text, or outside their range.
    """
    if missing not in ("listwise", "person_mean"):
        raise ParamsError(f"missing must be listwise or person_mean, but {missing!r} came")
    check_scales(survey, scales={"scale": scale})
    values = survey[list(scale.items)].apply(pd.to_numeric).astype(float)
    turned = list(scale.reverse)
    values[turned] = scale.lowest + scale.highest - values[turned]
    given, blank = values, values.isna()
    if missing == "person_mean":
        fillable = blank.mean(axis=1).le(LARGEST_SHARE_FILLED)
        person_mean = values.mean(axis=1).where(fillable)
        values = values.apply(lambda answers: answers.fillna(person_mean))
    complete = values.notna().all(axis=1)
    return ItemAnswers(
        values=values[complete],
        n_dropped=int((~complete).sum()),
        n_filled=int(blank[complete].to_numpy().sum()),
        given=given,
    )


def clusters_of(
    survey: pd.DataFrame, values: pd.DataFrame, cluster: str | None
) -> np.ndarray | None:
    """The customer of each usable answer sheet; None without clusters.

    Parameters
    ----------
    survey : DataFrame
    values : DataFrame
        Its index names the sheets.
    cluster : str or None
        A column of `survey`.

    Returns
    -------
    array, (sheets,), or None
    """
    return None if cluster is None else survey.loc[values.index, cluster].to_numpy()


def scale_scores(
    survey: pd.DataFrame, *, scales: Mapping[str, Scale], missing: Missing = "listwise"
) -> ScaleScores:
    """Mean of the items of each scale, one column a scale, in the unit of the answers.

    Parameters
    ----------
    survey : DataFrame
        The items of all scales as columns, numbers within their range or missing.
    scales : mapping of str to Scale
    missing : {"listwise", "person_mean"}
        An answer sheet with an item missing is dropped, or up to half of a scale's items are filled
        with the person's mean of the others; both are counted.

    Returns
    -------
    ScaleScores
    """
    check_scales(survey, scales=scales)
    scores = pd.DataFrame(index=survey.index)
    counts = []
    for name, scale in scales.items():
        answers = item_answers(survey, scale=scale, missing=missing)
        scores[name] = answers.values.mean(axis=1).reindex(survey.index)
        counts.append(
            (name, len(scale.items), len(answers.values), answers.n_dropped, answers.n_filled)
        )
    table = pd.DataFrame(counts, columns=["scale", "items", "n", "n_dropped", "n_filled"])
    return ScaleScores(scores=scores, table=table)
