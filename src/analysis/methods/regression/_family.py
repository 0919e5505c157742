"""One fit for every family: estimates by maximum likelihood, errors from influences."""

import numpy as np

from analysis.methods.regression._likelihood import maximise, variance_of
from analysis.methods.regression._sample import Sample
from analysis.methods.regression._separation import SEPARATES, looks_separated, separated_terms
from analysis.methods.regression.fit import (
    FEW_CUSTOMERS,
    Errors,
    RegressionFit,
    coefficient_table,
    mean_of,
    mean_slope,
    sandwich,
)
from analysis.methods.regression.scaling import inverse_gram
from analysis.notes import Note, note

LINKS = {
    "linear": "identity",
    "logit": "logit",
    "poisson": "log",
    "negative_binomial": "log",
    "gamma": "log",
}


def fit_family(
    sample: Sample,
    outcome: str,
    *,
    family: str,
    errors: Errors,
    conf_level: float,
    exposure: str | None = None,
) -> RegressionFit:
    """Fit a checked sample; maximum likelihood by scoring, errors from influences."""
    y, x = sample.outcome.astype(float), sample.matrix
    offset = None if exposure is None else np.log(sample.frame[exposure].to_numpy(float))
    total = sample.weights * sample.counts
    parameters, overdispersion, log_likelihood = maximise(family, y, x, total, offset)
    predictor = x @ parameters + (0 if offset is None else offset)
    variance = variance_of(family, predictor, overdispersion)
    mean, slope = mean_of(LINKS[family], predictor), mean_slope(LINKS[family], predictor)
    bread, influence = _influences(sample, y - mean, slope, variance)
    degrees = sample.n - x.shape[1]
    dispersion = float(total @ ((y - mean) ** 2 / variance) / degrees)
    covariance, n_units = sandwich(influence, sample, n_parameters=x.shape[1])
    if errors == "model" and sample.units is None and not sample.weighted:
        covariance = bread * (dispersion if family in ("linear", "gamma") else 1.0)
    free = degrees if sample.units is None else n_units - 1
    lost = _not_estimable(family, sample, y, parameters)
    return RegressionFit(
        outcome=outcome,
        family=family,
        link=LINKS[family],
        table=coefficient_table(
            sample.design.names,
            parameters,
            covariance,
            n=sample.n,
            conf_level=conf_level,
            degrees=free if family == "linear" else np.inf,
            not_estimable=dict.fromkeys(lost, SEPARATES),
        ),
        parameters=parameters,
        covariance=covariance,
        influence=influence,
        fitted=mean,
        sample=sample,
        exposure=exposure,
        log_likelihood=log_likelihood,
        dispersion=dispersion,
        overdispersion=overdispersion,
        n_clusters=n_units,
        conf_level=conf_level,
        notes=_notes(sample, n_units),
    )


def _influences(
    sample: Sample, residual: np.ndarray, slope: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The inverse information (k, k), and each answer's score times it (rows, k)."""
    x, weights = sample.matrix, sample.weights
    bread = inverse_gram(x, weights * sample.counts * slope**2 / variance)
    return bread, (x * (weights * residual * slope / variance)[:, None]) @ bread


def _not_estimable(family: str, sample: Sample, y: np.ndarray, parameters: np.ndarray) -> list[str]:
    if family in ("linear", "gamma") or not looks_separated(sample.matrix, parameters):
        return []
    names = sample.design.names
    if family == "logit":
        turned = sample.matrix * np.where(y > 0, 1.0, -1.0)[:, None]
        everyone = np.ones(len(y), bool)
        return separated_terms(names, turned, free=everyone, pinned=~everyone)
    zero = y == 0
    return separated_terms(names, -sample.matrix, free=zero, pinned=~zero) if zero.any() else []


def _notes(sample: Sample, n_units: int) -> tuple[Note, ...]:
    notes = []
    if sample.n_missing:
        notes.append(note("regression.left_out", answers=sample.n_missing))
    if sample.units is not None and n_units < FEW_CUSTOMERS:
        notes.append(note("regression.few_customers", customers=n_units))
    return tuple(notes)
