"""The ledger of bases as bars and as a table."""

from __future__ import annotations

from datetime import date

import matplotlib.pyplot as plt
import pandas as pd

from analysis.states.bases import COLUMNS, KEYS, Bases
from analysis.telling.bases import bases_fact, bases_table, plot_bases

SHOP = [
    ("known", 1200, "customers", "", ""),
    ("prospects", 200, "customers", "known", "beginning"),
    ("ever_bought", 1000, "customers", "known", "beginning"),
    ("current", 400, "customers", "ever_bought", "end"),
    ("churned", 600, "customers", "ever_bought", "end"),
    ("answers", 90, "answers", "", ""),
]


def ledger(rows) -> Bases:
    return Bases(pd.DataFrame(rows, columns=list(COLUMNS)), date(2024, 12, 31))


def test_caption_tells_the_share_who_are_customers(chapter):
    show = chapter("data")
    bases = show.gated(ledger(SHOP))
    shown = show.figure(plot_bases, bases, bases_fact(bases, 39))
    assert "Of 1,000 who ever bought, 400 (40.0%) are customers" in shown.caption
    assert "600 bought nothing in the last 39 weeks" in shown.caption
    assert show.reason(bases_fact(bases, 39)).silent


def test_each_bar_is_part_of_the_one_above(chapter):
    _, ax = plt.subplots()
    plot_bases(ledger(SHOP), ax, chapter("data").say)
    assert [bar.get_width() for bar in ax.patches] == [1200, 1000, 400]
    named = [label.get_text() for label in ax.get_yticklabels()]
    assert named == ["known", "ever bought", "customers now"]
    plt.close()


def test_too_few_customers_are_one_line(chapter):
    show = chapter("data")
    counts = {"current": 3, "churned": 997}
    few = [(base, counts.get(base, n), *rest) for base, n, *rest in SHOP]
    bases = show.gated(ledger(few))
    fact = bases_fact(bases, 39)
    assert fact.silent
    assert "it would give away a group of fewer than 10" in show.reason(fact).markdown
    table = show.table(bases_table(bases), "bases.table", count=None, at=bases.at)
    assert "customers now" not in table.markdown
    assert "997" not in table.markdown, "the parts of one whole must not give one away"


def test_who_ever_bought_is_told_where_few_never_did(chapter):
    show = chapter("data")
    counts = {"known": 1008, "prospects": 8}
    few = [(base, counts.get(base, n), *rest) for base, n, *rest in SHOP]
    bases = show.gated(ledger([*few, ("people_who_answered", 4, "customers", "", "")]))
    shown = bases.table.set_index("base")["n"].dropna()
    assert shown.to_dict() == {"ever_bought": 1000, "current": 400, "churned": 600, "answers": 90}
    assert not bases_fact(bases, 39).silent


def test_every_base_has_a_name_and_a_meaning(chapter):
    say = chapter("data").say
    table = bases_table(ledger([(base, 1, "customers", "", "") for base in sorted(KEYS)]))
    assert table["base"].map(say.note).is_unique
    assert table["meaning"].map(say.note).is_unique
