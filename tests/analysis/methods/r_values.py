"""Numbers that an R script beside the tests has printed, compared with tables of this project."""

from pathlib import Path

import pandas as pd
from numpy.testing import assert_allclose

IN_R = {": ": "", " × ": ":", " | ": "|"}


def r_values(file: str) -> pd.DataFrame:
    """The committed output of an R script: index case, columns term, quantity, value."""
    path = Path(__file__).with_name(file)
    return pd.read_csv(path, dtype={"term": str}).set_index("case")


def compare(r, case, table, *, key="term", rtol=1e-7, atol=1e-9) -> None:
    """Every number of the case must be in the table, whose terms may be named in R's way or ours.

    R's numbers are kept to ten digits; its glm weighs by the last step but one.
    """
    names = table[key].astype(str).replace("intercept", "(Intercept)")
    for ours, theirs in IN_R.items():
        names = names.str.replace(ours, theirs)
    by_term = table.set_index(names)
    for quantity, rows in r.loc[[case]].groupby("quantity"):
        found = by_term[quantity].reindex(rows["term"]).to_numpy(float)
        message = f"{case}: {quantity}"
        assert_allclose(found, rows["value"], rtol=rtol, atol=atol, err_msg=message)


def one_row(term="all", **values) -> pd.DataFrame:
    """A table of one term, to be compared."""
    return pd.DataFrame([{"term": term, **values}])
