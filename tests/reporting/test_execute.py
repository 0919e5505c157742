"""What a notebook is given when it runs."""

from __future__ import annotations

import datetime as dt

import papermill
from papermill.translators import PythonTranslator

from analysis.params import read_params
from reporting import execute
from reporting.project import ROOT, Study


def test_overrides_arrive_as_they_were_given(tmp_path, monkeypatch):
    # papermill writes what it does not know as text: a tuple, a day
    given = {"lapse_grid": (13, 26), "observed_until": dt.date(1998, 6, 1), "min_cell": 12}
    params = read_params(ROOT / "params" / "cdnow.yml", given)
    asked = {}
    monkeypatch.setattr(papermill, "execute_notebook", lambda *_, **how: asked.update(how))
    monkeypatch.setattr(execute, "_raised_in", lambda _: None)
    execute._execute(Study(params), ROOT / "notebooks" / "a.ipynb", tmp_path / "a.ipynb")
    arrived: dict = {}
    exec(PythonTranslator.codify(asked["parameters"]), arrived)
    path = (ROOT / "notebooks" / arrived["study"]).resolve()
    assert read_params(path, arrived["overrides"]).model_dump(exclude={"overrides"}) == (
        params.model_dump(exclude={"overrides"})
    )
