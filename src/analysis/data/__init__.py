"""From what a params file names to checked tables: the only door between files and analysis."""

from analysis.data.reading import read_tables
from analysis.data.store import build_folder, write_stored
from analysis.data.tables import Description, Tables

__all__ = ["Description", "Tables", "build_folder", "read_tables", "write_stored"]
