"""Make a study's frames once, for every notebook and kernel to read."""

from __future__ import annotations

from analysis.data import read_tables, write_stored
from analysis.frames.customers import customer_frame
from analysis.params import Params


def write_frames(params: Params) -> None:
    """Write the checked tables and the frames of a study to `build/<study>/tables/*.parquet`.

    `key.json` beside them says what they were made from; it is touched when nothing has changed.
    """
    tables = read_tables(params, stored=False)
    write_stored(params, tables, {"customer_frame": (customer_frame(tables, params), {})})
