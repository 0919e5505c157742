"""Other schemes, judged by the same outcome."""

import numpy as np
import pandas as pd
import pytest
from rated_studies import SPEND, rng, steady, study, tables_of

from analysis.chapters.judging.schemes import compare_other_schemes
from analysis.states.rating.periods import next_period, rate_periods


@pytest.fixture(scope="module")
def calm():
    tables = tables_of(steady())
    return tables, rate_periods(tables, study())


def test_schemes_are_compared_on_one_page_with_the_company(calm):
    tables, rated = calm
    known = rated.judged.table
    history = pd.DataFrame(
        {"customer_id": known["customer_id"], "tier": known["tier"].astype(str),
         "from_at": pd.Timestamp("2022-01-01")}
    )  # fmt: skip
    with_history = tables_of(steady(), tier_history=history)
    params = study(SPEND | {"compare": ("value",)})
    table = compare_other_schemes(
        rated, next_period(rated, tables, params), with_history, params, rng=rng()
    ).table.set_index("scheme")
    names = ["in_force", "company", "coarser", "finer", "preset_value", "k_means"]
    assert list(table.index) == names
    assert table.loc["company", "gain"] == pytest.approx(0)
    assert table.loc["company", "p_value"] == 1
    assert np.isnan(table.loc["in_force", "gain"])
    assert table.loc["company", "estimate"] == pytest.approx(table.loc["in_force", "estimate"])
    assert table.loc["company", "would_change"] == 0
    assert table.loc["preset_value", "would_change"] > 0
