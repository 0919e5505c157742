"""Write the rules that Make follows: which study needs which notebook, made of what.

This runs at the start of every `make reports`, so it imports little: no pandas, no engine.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import sys
from functools import cache
from pathlib import Path

from analysis.data.fingerprint import source_fingerprint
from analysis.errors import DataError, ParamsError
from analysis.params import read_settings
from reporting.errors import ReportError, speak
from reporting.partial import clear_partials
from reporting.project import (
    ROOT,
    Notebook,
    Study,
    build_folder,
    read_study,
    study_files,
    write_if_changed,
)
from reporting.quarto import find_quarto

SOURCES = ROOT / "src"
RUN_ALSO = ("requirements.lock",)
NO_CHAPTER = "data must hold the tables of at least one notebook, but suits none; see make help"


def main() -> None:
    """Plan every study (or the one that STUDY names) and write the rules to the given file."""
    plan = Path(sys.argv[1])
    try:
        write_if_changed(plan, "\n".join(all_rules(plan)))
    except BaseException:
        plan.unlink(missing_ok=True)
        raise


def all_rules(plan: Path) -> list[str]:
    """The rules of all studies; what holds all of them up becomes a rule that says so."""
    for folder in (plan.parent, build_folder(), build_folder() / "keys"):
        clear_partials(folder)
    try:
        read_settings(os.environ.get("SET", ""))
        report_key()
        rules = [rules_of(path) for path in study_files()]
    except (ParamsError, ReportError) as error:
        return [fault_rules(plan.stem, str(error))]
    index = build_folder() / "index.html"
    return [*rules, f"reports:\n\t@echo 'All reports: {_near(index)}'\n"]


def rules_of(path: Path) -> str:
    """The Make rules of one study; a broken params file becomes a rule that says what is wrong."""
    try:
        study = read_study(path)
        absent = study.params.data.absent(study.params.path.parent)
        if absent and not os.environ.get("STUDY"):
            print(f"{path.stem} is left out: {absent}", file=sys.stderr)
            return ""
        if not study.chapters:
            raise ReportError(f"{path.name}: {NO_CHAPTER}")
        clear_partials(study.folder)
        write_if_changed(study.folder / "study.json", description_of(study))
    except (ParamsError, DataError, ReportError) as error:
        return fault_rules(path.stem, str(error))
    fault_file(path.stem).unlink(missing_ok=True)
    return study_rules(study)


def description_of(study: Study) -> str:
    """What a study's results depend on: resolved parameters and the fingerprint of its data."""
    os.environ["STUDY_FOLDER"] = str(study.folder)
    described = {
        "params": study.params.model_dump(mode="json"),
        "fingerprint": source_fingerprint(study.params),
        "chapters": [notebook.name for notebook in study.chapters],
    }
    return json.dumps(described, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def study_rules(study: Study) -> str:
    """One rule for the tables, one a notebook, one for the report."""
    folder, name, python = in_rule(study.folder), study.params.study, "@$(PY) -m"
    tables = f"{folder}/tables/key.json"
    again = " FORCE" if os.environ.get("REFRESH") == "1" else ""
    lines = [
        f"# {study.name}",
        f"{tables}: {folder}/study.json {key_file('tables', tables_key())}{again}",
        f"\t{python} reporting.tables {name}",
    ]
    executed = []
    for notebook in study.chapters:
        target = f"{folder}/notebooks/{notebook.name}.ipynb"
        executed.append(target)
        lines += [
            f"{target}: {tables} {key_file(notebook.name, notebook_key(notebook))}",
            f"\t{python} reporting.execute {name} {notebook.name}",
        ]
    report = f"{folder}/report.html {folder}/report.pdf"
    needed = f"{' '.join(executed)} {key_file('report', report_key())}"
    lines += [
        f"{report} &: {needed}",
        f"\t{python} reporting.report {name}",
        f".PRECIOUS: {tables} {' '.join(executed)} {report}",
        f".PHONY: report-{name}",
        f"report-{name}: {report}",
        f"tables: {tables}",
        f"notebooks: {' '.join(executed)}",
        f"report reports: report-{name}",
        "",
    ]
    return "\n".join(lines)


def fault_rules(name: str, message: str) -> str:
    """A study that cannot be planned fails alone, with its own sentence."""
    write_if_changed(fault_file(name), message + "\n")
    recipe = f"\t@cat {in_rule(fault_file(name))} >&2; exit 1"
    target = "report-" + re.sub(r"\W", "-", name)
    return f".PHONY: {target}\n{target}:\n{recipe}\ntables notebooks report reports: {target}\n"


def fault_file(name: str) -> Path:
    """Where the sentence of a broken params file waits for its rule."""
    return build_folder() / "keys" / f"{name}.fault"


def in_rule(path: Path) -> str:
    """A path as a Make rule names it: from the project's folder, its spaces escaped."""
    return re.sub(r"([\s#:'()&])", r"\\\1", str(_near(path)).replace("$", "$$"))


def _near(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def key_file(name: str, key: str) -> str:
    """A file that changes when, and only when, the key does, as a rule names it."""
    path = build_folder() / "keys" / name
    write_if_changed(path, key + "\n")
    return in_rule(path)


def tables_key() -> str:
    """The content that a study's frames depend on, but for its study."""
    return digest(modules_key("analysis.frames") + lock_key())


def notebook_key(notebook: Notebook) -> str:
    """The content that a notebook's results depend on, but for its study."""
    content = json.loads(notebook.path.read_text(encoding="utf-8"))
    code = "\n".join("".join(cell["source"]) for cell in content["cells"])
    imported = frozenset().union(*(imports_of(cell) for cell in python_of(content)))
    parts = [code, *(modules_key(module) for module in sorted(imported)), lock_key()]
    return digest("\n".join(parts))


def python_of(content: dict) -> list[str]:
    """The code cells of a notebook, without Jupyter's own commands."""
    cells = ("".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code")
    return [re.sub(r"(?m)^[%!].*$", "", source) for source in cells]


@cache
def report_key() -> str:
    """The content that a report depends on besides its notebooks."""
    files = sorted(file for file in (ROOT / "reports").rglob("*") if _counts(file))
    contents = [digest(file.read_bytes()) for file in files]
    renderer = find_quarto() or ""
    return digest("\n".join([*contents, modules_key("reporting.report"), lock_key(), renderer]))


@cache
def lock_key() -> str:
    """The content of the lock and of what starts every run."""
    return digest("".join(digest((ROOT / name).read_bytes()) for name in RUN_ALSO))


@cache
def modules_key(module: str) -> str:
    """The content of a module and of all that it imports from this project."""
    found: dict[Path, str] = {}
    _walk(module, found)
    return digest("\n".join(f"{path.relative_to(ROOT)} {found[path]}" for path in sorted(found)))


def _walk(module: str, found: dict[Path, str]) -> None:
    for path in files_of(module):
        if path in found:
            continue
        found[path] = digest(path.read_bytes())
        if path.suffix == ".py":
            for imported in imports_of(path.read_text(encoding="utf-8")):
                _walk(imported, found)


@cache
def files_of(module: str) -> tuple[Path, ...]:
    """The files of a dotted name: its packages' `__init__`, itself, and data beside it."""
    parts, files = module.split("."), []
    for depth in range(1, len(parts) + 1):
        place = SOURCES.joinpath(*parts[:depth])
        if place.is_dir():
            files += [file for file in place.iterdir() if _counts(file) and _travels(file)]
        elif place.with_suffix(".py").is_file():
            files.append(place.with_suffix(".py"))
    return tuple(files)


def _counts(file: Path) -> bool:
    """Whether a file is part of the project: not an editor's own copy."""
    return file.is_file() and not (file.name.startswith(".") or file.name.endswith("~"))


def _travels(file: Path) -> bool:
    """Whether a file of a package counts for each of its modules."""
    return file.name == "__init__.py" or file.suffix not in (".py", ".pyc")


@cache
def imports_of(code: str) -> frozenset[str]:
    """The dotted names of this project that a piece of Python imports; none if it has a fault."""
    names: set[str] = set()
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return frozenset()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(name for name in names if name.split(".")[0] in ("analysis", "reporting"))


def digest(content: str | bytes) -> str:
    """A short content hash."""
    raw = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(raw).hexdigest()[:32]


if __name__ == "__main__":
    speak(main)
