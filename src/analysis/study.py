"""One study: its parameters, tables, frames, wording, random numbers and folder, by one name.

`study = open_study("../params/cdnow.yml")` reads the parameters alone; the tables are read, and the
frames made, when they are first asked for. Nothing travels through the process environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables, read_tables, tables_until
from analysis.errors import ParamsError
from analysis.frames import customer_frame, customer_months, spells, survey_frame
from analysis.params import Params, read_params
from analysis.params.finding import find_params
from analysis.params.folders import study_folder
from analysis.states.bases import Bases, count_bases, declining_customers
from analysis.states.stages import Stages, assign_stages
from analysis.telling.brief import Brief, brief, use_short_forms
from analysis.telling.showing import Chapter
from analysis.telling.wording import Wording, wording_for


@dataclass(frozen=True, eq=False)
class Study:
    """One params file, with or without overrides, and all that is made of it.

    Attributes
    ----------
    params : Params
    folder : Path
        Where what is made of the study lies: `build/<study>`, or a variant's folder.
    tables : Tables
        The checked tables of the data contract.
    say : Wording
        The texts of the study's language.
    customers : pandas.DataFrame
        One row a customer who ever bought (`customer_frame`).
    months : ibis.Table
        One row a customer and calendar month (`customer_months`).
    spells : pandas.DataFrame
        One row a spell of a relationship (`spells`).
    survey : pandas.DataFrame
        One row an answered questionnaire (`survey_frame`).
    stages : Stages
        The stage of every customer in every month (`states.stages`).
    bases : Bases
        The ledger of bases: known, ever bought, current, at risk … (`states.bases`).
    whole : Study or None
        The study that this one is the past of.
    """

    params: Params
    folder: Path
    whole: Study | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"Study({self.params.study}, to {self.params.observed_until})"

    @cached_property
    def tables(self) -> Tables:
        """The checked tables, read when they are first asked for."""
        if self.whole is not None:
            return tables_until(self.whole.tables, self.params)
        return read_tables(self.params, folder=self.folder)

    @cached_property
    def say(self) -> Wording:
        """The texts of the study's language."""
        return wording_for(self.params)

    @cached_property
    def customers(self) -> pd.DataFrame:
        """One row a customer who ever bought."""
        return customer_frame(self.tables, self.params)

    @cached_property
    def months(self) -> ibis.Table:
        """One row a customer and calendar month, in the engine."""
        return customer_months(self.tables, self.params)

    @cached_property
    def spells(self) -> pd.DataFrame:
        """One row a spell of a relationship."""
        return spells(self.tables, self.params)

    @cached_property
    def survey(self) -> pd.DataFrame:
        """One row an answered questionnaire."""
        return survey_frame(self.tables, self.params)

    @cached_property
    def stages(self) -> Stages:
        """The stage of every customer in every month, in the engine."""
        return assign_stages(self.tables, self.params)

    @cached_property
    def bases(self) -> Bases:
        """How many people, contracts and answers each base holds on the last day."""
        known = "contracts" if self.params.relationship == "contractual" else "transactions"
        declining = None
        if known in self.tables:
            declining = declining_customers(self.stages.table, self.stages.order)
        return count_bases(self.tables, self.params, declining=declining)

    def chapter(self, name: str) -> Chapter:
        """The words of a chapter, and the verbs that show its results."""
        return Chapter(name, self.say.of(name))

    def until(self, day: str | date) -> Study:
        """Return the same study as it was known at the end of an earlier day.

        Every table is cut there (see `analysis.data.past`), and `observed_until` is the day: any
        analysis can be asked for the past, and checked by what came after.

        Parameters
        ----------
        day : str or date
            A day of the study's time zone, after `observed_from` and not after `observed_until`.

        Raises
        ------
        ParamsError
            The day is none, or lies outside the observation.
        """
        known = _inside(day, self.params)
        past = self.params.model_copy(update={"observed_until": known})
        whole = self.whole or self
        return Study(past, whole.folder / "until" / f"{known}", whole)

    def rng(self, name: str = "") -> np.random.Generator:
        """Return random numbers that begin anew at each call, fixed by `params.seed` and a name.

        Each name is a stream of its own, so that what one question draws moves no other; without
        a name it is the stream of the seed itself.
        """
        return np.random.default_rng([self.params.seed, *name.encode()])


def open_study(
    path: str | Path | Study,
    overrides: Mapping[str, Any] | None = None,
    build: str | Path | None = None,
) -> Study:
    """Open the study that a params file describes.

    Parameters
    ----------
    path : str or Path
        The study's name ("cdnow") or its YAML file, from whatever folder of the checkout (see
        `params.finding`); a study that is open already is opened anew, so that the cell
        `study = open_study(study, overrides, build)` can be run twice.
    overrides : mapping, optional
        Values that replace those of the file for one try (see `read_params`).
    build : str or Path, optional
        The folder of everything that is made; `build/` beside `params/` where none is given.

    Returns
    -------
    Study

    Raises
    ------
    ParamsError
        One sentence a fault, all faults at once: file, key, what must hold, what came.
    """
    known = (path.params.path, Path.cwd()) if isinstance(path, Study) else find_params(path)
    file, begin = known
    params = read_params(file, overrides)
    use_short_forms()
    return Study(params, study_folder(params, None if build is None else begin / build))


@brief.register
def _(study: Study) -> Brief:
    asked = {name: one for name, one in vars(Study).items() if isinstance(one, cached_property)}
    rows = [(f".{name}", (one.__doc__ or "").split("\n")[0]) for name, one in asked.items()]
    then = '.chapter("retention") shows results; .until("1998-01-31") is the study as known then'
    return Brief(str(study), (("part", "what it is"), *rows), (f"made in {study.folder}",), then)


def _inside(day: str | date, params: Params) -> date:
    """Read a day and refuse one outside the observation."""
    try:
        known = date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        known = None
    if known is None or not params.observed_from < known <= params.observed_until:
        raise ParamsError(
            f"the day must lie after observed_from ({params.observed_from}) and not after "
            f"observed_until ({params.observed_until}), but {day} came"
        )
    return known
