"""The intruder finds what is planted, and nothing where nothing is."""

import numpy as np
import pandas as pd

from analysis.telling.audit import attack


def groups(*, n, **columns):
    names = [chr(97 + i) for i in range(len(n))]
    rows = pd.DataFrame({"segment": "region", "group": names, "n": n} | columns)
    whole = pd.DataFrame({"segment": ["all"], "group": ["all"], "n": [100]})
    return pd.concat([whole, rows], ignore_index=True)


def rules(tables, min_cell=10):
    return [one.rule for one in attack(tables, min_cell=min_cell)]


def test_hidden_rows_that_follow_from_the_total_are_found():
    assert rules({"a.csv": groups(n=[60, 32, np.nan, np.nan])}) == ["range"]
    assert rules({"a.csv": groups(n=[60, 20, np.nan, np.nan])}) == []


def test_numbers_about_few_are_found():
    again = {"again": [0.5, 0.95]}
    assert rules({"a.csv": groups(n=[60, 40], **again)}) == ["part"]
    assert rules({"a.csv": groups(n=[60, 40], **again)}, min_cell=2) == []


def test_what_a_hidden_row_still_says_is_found():
    table = groups(n=[60, 10, np.nan, np.nan], note=[np.nan, np.nan, "no intervals", np.nan])
    found = attack({"a.csv": table}, min_cell=10)
    assert [one.rule for one in found] == ["words"]
    assert "no intervals" in found[0].what


def test_groups_that_two_tables_count_almost_alike_are_found():
    assert rules({"a.csv": groups(n=[60, 40]), "b.csv": groups(n=[58, 40])}) == ["tables"]
    assert rules({"a.csv": groups(n=[60, 40]), "b.csv": groups(n=[50, 40])}) == []
