"""A told fact: what a result says, with its numbers, before any word is chosen.

One `Fact` is made once from a result. The finding, the caption of its figure and the alternative
text are filled from it, and `results/findings.json` keeps it, so that nothing is computed twice
and a changed word is not a moved number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.names import without_marks
from analysis.notes import Note

NEARLY_ALL = 0.8
"""Share from which on what a definition makes of people says more of it than of them."""

Claim = Literal["descriptive", "predictive", "causal"]


@dataclass(frozen=True, slots=True)
class Beside:
    """A number that stands beside a fact's own: what it is compared with, or its own check.

    Attributes
    ----------
    kind : str
        What it is: 'year_before', 'luck', 'naive_rule', 'other_group', 'holdout' …
    estimate : float
        In the unit of the fact, unless `unit` says otherwise.
    low, high : float
        Ends of its interval; NaN where it has none.
    unit : str
        Empty: the unit of the fact.
    """

    kind: str
    estimate: float
    low: float = np.nan
    high: float = np.nan
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A further sentence of a fact with numbers of its own, where the same one stands repeatedly.

    Attributes
    ----------
    key : str
        Looked up below the fact's variant, below the fact, then as it stands.
    numbers : mapping
        What it names, laid over the fact's own.
    """

    key: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fact:
    """What one result says.

    Attributes
    ----------
    key : str
        Its place in the chapter's texts, such as 'second_purchase'.
    claim : {'descriptive', 'predictive', 'causal'}
        What kind of statement it is; an observational effect is never worded as a cause.
    estimate, low, high : float
        The number and the ends of its interval at the study's level; NaN where there is none.
    unit : str
        How the number is written, a format of `Formats`: 'percent', 'points', 'money', 'count',
        'number1' …; empty where the fact has no number.
    n : int
        How many of the base stand behind the number.
    base : str
        Whom it speaks of: a base of the ledger (`states.bases`), or one of the chapter's own.
    variant : str
        Which of its wordings holds ('no_difference', 'too_few' …); empty: the usual one.
    also : tuple of str or Sentence
        Further sentences, by key, in their order. The first is what the summary shows.
    numbers : mapping
        What its sentences name besides: numbers, names from the data (`{group:value}`), notes
        (`{why:note}`), keys of other texts (`{rate:say}`).
    comparator, check : Beside, optional
        What the number is compared with; how the same method fared when it was checked.
    in_summary : bool
        Whether the executive summary may show it.
    silent : bool
        Whether there is nothing to tell: its finding is one line with the reason, and what would
        be drawn from it is not shown.
    """

    key: str
    claim: Claim = "descriptive"
    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    unit: str = ""
    n: int | None = None
    base: str = ""
    variant: str = ""
    also: tuple[str | Sentence, ...] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)
    comparator: Beside | None = None
    check: Beside | None = None
    in_summary: bool = True
    silent: bool = False

    @property
    def named(self) -> dict[str, Any]:
        """All that a sentence of this fact may name."""
        own = {name: getattr(self, name) for name in ("estimate", "low", "high", "n", "base")}
        beside = {}
        for name in ("comparator", "check"):
            other = getattr(self, name)
            if other is not None:
                ends = {f"{name}_{end}": getattr(other, end) for end in ("low", "high")}
                beside |= {name: other.estimate, **ends}
        return own | beside | dict(self.numbers)

    def record(self, *, min_cell: int = 1) -> dict[str, Any]:
        """The fact as JSON holds it: missing numbers are null.

        A share of fewer than `min_cell` of its people, or of all but so few, is told in whole per
        cent, as its sentence tells it: it does not say how many they are.
        """
        told = asdict(self) | {"numbers": dict(self.numbers)}
        if self.unit == "percent" and self.n:
            few = self.n * min(self.estimate, 1 - self.estimate) < min_cell
            ends = ("estimate", "low", "high") if few else ()
            told |= {end: round(float(told[end]), 2) for end in ends}
        return _plain(told)


def nearly_all(share: float, definition: str) -> tuple[Sentence, ...]:
    """A warning where a definition makes nearly everybody something: from `NEARLY_ALL` on.

    Parameters
    ----------
    share : float
        Of those looked at, 0 to 1.
    definition : str
        The text that names the definition, such as 'rules_of_stages'.
    """
    if not share >= NEARLY_ALL:
        return ()
    return (Sentence("nearly_all", {"limit": NEARLY_ALL, "definition": definition}),)


def nothing(
    key: str, variant: str, *also: str | Sentence, claim: Claim = "descriptive", **numbers: Any
) -> Fact:
    """A fact that has nothing to tell, with its reason: one line instead of a section."""
    return Fact(
        key, claim, variant=variant, also=also, numbers=numbers, in_summary=False, silent=True
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {without_marks(str(name)): _plain(one) for name, one in value.items()}
    if isinstance(value, Note):
        return without_marks(str(value))
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, float | int | np.number):
        number = value.item() if isinstance(value, np.number) else value
        return number if np.isfinite(number) else None
    if value is None or value is pd.NaT:
        return None
    return without_marks(str(value))
