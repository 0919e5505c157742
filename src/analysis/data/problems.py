"""Say in one sentence what an engine or the file system reports; no traceback, no secret."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

from analysis.data.faults import Fault, FaultyData
from analysis.errors import DataError, ParamsError

SECRET = re.compile(
    r"://[^/@\s]*:[^@\s]*@|[\w.-]*(?:pass|pwd|secret|token|credential|signature|apikey)[\w.-]*=\S+",
    re.IGNORECASE,
)
SECRET_NAME = re.compile(r"(?i)password|secret|token|passwd|pwd|(^|_)pw$|_pass$")
ENGINES = (
    "duckdb",
    "_duckdb",
    "psycopg",
    "pyspark",
    "py4j",
    "grpc",
    "sqlite3",
    "python_calamine",
    "pyarrow",
    "ibis",
)
FAMILIAR = (
    ("OutOfMemory", "must fit the memory of one kernel", "it does not; raise ANALYSIS_MEMORY"),
    ("Could not set lock", "must be free to read", "another process holds it open for writing"),
    ("database is locked", "must be free to read", "another process holds it for writing"),
    ("(?i)password.protected|encrypted", "must open without a password", "it asks for one"),
    (
        "(?is)^(?=.*(duckdb|database file)).*(version number|newer version|serialization)",
        "must be a database that this DuckDB can read",
        "it was written by another version",
    ),
    ("Corrupt database|checksum", "must be a sound database file", "it is damaged"),
    ("not a valid DuckDB|not a database|malformed", "must be a database file", "it is not"),
    ("magic bytes|too small to be a Parquet", "must be a Parquet file", "it is not"),
    ("password authentication failed|no password", "must let us in", "the password is refused"),
    (
        "could not connect|onnection refused|could not translate|timeout expired|failed to resolve"
        "|server closed|consuming input failed|UNAVAILABLE|masters are unresponsive",
        "must be reachable",
        "it does not answer",
    ),
    ("UNAUTHENTICATED|nvalid token", "must let us in", "the token is refused"),
    (
        "TABLE_OR_VIEW_NOT_FOUND|SCHEMA_NOT_FOUND",
        "must find the tables that it names",
        "one of them is not there",
    ),
    (
        "ermission denied|InsufficientPrivilege|INSUFFICIENT_PERMISSIONS|PERMISSION_DENIED",
        "must be readable",
        "permission is denied",
    ),
    (
        "No files found|No such file|does not exist on|Cannot open file|FileNotFound",
        "must stay in its place while it is read",
        "it is gone",
    ),
    (
        "BadZipFile|gzip|compress|zlib|Error -3|EOFError|end-of-stream|LZMAError",
        "must be a sound packed file",
        "it is damaged",
    ),
    (
        "Parser Error|syntax error|PARSE_SYNTAX_ERROR|ParseError",
        "must have sql that its engine reads",
        'it does not; quote names that are words of SQL ("at")',
    ),
)

_hidden: set[str] = set()


@contextmanager
def told_plainly(name: str, origin: str) -> Iterator[None]:
    """Turn what engines raise into a fault of the table; our own errors pass."""
    try:
        yield
    except (DataError, ParamsError):
        raise
    except Exception as error:
        if not _is_foreign(error):
            raise
        fault = explain(name, origin, error)
        raise FaultyData([fault]) from None


def explain(name: str, origin: str, error: BaseException) -> Fault:
    """Return the fault that an engine's error stands for."""
    kind = type(error)
    text = without_secrets(f"{kind.__module__}.{kind.__name__} {error}")
    structure = _structure(text)
    if structure:
        return Fault(name, "", "must have the same fields in each row", f"{origin} {structure}")
    for pattern, rule, came in FAMILIAR:
        if re.search(pattern, text):
            return Fault(name, "", rule, f"{origin}: {came}")
    first = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    said = re.sub(r"'[^']*'|\"[^\"]*\"", "'…'", without_secrets(first))[:160]
    return Fault(name, "", "must be readable", f"{origin} is not: {said}")


def hide(value: str) -> None:
    """Never show this value again, however it is written."""
    if len(value) > 3:
        _hidden.update((value, quote(value, safe=""), quote(value), quote_plus(value)))


def without_secrets(text: str) -> str:
    """Hide passwords: of URLs, those used, and environment variables that look secret."""
    for key, value in os.environ.items():
        if SECRET_NAME.search(key):
            hide(value)
    for value in sorted(_hidden, key=len, reverse=True):
        text = text.replace(value, "***")
    return SECRET.sub("***", text)


def _structure(text: str) -> str:
    line = re.search(r"Line: (\d+)", text)
    fields = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if line and fields:
        return f"has {fields[2]} instead of {fields[1]} in row {line[1]}"
    if line and re.search(r"quote|Quote", text):
        return f"has an open quotation mark in row {line[1]}"
    if line and re.search(r"unicode|UTF|encoding", text, re.IGNORECASE):
        return f"is not UTF-8 in row {line[1]}; set encoding: cp1252"
    json_line = re.search(r"Malformed JSON.* in line (\d+)", text)
    if json_line:
        return f"breaks off near row {json_line[1]}"
    return f"breaks off in row {line[1]}" if line else ""


def _is_foreign(error: BaseException) -> bool:
    modules = {kind.__module__.split(".")[0] for kind in type(error).__mro__}
    packed = isinstance(error, (OSError, EOFError)) or {"zlib", "zipfile", "lzma"} & modules
    return bool(packed) or bool(modules & set(ENGINES))
