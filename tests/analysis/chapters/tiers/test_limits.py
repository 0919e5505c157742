"""Who sits near a limit of the scheme."""

import pandas as pd
import pytest
from rated_studies import steady, study, tables_of

from analysis.chapters.tiers.limits import near_limits
from analysis.states.rating.periods import rate_periods


@pytest.fixture(scope="module")
def calm():
    tables = tables_of(steady())
    return tables, rate_periods(tables, study())


def test_near_limits_by_hand():
    amounts = [95.0] * 20 + [100.0] * 10 + [300.0] * 30 + [200.0] * 40
    rows = [(f"c{k:03d}", "2022-03-01", amount) for k, amount in enumerate(amounts)]
    tables = tables_of(pd.DataFrame(rows, columns=["customer_id", "at", "amount"]))
    params = study()
    found = near_limits(rate_periods(tables, params))
    table = found.table.set_index("tier")
    assert table.loc["silver", ["below", "above"]].tolist() == pytest.approx([0.2, 0.1])
    assert table.loc["gold", ["below", "above"]].tolist() == pytest.approx([0, 0.3])
    assert found.near == pytest.approx(0.6)


def test_near_limits_of_a_score_are_not_tested_for_gathering(calm):
    tables, _ = calm
    params = study({"preset": "value", "rating_months": 12})
    found = near_limits(rate_periods(tables, params))
    assert set(found.table["quantity"]) == {"score"}
    assert found.table["p_value"].isna().all()
