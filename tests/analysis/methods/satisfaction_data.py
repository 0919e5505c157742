"""Data that several satisfaction tests share: the two real surveys, and simulated factors."""

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.methods.pathmodel import PathModel
from analysis.methods.scales import Scale

BANK_BLOCKS = ("imag", "expe", "qual", "val", "sat", "loy")
BANK_PATHS = {
    "IMAG": ["EXPE", "SAT", "LOY"],
    "EXPE": ["QUAL", "VAL", "SAT"],
    "QUAL": ["VAL", "SAT"],
    "VAL": ["SAT"],
    "SAT": ["LOY"],
}
MOBI_ITEMS = {
    "Image": ("IMAG", 5),
    "Expectation": ("CUEX", 3),
    "Value": ("PERV", 2),
    "Satisfaction": ("CUSA", 3),
}


def bank(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "ecsi_satisfaction" / "satisfaction.csv", index_col=0)


def bank_scales(survey: pd.DataFrame) -> dict[str, Scale]:
    return {
        block.upper(): Scale(tuple(c for c in survey if c.startswith(block)), lowest=0)
        for block in BANK_BLOCKS
    }


def bank_model(survey: pd.DataFrame, mode: str = "A") -> PathModel:
    scales = bank_scales(survey)
    return PathModel(scales, BANK_PATHS, dict.fromkeys(scales, mode))


def mobi(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "ecsi_mobi" / "mobi.csv", index_col=0)


def mobi_scales() -> dict[str, Scale]:
    return {
        name: Scale(tuple(f"{stem}{k}" for k in range(1, n + 1)))
        for name, (stem, n) in MOBI_ITEMS.items()
    }


def mobi_model() -> PathModel:
    return PathModel(
        mobi_scales(), {name: ["Satisfaction"] for name in ("Image", "Expectation", "Value")}
    )


FACTOR_LOADINGS = (0.9, 0.8, 0.7)
FACTOR_PATH = 0.5


def factor_survey(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Two common factors, the second half-explained by the first; three items each."""
    cause = rng.normal(size=n)
    effect = FACTOR_PATH * cause + np.sqrt(1 - FACTOR_PATH**2) * rng.normal(size=n)
    columns = {
        f"{name}{k}": loading * factor + np.sqrt(1 - loading**2) * rng.normal(size=n)
        for name, factor in (("x", cause), ("y", effect))
        for k, loading in enumerate(FACTOR_LOADINGS, 1)
    }
    return pd.DataFrame(columns)


def factor_scales() -> dict[str, Scale]:
    return {
        name: Scale(tuple(f"{name}{k}" for k in (1, 2, 3)), lowest=-9, highest=9)
        for name in ("x", "y")
    }
