"""Verbs for a team's own data: `make new` proposes a params file, `make validate` checks it,
`make audit` attacks the finished report as somebody would who looks for single customers in it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from analysis.data.placing import write_text
from analysis.errors import ParamsError
from analysis.params.folders import check_study_name
from reporting.errors import ReportError, printable, speak
from reporting.project import params_folder, read_study, study_file

LISTS = ("columns.csv", "suppressed.csv")
SAID = {
    "range": "a hidden row can be computed",
    "part": "a number tells of few of its row",
    "words": "a hidden row still says",
    "tables": "two tables differ by few",
}


def main(arguments: list[str] | None = None) -> None:
    """Run `new`, `validate` or `audit`; STUDY and FROM come as options or from the environment."""
    parser = argparse.ArgumentParser(prog="python -m reporting.commands", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    new = verbs.add_parser("new", help="propose params/<study>.yml for a file or folder")
    new.add_argument("--study", default=os.environ.get("STUDY", ""))
    new.add_argument("--from", dest="origin", default=os.environ.get("FROM", ""))
    validate = verbs.add_parser("validate", help="print every fault in a study's data")
    validate.add_argument("--study", default=os.environ.get("STUDY", ""))
    audited = verbs.add_parser("audit", help="attack a finished report as an intruder would")
    audited.add_argument("--study", default=os.environ.get("STUDY", ""))
    chosen = parser.parse_args(arguments)
    check_study_name(chosen.study)
    if chosen.verb == "new":
        propose(chosen.study, chosen.origin)
    elif chosen.verb == "audit":
        audit(chosen.study)
    else:
        check(chosen.study)


def propose(study: str, origin: str) -> None:
    """Write a proposed params file, never over one that is there."""
    path = study_file(study)
    if not origin:
        raise ParamsError(
            f"FROM must name a file or folder, but none came; make new STUDY={study} FROM=path"
        )
    if path.exists():
        raise ParamsError(
            f"params/{path.name} must not exist yet, but does; take another STUDY or move it away"
        )
    from analysis.data.propose import propose_params

    text = propose_params(study, origin, params_folder())
    write_text(path, text)
    print(f"params/{path.name} is written: read it, mend it, then make validate STUDY={study}")
    asked = text.count(": ???")
    if asked:
        print(f"{asked} of its values {'is' if asked == 1 else 'are'} ???, for you to decide")


def check(study: str) -> None:
    """Print every fault; exit code 1 when there is one."""
    from analysis.data.validate import validation_report
    from analysis.params import read_params
    from analysis.telling.wording import wording_for

    params = read_params(study_file(study))
    report, faults = validation_report(params, tell=wording_for(params).note)
    print(printable(report))
    if faults:
        sys.exit(1)


def audit(study: str) -> None:
    """Print what an intruder could narrow down in a report; exit code 1 where there is anything.

    Raises
    ------
    ReportError
        The study has no finished report.
    """
    from analysis.telling.audit import attack

    described = read_study(study_file(study))
    tables = published_tables(described.site / "results")
    if not tables:
        raise ReportError(
            f"{study} must have a finished report to be audited, but has none; "
            f"make report STUDY={study}"
        )
    found = attack(tables, min_cell=described.params.min_cell)
    for one in found:
        print(printable(f"{one.file}: {SAID[one.rule]}: {one.what}"))
    print(f"{study}: {len(tables)} tables attacked, {len(found)} found that tell of few customers")
    if found:
        sys.exit(1)


def published_tables(folder: Path) -> dict[str, Any]:
    """The tables of a finished report by file name, without the lists beside them."""
    import pandas as pd

    files = sorted(folder.glob("*.csv")) if folder.is_dir() else []
    return {
        file.name: pd.read_csv(file, keep_default_na=False, na_values=[""])
        for file in files
        if file.stat().st_size > 1 and file.name not in LISTS
    }


if __name__ == "__main__":
    speak(main)
