"""The contract in the docstring: parameters, returns, errors, and the attributes of a result.

Looked at is what others may call of `methods/` (every public function of its public modules; what
a family keeps to itself lies in modules whose names begin with `_`), all that notebooks import from
`analysis`, and every result class of `methods/` and of these. A section is numpydoc's: a head, a
rule, and entries `name : type` with their meaning below.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import json
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

import analysis.methods
from reporting.keys import python_of
from reporting.project import notebooks

SOURCES = Path(analysis.methods.__file__).parents[1]
HEAD = re.compile(r"^([A-Z][A-Za-z ]+)\n(-{3,})\n", re.MULTILINE)
ENTRY = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: : .+)?$", re.MULTILINE)


def sections(documented: object) -> dict[str, str]:
    """Head and text of each section of a docstring."""
    parts = HEAD.split(inspect.getdoc(documented) or "")[1:]
    return {parts[at]: parts[at + 2] for at in range(0, len(parts), 3)}


def entries(section: str) -> dict[str, str]:
    """The names that a section explains, and what it says of each."""
    found, names = {}, []
    for line in section.splitlines():
        if line.strip() and not line.startswith(" "):
            entry = ENTRY.match(line)
            names = [name.strip(" *") for name in entry[1].split(",")] if entry else []
        for name in names:
            found[name] = found.get(name, "") + line
    return found


def lacks_of_function(function: FunctionType) -> Iterator[str]:
    """What the docstring of a function does not say."""
    told = sections(function)
    known = entries(told.get("Parameters", ""))
    signature = inspect.signature(function)
    for name in signature.parameters:
        if name not in known:
            yield f"parameter {name}"
    for name in known.keys() - signature.parameters.keys():
        yield f"no parameter {name}, but it is told"
    if signature.return_annotation not in (None, "None") and "Returns" not in told:
        yield "Returns"
    if raises(function) and "Raises" not in told:
        yield "Raises"


def raises(function: FunctionType) -> bool:
    """Whether the function itself has a raise statement."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return any(isinstance(node, ast.Raise) for node in ast.walk(tree))


def lacks_of_result(result: type) -> Iterator[str]:
    """The attributes that the docstring of a result class does not list."""
    known = entries(sections(result).get("Attributes", ""))
    fields = [field.name for field in dataclasses.fields(result)]
    yield from (f"attribute {name}" for name in fields if name not in known)
    strangers = (name for name in known if name not in fields and not hasattr(result, name))
    yield from (f"no attribute {name}, but it is told" for name in strangers)


def modules() -> Iterator[ModuleType]:
    """The public modules of `methods/`."""
    found = pkgutil.walk_packages(analysis.methods.__path__, "analysis.methods.")
    for module in found:
        if not any(part.startswith("_") for part in module.name.split(".")):
            yield importlib.import_module(module.name)


def of_methods() -> set[object]:
    """What modules of methods define, families export, and other floors import of them."""
    exported = {
        id(thing): thing
        for module in modules()
        for name, thing in vars(module).items()
        if name in getattr(module, "__all__", ()) or is_public(name, thing, module)
    }
    for path in sorted(SOURCES.rglob("*.py")):
        if not path.is_relative_to(SOURCES / "methods"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            exported |= {id(thing): thing for thing in imported(tree, "analysis.methods")}
    return {thing for thing in exported.values() if isinstance(thing, FunctionType | type)}


def is_public(name: str, thing: object, module: ModuleType) -> bool:
    """Whether a module defines a function for others."""
    own = isinstance(thing, FunctionType) and thing.__module__ == module.__name__
    return own and not name.startswith("_") and thing.__name__ == name


def results_of_methods() -> set[object]:
    """The classes that the public modules of `methods/` define."""
    things = (thing for module in modules() for thing in vars(module).values())
    classes = (one for one in things if isinstance(one, type))
    return {one for one in classes if one.__module__.startswith("analysis.methods")}


def imported(tree: ast.AST, package: str) -> Iterator[object]:
    """What a module or notebook imports from a package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(package):
            module = importlib.import_module(node.module)
            yield from (getattr(module, alias.name) for alias in node.names)


def of_notebooks() -> set[object]:
    """What notebooks import from `analysis`."""
    found = []
    for notebook in notebooks():
        content = json.loads(notebook.path.read_text(encoding="utf-8"))
        for tree in map(ast.parse, python_of(content)):
            found += imported(tree, "analysis")
    return {thing for thing in found if isinstance(thing, FunctionType | type)}


def results_of(functions: set[object]) -> set[object]:
    """The dataclasses of this project that functions return."""
    found = set()
    for function in functions:
        returned = inspect.signature(function).return_annotation
        module = inspect.getmodule(function)
        for name in re.findall(r"\w+", returned if isinstance(returned, str) else str(returned)):
            thing = vars(module).get(name)
            if isinstance(thing, type) and thing.__module__.startswith("analysis"):
                found.add(thing)
    return found


FUNCTIONS = {one for one in of_methods() | of_notebooks() if isinstance(one, FunctionType)}
RESULTS = {
    one
    for one in results_of_methods() | of_notebooks() | results_of(FUNCTIONS)
    if isinstance(one, type) and dataclasses.is_dataclass(one)
}


def place(thing: object) -> str:
    return f"{thing.__module__.removeprefix('analysis.')}.{thing.__qualname__}"


@pytest.mark.parametrize("function", sorted(FUNCTIONS, key=place), ids=place)
def test_function_tells_its_contract(function):
    assert list(lacks_of_function(function)) == []


@pytest.mark.parametrize("result", sorted(RESULTS, key=place), ids=place)
def test_result_lists_its_attributes(result):
    assert list(lacks_of_result(result)) == []


def test_what_is_not_told_is_found():
    @dataclasses.dataclass
    class Result:
        """A result.

        Attributes
        ----------
        table : DataFrame
        gone : float
        """

        table: object
        n: int

    def measure(frame: object, *, by: str, n: int) -> Result:
        """Measure.

        Parameters
        ----------
        frame : DataFrame
            With
        by, level : str
        """
        raise ValueError(frame, by, n)

    assert list(lacks_of_result(Result)) == ["attribute n", "no attribute gone, but it is told"]
    assert list(lacks_of_function(measure)) == [
        "parameter n", "no parameter level, but it is told", "Returns", "Raises",
    ]  # fmt: skip
    assert len(FUNCTIONS) > 200
    assert len(RESULTS) > 60
