"""Every expression that a study asks of its engine, kept so that other engines can be asked too."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest

import analysis.study
from analysis.data import crossing
from analysis.data.tables import Tables

DOORS = ("analysis.data.crossing", "analysis.data.tables")


@dataclass(slots=True)
class Asked:
    """What was asked while it was listened.

    Attributes
    ----------
    expressions : dict
        Who asked ('frames.customers.customer_frame') to what was asked.
    held : dict
        The operation of a table that the engine was told to keep, to what it was made of.
    bases : dict
        The operation of a study's table to its name.
    """

    expressions: dict[str, list[ibis.Table]] = field(default_factory=dict)
    held: dict[Any, ibis.Table] = field(default_factory=dict)
    bases: dict[Any, str] = field(default_factory=dict)


@contextmanager
def listening(tables: Tables) -> Iterator[Asked]:
    """Keep what is asked while the block runs; studies that are opened in it have these tables."""
    asked = Asked(bases={tables[name].op(): name for name in tables})
    come_over, cache = crossing._come_over, ir.Table.cache

    def heard(expression: ibis.Table):
        asked.expressions.setdefault(_asked_by(), []).append(expression)
        return come_over(expression)

    def kept(table: ibis.Table):
        made = cache(table)
        asked.held[made.op()] = table
        asked.expressions.setdefault(_asked_by(), [])
        return made

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(crossing, "_come_over", heard)
        patched.setattr(ir.Table, "cache", kept)
        patched.setattr(analysis.study, "read_tables", lambda *args, **options: tables)
        yield asked


def _asked_by() -> str:
    """The function of `analysis` that asked, by module and name."""
    frame = sys._getframe(2)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("analysis.") and module not in DOORS:
            return f"{module.removeprefix('analysis.')}.{frame.f_code.co_qualname.split('.<')[0]}"
        frame = frame.f_back
    return "a test"


class Elsewhere:
    """The same questions, asked of tables of the same form on another engine."""

    def __init__(self, asked: Asked, tables: Mapping[str, ibis.Table]):
        self.asked = asked
        self.known = {op: tables[name].op() for op, name in asked.bases.items()}

    def questions(self) -> dict[Any, tuple[str, ...]]:
        """Each different question once, with those who asked it."""
        found: dict[Any, dict[str, None]] = {}
        for who, expressions in self.asked.expressions.items():
            for expression in expressions:
                found.setdefault(expression.op(), {})[who] = None
        moved: dict[Any, dict[str, None]] = {}
        for op, who in found.items():
            moved.setdefault(self.moved(op.to_expr()).op(), {}).update(who)
        return {op: tuple(who) for op, who in moved.items()}

    def moved(self, expression: ibis.Table) -> ibis.Table:
        """The expression over the tables of the other engine."""
        for op, origin in self.asked.held.items():
            if op not in self.known and op in expression.op().find(type(op)):
                self.known[op] = self.moved(origin).cache().op()
        return expression.op().replace(self.known).to_expr()
