"""Write the rules that Make follows: which study needs which notebook, made of what.

This runs at the start of every `make reports`, so it imports little: no pandas, no engine.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shlex
import sys
import time
from pathlib import Path

from analysis.data.located import KEY_FILE, source_fingerprint
from analysis.data.placing import recover
from analysis.errors import DataError, ParamsError
from analysis.params import read_settings
from reporting.errors import ReportError, of_the_disk, printable, speak
from reporting.imported import digest, keep_imports
from reporting.keys import modules_key, notebook_key, report_key, tables_key
from reporting.partial import clear_partials
from reporting.project import (
    Study,
    build_folder,
    left_out,
    read_study,
    shown_path,
    site_folder,
    study_files,
    write_if_changed,
)
from reporting.seals import date_back_unsound, index_seal, seal_of

WHOLE = "PLANNED := whole\n"
"""The last line of a plan, by which make knows that it was not cut short."""
MADE = "$(eval made := yes)"
DAY = 24 * 3600
NO_CHAPTER = "data must hold the tables of at least one notebook, but suits none; see make help"


def main() -> None:
    """Plan every study (or the one that STUDY names) and write the rules to the given file."""
    plan = Path(sys.argv[1])
    for sentence in left_out():
        print(printable(sentence), file=sys.stderr)
    try:
        write_if_changed(plan, "\n".join([*all_rules(plan), WHOLE]))
    except BaseException:
        plan.unlink(missing_ok=True)
        raise


def all_rules(plan: Path) -> list[str]:
    """The rules of all studies; what holds all of them up becomes a rule that says so."""
    clear_partials(plan.parent, build_folder(), build_folder() / "keys", site_folder())
    clear_old_plans(plan)
    try:
        read_settings(os.environ.get("SET", ""))
        report_key()
        rules = [rules_of(path) for path in study_files()]
    except (ParamsError, ReportError) as error:
        return [fault_rules(plan.stem, str(error))]
    keep_imports()
    return [*rules, index_rules()]


def clear_old_plans(plan: Path) -> None:
    """Remove the plans of single studies and variants that nobody has asked for today."""
    for old in plan.parent.glob("plan-*.mk"):
        if old != plan and time.time() - old.stat().st_mtime > DAY:
            old.unlink(missing_ok=True)


def rules_of(path: Path) -> str:
    """The Make rules of one study; a broken params file becomes a rule that says what is wrong."""
    try:
        study = read_study(path)
        absent = study.params.data.absent(study.params.path.parent)
        if absent and not os.environ.get("STUDY"):
            print(printable(f"{path.stem} is left out: {absent}"), file=sys.stderr)
            return ""
        if not study.chapters:
            raise ReportError(f"{path.name}: {NO_CHAPTER}")
        check_chapter(study, os.environ.get("CHAPTER", ""))
        clear_broken(study)
        write_if_changed(study.folder / "study.json", description_of(study))
    except (ParamsError, DataError, ReportError) as error:
        return fault_rules(path.stem, str(error))
    except OSError as error:
        return fault_rules(path.stem, of_the_disk(error, path.name))
    fault_file(path.stem).unlink(missing_ok=True)
    return study_rules(study)


def clear_broken(study: Study) -> None:
    """Clear what killed runs left of a study, and have make remake what is not whole."""
    inside = ("", "notebooks", "seals", "chapters", "took")
    clear_partials(study.site.parent, *(study.folder / name for name in inside))
    for place in (study.folder / "tables", study.folder / "report", study.site):
        recover(place)
    for step, targets in targets_of(study).items():
        date_back_unsound(seal_of(study, step), targets)


def targets_of(study: Study) -> dict[str, list[Path]]:
    """The files by which make knows what each step of a study made."""
    folder = study.folder
    executed = {one.name: [folder / f"notebooks/{one.name}.ipynb"] for one in study.chapters}
    report = [study.site / "report.html", study.site / "report.pdf"]
    return {"tables": [folder / "tables" / KEY_FILE], **executed, "report": report}


def check_chapter(study: Study, asked: str) -> None:
    """Refuse a CHAPTER that the study has not, with the near names."""
    names = [notebook.chapter for notebook in study.chapters]
    if asked and asked not in names:
        near = difflib.get_close_matches(asked, names, n=3, cutoff=0.5) or names
        raise ReportError(
            f"CHAPTER must be a chapter of {study.params.study}, but '{asked}' came; "
            f"near names: {', '.join(near)}"
        )


def description_of(study: Study) -> str:
    """What a study's results depend on: resolved parameters and the fingerprint of its data."""
    described = {
        "params": study.params.model_dump(mode="json"),
        "fingerprint": source_fingerprint(study.params, folder=study.folder),
        "chapters": [notebook.name for notebook in study.chapters],
    }
    return json.dumps(described, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def study_rules(study: Study) -> str:
    """One rule for the tables, one a notebook, one for the report."""
    folder, name = in_rule(study.folder), study.params.study
    python = "@$(PY) -m reporting.warm"
    made = {step: " ".join(map(in_rule, files)) for step, files in targets_of(study).items()}
    tables, report = made["tables"], made["report"]
    again = " FORCE" if os.environ.get("REFRESH") == "1" else ""
    lines = [
        f"# {study.name}",
        f"{tables}: {folder}/study.json {key_file('tables', tables_key())}{again}",
        f"\t{python} reporting.tables {name}",
    ]
    executed = []
    for notebook in study.chapters:
        target = made[notebook.name]
        executed.append(target)
        lines += [
            f"{target}: {tables} {key_file(notebook.name, notebook_key(notebook))}",
            f"\t{python} reporting.execute {name} {notebook.name}",
            f".PHONY: chapter-{name}-{notebook.chapter}",
            f"chapter-{name}-{notebook.chapter}: {target}",
            f"\t{python} reporting.report {name} {notebook.chapter}",
        ]
    needed = f"{' '.join(executed)} {key_file('report', report_key())}"
    lines += [
        f"{report} &: {needed}",
        f"\t{MADE}{python} reporting.report {name}",
        f".PRECIOUS: {tables} {' '.join(executed)} {report}",
        f".PHONY: report-{name}",
        f"report-{name}: {report}",
        *told_at_the_end(study),
        f"tables: {tables}",
        f"notebooks: {' '.join(executed)}",
        f"{in_rule(index_file())}: {report}",
        f"report reports: report-{name} {in_rule(index_file())}",
        f"chapter: chapter-{name}-{os.environ.get('CHAPTER', '')}",
        "",
    ]
    return "\n".join(lines)


def told_at_the_end(study: Study) -> list[str]:
    """Where the one report that was asked for lies, as the last line of its make."""
    if not os.environ.get("STUDY"):
        return []
    page = in_shell(shown_path(study.site / "report.html"))
    return [f"\t@echo '$(if $(made),Report,Up to date):' {page}"]


def index_rules() -> str:
    """The rule for the list of all reports, and the last line of `make reports`."""
    date_back_unsound(index_seal(), [index_file()])
    index, key = in_rule(index_file()), modules_key("reporting.site") + report_key()
    told = in_shell(shown_path(index_file()))
    lines = [
        f"{index}: {key_file('index', key)}",
        "\t@$(PY) -m reporting.warm reporting.site",
        f".PRECIOUS: {index}",
        f"reports:\n\t@echo 'All reports$(if $(made),, are up to date):' {told}\n",
    ]
    return "\n".join(lines)


def index_file() -> Path:
    """The list of all reports."""
    return site_folder() / "index.html"


def fault_rules(name: str, message: str) -> str:
    """A study that cannot be planned fails alone, with its own sentence."""
    write_if_changed(fault_file(name), printable(message) + "\n")
    recipe = f"\t@cat {in_shell(shown_path(fault_file(name)))} >&2; exit 1"
    target = fault_file(name).stem
    verbs = "tables notebooks report reports chapter"
    return f".PHONY: {target}\n{target}:\n{recipe}\n{verbs}: {target}\n"


def fault_file(name: str) -> Path:
    """Where the sentence of a broken params file waits for its rule."""
    return build_folder() / "keys" / f"fault-{digest(os.fsencode(name))[:12]}.txt"


def in_rule(path: Path) -> str:
    """A path as a Make rule names it: from the project's folder, its spaces escaped."""
    return re.sub(r"([\s#:'()&])", r"\\\1", shown_path(path).replace("$", "$$"))


def in_shell(text: str | Path) -> str:
    """A text as the shell of a rule reads it: one word that nothing is read into."""
    return shlex.quote(printable(str(text)).replace("\n", " ")).replace("$", "$$")


def key_file(name: str, key: str) -> str:
    """A file that changes when, and only when, the key does, as a rule names it."""
    path = build_folder() / "keys" / name
    write_if_changed(path, key + "\n")
    return in_rule(path)


if __name__ == "__main__":
    speak(main)
