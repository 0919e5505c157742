"""Take one study the whole way in one process, and say what should not have happened.

As `make` does it: validate, tables, every suitable notebook, the staged report and its preflight; a
notebook's cells are run in a namespace instead of a kernel, and what a labelled cell ends with is
shown as the kernel would show it. `rendered` makes the page and the PDF, too.
"""

from __future__ import annotations

import ast
import json
import os
import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text

from analysis import study as opening
from analysis.data.faults import FaultyData
from analysis.errors import ParamsError
from analysis.frames import write_frames
from analysis.params import read_params
from analysis.states.rating import periods
from analysis.telling import drawing
from analysis.telling.audit import attack
from reporting.commands import published_tables
from reporting.executed import LABEL, is_silent, shown_by
from reporting.preflight import check_staged
from reporting.project import Notebook, Study
from reporting.rendering import render_report
from reporting.report import stage_report

NOT_TOLD = re.compile(r"(?<![\w'])(nan|NaN|None(?! of|\]\{)|NaT|-?inf|<NA>)(?![\w'])")
TEXT = re.compile(r"<!--(.*?)-->", re.DOTALL)
STAMP = {"commit": "made", "finished": "2026-01-01 00:00 UTC", "lock": "made", "python": "3"}
PLACE = Path(__file__).parents[2] / "src"


@dataclass
class Outcome:
    """What became of a study.

    `faults` are validate's; `problems` is what should not have happened: kind (where, and what) and
    the details; `told` counts chapters with something to tell, `silent` those with reasons only.
    """

    faults: list[str] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def add(self, kind: str, details: str = "") -> None:
        self.problems.append((kind, details))


def try_study(path: Path, build: Path, *, rendered: bool = False) -> Outcome:
    """Take the study of a params file from validate to its report."""
    outcome = Outcome()
    try:
        params = read_params(path)
    except ParamsError as error:
        outcome.faults += str(error).splitlines()
        return outcome
    study = Study(params)
    with _patched(study, build) as folder:
        with _noticed(outcome, "tables"):
            try:
                write_frames(params, folder=folder)
            except FaultyData as error:
                outcome.faults += map(str, error.faults)
                return outcome
        for notebook in study.chapters if not outcome.problems else ():
            with _noticed(outcome, notebook.name):
                _run(notebook, study, outcome, build, rendered)
        if not outcome.problems:
            with _noticed(outcome, "report"):
                _report(study, outcome, rendered)
    return outcome


class _patched:
    """A study whose folder lies in `build`, with what the plan writes there.

    Its notebooks share one open study and one rating, as they would read the same from disk.
    """

    def __init__(self, study: Study, build: Path) -> None:
        self.folder, self.study, self.build = build / study.params.study, study, build

    def __enter__(self) -> Path:

        self.before = os.environ.get("BUILD")
        os.environ["BUILD"] = str(self.build)
        (self.folder / "notebooks").mkdir(parents=True, exist_ok=True)
        (self.folder / "study.json").write_text('{"fingerprint": "made"}', encoding="utf-8")
        self.kept = opening.open_study, periods.rate_periods
        opening.open_study, periods.rate_periods = cache(self.open), _once(periods.rate_periods)
        return self.folder

    def open(self, *given: Any) -> opening.Study:
        return opening.Study(self.study.params, self.folder)

    def __exit__(self, *error: Any) -> None:

        opening.open_study, periods.rate_periods = self.kept
        os.environ.pop("BUILD")
        if self.before is not None:
            os.environ["BUILD"] = self.before


def _once(rate: Callable[..., Any]) -> Callable[..., Any]:
    rated: list[Any] = []

    def rate_once(*given: Any, **options: Any) -> Any:
        if options:
            return rate(*given, **options)
        if not rated:
            rated.append(rate(*given))
        return rated[0]

    return rate_once


class _noticed:
    """Keep an exception or a warning as a problem of the step that it came from."""

    def __init__(self, outcome: Outcome, step: str) -> None:
        self.outcome, self.step = outcome, step

    def __enter__(self) -> None:
        self.caught = warnings.catch_warnings()
        self.caught.__enter__()
        warnings.simplefilter("default")
        warnings.showwarning = self.warned
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=PendingDeprecationWarning)

    def warned(self, message, category, filename, lineno, *other) -> None:
        self.keep(category.__name__, message, traceback.extract_stack()[:-1])

    def keep(self, name: str, said: Any, frames: list[Any]) -> None:
        frames = [one for one in frames if "tests/fuzz" not in one.filename]
        told = [f"{Path(one.filename).name}:{one.lineno} {one.line}" for one in frames[-7:]]
        told.append(f"{name}: {said}")
        self.outcome.add(f"{self.step}: {name} {_innermost(frames)}", "\n".join(told))

    def __exit__(self, kind, error, trace) -> bool:
        self.caught.__exit__(None, None, None)
        if error is None or not isinstance(error, Exception):
            return False
        self.keep(type(error).__name__, error, traceback.extract_tb(trace))
        return True


def _innermost(frames: list[Any]) -> str:
    """The last line of our own code that an exception or a warning came through."""
    own = [one for one in frames if Path(one.filename).is_relative_to(PLACE)]
    last = own[-1] if own else frames[-1]
    return f"{Path(last.filename).name}:{last.name}"


