"""The relationships that a Cox regression is fitted to, as read from a table."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods._durations import Durations, drop_uncounted, read_durations, read_groups
from analysis.methods.hazards._spells import check_spells, varies_within
from analysis.methods.hazards.design import Design, read_design, refuse_constant
from analysis.notes import note


@dataclass(frozen=True, slots=True, eq=False)
class Belonging:
    """Which group each row of a table belongs to: its stratum, or its cluster.

    Attributes
    ----------
    column : str or None
        Of the table; None where all rows belong to one group.
    codes : ndarray of int, (n,)
        The place of each row's group in `labels`.
    labels : list of str
    """

    column: str | None
    codes: np.ndarray
    labels: list[str]


@dataclass(frozen=True, slots=True, eq=False)
class CoxSample:
    """Relationships (or spells of them) with their covariates.

    Attributes
    ----------
    columns : Durations
        Of n rows: time units of `duration`, or of `start` and `stop`.
    design : Design
        The covariates as columns, (n, p), in their own units.
    strata : Belonging
        Rows of one stratum share a baseline hazard.
    cluster : Belonging or None
        Rows of one cluster (a customer) belong together; None: every row stands for itself.
    time_varying : bool
        Whether covariates change within a customer.
    """

    columns: Durations
    design: Design
    strata: Belonging
    cluster: Belonging | None
    time_varying: bool

    @property
    def n(self) -> int:
        """Relationships, or spells."""
        return self.columns.n


def read_sample(
    durations: pd.DataFrame, covariates: list[str], *, strata: str | None, cluster: str | None
) -> CoxSample:
    """Read a table of relationships or spells; arguments and errors as `cox_regression`."""
    counted = drop_uncounted(durations)
    columns, by_spell = _read_time(counted)
    design = read_design(counted, covariates)
    refuse_constant(design)
    if not columns.event.any():
        raise DataError(
            "event must be 1 somewhere, but no relationship ended; look further ahead",
            why=note("reasons.no_end"),
        )
    return CoxSample(
        columns,
        design,
        strata=Belonging(strata, *read_groups(counted, strata)),
        cluster=cluster and Belonging(cluster, *read_groups(counted, cluster)),
        time_varying=by_spell and varies_within(counted, covariates),
    )


def _read_time(frame: pd.DataFrame) -> tuple[Durations, bool]:
    if isinstance(frame, pd.DataFrame) and {"start", "stop"} <= set(frame.columns):
        if "duration" in frame.columns:
            raise DataError("a table must have duration, or start and stop, but it has all three")
        check_spells(frame)
        renamed = frame.rename(columns={"stop": "duration", "start": "entry"})
        return read_durations(renamed), True
    return read_durations(frame), False
