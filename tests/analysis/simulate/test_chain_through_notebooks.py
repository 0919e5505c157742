"""The chain has no study of its own: its customers go through the notebooks of the others here."""

import ast
import json
from pathlib import Path

import pytest
import yaml

from analysis.data import read_tables
from analysis.data.validate import validation_report
from analysis.frames import write_frames
from analysis.params import read_params

ROOT = Path(__file__).parents[3]
CHAIN = {
    "schema_version": 1,
    "study": "chain",
    "title": "A chain",
    "author": "Tests",
    "relationship": "noncontractual",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "segments": ["channel", "first_value_third"],
    "data": {"simulated": {"company": "chain", "customers": 900, "seed": 3}},
    "satisfaction": {"scales": {}, "recommendation": "nps"},
    "tiers": {"preset": "retail", "rating_months": 12},
}
SHOWN = ["00_data", "10_retention", "30_tiers", "21_recommendation"]


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """A params file of the chain, its tables and frames written."""
    path = tmp_path_factory.mktemp("chain") / "params" / "chain.yml"
    path.parent.mkdir()
    period = "observed_from: 2022-01-01\nobserved_until: 2024-12-31\n"
    path.write_text(period + yaml.safe_dump(CHAIN))
    params = read_params(path)
    write_frames(params)
    return params


def test_chain_tables_pass_every_check_and_hold_three_tiers(chain):
    report, faults = validation_report(chain)
    assert faults == 0, report
    tables = read_tables(chain)
    assert set(tables) == set(chain.data.tables) - {"contracts"}
    assert set(tables.stored) == {"customer_frame", "customer_months", "survey_frame", "spells"}
    assert tables["tier_history"].tier.nunique().execute() == 3


@pytest.mark.parametrize("name", SHOWN)
def test_notebook_runs_on_the_chain(chain, name, monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")
    content = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text("utf-8"))
    known: dict = {}
    shown = []
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            shown.append(run_cell("".join(cell["source"]), known))
        if "parameters" in cell["metadata"].get("tags", ()):
            known |= {"study": str(chain.path), "build": chain.path.parents[1] / "build"}
    assert known["params"].study == "chain"
    made = [value._repr_mimebundle_() for value in shown if hasattr(value, "_repr_mimebundle_")]
    texts = [data.get("text/markdown", "") for data, *_ in made]
    assert sum(bool(text) for text in texts) >= 2
    assert not any(" nan" in text for text in texts)


def run_cell(source, known):
    """Run a cell as Jupyter does: the value of its last line is what it shows."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), known)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), known) if last else None
