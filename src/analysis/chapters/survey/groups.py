"""How many answers came from each group of customers."""

from __future__ import annotations

import pandas as pd

from analysis.states.answers import Answers


def group_sizes(answers: Answers) -> pd.DataFrame:
    """Count the answers of each group; one row where no groups are known.

    Parameters
    ----------
    answers : Answers
        Uses the columns that `groups` names, all known before the answer.

    Returns
    -------
    DataFrame of shape (groups, 4)
        `segment, group, n` (answers), `share` (of all answers).
    """
    frame = answers.frame
    parts = [frame[name].value_counts(sort=False).rename(name) for name in answers.groups]
    rows = [(part.name, str(group), count) for part in parts for group, count in part.items()]
    rows = rows or [("all", "all", len(frame))]
    table = pd.DataFrame(rows, columns=["segment", "group", "n"])
    return table.assign(share=table["n"] / len(frame))
