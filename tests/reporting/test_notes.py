"""Remarks of the code and entries of the texts: each has the other."""

from __future__ import annotations

import pytest

from reporting.notes import NamedNotes, compare_notes, named_notes, notes_faults

SHARED = {"survival.not_reached", "words.mean AUC"}
OWN = {"stages": {"stages.bounds.min", "stages.bounds.max"}}
CODE = '''"""A module."""
from analysis.notes import note

REACHED = note("survival.not_reached")
TERM = "mean AUC"


def bound(kind):
    return note(f"stages.bounds.{kind}")
'''


def test_every_remark_has_its_entry_and_every_entry_its_user():
    assert notes_faults() == []
    assert len(named_notes_of_ours().asked) > 120


def named_notes_of_ours() -> NamedNotes:
    from reporting.project import ROOT

    return named_notes(ROOT / "src")


@pytest.fixture
def named(tmp_path) -> NamedNotes:
    room = tmp_path / "chapters" / "stages"
    room.mkdir(parents=True)
    (room / "tables.py").write_text(CODE, encoding="utf-8")
    return named_notes(tmp_path)


def test_remarks_are_read_from_the_code(named):
    assert named.asked == {("stages", "survival.not_reached"), ("stages", "stages.bounds.*")}
    assert compare_notes(named, SHARED, OWN) == []


def test_a_remark_without_an_entry_is_told(named):
    assert compare_notes(named, SHARED - {"survival.not_reached"}, OWN) == [
        "chapters/stages/en.yml must hold 'notes.survival.not_reached', but does not"
    ]
    moved = {"ending": OWN["stages"]}
    assert "chapters/stages/en.yml must hold 'notes.stages.bounds.*', but does not" in (
        compare_notes(named, SHARED, moved)
    )


@pytest.mark.parametrize("entry", ["survival.reached", "words.mean auc", "stages.bounds_of"])
def test_an_entry_that_no_code_names_is_told(named, entry):
    assert compare_notes(named, SHARED | {entry}, OWN) == [
        f"telling/en.yml must hold no 'notes.{entry}', but does: no code names it"
    ]
