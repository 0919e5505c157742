"""One study by one name: what it reads, where it keeps it, and its random numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import ParamsError
from analysis.frames import customer_frame, customer_months, write_frames
from analysis.params import read_params
from analysis.params.folders import study_folder, variant_of
from analysis.study import open_study

ROOT = Path(__file__).parents[3]
MARKET = ROOT / "params" / "market.yml"
SMALL = {"data.simulated.customers": 300}


def test_open_study_reads_the_parameters_and_names_the_folder(tmp_path):
    study = open_study(MARKET, build=tmp_path)
    assert study.params == read_params(MARKET)
    assert study.folder == tmp_path / "market"
    assert open_study(MARKET).folder == ROOT / "build" / "market"
    assert study.say.language == "en"


def test_open_study_of_an_open_study_opens_it_anew(tmp_path):
    study = open_study(MARKET, SMALL, tmp_path)
    again = open_study(study, SMALL, tmp_path)
    assert (again.params, again.folder) == (study.params, study.folder)


def test_variant_has_a_folder_of_its_own_whichever_way_its_values_came(tmp_path):
    params = read_params(MARKET, {"lapse_weeks": 26, "observed_until": "2024-06-30"})
    assert variant_of(params) == "lapse_weeks-26_observed_until-2024-06-30"
    assert study_folder(params, tmp_path) == tmp_path / "variants" / "market" / variant_of(params)
    assert variant_of(read_params(MARKET)) == ""
    yaml = read_params(MARKET, {"observed_until": read_params(MARKET).observed_until})
    json = read_params(MARKET, {"observed_until": "2024-12-31"})
    assert variant_of(yaml) == variant_of(json)


@pytest.mark.whole
def test_folder_is_where_the_tables_are_written_and_read(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_FOLDER", str(tmp_path / "elsewhere"))
    study = open_study(MARKET, SMALL, tmp_path)
    assert not study.tables.stored
    write_frames(study.params, folder=study.folder)
    assert (study.folder / "tables" / "key.json").is_file()
    assert not (tmp_path / "elsewhere").exists()
    stored = open_study(MARKET, SMALL, tmp_path)
    assert set(stored.tables.stored) >= {"customer_frame", "customer_months", "survey_frame"}
    assert not open_study(MARKET, SMALL, tmp_path / "other").tables.stored


@pytest.mark.whole
def test_frames_are_those_of_the_frames_module(tmp_path):
    study = open_study(MARKET, SMALL, tmp_path)
    tables, params = study.tables, study.params
    pd.testing.assert_frame_equal(study.customers, customer_frame(tables, params))
    months = customer_months(tables, params).count().execute()
    assert study.months.count().execute() == months
    assert study.spells["customer_id"].nunique() == len(study.customers)
    assert len(study.survey) == tables["surveys"].count().execute()
    assert study.customers is study.customers


def test_random_numbers_depend_on_the_seed_and_the_name_only(tmp_path):
    study, other = open_study(MARKET), open_study(MARKET, {"seed": 2})
    draws = study.rng("tiers").random(4)
    assert (study.rng("tiers").random(4) == draws).all()
    assert (study.rng("value").random(4) != draws).all()
    assert (other.rng("tiers").random(4) != draws).all()
    seed = study.params.seed
    assert (study.rng().random(4) == np.random.default_rng(seed).random(4)).all()


def test_open_study_refuses_what_read_params_refuses(tmp_path):
    with pytest.raises(ParamsError, match="lapse_weks must be a known key"):
        open_study(MARKET, {"lapse_weks": 3})
