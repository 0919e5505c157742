"""What moved since the last run, and the indices of the list of reports."""

import pytest

from analysis.params import read_params
from analysis.telling.wording import wording_for
from reporting.moved import causes_of, findings_in, indices, moves
from reporting.project import ROOT
from reporting.site import _history, _indices

PLACE = ("stages", "now")
FACT = {"estimate": 0.5, "low": 0.4, "high": 0.6, "unit": "percent", "comparator": None,
        "sentence": "50.0% stay."}  # fmt: skip


@pytest.fixture(scope="module")
def say():
    return wording_for(read_params(ROOT / "params" / "cdnow.yml"))


def told(say, estimate, causes=(), **now):
    return list(moves({PLACE: FACT | {"estimate": estimate}}, {PLACE: FACT | now}, causes, say))


def test_number_that_is_told_alike_has_not_moved(say):
    assert told(say, 0.50001) == []
    assert told(say, None) == []
    assert list(moves({}, {PLACE: FACT}, [], say)) == []


def test_number_inside_the_interval_may_be_luck(say):
    assert told(say, 0.45, ["data"]) == ["45.0% → 50.0%: 50.0% stay. (other data, within luck)"]
    assert told(say, 0.1, ["parameters", "code"]) == [
        "10.0% → 50.0%: 50.0% stay. (other parameters, another method or text)"
    ]


def test_number_without_an_interval_is_no_luck(say):
    (sentence,) = told(say, 0.45, low=None, high=None)
    assert sentence.endswith("(no cause is known)")


def test_causes_are_what_differs_between_the_runs():
    one = {"finished": "1", "data": "a", "parameters": "b", "code": "c"}
    assert causes_of(one, one | {"finished": "2"}) == []
    assert causes_of(one, one | {"data": "x", "code": "y"}) == ["data", "code"]


def test_indices_are_the_same_five_with_the_year_before(say):
    year = {"kind": "year_before", "estimate": 0.4}
    found = list(indices({PLACE: FACT | {"comparator": year}}, say))
    assert len(found) == 5
    assert found[1] == {"name": "At risk", "value": "50.0%", "before": "40.0%"}
    assert found[0]["value"] == ""


def test_record_that_is_not_whole_is_none(tmp_path):
    assert findings_in(tmp_path) == {}
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "findings.json").write_text("{")
    assert findings_in(tmp_path) == {}


def test_list_of_reports_escapes_what_it_tells():
    words = {"before": "before: {value}", "runs": "Runs: {runs}", "changed": "Moved"}
    report = {
        "indices": [{"name": "<b>", "value": "", "before": "1 < 2"}],
        "runs": [{"finished": "2026", "data": "<i>"}],
        "moved": ["<u>"],
    }
    page = _indices(report, words) + _history(report, words)
    assert not {"<b>", "<i>", "<u>"} & set(page.replace("><", "> <").split())
    assert "before: 1 &lt; 2" in page
    assert _indices({}, words) == _history({}, words) == ""
