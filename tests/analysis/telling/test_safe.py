"""A shown table tells of nobody: not by its rows, not by parts of them, not beside another."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.disclosure import PARTS
from analysis.notes import note
from analysis.telling.audit import attack
from analysis.telling.gates import gated, hide_small
from analysis.telling.safe import tell_safely


def tiers(**columns):
    return pd.DataFrame({"tier": ["low", "mid", "top"], "n": [100, 54, 60]} | columns)


def test_a_share_of_all_but_a_few_is_blank_with_its_interval():
    table = tiers(again=[0.5, 53 / 54, 0.5], again_conf_low=0.1, again_conf_high=0.99)
    told = tell_safely(table, "n", 10)
    assert told.table["again"].isna().tolist() == [False, True, False]
    assert told.table["again_conf_low"].isna().tolist() == [False, True, False]
    assert told.table["n"].tolist() == [100, 54, 60]
    assert told.suppressed == {"parts": 1}
    assert told.marks == ["parts"]


def test_none_and_all_are_told():
    told = tell_safely(tiers(again=[0.0, 1.0, 0.5]), "n", 10)
    assert told.table["again"].tolist() == [0.0, 1.0, 0.5]


def test_counts_of_a_part_are_blank_where_few_are_left():
    told = tell_safely(tiers(cases=[40, 50, 3]), "n", 10).table
    assert told["cases"].isna().tolist() == [False, True, True]


def test_the_parts_of_a_split_are_told_together_or_not_at_all():
    split = {"promoters": [0.5, 0.5, 0.45], "passives": [0.3, 0.5, 0.5]}
    told = tell_safely(tiers(**split, detractors=[0.2, 0.0, 0.05]), "n", 10).table
    assert told.loc[2, ["promoters", "passives", "detractors"]].isna().all()
    assert told.loc[0, ["promoters", "passives", "detractors"]].notna().all()


def test_heads_of_few_are_not_told():
    heads = pd.DataFrame({"term": ["top_1_percent", "top_20_percent"], "estimate": [0.3, 0.6]})
    told = tell_safely(heads.assign(conf_low=0.1, conf_high=0.9, n=400), "n", 10).table
    assert told["estimate"].isna().tolist() == [True, False]
    assert told["conf_low"].isna().tolist() == [True, False]
    assert tell_safely(tiers(top_10_percent=0.3), "n", 10).table["top_10_percent"].isna().tolist() \
        == [False, True, True]  # fmt: skip


def test_groups_of_a_segment_are_counted_in_steps_and_others_exactly():
    groups = pd.DataFrame({"segment": "region", "group": ["a", "b"], "n": [54, 66]})
    told = tell_safely(groups, "n", 10)
    assert told.table["n"].tolist() == [50, 70]
    assert told.stepped == ("n",)
    assert tell_safely(tiers(), "n", 10).stepped == ()


def test_a_hidden_row_keeps_its_name_and_no_other_word():
    table = tiers(n=[3, 54, 60], kind="basic", note=[note("reasons.nobody"), "", ""])
    told = tell_safely(table, "n", 10).table
    assert told["tier"].tolist() == ["low", "mid", "top"]
    assert told.loc[0, ["kind", "note"]].isna().all()
    assert told.loc[2, "kind"] == "basic"


def test_a_hidden_row_that_names_no_group_is_not_there():
    table = pd.DataFrame({"base": ["known", "lost", "new"], "n": [90, 4, 30]})
    assert tell_safely(table, "n", 10).table["base"].tolist() == ["known"]


def test_numbers_among_objects_are_hidden_too():
    table = tiers(n=[3, 54, 60], gain=pd.Series([0.1, 0.2, 0.3], dtype=object))
    assert hide_small(table, "n", 10)["gain"].isna().tolist() == [True, True, False]


@pytest.mark.parametrize(("one", "two"), [(0.51, 0.6), (0.4, 0.76)])
def test_a_total_of_one_or_two_customers_is_hidden_with_another(one, two):
    table = tiers(
        mean_value=[1.0, 2.0, 3.0], **{PARTS[0]: [0.1, 0.1, one], PARTS[1]: [0.2, 0.2, two]}
    )
    told = tell_safely(table, "n", 10)
    assert told.table["mean_value"].isna().tolist() == [False, True, True]
    assert told.suppressed == {"small": 1, "dominated": 1}
    assert not set(PARTS) & set(told.table)
    loose = tell_safely(table, "n", 10, dominance=(0.9, 0.9))
    assert loose.table["mean_value"].notna().all()


@given(
    st.lists(st.integers(1, 12), min_size=5, max_size=40),
    st.lists(st.floats(0, 1), min_size=40, max_size=40),
    st.sampled_from([2, 3, 5, 10, 12]),
)
@settings(max_examples=25, deadline=None)
def test_an_intruder_finds_nothing_in_two_tables_of_small_regions(sizes, parts, min_cell):
    sizes = np.array(sizes)
    buyers = np.maximum(np.round(sizes * np.array(parts[: len(sizes)])), 0)
    names = [f"r{i}" for i in range(len(sizes))]
    told = {}
    for name, n in (("customers.csv", sizes), ("buyers.csv", buyers)):
        rows = {"segment": "region", "group": names, "n": n, "again": np.round(n / 3) / n.clip(1)}
        whole = {"segment": "all", "group": "all", "n": n.sum(), "again": np.nan}
        table = pd.concat([pd.DataFrame([whole]), pd.DataFrame(rows)], ignore_index=True)
        told[name] = tell_safely(table, "n", min_cell).table
    if any(table["n"].notna().sum() <= 1 for table in told.values()):
        return  # so few customers in all that no region is told
    assert attack(told, min_cell=min_cell) == []


def test_a_gated_result_stays_as_it_is_when_gated_again():
    table = tiers(n=[3, 54, 60])
    once = gated({"one": table}, 10)
    assert once["one"] is table  # only results say what they count


def test_a_name_that_is_missing_in_a_row_is_no_number():
    table = pd.DataFrame({"group": ["south", None, "north"], "mean": [1.0, 2.0, 3.0]})
    table = table.assign(n=[40, 50, 60], other=["a", np.nan, 3.5])
    told = tell_safely(table.astype({"group": object}), "n", 10).table
    assert told["group"].tolist()[::2] == ["south", "north"]
    assert told["mean"].tolist() == [1, 2, 3]
