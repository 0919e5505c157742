"""The last page of a report: parameters, data, commit, versions, time."""

from __future__ import annotations

import json
from typing import Any

from analysis.notes import read_note
from analysis.telling.markup import Filled, markdown
from analysis.telling.wording import Wording
from reporting.crossed import crossed, record_of
from reporting.executed import run_stamp
from reporting.parameters import changes, listed
from reporting.project import Study

KEY = "report.provenance"
SAID_BY_THE_CODE = ("none needed", "made by this project", "not stated")


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
            f'::::: {{.checks title="{say(f"{KEY}.title")}"}}',
            "",
            *_table("data_caption", "tbl-provenance", _data_and_code(study, say), say),
            *_table("parameters_caption", "tbl-parameters", parameters, say),
            ":::::",
        ]
    )


def _data_and_code(study: Study, say: Wording) -> dict[str, str]:
    stamp = run_stamp(study)
    source = json.loads((study.folder / "tables" / "key.json").read_text("utf-8"))["description"]
    fingerprint = json.loads((study.folder / "study.json").read_text("utf-8"))["fingerprint"]
    told = {
        "data": _title(source, say),
        "citation": _stated(source["citation"], say),
        "licence": _stated(source["licence"], say),
        "fingerprint": Filled(f"`{fingerprint[:16]}`"),
        "run": stamp["finished"],
        "code": say.note(read_note(stamp["commit"])),
        "lock": Filled(f"`{stamp['lock']}`"),
    }
    told |= {"crossed": _brought_over(study, say)} if study.params.data.connection else {}
    named = {say(f"{KEY}.{key}"): value for key, value in told.items()}
    return named | {"Python": stamp["python"], **stamp["versions"]}


def _title(source: dict[str, Any], say: Wording) -> str:
    """Where the data come from: as stated, or of a simulated study in words."""
    return say.note(read_note(source["title"])) if source["simulated"] else source["title"]


def _stated(text: str, say: Wording) -> str:
    """What the params file or the package states; the code's own words for nothing are told."""
    return say.note(text) if text in SAID_BY_THE_CODE else text


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
    told = {key: value for key, value in values.items() if value not in ("", None)}
    rows = [f"| {markdown(key)} | {markdown(value)} |" for key, value in told.items()]
    heads = f"| {say(f'{KEY}.what')} | {say(f'{KEY}.value')} |"
    rules = "|:------------------------|:------------------------------------|"
    return [heads, rules, *rows, "", f": {say(f'{KEY}.{caption}')} {{#{label}}}", ""]
