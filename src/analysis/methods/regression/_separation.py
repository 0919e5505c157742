"""Terms that predict an outcome perfectly have no finite estimate; they are found, not guessed."""

import numpy as np
from scipy.optimize import linprog

from analysis.methods.regression.scaling import column_scale
from analysis.notes import note

SEPARATES = note("regression.separates")
SUSPECT_SPREAD = 12.0
TOLERANCE = 1e-6


def separated_terms(
    names: list[str], matrix: np.ndarray, *, free: np.ndarray, pinned: np.ndarray
) -> list[str]:
    """Terms of a direction b with x'b at least zero on `free` rows and zero on `pinned` rows.

    For a logit, turn the rows with outcome 0 around and pin none; for counts with a log mean,
    pin the rows that are not zero and turn the zero ones around.

    References
    ----------
    Konis (2007), DPhil thesis, Oxford, chapter 4; Correia, Guimarães & Zylkin (2019).
    """
    matrix = matrix / column_scale(matrix)
    rows = np.unique(matrix[free], axis=0)
    zero = np.unique(matrix[pinned], axis=0) if pinned.any() else None
    found = linprog(
        -rows.sum(axis=0),
        A_ub=-rows,
        b_ub=np.zeros(len(rows)),
        A_eq=zero,
        b_eq=None if zero is None else np.zeros(len(zero)),
        bounds=(-1, 1),
        method="highs",
    )
    if not found.success or -found.fun < TOLERANCE:
        return []
    return [name for name, step in zip(names, found.x, strict=True) if abs(step) > TOLERANCE]


def looks_separated(matrix: np.ndarray, parameters: np.ndarray) -> bool:
    """Whether some linear predictor is so far out that a finite estimate is in doubt."""
    return bool(np.ptp(matrix @ parameters) > SUSPECT_SPREAD or not np.isfinite(parameters).all())
