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
from dataclasses import replace
from pathlib import Path

import ibis
import ibis.expr.operations as ops
import pytest
from asked import Elsewhere, listening
from differing import DIFFERING
from rough import rough_tables
from test_engines import load
from test_whole_reports import write_study
from threadpoolctl import threadpool_limits
from whole_report import differences, in_notebooks, run_chapter

import analysis
from analysis.chapters.contracts.held import contracts_held
from analysis.chapters.tiers.limits import near_limits
from analysis.chapters.value.counted_groups import counted_costs
from analysis.data import Tables, fetch, read_tables
from analysis.frames import counted
from analysis.params import Params
from analysis.states.bases import count_bases, declining_customers
from analysis.states.rating.engine_rating import rate_in_engine
from analysis.states.rating.periods import rate_periods
from analysis.states.stages import assign_stages
from reporting.project import read_study

STUDIES = ("market", "bank")
ASKING = {"fetch", "fetch_rows", "fetch_count", "cache"}
FLOORS = ("frames", "states", "chapters", "study.py")
ONLY_STATISTICS = ("13_ending",)  # asks what others ask, and draws long
FEW_CELLS = 300  # so that days and money fall into wide cells
HALVES = {"tiers": ("low", "high"), "quantiles": {"quantity": "amount", "cuts": (0.5,)}}
POINTS = {"tiers": ("low", "mid", "high"), "rfm": {"cuts": (7, 11)}, "grace_periods": 1}
ELSEWHERE = "Pacific/Kiritimati"


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


def watch(patched: pytest.MonkeyPatch, called: set[str]) -> None:
    """Note the builders that are called, wherever they were imported to."""
    modules = {}
    for name in builders():
        module, _, function = name.rpartition(".")
        home = importlib.import_module(f"analysis.{module}")
        modules[id(vars(home)[function])] = (name, vars(home)[function])
    homes = [home for name, home in sys.modules.items() if name.startswith("analysis.")]
    for home in [*homes, sys.modules[__name__]]:
        for attribute, value in list(vars(home).items()):
            if id(value) in modules:
                name, function = modules[id(value)]
                patched.setattr(home, attribute, noted(function, name, called))


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
    count_bases(tables, params, declining=declining_customers(stages.table, stages.order))
    days = [params.observed_until.replace(month=month, day=1) for month in (6, 12)]
    for scheme in (HALVES, POINTS):
        own = params.tiers.model_validate({"scheme": scheme})
        rated = params.model_copy(update={"tiers": own})
        rate_in_engine(tables, rated, days, kept_days=days, open_only=False)
    ruled = {name: tables[name] for name in tables if name != "tier_history"}
    near_limits(rate_periods(replace(tables, by_name=ruled), rated))
    counted_costs(tables, params, "channel")
    if "contracts" in tables:
        period = {"observed_from": params.observed_from, "observed_until": params.observed_until}
        contracts_held(tables, **period)


@pytest.fixture(scope="module")
def asked_by(tmp_path_factory):
    """What each study's chapters ask, by customers and by counted rows, and who was called."""
    called: set[str] = set()
    asked = {study: listen_to(study, tmp_path_factory.mktemp(study), called) for study in STUDIES}
    return asked, called


def listen_to(name: str, folder: Path, called: set[str]):
    """The parameters of a study, its tables, and what its chapters ask of them."""
    path = write_study(folder, name)
    study, given = read_study(path), {"study": str(path), "overrides": {}, "build": str(folder)}
    tables = read_tables(study.params, stored=False)
    chapters = [one.path for one in study.chapters if one.name not in ONLY_STATISTICS]
    with pytest.MonkeyPatch.context() as patched, listening(tables) as asked:
        watch(patched, called)
        for largest, cells in ((counted.LARGE, counted.MOST_CELLS), (0, FEW_CELLS)):
            patched.setattr(counted, "LARGE", largest)
            patched.setattr(counted, "MOST_CELLS", cells)
            with in_notebooks(), threadpool_limits(1), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for chapter in chapters:
                    run_chapter(chapter, given)
        ask_what_no_chapter_asks(tables, study.params)
    return study.params, tables, asked


@pytest.fixture(params=["postgres", "spark"])
def elsewhere(request, tmp_path):
    """An engine that stands in another time zone and orders texts otherwise."""
    places = {"postgres": in_another_database, "spark": in_another_session}
    return places[request.param](request, tmp_path)


def in_another_database(request, tmp_path):
    """PostgreSQL with the collation of a language, and days that begin early."""
    database = ibis.connect(request.getfixturevalue("database_elsewhere"))

    def take(name, table):
        load(database, name, table)
        return database.table(name)

    return take


def in_another_session(request, tmp_path):
    """Spark without its ANSI mode, and days that begin early."""
    session = request.getfixturevalue("spark")
    connection = ibis.pyspark.connect(session)
    settings = {"spark.sql.session.timeZone": ELSEWHERE, "spark.sql.ansi.enabled": "false"}
    before = {name: session.conf.get(name) for name in settings}
    for name, value in settings.items():
        session.conf.set(name, value)
    request.addfinalizer(lambda: [session.conf.set(*pair) for pair in before.items()])

    def take(name, table):
        path = tmp_path / f"{name}.parquet"
        table.to_parquet(path)
        session.read.parquet(str(path)).createOrReplaceTempView(name)
        return connection.table(name)

    return take


@pytest.mark.parametrize("study", STUDIES)
def test_every_question_has_one_answer(asked_by, elsewhere, study):
    params, tables, asked = asked_by[0][study]
    embedded = ibis.duckdb.connect()
    rough = rough_tables(tables, params)
    here = {name: embedded.create_table(f"rough_{name}", rows) for name, rows in rough.items()}
    there = {name: elsewhere(f"rough_{name}", table) for name, table in here.items()}
    ours, theirs = Elsewhere(asked, here), Elsewhere(asked, there)
    wrong = []
    for question, who in ours.distinct().items():
        expected, found = fetch(ours.moved(question)), fetch(theirs.moved(question))
        wrong += [f"{' and '.join(who)}: {what}" for what in differences(found, expected)]
    for kept in (*ours.kept, *theirs.kept):
        kept.release()
    assert len(ours.distinct()) > 50
    assert wrong == []


def test_every_function_that_asks_is_in_the_inventory(asked_by):
    missing = sorted(set(builders()) - asked_by[1])
    assert missing == [], "let a chapter or ask_what_no_chapter_asks call them"


def test_no_question_holds_what_engines_answer_differently(asked_by):
    held = {
        f"{' and '.join(who)}: {one.written}"
        for params, tables, asked in asked_by[0].values()
        for question, who in Elsewhere(asked, tables).distinct().items()
        for node in question.find(ops.Node)
        for one in DIFFERING
        if one.holds(node)
    }
    assert sorted(held) == []
