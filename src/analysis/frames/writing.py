"""Make a study's frames once, for every notebook and kernel to read."""

from __future__ import annotations

from pathlib import Path

from analysis.data import read_tables, write_stored
from analysis.frames.counted import is_large
from analysis.frames.customers import customer_frame, customer_rows
from analysis.frames.months import customer_months
from analysis.frames.relationships import spells
from analysis.frames.survey import survey_frame
from analysis.params import Params
from analysis.params.folders import study_folder


def write_frames(params: Params, *, folder: Path | None = None) -> None:
    """Write the checked tables and the frames of a study to `tables/*.parquet` in its folder.

    `key.json` beside them says what they were made from. The months stay in the engine where
    the tables live in a database or a cluster, and so does all that is of one row a customer where
    the study has very many (`is_large`).
    """
    folder = study_folder(params) if folder is None else folder
    tables = read_tables(params, folder=folder, stored=False)
    frames = {}
    embedded, large = tables.connection.name == "duckdb", is_large(tables)
    if "transactions" in tables:
        if not large:
            frames["customer_frame"] = (customer_frame(tables, params), {})
        elif embedded:
            frames["customer_rows"] = (customer_rows(tables, params), {})
        if embedded:
            frames["customer_months"] = (customer_months(tables, params), {})
    if "surveys" in tables:
        made_with = {"horizons_weeks": list(params.horizons_weeks)}
        frames["survey_frame"] = (survey_frame(tables, params), made_with)
    contractual = params.relationship == "contractual"
    if ("contracts" if contractual else "transactions") in tables and (contractual or not large):
        made_with = {
            "relationship": params.relationship,
            "lapse_weeks": params.lapse_weeks,
            "gap_days": params.gap_days,
        }
        frames["spells"] = (spells(tables, params), made_with)
    write_stored(params, tables, frames, folder)
