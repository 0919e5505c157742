"""What may be wrong with a regression, and whether its link is a line, as tables for readers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.methods.regression import (
    RegressionFit,
    ShapeComparison,
    calibrate,
    compare_shapes,
    diagnose,
)
from analysis.notes import Note
from analysis.states.answers import attempt, low_and_high


def checks(fit: RegressionFit) -> pd.DataFrame:
    """Variance inflation, influence, spread, calibration: `check, value, p_value, note`."""
    found = diagnose(fit)
    inflation = found["term"].map(lambda term: isinstance(term, Note))
    rows = [found[~inflation]]
    if inflation.any():
        worst = found.loc[found.loc[inflation, "estimate"].idxmax()].to_dict()
        rows.insert(0, pd.DataFrame([worst | {"term": "largest variance inflation"}]))
    calibrated = None if fit.link == "identity" else attempt(lambda: calibrate(fit))[0]
    if calibrated is not None:
        told = {
            "calibration slope": calibrated.slope,
            "calibration intercept": calibrated.intercept,
            "largest gap of a tenth": _largest_gap(calibrated.table),
        }
        rows.append(pd.DataFrame({"term": list(told), "estimate": list(told.values())}))
    table = pd.concat(rows, ignore_index=True).fillna({"note": ""})
    table = table.rename(columns={"term": "check", "estimate": "value"})
    return table[["check", "value", "p_value", "note"]]


def _largest_gap(tenths: pd.DataFrame) -> float:
    """The largest gap between what was predicted and what came, of ten groups by prediction."""
    return float((tenths["estimate"] - tenths["predicted"]).abs().max())


def no_checks(why: Note | str) -> pd.DataFrame:
    """The table of diagnostics where there is nothing to diagnose."""
    return pd.DataFrame([{"check": "none", "value": np.nan, "p_value": np.nan, "note": why}])


def shapes_on_scale(
    frame: pd.DataFrame, *, driver: str, lowest: float, highest: float, **options
) -> tuple[ShapeComparison | None, Note | str]:
    """Compare a line with a curve, thresholds and one bend; None and the cause where it cannot be.

    The thresholds are those of a low and of a high answer; `options` as `compare_shapes`.
    """
    values = frame[driver].dropna()
    cuts = [
        cut
        for cut in low_and_high(lowest, highest)
        if values.lt(cut).any() and values.ge(cut).any()
    ]
    return attempt(lambda: compare_shapes(frame, driver=driver, cuts=cuts or None, **options))


def shapes_table(shapes: ShapeComparison | None) -> pd.DataFrame:
    """The four shapes of a link, compared.

    Parameters
    ----------
    shapes : ShapeComparison or None

    Returns
    -------
    DataFrame
        `shape, n, parameters, aic_gap` (to the best)`, p_value, note`; no rows without shapes.
    """
    if shapes is None:
        return pd.DataFrame()
    table = shapes.table.assign(aic_gap=shapes.table["aic"] - shapes.table["aic"].min())
    return table[["shape", "n", "parameters", "aic_gap", "p_value", "note"]]


def thresholds_table(shapes: ShapeComparison | None) -> pd.DataFrame:
    """The expected outcome below, between and above the thresholds, all else as it is.

    Parameters
    ----------
    shapes : ShapeComparison or None

    Returns
    -------
    DataFrame
        `from` (points; empty for the lowest)`, n, estimate, conf_low, conf_high`; no rows without
        shapes.
    """
    if shapes is None:
        return pd.DataFrame()
    curve = shapes.curve[shapes.curve["group"].eq("steps")]
    cuts = shapes.steps["cut"]
    rows = [curve.iloc[0], *(curve[curve["value"] >= cut].iloc[0] for cut in cuts)]
    table = pd.DataFrame(rows)[["n", "estimate", "conf_low", "conf_high"]].reset_index(drop=True)
    table.insert(0, "from", [np.nan, *cuts])
    return table