def _run(notebook: Notebook, study: Study, outcome: Outcome, build: Path, rendered: bool) -> None:
    """Run a notebook's cells; write its executed copy as Papermill would."""
    content = json.loads(notebook.path.read_text(encoding="utf-8"))
    space: dict[str, Any] = {}
    given = {"study": str(study.params.path), "overrides": (), "build": str(build)}
    with _watched(outcome, notebook.name, rendered):
        for cell in content["cells"]:
            if cell["cell_type"] != "code":
                continue
            if "parameters" in cell["metadata"].get("tags", ()):
                space |= given
                continue
            source = "".join(cell["source"])
            shown, label = _run_cell(source, space), LABEL.search(source)
            if label:
                data, metadata = shown._repr_mimebundle_()
                _look_at(data, metadata, f"{notebook.name}#{label[1]}", outcome)
                output = {"output_type": "execute_result", "data": data, "metadata": metadata}
                cell["outputs"] = [output]
    content["metadata"]["provenance"] = STAMP | {"versions": {}}
    place = study.folder / "notebooks" / notebook.path.name
    place.write_text(json.dumps(content), encoding="utf-8")


def _run_cell(source: str, space: dict[str, Any]) -> Any:
    """Run a cell; the value of its last expression."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "cell", "exec"), space)
    return (
        None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), space)
    )


def _look_at(data: dict[str, Any], metadata: dict[str, Any], where: str, outcome: Outcome) -> None:
    """No missing number in a text, no table without a number, no silence without a reason."""
    markdown = data.get("text/markdown", "")
    texts = [markdown, *(metadata.get(part, "") for part in ("caption", "alt", "reading"))]
    texts += TEXT.findall(data.get("image/svg+xml", ""))
    for text in texts:
        if found := NOT_TOLD.search(text):
            outcome.add(f"{where} says {found[0]}", text)
    if "finding" in metadata and metadata["finding"]["silent"]:
        outcome.reasons.append(f"{where}: {markdown}")
        if not markdown.strip("* "):
            outcome.add(f"{where} gives no reason", markdown)
    if "text/csv" in data and "image/svg+xml" not in data:
        rows = markdown.split("\n\n")[0].splitlines()[2:]
        if not rows or all(set("".join(row.split("|")[2:])) <= set(" –—-^") for row in rows):
            outcome.add(f"{where} is an empty table", markdown)


class _watched:
    """Look at every figure before it is saved: one that draws nothing is a problem."""

    def __init__(self, outcome: Outcome, step: str, rendered: bool) -> None:
        self.outcome, self.step, self.rendered = outcome, step, rendered

    def __enter__(self) -> None:
        self.save = drawing.Figure.savefig

        def savefig(figure, drawn, **options):
            if not self.rendered:
                figure.draw_without_rendering()
                texts = "".join(f"<!--{one.get_text()}-->" for one in figure.findobj(Text))
                drawn.write(f"<svg>{texts}</svg>")
            if not any(_draws(ax) for ax in [*figure.axes, *_inside(figure)]):
                self.outcome.add(f"{self.step}: blank figure", repr(figure.axes))
            return self.save(figure, drawn, **options) if self.rendered else None

        drawing.Figure.savefig = savefig

    def __exit__(self, *error: Any) -> None:
        drawing.Figure.savefig = self.save


def _inside(figure: Any) -> list[Axes]:
    return [child for ax in figure.axes for child in ax.child_axes]


def _draws(ax: Axes) -> bool:
    """Whether an axes shows any number."""
    lines = (np.isfinite(np.asarray(line.get_ydata(), float)).any() for line in ax.lines)
    bars = (
        np.isfinite([bar.get_width(), bar.get_height()]).all()
        for bar in ax.patches
        if hasattr(bar, "get_width")
    )
    images = (np.ma.count(np.ma.masked_invalid(image.get_array())) > 0 for image in ax.images)
    return any(_drawn(lines, bars, images)) or _collections(ax) or len(ax.texts) > 1


def _drawn(*kinds: Iterator[Any]) -> Iterator[bool]:
    for kind in kinds:
        yield from map(bool, kind)


def _collections(ax: Axes) -> bool:
    for drawn in ax.collections:
        paths = [path.vertices for path in drawn.get_paths() if len(path.vertices)]
        offsets = np.ma.filled(np.ma.asarray(drawn.get_offsets(), float), np.nan)
        array = drawn.get_array()
        seen = array is None or np.ma.count(np.ma.masked_invalid(array)) > 0
        finite = any(np.isfinite(path).any() for path in paths) and np.isfinite(offsets).any()
        if finite and seen:
            return True
    return False


def _report(study: Study, outcome: Outcome, rendered: bool) -> None:
    """Stage the report and look over it as the preflight does; render it where it is asked."""
    aside = study.folder / "aside"
    staged = stage_report(study, aside)
    for notebook, cells in shown_by(study).items():
        findings = [c["metadata"]["finding"] for c in cells.values() if "finding" in c["metadata"]]
        silent = findings and all(one["silent"] for one in findings)
        (outcome.silent if silent else outcome.told).append(notebook.chapter)
        if not findings and all(map(is_silent, cells.values())):
            outcome.add(f"{notebook.name} says nothing at all")
    check_staged(staged)
    for one in attack(published_tables(aside / "results"), min_cell=study.params.min_cell):
        outcome.add(f"{one.file} gives away ({one.rule})", one.what)
    if rendered:
        render_report(staged, aside / "report.html", aside / "report.pdf")
