"""Every question that a study asks of its engine has one answer on DuckDB, PostgreSQL and Spark.

The chapters of two studies are run once on DuckDB, by customers and by counted rows; what they ask
is kept, and asked again of rough tables on all three engines. The others stand in another time
zone, PostgreSQL with another collation, Spark without its ANSI mode: no answer may depend on it.
"""

from __future__ import annotations

import ast
import functools
import importlib
import sys
import warnings
from pathlib import Path

import analysis
import ibis
import pytest
from asked import Elsewhere, listening
from rough import rough_tables
from test_engines import load
from test_whole_reports import write_study
from threadpoolctl import threadpool_limits
from whole_report import differences, in_notebooks, run_chapter

from analysis.data import fetch, read_tables
from analysis.frames import counted
from reporting.project import read_study

STUDIES = ("market", "bank")
ASKING = {"fetch", "fetch_rows", "fetch_count", "cache"}
FLOORS = ("frames", "states", "lifecycle", "satisfaction", "tiers", "value", "chapters")
ONLY_STATISTICS = ("13_ending",)  # asks what others ask, and draws long
FEW_CELLS = 300  # so that days and money fall into wide cells
ELSEWHERE = "Pacific/Kiritimati"  # fourteen hours ahead


def builders() -> dict[str, ast.FunctionDef]:
    """The functions that make an expression or ask one, by module and name."""
    root = Path(analysis.__file__).parent
    found = {}
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root)
        if inside.parts[0] in FLOORS:
            module = ".".join(inside.with_suffix("").parts)
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.FunctionDef) and builds(node):
                    found[f"{module}.{node.name}"] = node
    return found


def builds(function: ast.FunctionDef) -> bool:
    """Whether the body of a function names Ibis, or asks through the door."""
    if any("udf" in ast.unparse(decorator) for decorator in function.decorator_list):
        return False
    return any(
        (isinstance(node, ast.Name) and node.id == "ibis") or asks(node)
        for statement in function.body
        for node in ast.walk(statement)
    )


def asks(node: ast.AST) -> bool:
    """Whether a call brings an answer over, or has the engine keep one."""
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return getattr(called, "attr", getattr(called, "id", "")) in ASKING


def watch(patched: pytest.MonkeyPatch) -> set[str]:
    """Note the builders that are called, wherever they were imported to."""
    called: set[str] = set()
    modules = {}
    for name in builders():
        module, _, function = name.rpartition(".")
        home = importlib.import_module(f"analysis.{module}")
        modules[id(vars(home)[function])] = (name, vars(home)[function])
    for home in [m for n, m in sorted(sys.modules.items()) if n.startswith("analysis.")]:
        for attribute, value in list(vars(home).items()):
            if id(value) in modules:
                name, function = modules[id(value)]
                patched.setattr(home, attribute, noted(function, name, called))
    return called


def noted(function, name: str, called: set[str]):
    """The function, with its calls noted."""

    @functools.wraps(function)
    def wrapper(*arguments, **options):
        called.add(name)
        return function(*arguments, **options)

    return wrapper


def ask_what_no_chapter_asks(tables: Tables, params: Params) -> None:
    """What reports, exports and studies of contracts alone ask besides."""
    stages = assign_stages(tables, params)
    stage_transitions(stages)
    truth = fetch(tables["tier_history"]).rename(columns={"tier": "stage"})
    compare_stages(stages, truth, until=params.observed_until)
    count_bases(tables, params, stages=stages)
    if "contracts" in tables:
        period = {"observed_from": params.observed_from, "observed_until": params.observed_until}
        contracts_held(tables, **period)


@pytest.fixture(scope="module", params=STUDIES)
def asked_by(request, tmp_path_factory):
    """A study, what its chapters ask by customers and by counted rows, and who was called."""
    path = write_study(tmp_path_factory.mktemp(request.param), request.param)
    study, given = read_study(path), {"study": str(path), "overrides": {}, "build": str(path)}
    tables = read_tables(study.params, stored=False)
    chapters = [one.path for one in study.chapters if one.name not in ONLY_STATISTICS]
    with pytest.MonkeyPatch.context() as patched, listening(tables) as asked:
        called = watch(patched)
        for largest, cells in ((counted.LARGE, counted.MOST_CELLS), (0, FEW_CELLS)):
            patched.setattr(counted, "LARGE", largest)
            patched.setattr(counted, "MOST_CELLS", cells)
            with in_notebooks(), threadpool_limits(1), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for chapter in chapters:
                    run_chapter(chapter, given)
        ask_what_no_chapter_asks(tables, study.params)
    return study.params, tables, asked, called
