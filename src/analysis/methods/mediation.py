"""Through what? Quality → satisfaction → loyalty, by least squares and bootstrap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import ParamsError
from analysis.methods._rows import (
    complete_rows,
    control_columns,
    require_estimable,
    sampling_weights,
)
from analysis.methods.resampling import (
    bootstrap_covariances,
    bootstrap_table,
    covariance,
    jackknife_covariances,
    over_draws,
)
from analysis.notes import Note, note

SAME_SURVEY = note("paths.same_survey")
TERMS = (
    "driver → mediator",
    "mediator → outcome",
    "direct",
    "indirect",
    "total",
    "share mediated",
)


@dataclass(frozen=True, slots=True, eq=False)
class Mediation:
    """Direct and indirect effect of a driver, in the outcome's unit per unit of the driver.

    Attributes
    ----------
    driver, mediator, outcome : str
    table : DataFrame
        `term` (see `TERMS`)`, estimate, std_error, conf_low, conf_high, n, note`. The share is not
        to be read where the total effect may be zero (note).
    caution : Note or str
        What a reader must know about answers of the same survey; empty otherwise.
    n_missing : int
        Rows left out.
    """

    driver: str
    mediator: str
    outcome: str
    table: pd.DataFrame
    caution: Note | str
    n_missing: int


def mediate(
    frame: pd.DataFrame,
    *,
    driver: str,
    mediator: str,
    outcome: str,
    controls: Sequence[str] = (),
    same_survey: bool = True,
    replications: int = 1000,
    rng: np.random.Generator,
    cluster: str | None = None,
    weight: str | None = None,
    conf_level: float = 0.95,
) -> Mediation:
    """Split a driver's effect into what runs through the mediator and what does not.

    Intervals are BCa.

    Parameters
    ----------
    frame : DataFrame
        One row an answer: the outcome, the drivers and the columns named below.
    driver : str
        Column of numbers.
    mediator : str
        The same.
    outcome : str
        The same.
    controls : list of str
        Columns of numbers or categories, taken out of all three.
    same_survey : bool
        Whether all three were answered at once: the result then carries a caution.
    replications : int
        Bootstrap samples, 1 or more.
    rng : Generator
        Random numbers.
    cluster : str, optional
        Column of customers, whom the bootstrap draws whole.
    weight : str, optional
        Column of the sampling weight, above 0.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    Mediation

    Raises
    ------
    ParamsError
        Driver, mediator and outcome are not three columns.
    DataError
        Text, constant columns, fewer answers than parameters, and a mediator that is the driver in
        other words (collinear).

    References
    ----------
    MacKinnon (2008), Introduction to Statistical Mediation Analysis, chapters 3 and 12.
    """
    numbers = [driver, mediator, outcome]
    if len(set(numbers)) < 3:
        raise ParamsError(f"driver, mediator and outcome must differ, but {numbers} came")
    rows = complete_rows(frame, numbers=numbers, others=[*controls, cluster, weight])
    taken = control_columns(rows, controls)
    values = np.column_stack([taken, rows[numbers]]).astype(float)
    require_estimable(values, [*taken.columns, *numbers])
    sampled = {
        "clusters": None if cluster is None else rows[cluster].to_numpy(),
        "weights": sampling_weights(rows, weight),
    }
    drawn = bootstrap_covariances(values, replications=replications, rng=rng, **sampled)
    table = bootstrap_table(
        TERMS,
        mediation_effects(covariance(values, sampled["weights"])[None])[0],
        mediation_effects(drawn),
        n=len(rows),
        conf_level=conf_level,
        jackknife=mediation_effects(jackknife_covariances(values, **sampled)),
    )
    total = table.set_index("term").loc["total"]
    unclear = table["term"].eq("share mediated") & (total["conf_low"] <= 0 <= total["conf_high"])
    table["note"] = np.where(unclear, note("paths.total_unclear"), "")
    return Mediation(
        driver=driver,
        mediator=mediator,
        outcome=outcome,
        table=table,
        caution=SAME_SURVEY if same_survey else "",
        n_missing=len(frame) - len(rows),
    )


@over_draws
def mediation_effects(covariances: np.ndarray) -> np.ndarray:
    """(batch, terms) from covariance matrices of controls, driver, mediator, outcome.

    Parameters
    ----------
    covariances : array, (batch, p, p)

    Returns
    -------
    array, (batch, 6)
        To the mediator, from it, direct, indirect, total, the share that is indirect.
    """
    for _ in range(covariances.shape[-1] - 3):
        column = covariances[:, 1:, :1]
        spread = column * column.transpose(0, 2, 1) / covariances[:, :1, :1]
        covariances = covariances[:, 1:, 1:] - spread
    to_mediator = covariances[:, 0, 1] / covariances[:, 0, 0]
    total = covariances[:, 0, 2] / covariances[:, 0, 0]
    both = np.linalg.solve(covariances[:, :2, :2], covariances[:, :2, 2:])[:, :, 0]
    direct, from_mediator = both.T
    indirect = to_mediator * from_mediator
    return np.column_stack([to_mediator, from_mediator, direct, indirect, total, indirect / total])
