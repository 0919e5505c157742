"""Spend in two parts: whether a customer buys at all, and how much a buyer spends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods.regression._family import fit_family
from analysis.methods.regression._sample import Columns, Sample, take_sample
from analysis.methods.regression.design import Design
from analysis.methods.regression.fit import RegressionFit, sandwich
from analysis.methods.regression.models import fit_logit
from analysis.notes import note


@dataclass(frozen=True, slots=True, eq=False)
class TwoPartFit:
    """Logit of any spend, and a gamma regression (log mean) of spend among buyers.

    Attributes
    ----------
    outcome : str
    table : DataFrame
        `part` ("any", "amount"), then the columns of estimates of each part.
    any_spend, amount : RegressionFit
        The two fits.
    covariance : ndarray, (2 k, 2 k)
        Of both parts' parameters together, so that an effect on expected spend carries both parts'
        uncertainty.
    influence : ndarray, (rows, 2 k)
        Each answer's pull on them.
    conf_level : float
        Of the intervals.
    """

    outcome: str
    table: pd.DataFrame
    any_spend: RegressionFit
    amount: RegressionFit
    covariance: np.ndarray
    influence: np.ndarray
    conf_level: float

    @property
    def sample(self) -> Sample:
        """The rows used: buyers and others."""
        return self.any_spend.sample

    @property
    def n(self) -> int:
        """Answers used."""
        return self.sample.n

    @property
    def design(self) -> Design:
        """The terms, the same in both parts."""
        return self.any_spend.design

    @property
    def n_clusters(self) -> int:
        """Independent units."""
        return self.any_spend.n_clusters

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """(rows,) expected spend: chance of any times expected amount."""
        return self.any_spend.predict(frame) * self.amount.predict(frame)

    def gradient(self, frame: pd.DataFrame) -> np.ndarray:
        """(rows, parameters of both parts) how expected spend moves with the parameters."""
        chance, amount = self.any_spend.predict(frame), self.amount.predict(frame)
        return np.hstack(
            [
                self.any_spend.gradient(frame) * amount[:, None],
                self.amount.gradient(frame) * chance[:, None],
            ]
        )


def fit_two_part(
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    conf_level: float = 0.95,
    **columns: Unpack[Columns],
) -> TwoPartFit:
    """Fit spend in a window where many customers spend nothing.

    There is no smearing: the amount's mean is modelled itself.

    Parameters
    ----------
    frame : DataFrame
        One row an answer: the outcome, the drivers and the columns named below.
    outcome : str
        Column of amounts, 0 or more, in currency.
    drivers : list of str
        Columns of numbers; none constant or twice.
    conf_level : float
        Level of the intervals, in (0, 1).
    **columns
        Further columns by name (`Columns`): `controls, moderator, shapes, weight, count, cluster,
        exposure`.

    Returns
    -------
    TwoPartFit

    Raises
    ------
    DataError
        An amount below 0, a level of the controls without a buyer, and as `fit_linear`.

    References
    ----------
    Mullahy (1998), J. Health Econ. 17, 247-281.
    """
    if (frame[outcome] < 0).any():
        raise DataError(
            f"{outcome} must not be negative, but {(frame[outcome] < 0).sum():,} rows are; "
            "net over a longer window or use fit_linear"
        )
    frame = frame.reset_index(drop=True)
    spent = frame[outcome].gt(0).astype(float).where(frame[outcome].notna())
    any_spend = fit_logit(
        frame.assign(**{outcome: spent}),
        outcome=outcome,
        drivers=drivers,
        conf_level=conf_level,
        **columns,
    )
    buyers = take_sample(frame[frame[outcome] > 0], outcome=outcome, drivers=drivers, **columns)
    if np.ptp(buyers.outcome.astype(float)) == 0:
        raise DataError(
            f"{outcome} must vary among those above zero, but all are {buyers.outcome[0]:g}; use "
            "fit_logit alone",
            why=note("reasons.alike", outcome=outcome),
        )
    amount = fit_family(buyers, outcome, family="gamma", errors="robust", conf_level=conf_level)
    if amount.design.names != any_spend.design.names:
        raise DataError(
            "every level of the controls must hold a buyer, but one has none; join it",
            why=note("reasons.level_without_buyer"),
        )
    influence = _joint_influence(any_spend, amount)
    n_parameters = influence.shape[1]
    covariance, _ = sandwich(influence, any_spend.sample, n_parameters=n_parameters)
    return TwoPartFit(
        outcome=outcome,
        table=pd.concat(
            [any_spend.table.assign(part="any"), amount.table.assign(part="amount")],
            ignore_index=True,
        ),
        any_spend=any_spend,
        amount=amount,
        covariance=covariance,
        influence=influence,
        conf_level=conf_level,
    )


def _joint_influence(any_spend: RegressionFit, amount: RegressionFit) -> np.ndarray:
    """Both parts' influences on the rows of the first; who did not buy pulls on the first only.

    The two samples scale their weights to mean one separately, which influences do not feel.
    """
    of_amount = pd.DataFrame(amount.influence, index=amount.sample.frame.index)
    everyone = of_amount.reindex(any_spend.sample.frame.index).fillna(0).to_numpy()
    return np.hstack([any_spend.influence, everyone])
