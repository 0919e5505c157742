"""PLS bootstrap against plspm, and the ordered logit against statsmodels, in one run.

Run: python bench/bench_satisfaction.py [--rows 100000]

PLS: 1,000 bootstrap samples of 250 answers to 27 items (six constructs, ten paths), under 3 s here.
The plspm package does not run on pandas 3, so it gets an environment of its own under build/bench;
where that cannot be made the bench says so and goes on. plspm draws 100 samples (in as many
processes as there are processors), and its seconds are scaled to 1,000.
Ordered logit: five covariates, five answers; at statsmodels' likelihood or above, and no slower.
The clock leaves out imports.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / "build" / "bench" / "plspm"
PEER = ("plspm==0.5.7", "pandas<3", "numpy<2.3", "pyarrow", "setuptools<81")
BLOCKS = {"IMAG": 5, "EXPE": 5, "QUAL": 5, "VAL": 4, "SAT": 4, "LOY": 4}
PATHS = {
    "IMAG": ["EXPE", "SAT", "LOY"],
    "EXPE": ["QUAL", "VAL", "SAT"],
    "QUAL": ["VAL", "SAT"],
    "VAL": ["SAT"],
    "SAT": ["LOY"],
}
SAMPLES, PEER_SAMPLES = 1000, 100
AIM_SECONDS = 3.0


def simulate_answers(n: int = 250) -> pd.DataFrame:
    """Answers 0-10 to the items of six constructs that lead to one another."""
    rng = np.random.default_rng(20)
    factors: dict[str, np.ndarray] = {}
    for name in BLOCKS:
        causes = [factors[cause] for cause, effects in PATHS.items() if name in effects]
        factors[name] = 0.45 * sum(causes, np.zeros(n)) + rng.normal(size=n)
        factors[name] /= factors[name].std()
    columns = {
        f"{name.lower()}{k}": np.clip(
            np.round(7 + 2 * (0.8 * factor + 0.6 * rng.normal(size=n))), 0, 10
        )
        for name, factor in factors.items()
        for k in range(1, BLOCKS[name] + 1)
    }
    return pd.DataFrame(columns)


def bootstrap_here(answers: pd.DataFrame) -> tuple[float, list[float]]:
    """Seconds for 1,000 samples with all tables, and the path coefficients."""
    sys.path.insert(0, str(ROOT / "src"))
    from analysis.methods.pathmodel import PathModel, estimate_path_model
    from analysis.methods.scales import Scale

    scales = {
        name: Scale(tuple(f"{name.lower()}{k}" for k in range(1, n + 1)), lowest=0)
        for name, n in BLOCKS.items()
    }
    begin = time.perf_counter()
    found = estimate_path_model(
        answers,
        model=PathModel(scales, PATHS),
        scheme="centroid",
        scaled=False,
        replications=SAMPLES,
        rng=np.random.default_rng(1),
    )
    seconds = time.perf_counter() - begin
    return seconds, found.table.sort_values(["from", "to"])["estimate"].tolist()


def bootstrap_plspm(answers: pd.DataFrame) -> tuple[float, list[float]]:
    """Seconds of plspm scaled to 1,000 samples, and the path coefficients."""
    import plspm.config as config
    from plspm.mode import Mode
    from plspm.plspm import Plspm
    from plspm.scheme import Scheme

    structure = config.Structure()
    for source, targets in PATHS.items():
        structure.add_path([source], targets)
    model = config.Config(structure.path(), scaled=False)
    for name in BLOCKS:
        model.add_lv_with_columns_named(name, Mode.A, answers, name.lower())
    begin = time.perf_counter()
    found = Plspm(
        answers, model, Scheme.CENTROID, bootstrap=True, bootstrap_iterations=PEER_SAMPLES
    )
    seconds = (time.perf_counter() - begin) * SAMPLES / PEER_SAMPLES
    inner = found.inner_model().sort_values(["from", "to"])
    return seconds, inner["estimate"].tolist()


def simulate_ordinal(n: int) -> pd.DataFrame:
    """Five covariates and an answer of five levels with proportional odds."""
    rng = np.random.default_rng(21)
    covariates = rng.normal(size=(n, 5))
    latent = covariates @ [0.5, -0.3, 0.2, 0.0, 1.0] + rng.logistic(size=n)
    frame = pd.DataFrame(covariates, columns=list("abcde"))
    return frame.assign(answer=np.digitize(latent, [-2, -1, 0, 1]))


def ordinal_here(frame: pd.DataFrame) -> tuple[float, list[float]]:
    """Seconds and log likelihood of this project."""
    sys.path.insert(0, str(ROOT / "src"))
    from analysis.methods.regression import fit_ordinal

    begin = time.perf_counter()
    fit = fit_ordinal(frame, outcome="answer", drivers=list("abcde"))
    return time.perf_counter() - begin, [fit.log_likelihood]


def ordinal_statsmodels(frame: pd.DataFrame) -> tuple[float, list[float]]:
    """Seconds and log likelihood of statsmodels' OrderedModel (bfgs)."""
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    begin = time.perf_counter()
    fit = OrderedModel(frame["answer"], frame[list("abcde")], distr="logit").fit(
        method="bfgs", disp=0, maxiter=200
    )
    return time.perf_counter() - begin, [float(fit.llf)]


