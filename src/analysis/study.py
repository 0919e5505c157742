"""One study: its parameters, tables, frames, wording, random numbers and folder, by one name.

`study = open_study("../params/cdnow.yml")` reads the parameters alone; the tables are read, and the
frames made, when they are first asked for. Nothing travels through the process environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables, read_tables
from analysis.frames import customer_frame, customer_months, spells, survey_frame
from analysis.params import Params, read_params
from analysis.params.folders import study_folder
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
    """

    params: Params
    folder: Path

    def __repr__(self) -> str:
        return f"Study({self.params.study}, to {self.params.observed_until})"

    @cached_property
    def tables(self) -> Tables:
        """The checked tables, read when they are first asked for."""
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

    def chapter(self, name: str) -> Chapter:
        """The words of a chapter, and the verbs that show its results."""
        return Chapter(name, self.say.of(name))

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
        The YAML file; a study that is open already is opened anew, so that the cell
        `study = open_study(study, overrides, build)` can be run twice.
    overrides : mapping, optional
        Values that replace those of the file for one try (see `read_params`).
    build : str or Path, optional
        The folder of everything that is made; `build/` beside `params/` where none is given.

    Raises
    ------
    ParamsError
        One sentence a fault, all faults at once: file, key, what must hold, what came.
    """
    file = path.params.path if isinstance(path, Study) else path
    params = read_params(file, overrides)
    return Study(params, study_folder(params, build))
