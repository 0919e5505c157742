"""Every expression that a study asks of its engine, kept so that other engines can be asked too."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.operations as ops
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

    def held_in(self, question: Any) -> list[Any]:
        """The tables that the engine was told to keep and that a question uses."""
        return [op for op in question.find(ops.DatabaseTable) if op in self.held]


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
        self.kept: list[ibis.Table] = []
        made = [*self.distinct(), *(origin.op() for origin in asked.held.values())]
        self.uses = Counter(op for question in made for op in asked.held_in(question))

    def distinct(self) -> dict[Any, dict[str, None]]:
        """Each different question once, as it was asked, with those who asked it."""
        found: dict[Any, dict[str, None]] = {}
        for who, expressions in self.asked.expressions.items():
            for expression in expressions:
                found.setdefault(expression.op(), {})[who] = None
        return found

    def moved(self, question: Any) -> ibis.Table:
        """A question over the tables of the other engine; what is used often is kept there."""
        for op in self.asked.held_in(question):
            if op not in self.known:
                made = self.moved(self.asked.held[op].op())
                if self.uses[op] > 1:
                    made = made.cache()
                    self.kept.append(made)
                self.known[op] = made.op()
        return question.replace(self.known).to_expr()