SIDES = {
    "pls-here": bootstrap_here,
    "pls-plspm": bootstrap_plspm,
    "ordinal-here": ordinal_here,
    "ordinal-statsmodels": ordinal_statsmodels,
}


def run_side(side: str, data: Path, python: str = sys.executable) -> tuple[float, list[float]]:
    """One side in a process of its own."""
    command = [python, "-W", "ignore", __file__, "--side", side, str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def peer_python() -> str:
    """The interpreter of plspm's environment, made on first use."""
    python, stamp = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "made"
    if not stamp.exists():
        print(f"  making an environment for plspm in {ENVIRONMENT.relative_to(ROOT)} …", flush=True)
        steps = (
            [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
            [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PEER],
        )
        for step in steps:
            done = subprocess.run(step, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
        stamp.touch()
    return str(python)


def compare_bootstrap(folder: Path) -> bool:
    """Print both sides of the PLS bootstrap and the aim; say whether they agree."""
    answers = simulate_answers()
    data = folder / "answers.parquet"
    answers.to_parquet(data)
    print(f"PLS, {SAMPLES:,} bootstrap samples of {len(answers)} x {answers.shape[1]}")
    seconds, paths = run_side("pls-here", data)
    met = seconds < AIM_SECONDS
    print(
        f"  here      {seconds:9.2f} s   aim under {AIM_SECONDS:g} s: {'met' if met else 'NOT MET'}"
    )
    try:
        peer, peer_paths = run_side("pls-plspm", data, peer_python())
    except (OSError, RuntimeError) as fault:
        print(f"  plspm could not be run, so ours stands alone ({fault})")
        return True
    gap = float(np.abs(np.subtract(paths, peer_paths)).max())
    print(f"  plspm     {peer:9.2f} s   ({PEER_SAMPLES} samples, scaled)")
    print(f"  {peer / seconds:.0f} times faster; largest difference of a path {gap:.1e}")
    return gap < 1e-4


def compare_ordinal(folder: Path, rows: int) -> bool:
    """Print both sides of the ordered logit and the aim; say whether ours is as high."""
    data = folder / "ordinal.parquet"
    simulate_ordinal(rows).to_parquet(data)
    print(f"Ordered logit, {rows:,} rows, 5 covariates, 5 answers")
    here, (height,) = run_side("ordinal-here", data)
    peer, (peer_height,) = run_side("ordinal-statsmodels", data)
    agree = height >= peer_height - 1e-6
    met = agree and here <= peer
    print(f"  here        {here:7.2f} s   log likelihood {height:.6f}")
    print(f"  statsmodels {peer:7.2f} s   log likelihood {peer_height:.6f}")
    print(f"  {peer / here:.1f} times faster: {'met' if met else 'NOT MET'}")
    return agree


def main() -> int:
    """Compare both; 0 when the results agree (a missed aim may be the machine's)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        agree = [compare_bootstrap(Path(folder)), compare_ordinal(Path(folder), rows)]
    return 0 if all(agree) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        print(json.dumps(SIDES[sys.argv[2]](pd.read_parquet(sys.argv[3]))))
    else:
        sys.exit(main())
