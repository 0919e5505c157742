from datetime import date

import pytest

from analysis.simulate import simulate_company

PERIOD = {"observed_from": date(2022, 1, 1), "observed_until": date(2024, 12, 31)}


@pytest.fixture(scope="package")
def retailer():
    return simulate_company("retailer", customers=20_000, seed=1, **PERIOD)


@pytest.fixture(scope="package", params=["retailer", "bank", "chain"])
def company(request):
    return simulate_company(request.param, customers=3_000, seed=7, contractual=True, **PERIOD)
