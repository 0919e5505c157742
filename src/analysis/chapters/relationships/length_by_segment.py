"""How long relationships last by each of the study's segments, over one common horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.chapters.relationships.length import RelationshipLength, relationship_length
from analysis.methods.pairs import holm
from analysis.notes import note
from analysis.states.segments import stack_segments


@dataclass(frozen=True, slots=True, eq=False)
class LengthBySegment:
    """Lengths of relationships by every segment.

    Attributes
    ----------
    of : dict of str to RelationshipLength
        By segment, in the order of the params.
    tests : DataFrame of shape (segments, 10)
        `segment, chi2, dof, p_holm` (log-rank over all its groups, corrected for
        the number of segments)`, long_group, long_months, short_group, short_months` (longest and
        shortest restricted mean)`, n, note`.
    until_months : float
        Up to which all restricted means are taken.
    """

    COUNTED_BY: ClassVar = {"tests": "n"}

    of: dict[str, RelationshipLength]
    tests: pd.DataFrame
    until_months: float

    def summary(self) -> pd.DataFrame:
        """The summaries of all segments, with a column `segment`."""
        return stack_segments({name: result.summary() for name, result in self.of.items()})

    def pairs(self) -> pd.DataFrame:
        """Every pair of groups of every segment, with a column `segment`."""
        return stack_segments({name: result.pairs for name, result in self.of.items()})


def length_by_segment(
    relationships: pd.DataFrame, segments: Sequence[str], *, horizon_months: float, **options
) -> LengthBySegment:
    """Apply `relationship_length` to every segment, up to where every group of all is followed.

    Parameters
    ----------
    relationships : DataFrame
        Of `states.relationships`, as `relationship_length` uses it.
    segments : sequence of str
        Columns known on the first day.
    horizon_months : float
        Up to which restricted means are taken, if every group is followed so long.
    **options
        `min_cell` and `conf_level` of `relationship_length`.

    Returns
    -------
    LengthBySegment

    Raises
    ------
    DataError
        No relationships.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    months, results = horizon_months, {}
    for _ in range(2):
        results = {
            name: relationship_length(relationships, by=name, horizon_months=months, **options)
            for name in segments
        }
        reached = min(result.until_months for result in results.values())
        if reached in (0, months):
            break
        months = reached
    tests = pd.DataFrame([_test_row(name, result) for name, result in results.items()])
    tests["p_holm"] = holm(tests["p_holm"].to_numpy(float))
    return LengthBySegment(results, tests, reached)


def _test_row(segment: str, result: RelationshipLength) -> dict:
    row = {"segment": segment, "chi2": np.nan, "dof": np.nan, "p_holm": np.nan}
    row |= {"long_group": "", "long_months": np.nan, "short_group": "", "short_months": np.nan}
    row |= {"n": result.customers, "note": note("relationships.one_group")}
    if result.test is None:
        return row
    row |= {"chi2": result.test.chi2, "dof": result.test.dof, "p_holm": result.test.p_value}
    row["note"] = result.test.note
    if result.means is None or row["note"]:
        return row
    means = result.means.table.set_index("group")["estimate"]
    return row | {
        "long_group": means.idxmax(),
        "long_months": means.max(),
        "short_group": means.idxmin(),
        "short_months": means.min(),
    }
