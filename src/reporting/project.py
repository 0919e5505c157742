"""Where things lie: studies, notebooks, chapters and what is made of them."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from analysis.data.placing import is_of_the_future, write_text
from analysis.params import Params, read_params, read_settings
from analysis.params.folders import check_study_name, study_folder, variant_of
from reporting.errors import ReportError

ROOT = Path(__file__).resolve().parents[2]
SITE = "site"
HISTORY = "complete history"
NOTEBOOK_NAME = re.compile(r"[0-9]{2}_[a-z][a-z0-9_]{0,39}")


def build_folder() -> Path:
    """`build/`, or the folder that BUILD names (tests build elsewhere)."""
    return Path(os.environ.get("BUILD") or ROOT / "build").resolve()


def site_folder() -> Path:
    """`build/site/`, the one folder that may be published: the index, reports, results."""
    return build_folder() / SITE


def params_folder() -> Path:
    """`params/`, or the folder that PARAMS names (tests bring their own)."""
    return Path(os.environ.get("PARAMS") or ROOT / "params").resolve()


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook of `notebooks/` and the chapter that shows it.

    `needs` are the tables, columns (`customers.first_contact_at`), parts of the `satisfaction:`
    block and "complete history" (every first purchase lies inside the observation), without which
    it has nothing to say; `relationship` is empty where it suits both kinds of business; `without`
    are tables that make it needless; `weight` (1 to 3) is its claim on a place in the summary.
    """

    name: str
    path: Path
    title: str
    needs: tuple[str, ...]
    relationship: str
    without: tuple[str, ...] = ()
    weight: int = 1

    @property
    def chapter(self) -> str:
        """The chapter's name: `10_retention` makes `_retention.qmd`."""
        return self.name.split("_", 1)[1]

    @property
    def about_data(self) -> bool:
        """Whether it says where the data come from, which stands first in the appendix."""
        return self.name < "10"

    def suits(self, params: Params) -> bool:
        """Whether a study has what the notebook needs."""
        needless = params.data.tables & set(self.without)
        suitable = self.relationship in ("", params.relationship)
        return suitable and not needless and not self.missing(params)

    def missing(self, params: Params) -> tuple[str, ...]:
        """The tables, columns and scales that the notebook needs and the study has not."""
        known = params.data.tables | params.data.columns | params.satisfaction.named
        known |= {HISTORY} if params.data.history_complete else set()
        return tuple(need for need in self.needs if need not in known)


@cache
def notebooks() -> tuple[Notebook, ...]:
    """The notebooks that are chapters, in the order of their numbers."""
    return _looked_over()[0]


@cache
def left_out() -> tuple[str, ...]:
    """One sentence for each file of `notebooks/` that is no chapter, such as an editor's copy."""
    return _looked_over()[1]


def _looked_over() -> tuple[tuple[Notebook, ...], tuple[str, ...]]:
    """Read the head of every notebook: what is a chapter, and why the others are none."""
    found: dict[str, Notebook] = {}
    told = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        try:
            notebook = _notebook(path)
            if other := found.get(notebook.chapter):
                raise ReportError(
                    f"notebooks/{path.name} must have a chapter of its own, but "
                    f"{other.path.name} has it already; rename it"
                )
        except ReportError as error:
            told.append(f"{error}, or move it to notebooks/own/; it is left out")
        else:
            found[notebook.chapter] = notebook
    return tuple(found.values()), tuple(told)


def _notebook(path: Path) -> Notebook:
    """Read what a notebook says of itself.

    Raises
    ------
    ReportError
        Its name is that of no chapter, its header is broken, or it has no page.
    """
    if not NOTEBOOK_NAME.fullmatch(path.stem):
        raise ReportError(
            "a notebook must be named by two digits, _ and small letters (10_retention.ipynb), "
            f"but notebooks/{path.name} is not; rename it"
        )
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        chapter = content["metadata"]["chapter"]
        first = "".join(content["cells"][0]["source"])
        title = re.match(r"# (.+)", first).group(1)
        needs, relationship = tuple(chapter["needs"]), chapter.get("relationship", "")
        without, weight = tuple(chapter.get("without", ())), int(chapter.get("weight", 1))
    except (ValueError, LookupError, AttributeError, TypeError):
        raise ReportError(
            f"notebooks/{path.name} must be a notebook that begins with a `# title` cell and names "
            'the tables it needs in its metadata ("chapter": {"needs": ["transactions"]}), '
            "but does not; mend it"
        ) from None
    notebook = Notebook(path.stem, path, title, needs, relationship, without, weight)
    page = f"_{notebook.chapter}.qmd"
    if not (ROOT / "reports" / page).is_file():
        raise ReportError(
            f"notebooks/{path.name} must have its chapter reports/{page}, but there is none; "
            "write it (see docs/add-a-chapter.md)"
        )
    return notebook


@dataclass(frozen=True, slots=True)
class Study:
    """One params file, with or without overrides, and the folder that its results go to.

    `only` names the one chapter that somebody works on; empty: all that the study has.
    """

    params: Params
    only: str = ""

    @property
    def name(self) -> str:
        """`cdnow`, or `cdnow/lapse_weeks=26` for a variant."""
        return "/".join(filter(None, (self.params.study, self.variant)))

    @property
    def variant(self) -> str:
        """The overrides as a folder name; empty for the study itself."""
        return variant_of(self.params)

    @property
    def folder(self) -> Path:
        """`build/cdnow`, or `build/variants/cdnow/lapse_weeks-26`: what is nobody else's."""
        return study_folder(self.params, build_folder())

    @property
    def site(self) -> Path:
        """`build/site/cdnow`: page, PDF and results, which may be published."""
        return site_folder() / self.folder.relative_to(build_folder())

    @property
    def chapters(self) -> tuple[Notebook, ...]:
        """The notebooks whose needs the study meets."""
        suited = (notebook for notebook in notebooks() if notebook.suits(self.params))
        return tuple(one for one in suited if self.only in ("", one.chapter))


def study_files() -> list[Path]:
    """The params files, or the one that STUDY names; an editor's hidden copies are left out.

    Raises
    ------
    ParamsError
        STUDY is no name of a study.
    """
    name = os.environ.get("STUDY", "").strip()
    if name:
        return [study_file(name)]
    return sorted(path for path in params_folder().glob("*.yml") if path.name[0] != ".")


def study_file(name: str) -> Path:
    """The params file of a study's name; its name is checked before anything is read.

    Raises
    ------
    ParamsError
        It is no name of a study, or one that the build folder uses itself.
    """
    return params_folder() / f"{check_study_name(name)}.yml"


def read_study(path: Path) -> Study:
    """Read a params file with the overrides that SET holds."""
    return Study(read_params(path, read_settings(os.environ.get("SET", ""))))


def write_if_changed(path: Path, text: str) -> None:
    """Replace a file as a whole, and only when its content changes (Make looks at times)."""
    known = path.is_file() and path.read_bytes() == text.encode()
    if not known or is_of_the_future(path):
        write_text(path, text)


def shown_path(path: Path) -> str:
    """A path for people: from the project's folder, if it lies in it."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
