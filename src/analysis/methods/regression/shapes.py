"""Is the link a line? Compare it with a spline, with steps, and with one bend."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods.intervals import critical_value
from analysis.methods.regression._family import fit_family
from analysis.methods.regression._sample import Columns, take_sample
from analysis.methods.regression.design import Bend, Line, Spline, Steps, Term
from analysis.methods.regression.fit import RegressionFit, mean_of, mean_slope
from analysis.methods.regression.scaling import wald_p_value
from analysis.notes import note

# Harrell (2015), table 2.3: knots at these quantiles.
KNOT_QUANTILES = {
    3: (0.1, 0.5, 0.9),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.5, 0.725, 0.95),
}
GRID_POINTS = 41
SEARCHED = note("regression.searched")


@dataclass(frozen=True, slots=True, eq=False)
class ShapeComparison:
    """One driver, four shapes.

    Attributes
    ----------
    driver, outcome : str
    table : DataFrame
        `shape` (line, spline, steps, bend)`, parameters, log_likelihood, aic, bic, p_value` (that
        the shape is a line, robust Wald)`, n, note`.
    curve : DataFrame
        `group` (the shape)`, value` of the driver, and the columns of estimates: the expected
        outcome if every customer gave that answer, all else as it is.
    steps : DataFrame
        `cut`, and the columns of estimates: the change there.
    bend : DataFrame
        The columns of estimates of the slope below the bend, and of its change there.
    bend_at : float
        The answer at which the slope changes; NaN where no bend can be tried.
    favoured : str
        The shape of lowest AIC; "line" where no likelihood is defined.
    """

    driver: str
    outcome: str
    table: pd.DataFrame
    curve: pd.DataFrame
    steps: pd.DataFrame
    bend: pd.DataFrame
    bend_at: float
    favoured: str


def compare_shapes(
    frame: pd.DataFrame,
    *,
    outcome: str,
    driver: str,
    family: str = "linear",
    cuts: Sequence[float] | None = None,
    knots: int = 4,
    conf_level: float = 0.95,
    **columns: Unpack[Columns],
) -> ShapeComparison:
    """Fit a line, a restricted cubic spline, steps at `cuts`, and the best single bend.

    Parameters
    ----------
    frame : DataFrame
        One row an answer: the outcome, the drivers and the columns named below.
    outcome : str
        Column of the outcome.
    driver : str
        Column of numbers with four values or more.
    family : {"linear", "logit", "poisson"}
        Of the regression.
    cuts : sequence of float, optional
        Thresholds such as 7 and 9 on a scale to 10 (outrage below, delight above); by default every
        answer given by at least one in twenty, or fifths where there are more than eleven.
    knots : int
        Of the spline: 3, 4 or 5.
    conf_level : float
        Level of the intervals, in (0, 1).
    **columns
        Further columns by name (`Columns`): `controls, weight, count, cluster, exposure`.

    Returns
    -------
    ShapeComparison

    Raises
    ------
    ParamsError
        Another family or number of knots, or a moderator.
    DataError
        The driver takes fewer than four values, and as `fit_linear`.
    """
    if family not in ("linear", "logit", "poisson"):
        raise ParamsError(f"family must be linear, logit or poisson, but {family!r} came")
    if columns.get("moderator"):
        raise ParamsError(
            f"a shape must be that of all answers, but moderator {columns['moderator']!r} came; "
            "compare the shapes of its groups one by one"
        )
    answered = frame[frame[outcome].notna() & frame[driver].notna()]
    values = answered[driver].astype(float)
    if columns.get("count"):
        values = values.repeat(answered[columns["count"]].fillna(0).astype(int))
    if values.nunique() < 4:
        raise DataError(
            f"{driver} must take four values to show a shape, but it takes {values.nunique()}",
            why=note("reasons.few_values", column=driver, values=values.nunique()),
        )

    def fit(term: Term) -> RegressionFit:
        sample = take_sample(
            frame, outcome=outcome, drivers=[driver], shapes={driver: term}, **columns
        )
        how = {"family": family, "errors": "robust", "conf_level": conf_level}
        return fit_family(sample, outcome, exposure=columns.get("exposure"), **how)

    fits = {"line": fit(Line(driver))}
    spline = Spline(driver, _knots(values, knots))
    fits["spline"] = fit(spline)
    places = tuple(cuts) if cuts else _cuts(values)
    fits["steps"] = fit(Steps(driver, places))
    best, fits["bend"] = _best_bend(fit, driver, _bend_points(values), fits["line"])
    table = _comparison(fits, driver)
    usable = table["aic"].notna().any()
    return ShapeComparison(
        driver=driver,
        outcome=outcome,
        table=table,
        curve=pd.concat([_curve(name, fitted, driver, values) for name, fitted in fits.items()]),
        steps=_own_rows(fits["steps"], driver).assign(cut=places),
        bend=_own_rows(fits["bend"], driver),
        bend_at=best,
        favoured=str(table.loc[table["aic"].idxmin(), "shape"]) if usable else "line",
    )


def _best_bend(
    fit: Callable[[Term], RegressionFit], driver: str, places: list[float], line: RegressionFit
) -> tuple[float, RegressionFit]:
    """The place of the likeliest bend and its fit: one is kept at a time, each holds all rows."""
    best, found = np.nan, line
    for at in places:
        bent = fit(Bend(driver, at))
        if np.isnan(best) or bent.log_likelihood > found.log_likelihood:
            best, found = at, bent
    return best, found


def _knots(values: pd.Series, n_knots: int) -> tuple[float, ...]:
    """Quantile knots; where many give the same answer, fewer but distinct."""
    if n_knots not in KNOT_QUANTILES:
        raise ParamsError(f"knots must be 3, 4 or 5, but {n_knots!r} came")
    found = np.unique(values.quantile(list(KNOT_QUANTILES[n_knots])))
    if len(found) < 3:
        found = np.linspace(values.min(), values.max(), 3)
    return tuple(float(knot) for knot in found)


def _cuts(values: pd.Series) -> tuple[float, ...]:
    shares = values.value_counts(normalize=True).sort_index()
    common = shares[shares >= 0.05].index
    if len(shares) > 11:
        common = np.unique(values.quantile([0.2, 0.4, 0.6, 0.8]))
    return tuple(float(cut) for cut in common if cut > values.min())


def _bend_points(values: pd.Series) -> list[float]:
    low, high = values.quantile([0.1, 0.9])
    inside = np.unique(values[(values > low) & (values < high)])
    if len(inside) > 20:
        inside = np.quantile(inside, np.linspace(0, 1, 20))
    return [float(at) for at in inside]


def _own_rows(fit: RegressionFit, driver: str) -> pd.DataFrame:
    term = next(term for term in fit.design.terms if getattr(term, "column", None) == driver)
    return fit.table[fit.table["term"].isin(term.names)].reset_index(drop=True)


def _comparison(fits: dict[str, RegressionFit], driver: str) -> pd.DataFrame:
    rows = []
    for shape, fit in fits.items():
        # A searched bend spends a parameter on its place.
        parameters = len(fit.parameters) + (shape == "bend") + (fit.family == "linear")
        rows.append(
            {
                "shape": shape,
                "parameters": parameters,
                "log_likelihood": fit.log_likelihood,
                "aic": 2 * parameters - 2 * fit.log_likelihood,
                "bic": np.log(fit.n) * parameters - 2 * fit.log_likelihood,
                "p_value": _wald_bends(fit, driver) if shape == "spline" else np.nan,
                "n": fit.n,
                "note": SEARCHED if shape == "bend" else "",
            }
        )
    return pd.DataFrame(rows)


def _wald_bends(fit: RegressionFit, driver: str) -> float:
    at = [k for k, name in enumerate(fit.design.names) if name.startswith(f"{driver} (bend")]
    return wald_p_value(fit.parameters[at], fit.covariance[np.ix_(at, at)])


def _means_at(
    fit: RegressionFit, driver: str, grid: np.ndarray
) -> Iterator[tuple[float, float, np.ndarray]]:
    """Each value, the mean outcome if every customer gave it, and how that moves with parameters.

    Only the driver's own columns of the design differ from value to value.
    """
    sample, own = fit.sample, _columns_of(fit, driver)
    term = next(term for term in fit.design.terms if getattr(term, "column", None) == driver)
    share = sample.weights * sample.counts
    share = share / share.sum()
    parameters = np.nan_to_num(fit.parameters)
    rest = sample.matrix @ np.where(own, 0.0, parameters)
    if fit.exposure is not None:
        rest = rest + np.log(sample.frame[fit.exposure].to_numpy(float))
    for value in map(float, grid):
        columns = term.columns(pd.DataFrame({driver: [value]}))[0]
        predictor = rest + columns @ parameters[own]
        weight = share * mean_slope(fit.link, predictor)
        slope = np.where(own, 0.0, weight @ sample.matrix)
        slope[own] = weight.sum() * columns
        yield value, float(share @ mean_of(fit.link, predictor)), slope


def _columns_of(fit: RegressionFit, driver: str) -> np.ndarray:
    """(k,) which columns of the design are made of the driver."""
    first = [False] if fit.design.intercept else []
    made = [
        [getattr(term, "column", None) == driver] * len(term.names) for term in fit.design.terms
    ]
    return np.array([*first, *(one for own in made for one in own)])


def _curve(shape: str, fit: RegressionFit, driver: str, values: pd.Series) -> pd.DataFrame:
    grid = np.unique(values)
    if len(grid) > GRID_POINTS:
        grid = np.linspace(values.min(), values.max(), GRID_POINTS)
    z = critical_value(fit.conf_level)
    rows = []
    for value, estimate, slope in _means_at(fit, driver, grid):
        error = float(np.sqrt(max(slope @ fit.covariance @ slope, 0.0)))
        rows.append((shape, value, estimate, error, estimate - z * error, estimate + z * error))
    columns = ["group", "value", "estimate", "std_error", "conf_low", "conf_high"]
    return pd.DataFrame(rows, columns=columns).assign(n=fit.n)
