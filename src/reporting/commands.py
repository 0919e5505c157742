"""Two verbs for a team's own data: `make new` proposes a params file, `make validate` checks it."""

from __future__ import annotations

import argparse
import os
import sys

from analysis.errors import ParamsError
from analysis.params.folders import check_study_name
from reporting.errors import printable, speak
from reporting.project import params_folder, study_file


def main(arguments: list[str] | None = None) -> None:
    """Run `new` or `validate`; STUDY and FROM come as options or from the environment."""
    parser = argparse.ArgumentParser(prog="python -m reporting.commands", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    new = verbs.add_parser("new", help="propose params/<study>.yml for a file or folder")
    new.add_argument("--study", default=os.environ.get("STUDY", ""))
    new.add_argument("--from", dest="origin", default=os.environ.get("FROM", ""))
    validate = verbs.add_parser("validate", help="print every fault in a study's data")
    validate.add_argument("--study", default=os.environ.get("STUDY", ""))
    chosen = parser.parse_args(arguments)
    check_study_name(chosen.study)
    if chosen.verb == "new":
        propose(chosen.study, chosen.origin)
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
    path.write_text(text, encoding="utf-8")
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


if __name__ == "__main__":
    speak(main)
