"""Linear algebra that does not feel the unit of a column: spending in VND as in millions of it.

A cross-product of columns holds the squares of their units. Where one column is a million times
another, inverting it as it is loses twelve digits, and `pinv` may take the smaller one for nothing.
"""

import numpy as np
from scipy import stats

UNLIKE = 1e-5
"""Smallest eigenvalue of a cross-product of columns of length one whose inverse has 11 digits."""

UNKNOWABLE = 1e-7
"""Singular value, of the largest, below which a direction is one of which nothing is known.

So are directions that separate: rows that they predict have a weight of rounding. Terms of them
have no finite estimate and are named; on what can be told the direction has no bearing, while its
inverse, multiplied by rounding, would swamp every other.
"""


def column_scale(matrix: np.ndarray) -> np.ndarray:
    """(k,) the power of two nearest to each column's largest value: dividing by it is exact.

    Parameters
    ----------
    matrix : array, (n, k)

    Returns
    -------
    array, (k,)
    """
    largest = np.abs(matrix).max(axis=0)
    return np.exp2(np.round(np.log2(np.where(largest > 0, largest, 1.0))))


def inverse_gram(matrix: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(k, k) inverse of X'WX, without directions of which nothing is known.

    By the triangle of the weighted columns and not by their squares, unless those are so unlike
    that their cross-product keeps the digits: it takes a tenth of the time.

    Parameters
    ----------
    matrix : array, (n, k)
    weight : array, (n,)
        0 or more.

    Returns
    -------
    array, (k, k)
    """
    cross = (matrix * weight[:, None]).T @ matrix
    size = np.sqrt(np.diag(cross))
    if np.isfinite(cross).all() and (size > 0).all():
        spread = cross / np.outer(size, size)
        if np.linalg.eigvalsh(spread)[0] > UNLIKE:
            inverse = np.linalg.inv(spread)
            return (inverse + inverse.T) / 2 / np.outer(size, size)
    columns = matrix * np.sqrt(weight)[:, None]
    scale = column_scale(columns)
    inverse = np.linalg.pinv(np.linalg.qr(columns / scale, mode="r"), rcond=UNKNOWABLE)
    return inverse @ inverse.T / np.outer(scale, scale)


def inverse_information(information: np.ndarray) -> np.ndarray:
    """(k, k) inverse of a matrix that is positive definite, scaled to a diagonal of ones first.

    Parameters
    ----------
    information : array, (k, k)

    Returns
    -------
    array, (k, k)
    """
    size = np.sqrt(np.diag(information))
    size = np.where(size > 0, size, 1.0)
    scaled = information / np.outer(size, size)
    inverse = np.linalg.pinv(scaled, rcond=UNKNOWABLE**2, hermitian=True)
    return inverse / np.outer(size, size)


def wald_statistic(gap: np.ndarray, covariance: np.ndarray) -> float:
    """Wald's chi-squared that gaps (k,) are zero; NaN where they are not k independent ones.

    Parameters
    ----------
    gap : array, (k,)
    covariance : array, (k, k)

    Returns
    -------
    float
    """
    size = np.sqrt(np.diag(covariance))
    if not (size > 0).all():
        return np.nan
    spread = covariance / np.outer(size, size)
    if np.linalg.matrix_rank(spread, hermitian=True) < len(gap):
        return np.nan
    return float((gap / size) @ np.linalg.solve(spread, gap / size))


def wald_p_value(gap: np.ndarray, covariance: np.ndarray) -> float:
    """The probability of a Wald statistic as large, were all gaps zero.

    Parameters
    ----------
    gap : array, (k,)
        Estimates of what the hypothesis says is 0.
    covariance : array, (k, k)
        Of them.

    Returns
    -------
    float
    """
    return float(stats.chi2.sf(wald_statistic(gap, covariance), len(gap)))
