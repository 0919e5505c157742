"""The last page of a report: parameters, data, commit, versions, time."""

from __future__ import annotations

import json
from typing import Any

from analysis.notes import read_note
from analysis.telling.wording import Wording
from reporting.crossed import crossed, record_of
from reporting.executed import run_stamp
from reporting.parameters import changes, listed
from reporting.project import Study

KEY = "report.provenance"


def provenance(study: Study, say: Wording) -> str:
    """How the report was made, as Markdown."""
    changed = changes(study.params.overrides, say) or say("report.none")
    parameters = listed(study, say) | {say(f"{KEY}.changed"): changed}
    return "\n".join(
        [
            f"# {say(f'{KEY}.title')} {{#sec-provenance}}",
            "",
            say(f"{KEY}.text"),
            "",
            *_table("data_caption", "tbl-provenance", _data_and_code(study, say), say),
            *_table("parameters_caption", "tbl-parameters", parameters, say),
        ]
    )


def _data_and_code(study: Study, say: Wording) -> dict[str, str]:
    stamp = run_stamp(study)
    source = json.loads((study.folder / "tables" / "key.json").read_text("utf-8"))["description"]
    fingerprint = json.loads((study.folder / "study.json").read_text("utf-8"))["fingerprint"]
    told = {
        "data": say.note(read_note(source["title"])),
        "citation": say.note(source["citation"]),
        "licence": say.note(source["licence"]),
        "fingerprint": f"`{fingerprint[:16]}`",
        "run": stamp["finished"],
        "code": say.note(read_note(stamp["commit"])),
        "lock": f"`{stamp['lock']}`",
    }
    told |= {"crossed": _brought_over(study, say)} if study.params.data.connection else {}
    named = {say(f"{KEY}.{key}"): value for key, value in told.items()}
    return named | {"Python": stamp["python"], **stamp["versions"]}


def _brought_over(study: Study, say: Wording) -> str:
    """How much came over from the database or cluster while tables and notebooks were made."""
    found = crossed([record_of(study, name) for name in ("tables", *_names(study))])
    if found is None:
        return ""
    counts = {"answers": found.answers, "rows": found.rows, "largest": found.largest}
    return say(f"{KEY}.crossed_text", **counts)


def _names(study: Study) -> list[str]:
    return [notebook.name for notebook in study.chapters]


def _table(caption: str, label: str, values: dict[str, Any], say: Wording) -> list[str]:
    rows = [
        f"| {key} | {_cell(value)} |" for key, value in values.items() if value not in ("", None)
    ]
    heads = f"| {say(f'{KEY}.what')} | {say(f'{KEY}.value')} |"
    rules = "|:------------------------|:------------------------------------|"
    return [heads, rules, *rows, "", f": {say(f'{KEY}.{caption}')} {{#{label}}}", ""]


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
