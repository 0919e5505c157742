"""A study gets the chapters that its tables and its history allow."""

from analysis.data.packages import DESCRIPTIONS
from analysis.params import read_params
from analysis.params.source import CUT_PACKAGES
from reporting.project import HISTORY, ROOT, notebooks


def test_cut_history_leaves_purchase_models_out_and_tiers_in():
    params = read_params(ROOT / "params" / "complete_journey.yml")
    chapters = {notebook.name for notebook in notebooks() if notebook.suits(params)}
    assert {"30_tiers", "32_judging"} <= chapters
    assert not {"10_retention", "40_value"} & chapters
    value = next(notebook for notebook in notebooks() if notebook.name == "40_value")
    assert value.missing(params) == (HISTORY,)


def test_complete_history_gets_them_all():
    params = read_params(ROOT / "params" / "cdnow.yml")
    chapters = {notebook.name for notebook in notebooks() if notebook.suits(params)}
    assert {"10_retention", "30_tiers", "32_judging", "40_value"} <= chapters
    assert not {"31_serving", "42_renewals"} & chapters


def test_what_is_said_of_a_package_before_and_after_reading_agrees():
    cut = {name for name, known in DESCRIPTIONS.items() if not known.history_complete}
    assert cut == CUT_PACKAGES
