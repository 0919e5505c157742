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


def test_schemes_are_compared_on_one_page(calm):
    tables, rated = calm
    params = study(SPEND | {"compare": ("value",)})
    table = compare_other_schemes(
        rated, next_period(rated, tables, params), params, rng=rng()
    ).table.set_index("scheme")
    names = ["in_force", "coarser", "finer", "preset_value", "k_means"]
    assert list(table.index) == names
    assert np.isnan(table.loc["in_force", "gain"])
    assert table.loc["preset_value", "would_change"] > 0


def test_the_companys_own_tiers_are_in_force_and_the_scheme_is_the_alternative(calm):
    tables, rated = calm
    # the company's tiers are those of the scheme, but its best and its next best are one
    history = pd.concat(
        rating.table.assign(
            tier=rating.table["tier"].astype(str).replace("gold", "silver"),
            from_at=pd.Timestamp(rating.rated_at),
        )[["customer_id", "tier", "from_at"]]
        for rating in rated.rerating.ratings
    )
    own = tables_of(steady(), tier_history=history)
    params = study(SPEND | {"compare": ("value",)})
    company = rate_periods(own, params)
    assert company.scheme is None
    table = compare_other_schemes(
        company, next_period(company, own, params), params, rng=rng()
    ).table.set_index("scheme")
    assert list(table.index) == ["in_force", "own_scheme", "preset_value", "k_means"]
    assert table["tiers"].tolist() == [2, 3, 3, 2]
    alone = compare_other_schemes(
        rated, next_period(rated, tables, params), params, rng=rng()
    ).table.set_index("scheme")
    scheme = table.loc["own_scheme", "estimate"]
    assert scheme == pytest.approx(alone.loc["in_force", "estimate"])
    assert table.loc["own_scheme", "gain"] == pytest.approx(scheme - table["estimate"].iloc[0])
    preset = rate_periods(own, study({"preset": "value"}))
    table = compare_other_schemes(
        preset, next_period(preset, own, params), study({"preset": "value"}), rng=rng()
    ).table
    assert table["scheme"].tolist() == ["in_force", "preset_value", "k_means"]
