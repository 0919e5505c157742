"""Remarks: how they read, lie together and are kept in a file."""

from hypothesis import given
from hypothesis import strategies as st

from analysis.notes import joined, note, read_note, written

ENDS = note("survival.carried_forward", end=32.4271, until=52)
EMPTY = note("survival.not_reached")


def test_a_remark_reads_without_the_texts():
    assert str(ENDS) == "carried forward (end 32.4271, until 52)"
    assert str(note("measurement.constant", items=("q1", "q2"))) == "constant (items q1, q2)"
    assert str(joined([EMPTY, ENDS])) == f"not reached; {ENDS}"


def test_nothing_laid_together_is_nothing():
    assert joined(["", ""]) == ""
    assert joined(["", EMPTY]) == EMPTY
    assert joined([EMPTY, ENDS]).also == (ENDS,)


@given(st.text(), st.integers() | st.text() | st.just(ENDS))
def test_a_file_keeps_a_remark_as_it_is(text, number):
    plain = text if not text.startswith('{"also"') else ""
    for told in (ENDS, joined([EMPTY, ENDS]), plain):
        assert read_note(written(told)) == told
    if isinstance(number, int | str):
        told = note("a.b", number=number)
        assert read_note(written(told)) == told
