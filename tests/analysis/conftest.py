"""Simulated companies whose satisfaction is known, and small surveys made by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.data import Tables, read_tables
from analysis.params import Params
from analysis.simulate import Company, draw_company
from analysis.simulate.clock import Clock
from analysis.simulate.companies import COMPANIES
from analysis.states.answers import Answers, read_answers
from analysis.telling.showing import Chapter, chapter_of

ITEMS = {
    "image": ["image_1", "image_2", "image_3", "image_4"],
    "expectations": ["expectations_1", "expectations_2", "expectations_3"],
    "quality": [
        "quality_branch", "quality_app", "quality_advice", "quality_hotline", "quality_fees",
    ],
    "value": ["value_1", "value_2", "value_3"],
    "satisfaction": ["satisfaction_1", "satisfaction_2", "satisfaction_3"],
    "loyalty": ["loyalty_1", "loyalty_2", "loyalty_3"],
}  # fmt: skip
FROM, UNTIL = date(2019, 1, 1), date(2024, 12, 31)


def satisfaction_block() -> dict:
    """The block for the simulated bank."""
    scales = {name: {"items": tuple(items)} for name, items in ITEMS.items()}
    scales["value"]["reverse"] = ("value_3",)
    return {
        "scales": scales,
        "drivers": ("image", "expectations", "quality", "value"),
        "touchpoints": tuple(ITEMS["quality"]),
        "recommendation": "nps",
        "answer": {"item": "nps", "bands": (6.0, 8.0), "drivers": ("satisfaction",)},
        "path_model": {"preset": "ecsi", "replications": 0},
        "outcome_weeks": 13,
        "horizon_months": 24,
    }


def make_params(folder: Path, data: dict, satisfaction: dict, **changed) -> Params:
    """Params as if read from a file in `folder`."""
    values = {
        "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
        "relationship": "contractual", "observed_from": FROM, "observed_until": UNTIL,
        "timezone": "Europe/Berlin", "currency": "EUR", "segments": ("channel", "age_band"),
        "data": data, "satisfaction": satisfaction,
    }  # fmt: skip
    params = Params.model_validate(values | changed)
    return params.model_copy(update={"path": folder / "made.yml"})


@dataclass(frozen=True)
class Study:
    """A company, its tables as the data layer reads them, and its answers."""

    company: Company
    params: Params
    tables: Tables
    answers: Answers


@pytest.fixture(scope="session")
def bank(tmp_path_factory) -> Study:
    """A bank in which complaints and channels have nothing to do with satisfaction or churn.

    So what goes with satisfaction is its own effect, and no more.
    """
    preset = COMPANIES["bank"]
    preset = replace(
        preset,
        contacts=replace(preset.contacts, complaint_satisfaction=0.0),
        stages=replace(
            preset.stages, channel_effect=dict.fromkeys(preset.stages.channel_effect, 0.0)
        ),
    )
    buying = preset.purchases
    clock = Clock.of(FROM, UNTIL, buying.season, buying.weekday, preset.opening)
    company = draw_company(preset, clock, 3500, 11)
    folder = tmp_path_factory.mktemp("bank")
    files = {}
    for name, table in company.tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
        files[name] = {"file": f"{name}.parquet", "times_in": "local"}
    files["customers"]["keep"] = ("age_band",)
    files["surveys"]["keep"] = tuple(item for items in ITEMS.values() for item in items)
    params = make_params(folder, {"files": files}, satisfaction_block())
    tables = read_tables(params, stored=False)
    return Study(company, params, tables, read_answers(tables, params))


@pytest.fixture
def asked(tmp_path) -> Callable[..., tuple[Tables, Params]]:
    """Make a study of a survey alone from a frame and a `satisfaction:` block."""

    def make(survey: pd.DataFrame, block: dict, **changed) -> tuple[Tables, Params]:
        survey.to_csv(tmp_path / "survey.csv", index=False)
        given = {c for c in ("customer_id", "at", "nps", "survey_weight") if c in survey}
        source = {"file": "survey.csv", "keep": tuple(c for c in survey if c not in given)}
        if "customer_id" not in survey:
            source["row_number"] = "customer_id"
        if "at" not in survey:
            source["constants"] = {"at": date(2024, 6, 30)}
        options = {"segments": ("branch",)} | changed
        params = make_params(tmp_path, {"files": {"surveys": source}}, block, **options)
        return read_tables(params, stored=False), params

    return make


@pytest.fixture
def survey() -> pd.DataFrame:
    """Two scales of two items and one of one, 200 answers, and a branch."""
    rng = np.random.default_rng(3)
    cause = rng.normal(size=200)
    effect = 0.7 * cause + 0.6 * rng.normal(size=200)
    made = pd.DataFrame(
        {
            f"{name}_{k}": np.clip(np.rint(6 + 1.6 * (score + 0.5 * rng.normal(size=200))), 1, 10)
            for name, score in (("quality", cause), ("satisfaction", effect), ("loyalty", effect))
            for k in (1, 2)
        }
    ).astype(int)
    return made.assign(branch=np.where(rng.random(200) < 0.5, "north", "south"))


@pytest.fixture
def block() -> dict:
    """Scales and roles of that survey."""
    names = ("quality", "satisfaction", "loyalty")
    return {
        "scales": {name: {"items": (f"{name}_1", f"{name}_2")} for name in names},
        "drivers": ("quality",),
        "touchpoints": ("quality_1", "quality_2"),
        "answer": {"item": "loyalty_1", "bands": (5.0, 7.0), "drivers": ("satisfaction",)},
        "path_model": {"paths": {"quality": ("satisfaction",), "satisfaction": ("loyalty",)},
                       "replications": 0},
        "outcome_weeks": 26,
    }  # fmt: skip


ODD_SURVEYS = {
    "ordinary": lambda survey: survey,
    "weighted": lambda survey: survey.assign(
        survey_weight=np.where(survey["branch"] == "north", 0.5, 2.0)
    ),
    "constant item": lambda survey: survey.assign(quality_2=5),
    "nobody varies": lambda survey: survey.assign(**dict.fromkeys(survey.columns[:6], 7)),
    "answers that separate": lambda survey: survey.assign(
        loyalty_1=np.where(survey["satisfaction_1"] > 6, 9, 3),
        satisfaction_2=survey["satisfaction_1"],
    ),
    "four answers": lambda survey: survey.head(4),
    "one answer": lambda survey: survey.head(1),
    "a branch of three": lambda survey: survey.assign(
        branch=np.where(survey.index < 3, "west", survey["branch"])
    ),
}


@pytest.fixture(params=ODD_SURVEYS)
def odd_survey(request, survey) -> tuple[str, pd.DataFrame]:
    """The small survey as it may come: its oddity, and the answers."""
    return request.param, ODD_SURVEYS[request.param](survey)


@pytest.fixture(scope="session")
def chapter(tmp_path_factory) -> Callable[[str], Chapter]:
    """A chapter of a study that has nothing but parameters, by its name."""
    source = {"simulated": {"company": "retailer", "customers": 10, "seed": 1}}
    params = make_params(tmp_path_factory.mktemp("made"), source, {})
    return lambda name: chapter_of(params, name)


@pytest.fixture(scope="session")
def words() -> Callable[..., str]:
    """All that findings, figures and tables say, as one text; no number may be missing in it."""

    def joined(*shown) -> str:
        parts = ("markdown", "caption", "alt", "reading")
        text = "\n".join(getattr(one, part, "") for one in shown for part in parts)
        wrong = re.search(r"\b(nan|NaN|None|inf)\b", text)
        assert not wrong, text
        return text

    return joined
