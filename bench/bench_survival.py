"""Kaplan-Meier, log-rank and Cox against lifelines, scikit-survival and statsmodels, in one run.

Each line: median seconds of interleaved runs, how many times faster than the fastest peer, and the
largest difference of results. Times include checking and grouping equal rows. Run it with
`python bench/bench_survival.py` and OMP_NUM_THREADS=1; `--rows` and `--runs` make it smaller.
"""

import argparse
import statistics
import time
import warnings

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import logrank_test as lifelines_logrank
from sksurv.compare import compare_survival
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.nonparametric import kaplan_meier_estimator
from sksurv.util import Surv
from statsmodels.duration.hazard_regression import PHReg

from analysis.methods.hazards import cox_regression
from analysis.methods.survival import logrank_test, survival_curve

COVARIATES = list("abcde")


def customers(rows: int, *, whole_days: bool) -> pd.DataFrame:
    """Simulated durations in days with five covariates, two groups and random censoring."""
    rng = np.random.default_rng(20240501)
    x = rng.normal(size=(rows, len(COVARIATES)))
    life = rng.exponential(400 * np.exp(-x @ [0.5, -0.3, 0.2, 0.0, 0.1]))
    seen = rng.uniform(0, 1500, rows)
    table = pd.DataFrame(x, columns=COVARIATES)
    table["duration"] = np.minimum(life, seen)
    table["event"] = life <= seen
    table["plan"] = pd.Categorical.from_codes(rng.integers(0, 2, rows), ["basic", "plus"])
    if whole_days:
        table["duration"] = np.ceil(table["duration"])
    return table


def race(name: str, runs: int, contestants: dict, *, slow: dict | None = None) -> None:
    """Time all contestants in turn, `runs` times (those in `slow` fewer), and print one line."""
    seconds = {who: [] for who in contestants}
    results = {}
    for run in range(runs):
        for who, call in contestants.items():
            if run >= (slow or {}).get(who, runs):
                continue
            start = time.perf_counter()
            results[who] = np.asarray(call(), dtype=float)
            seconds[who].append(time.perf_counter() - start)
    medians = {who: statistics.median(taken) for who, taken in seconds.items()}
    peers = {who: taken for who, taken in medians.items() if who != "analysis"}
    fastest = min(peers, key=peers.get)
    gap = max(np.nanmax(np.abs(results["analysis"] - results[who])) for who in peers)
    shown = ", ".join(f"{who} {taken:.3f} s" for who, taken in medians.items())
    print(f"{name}: {shown}; {peers[fastest] / medians['analysis']:.1f} x {fastest}; gap {gap:.1e}")


def race_curves(table: pd.DataFrame, kind: str, runs: int) -> None:
    """Kaplan-Meier with log-log intervals, and the log-rank test of two groups."""
    duration, event = table["duration"].to_numpy(), table["event"].to_numpy()
    outcome = Surv.from_arrays(event, duration)
    grid = np.linspace(1, 1400, 50)
    race(
        f"Kaplan-Meier, {len(table):,} rows, {kind}",
        runs,
        {
            "analysis": lambda: survival_curve(table).at(grid)["estimate"],
            "lifelines": lambda: KaplanMeierFitter().fit(duration, event).predict(grid),
            "scikit-survival": lambda: _step(
                *kaplan_meier_estimator(event, duration, conf_type="log-log")[:2], grid
            ),
        },
    )
    race(
        f"log-rank, {len(table):,} rows, {kind}",
        runs,
        {
            "analysis": lambda: [logrank_test(table, by="plan").chi2],
            "lifelines": lambda: [_lifelines_logrank(duration, event, table["plan"] == "basic")],
            "scikit-survival": lambda: [
                compare_survival(outcome, table["plan"].cat.codes.to_numpy())[0]
            ],
        },
    )


def _lifelines_logrank(duration: np.ndarray, event: np.ndarray, first: pd.Series) -> float:
    a = first.to_numpy()
    return lifelines_logrank(duration[a], duration[~a], event[a], event[~a]).test_statistic


def _step(time: np.ndarray, share: np.ndarray, grid: np.ndarray) -> np.ndarray:
    return np.append(1.0, share)[np.searchsorted(time, grid, side="right")]


def race_cox(table: pd.DataFrame, kind: str, runs: int, *, statsmodels: bool) -> None:
    """Five covariates, Efron's ties; ours includes the test of proportional hazards."""
    outcome = Surv.from_arrays(table["event"], table["duration"])
    x = table[COVARIATES].to_numpy()
    plain = table.drop(columns="plan")
    contestants = {
        "analysis": lambda: cox_regression(table, covariates=COVARIATES).coefficients,
        "lifelines": lambda: CoxPHFitter().fit(plain, "duration", "event").params_,
        "scikit-survival": lambda: CoxPHSurvivalAnalysis(ties="efron").fit(x, outcome).coef_,
    }
    if statsmodels:
        contestants["statsmodels"] = lambda: (
            PHReg(table["duration"].to_numpy(), x, status=table["event"].to_numpy(), ties="efron")
            .fit(disp=0)
            .params
        )
    race(f"Cox, {len(table):,} rows, {kind}", runs, contestants, slow={"statsmodels": 1})


def main() -> None:
    """Run every race."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--cox-rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    for kind in ("whole days", "continuous times"):
        whole_days = kind == "whole days"
        race_curves(customers(chosen.rows, whole_days=whole_days), kind, chosen.runs)
        table = customers(chosen.cox_rows, whole_days=whole_days)
        race_cox(table, kind, chosen.runs, statsmodels=True)
        race_cox(customers(chosen.rows, whole_days=whole_days), kind, 1, statsmodels=False)


if __name__ == "__main__":
    main()
