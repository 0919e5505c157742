"""BG/NBD on many customers, here and in lifetimes, side by side in one run.

Run: python bench/bench_purchases.py [customers …]

Each side fits the same simulated customers in a process of its own. The clock covers the fit
with its standard errors and, here, the counting of equal rows; imports are not covered. The
log-likelihoods are compared on one scale, by one function, at each side's estimates. Aim: at
least 15 times faster at an equal or higher log-likelihood. A lower log-likelihood here is a
failure (exit code 1); a missed aim is reported, as it depends on the machine and what else it does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

TRUTH = (0.243, 4.414, 0.793, 2.426)
AIM = 15.0
ALIKE = 1e-8
"""Share of the log-likelihood by which two searches for the same maximum may differ."""
RUNS = 3


def simulate(customers: int, seed: int) -> pd.DataFrame:
    """Customers who begin on any day of a quarter and are seen for up to 39 weeks."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = TRUTH
    age = rng.integers(27 * 7, 39 * 7, customers)
    rate = rng.gamma(r, 1 / alpha, customers) / 7
    leaving = rng.beta(a, b, customers)
    frequency, recency, clock = (np.zeros(customers) for _ in range(3))
    alive = np.ones(customers, bool)
    while alive.any():
        clock[alive] += rng.exponential(size=alive.sum()) / np.maximum(rate[alive], 1e-300)
        alive &= clock < age
        day = np.ceil(clock)
        bought = alive & (day > recency)
        frequency[bought] += 1
        recency[bought] = day[bought]
        alive &= rng.random(customers) >= leaving
    return pd.DataFrame({"frequency": frequency, "recency": recency / 7, "age": age / 7})


def fit_here(customers: pd.DataFrame) -> tuple[float, list[float]]:
    """Fit with this project; seconds (the best of the runs) and parameters."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
    from analysis.methods.purchases import fit_bgnbd

    return timed(lambda: list(fit_bgnbd(customers).params))


def fit_lifetimes(customers: pd.DataFrame) -> tuple[float, list[float]]:
    """Fit with lifetimes; seconds (the best of the runs) and parameters."""
    from lifetimes import BetaGeoFitter

    def fit() -> list[float]:
        model = BetaGeoFitter().fit(customers["frequency"], customers["recency"], customers["age"])
        return [float(model.params_[name]) for name in ("r", "alpha", "a", "b")]

    return timed(fit)


def timed(fit: Callable[[], list[float]]) -> tuple[float, list[float]]:
    """Time the quickest of a few fits: the one that other work on the machine disturbed least."""
    seconds = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        params = fit()
        seconds.append(time.perf_counter() - begin)
    return min(seconds), params


SIDES = {"here": fit_here, "lifetimes": fit_lifetimes}


def log_likelihood(customers: pd.DataFrame, params: list[float]) -> float:
    """Evaluate the BG/NBD log-likelihood row by row, by neither side's code."""
    from scipy.special import betaln, gammaln

    r, alpha, a, b = params
    x, t_x, age = (customers[name].to_numpy() for name in ("frequency", "recency", "age"))
    first = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stayed = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
    left = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return float((first + np.where(x > 0, np.logaddexp(stayed, left), stayed)).sum())


def compare(number: int) -> bool:
    """Fit `number` customers on both sides; print; say whether the likelihoods agree."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.parquet"
        customers = simulate(number, seed=number)
        customers.to_parquet(path)
        rows = len(customers.drop_duplicates())
        print(f"{number:,} customers, {rows:,} distinct rows")
        results = {}
        for side in SIDES:
            command = [sys.executable, "-W", "ignore", __file__, "--side", side, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            results[side] = json.loads(done.stdout.splitlines()[-1])
    heights = {side: log_likelihood(customers, params) for side, (_, params) in results.items()}
    for side, (seconds, params) in results.items():
        shown = " ".join(f"{value:.5f}" for value in params)
        print(f"  {side:<10}{seconds:9.3f} s   LL {heights[side]:.4f}   {shown}")
    faster = results["lifetimes"][0] / results["here"][0]
    gain = heights["here"] - heights["lifetimes"]
    agree = gain > -ALIKE * abs(heights["here"])
    verdict = "met" if faster >= AIM and agree else "NOT MET"
    print(f"  {faster:.1f} times faster (aim: {AIM:.0f}), log-likelihood {gain:+.2g}: {verdict}")
    return agree


if __name__ == "__main__":
    if "--side" in sys.argv:
        side, path = sys.argv[2:4]
        print(json.dumps(SIDES[side](pd.read_parquet(path))))
    else:
        sizes = [int(size) for size in sys.argv[1:]] or [100_000, 1_000_000]
        sys.exit(0 if all([compare(size) for size in sizes]) else 1)
