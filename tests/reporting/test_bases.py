"""Each base has one number in a whole report: that of the ledger, or that of its chapter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from not_run import skip_absent_study

from analysis.states.bases import KEYS
from analysis.study import open_study
from reporting.project import study_files


def base_faults(study: str, findings: list[dict[str, Any]], ledger: dict[str, int]) -> list[str]:
    """What is wrong with the bases that a report's findings name."""
    faults, own = [], {}
    for told in findings:
        base, n, place = told["base"], told["n"], f"{study}: {told['label']}"
        if told["silent"] or (n is None and not base):
            continue
        if not base:
            faults.append(f"{place} counts {n} and names no base")
        elif base in KEYS:
            if base not in ledger:
                faults.append(f"{place} speaks of '{base}', which the study does not have")
            elif n not in (None, ledger[base]):
                faults.append(f"{place} has {n} of '{base}', the ledger {ledger[base]}")
        elif not base.startswith(f"{told['chapter']}."):
            faults.append(
                f"{place} speaks of '{base}', neither in the ledger nor its chapter's own"
            )
        elif n is not None and own.setdefault(base, n) != n:
            faults.append(f"{place} has {n} of '{base}', an earlier finding {own[base]}")
    return faults


@pytest.mark.parametrize("path", study_files(), ids=lambda path: path.stem)
def test_base_has_one_number_in_a_whole_report(path: Path, built: Path):
    skip_absent_study(path.stem)
    record = built / "site" / path.stem / "results" / "findings.json"
    assert record.is_file(), "a report must keep its findings"
    study = open_study(path, build=built)
    ledger = study.bases.table.set_index("base")["n"].to_dict()
    findings = json.loads(record.read_text(encoding="utf-8"))["findings"]
    assert base_faults(path.stem, findings, ledger) == []


@pytest.mark.parametrize(("told", "fault"), [
    ({"n": 4}, "names no base"),
    ({"n": 4, "base": "current"}, "has 4 of 'current', the ledger 3"),
    ({"n": 4, "base": "contracts"}, "which the study does not have"),
    ({"n": 4, "base": "present"}, "neither in the ledger"),
    ({"n": 4, "base": "tiers.rated"}, "neither in the ledger nor its chapter's own"),
    ({"n": 4, "base": "value.fitted"}, "an earlier finding 5"),
])  # fmt: skip
def test_a_base_with_two_numbers_is_found(told, fault):
    first = {
        "chapter": "value",
        "label": "finding-value-a",
        "silent": False,
        "base": "value.fitted",
    }
    second = {**first, "base": "", "label": "finding-value-b"} | told
    (found,) = base_faults("shop", [{**first, "n": 5}, second], {"current": 3})
    assert fault in found
    assert "finding-value-b" in found
