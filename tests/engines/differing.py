"""What engines make otherwise of one expression, and what the product writes instead.

`python tests/engines/differing.py` writes the table of docs/engines.md anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.operations as ops
import pyarrow as pa

from analysis.data.parsing import read_text
from analysis.frames.calendar import days_between, first_day, month_number, month_of
from analysis.frames.counted import nearest

DOCUMENT = Path(__file__).parents[2] / "docs" / "engines.md"
BEGIN, END = "<!-- differing: begin -->\n", "<!-- differing: end -->\n"
REFUSED = "refused"
MIDNIGHTLESS = "America/Asuncion"
"""Here the clocks went forward at midnight of 1 October 2017, so that day has none."""
PROBE = pa.table(
    {
        "id": pa.array([1, 2, 3, 4], pa.int64()),
        "party": ["a", "a", "b", "b"],
        "began": [date(2017, 10, 1), date(2017, 11, 1), date(2024, 2, 29), date(2024, 3, 31)],
        "ended": [date(2017, 11, 1), date(2017, 11, 30), date(2024, 3, 30), date(2024, 4, 30)],
        "whole": pa.array([2**53 + 1, None, 5, 7], pa.int64()),
        "real": [0.5, 2.5, -1.7, None],
        "flag": [True, False, None, True],
        "text": ["B", "a", "12.5", "\u3000x"],
        "price": pa.array([Decimal("3.85")] + [Decimal("3.86")] * 3, pa.decimal128(12, 2)),
    }
)
Asking = Callable[[ibis.Table], ibis.Table]


@dataclass(frozen=True, slots=True)
class Differing:
    """One expression that engines answer in different ways.

    Attributes
    ----------
    written : str
        The expression as somebody would write it.
    ask : callable
        It, over the table PROBE: `id` (or `party`, or nothing) and `answer`.
    answers : tuple of str
        Of DuckDB, PostgreSQL and Spark, as the table of the document shows them.
    instead : str
        What the product does.
    ask_instead : callable or None
        That, over the table PROBE: alike on all three; None where it is done outside the engine.
    holds : callable
        Whether an operation of an expression is such a one: no question of the product holds it.
    """

    written: str
    ask: Asking
    answers: tuple[str, str, str]
    instead: str
    ask_instead: Asking | None
    holds: Callable[[ops.Node], bool]


def by_id(value: Callable[[ibis.Table], ibis.Value]) -> Asking:
    """Ask for a value of each row."""
    return lambda table: table.select("id", answer=value(table)).order_by("id")


def by_party(value: Callable[[ibis.Table], ibis.Value]) -> Asking:
    """Ask for a value of each party."""
    return lambda table: table.group_by("party").agg(answer=value(table)).order_by("party")


def of_all(value: Callable[[ibis.Table], ibis.Value]) -> Asking:
    """Ask for one value of all rows."""
    return lambda table: table.aggregate(answer=value(table))


def told(rows: list[dict[str, Any]]) -> str:
    """The answers as the document shows them."""
    return ", ".join(_word(row["answer"]) for row in rows)


def _word(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def values_of(node: ops.Node, kind: type[ops.Node]) -> Iterator[ops.Node]:
    """The operations of a kind in a value, not in the tables that it is taken from."""
    yield from node.find(kind, filter=ops.Value)


def _on_a_window(table: ibis.Table) -> ibis.Table:
    rows = table.select("id", "party", began=table.began.cast("date"), ended=table.ended)
    so_far = ibis.window(group_by="party", order_by="began", preceding=(None, 1))
    before = ibis.coalesce(rows.ended, ibis.date("9999-12-31")).max().over(so_far)
    return rows.filter((rows.began - before).cast("int64") > 0).select("id", answer="id")


def _on_a_column(table: ibis.Table) -> ibis.Table:
    rows = table.select("id", "party", "began", "ended")
    so_far = ibis.window(group_by="party", order_by="began", preceding=(None, 1))
    rows = rows.mutate(before=rows.ended.max().over(so_far))
    return rows.filter(rows.began > rows.before).select("id", answer="id")


def _latest(table: ibis.Table) -> ibis.Table:
    known = table.filter(table.whole.notnull())
    newest = known.id.max().over(ibis.window(group_by="party"))
    known = known.mutate(newest=newest).filter(lambda row: row.id == row.newest)
    return known.group_by("party").agg(answer=known.whole.min()).order_by("party")


def _cast(of: str, to: str) -> Callable[[ops.Node], bool]:
    def holds(node: ops.Node) -> bool:
        if not isinstance(node, ops.Cast):
            return False
        return getattr(node.arg.dtype, f"is_{of}")() and getattr(node.to, f"is_{to}")()

    return holds


def _is(*kinds: type[ops.Node]) -> Callable[[ops.Node], bool]:
    return lambda node: isinstance(node, kinds)


def _on_text(*kinds: type[ops.Node]) -> Callable[[ops.Node], bool]:
    return lambda node: isinstance(node, kinds) and node.arg.dtype.is_string()


def _filters_windows(node: ops.Node) -> bool:
    return isinstance(node, ops.Filter) and any(
        True for predicate in node.predicates for _ in values_of(predicate, ops.WindowFunction)
    )


def _orders_texts(node: ops.Node) -> bool:
    keys = getattr(node, "order_by", None) if isinstance(node, ops.WindowFunction) else None
    return any(key.dtype.is_string() for key in keys or ())


def _divides_whole(node: ops.Node) -> bool:
    if type(node) is not ops.Divide:
        return False
    return node.left.dtype.is_integer() and node.right.dtype.is_integer()


def _of_decimals(node: ops.Node) -> bool:
    return isinstance(node, ops.Mean | ops.Quantile | ops.Multiply) and any(
        value.dtype.is_decimal() for value in node.args if isinstance(value, ops.Value)
    )


DIFFERING = (
    Differing(
        "`whole.argmax(flag)`, the row of several that tie",
        by_party(lambda row: row.whole.argmax(row.began.year() > 0)),
        ("9007199254740993, 5", "9007199254740993, 5", "null, 7"),
        "the rows of the last day by a window, then the least of them",
        _latest,
        _is(ops.ArgMax, ops.ArgMin),
    ),
    Differing(
        "`whole.first()`, `last()`, `arbitrary()`",
        by_party(lambda row: row.whole.arbitrary()),
        ("9007199254740993, 5", REFUSED, "9007199254740993, 5"),
        "the least of a group, or the rows come over and pandas chooses",
        by_party(lambda row: row.whole.min()),
        _is(ops.First, ops.Last, ops.Arbitrary),
    ),
    Differing(
        '`text.group_concat(";", order_by=…)`',
        by_party(lambda row: row.text.group_concat(";", order_by=row.id.desc())),
        ("a;B, \u3000x;12.5", "a;B, \u3000x;12.5", REFUSED),
        "`collect().sort().join()` of texts of one width that begin with the number",
        by_party(lambda row: (row.id.cast("string").lpad(4, "0")).collect().sort().join("")),
        lambda node: isinstance(node, ops.GroupConcat) and bool(node.order_by),
    ),
    Differing(
        "`text.max()`, `min()` and windows in the order of texts",
        of_all(lambda row: row.text.max(where=row.id <= 2)),
        ("a", "B", "a"),
        "texts come over as they are; pandas compares them by their characters",
        None,
        lambda node: _on_text(ops.Max, ops.Min)(node) or _orders_texts(node),
    ),
    Differing(
        '`flag.cast("int64")`',
        by_id(lambda row: row.flag.cast("int64")),
        ("1, 0, null, 1", REFUSED, "1, 0, null, 1"),
        "`flag.ifelse(1, 0)`",
        by_id(lambda row: row.flag.ifelse(1, 0)),
        _cast("boolean", "integer"),
    ),
    Differing(
        "`filter` by a window beside a column",
        _on_a_window,
        ("4", REFUSED, REFUSED),
        "the window becomes a column by `mutate`, then the filter",
        _on_a_column,
        _filters_windows,
    ),
    Differing(
        '`began.truncate("M")` (as text: an instant of the session\'s zone)',
        by_id(lambda row: row.began.truncate("M").cast("string")),
        (
            "2017-10-01 00:00:00, 2017-11-01 00:00:00, 2024-02-01 00:00:00, 2024-03-01 00:00:00",
            "2017-10-01 01:00:00-03, 2017-11-01 00:00:00-03, 2024-02-01 00:00:00-03, "
            "2024-03-01 00:00:00-03",
            "2017-10-01 01:00:00, 2017-11-01 00:00:00, 2024-02-01 00:00:00, 2024-03-01 00:00:00",
        ),
        "`frames.calendar.month_of`: a date made of year and month",
        by_id(lambda row: month_of(row.began).cast("string")),
        _is(ops.DateTruncate),
    ),
    Differing(
        '`ended.delta(began, unit="day")`, where a day has no midnight',
        by_id(lambda row: row.ended.delta(row.began, unit="day")),
        ("31, 29, 30, 30", "31, 29, 30, 30", "30, 29, 30, 30"),
        "`frames.calendar.days_between`: one date less the other",
        by_id(lambda row: days_between(row.ended, row.began)),
        _is(ops.DateDelta, ops.TimestampDelta),
    ),
    Differing(
        '`ended.delta(began, unit="month")`, `quarter`, `year`',
        by_id(lambda row: row.ended.delta(row.began, unit="month")),
        ("1, 0, 1, 1", "1, 0, 1, 0", "0, 0, 1, 0"),
        "`frames.calendar.month_number` of both, or days",
        by_id(lambda row: month_number(row.ended) - month_number(row.began)),
        _is(ops.DateDelta, ops.TimestampDelta),
    ),
    Differing(
        "`began + ibis.interval(days=1)`: a date or a time (as text)",
        by_id(lambda row: (row.began + ibis.interval(days=1)).cast("string").length()),
        ("19, 19, 19, 19", "19, 19, 19, 19", "10, 10, 10, 10"),
        "`frames.calendar.first_day`; days are added in Python, before the question",
        by_id(lambda row: first_day(month_number(row.began) + 1).cast("string").length()),
        _is(ops.DateAdd, ops.DateSub),
    ),
    Differing(
        "`id / 2`, whole numbers of a column that stands in the answer, too",
        lambda table: table.select("id", answer=table.id / 2).order_by("id"),
        ("0.5, 1, 1.5, 2", "0, 1, 1, 2", "0.5, 1, 1.5, 2"),
        "the number is cast to float64 first",
        by_id(lambda row: row.id.cast("float64") / 2),
        _divides_whole,
    ),
    Differing(
        "`real / 0`",
        by_id(lambda row: row.real / (row.real - row.real)),
        ("inf, inf, -inf, null", REFUSED, REFUSED),
        "`.nullif(0)` under the stroke wherever it may be 0",
        by_id(lambda row: row.real / (row.real - row.real).nullif(0)),
        lambda node: False,
    ),
    Differing(
        "`real.ln()` of 0",
        by_id(lambda row: (row.real - row.real).ln()),
        (REFUSED, REFUSED, "null, null, null, null"),
        "`.nullif(0)` before it",
        by_id(lambda row: (row.real - row.real).nullif(0).ln()),
        lambda node: isinstance(node, ops.Ln) and not isinstance(node.arg, ops.NullIf),
    ),
    Differing(
        '`real.cast("int64")`',
        by_id(lambda row: row.real.cast("int64")),
        ("0, 2, -2, null", "0, 2, -2, null", "0, 2, -1, null"),
        "`frames.counted.nearest`, or `floor()`",
        by_id(lambda row: nearest(row.real)),
        lambda node: _cast("floating", "integer")(node) and not isinstance(node.arg, ops.Floor),
    ),
    Differing(
        "`real.round()` of halves",
        by_id(lambda row: row.real.round()),
        ("1, 3, -2, null", "0, 2, -2, null", "1, 3, -2, null"),
        "`frames.counted.nearest`: halves go up",
        by_id(lambda row: nearest(row.real)),
        _is(ops.Round),
    ),
    Differing(
        '`real.cast("string")`',
        by_id(lambda row: (2 * row.real).cast("string")),
        ("1.0, 5.0, -3.4, null", "1, 5, -3.4, null", "1.0, 5.0, -3.4, null"),
        "`data.parsing.read_text`: whole numbers without decimals",
        by_id(lambda row: read_text(2 * row.real)),
        _cast("floating", "string"),
    ),
    Differing(
        '`text.try_cast("int64")`',
        by_id(lambda row: row.text.try_cast("int64")),
        ("null, null, 13, null", REFUSED, "null, null, null, null"),
        "texts are parsed in the embedded engine only; a database is asked for `sql:` with a cast",
        None,
        _is(ops.TryCast),
    ),
    Differing(
        "`text.re_replace(…)` with a group",
        by_id(lambda row: row.text.re_replace(r"([0-9]+)", r"<\1>")),
        ("B, a, <12>.<5>, \u3000x", "B, a, <12>.<5>, \u3000x", "B, a, <1>.<1>, \u3000x"),
        "in the embedded engine only",
        None,
        lambda node: isinstance(node, ops.RegexReplace) and "\\" in str(node.replacement.value),
    ),
    Differing(
        r"`text.re_search(r\"^\s\")`, `\d`, `\w`: which signs are blanks",
        by_id(lambda row: row.text.re_search(r"^\s")),
        ("false, false, false, false", "false, false, false, true", "false, false, false, false"),
        "the signs themselves: `[ \\t\\n\\r\\f\\v]`, `[0-9]`",
        by_id(lambda row: row.text.re_search("^[ \t\n\r\f\v]")),
        lambda node: (
            isinstance(node, ops.RegexSearch | ops.RegexReplace)
            and any(sign in node.pattern.value for sign in (r"\s", r"\d", r"\w", r"\b"))
        ),
    ),
    Differing(
        "`real.isnan()` of null",
        by_id(lambda row: row.real.isnan()),
        (
            "false, false, false, null",
            "false, false, false, null",
            "false, false, false, false",
        ),
        "only as the condition of `ifelse`, or beside `isnull()`",
        by_id(lambda row: ibis.ifelse(row.real.isnan(), ibis.null("float64"), row.real)),
        lambda node: False,
    ),
    Differing(
        "`price.mean()`, quantiles and products of decimals",
        of_all(lambda row: row.price.mean()),
        ("3.86", REFUSED, "3.86"),
        "numbers are cast to float64 where they are read",
        by_id(lambda row: row.price.cast("float64") * 2),
        _of_decimals,
    ),
    Differing(
        "`whole`, a column with nulls of numbers above 2^53, as it comes over",
        by_id(lambda row: row.whole),
        (
            "9007199254740993, null, 5, 7",
            "9007199254740993, null, 5, 7",
            "9007199254740992, null, 5, 7",
        ),
        "ids are texts",
        by_id(lambda row: row.whole.cast("string")),
        lambda node: False,
    ),
)


def table() -> str:
    """The differences as a table of Markdown."""
    head = ("expression", "DuckDB", "PostgreSQL", "Spark", "what the product does")
    rows = [head, ["---"] * len(head)]
    rows += [(one.written, *one.answers, one.instead) for one in DIFFERING]
    lines = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    return "".join(f"| {line} |\n" for line in lines)


def main() -> None:
    """Write the table into the document, in the place of the one that is there."""
    before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    DOCUMENT.write_text(before + BEGIN + table() + END + rest.partition(END)[2], "utf-8")


if __name__ == "__main__":
    main()
