"""How often 95 % intervals hold the truth, in simulated data whose truth is known.

Run: python bench/coverage.py                                every quantity, 2,000 replications
     python bench/coverage.py kaplan_meier cox               some of them
     python bench/coverage.py --replications 200             for a look
     python bench/coverage.py cox --store docs/coverage.md   put the rows into the stored table

A quantity is a function `cover_<topic>(rng)` of this file: it simulates one data set, and returns
for each quantity its truth and the interval, `{"share at 12 months": (0.61, low, high)}`. Missing
bounds count as not covering. A topic's seed is its name, so that it gives the same rows however
many others are run. The band is where 99.9 % of correct 95 % intervals would lie.
"""

import argparse
import sys
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.linalg import expm
from scipy.stats import binom

LEVEL = 0.95
HEADS = ("topic", "quantity", "truth", "replications", "coverage", "band", "within")
INTRODUCTION = """# Coverage of the 95 % intervals

Made by `python bench/coverage.py --store docs/coverage.md`: the share of replications in which the
interval held the truth, and the band in which 99.9 % of correct intervals would lie.
"""

Intervals = dict[str, tuple[float, float, float]]


def cover_kaplan_meier(rng: np.random.Generator) -> Intervals:
    """Exponential lives (mean 20) of 200 customers, followed for 5 to 40 months."""
    from analysis.methods.survival import restricted_mean, survival_curve

    durations = _lives(rng, 200, 20, 5, 40)
    curve = survival_curve(durations)
    shares = curve.at([6, 24])
    median = curve.medians.iloc[0]
    lower = curve.quantiles(0.25).iloc[0]
    mean = restricted_mean(durations, until=24).table.iloc[0]
    return {
        "share alive at 6 months (log-log)": _held(np.exp(-6 / 20), shares.iloc[0]),
        "share alive at 24 months (log-log)": _held(np.exp(-24 / 20), shares.iloc[1]),
        "median life": _held(20 * np.log(2), median, open_ended=True),
        "lower quartile of life": _held(20 * np.log(4 / 3), lower, open_ended=True),
        "restricted mean to 24 months": _held(20 * (1 - np.exp(-24 / 20)), mean),
    }


def cover_late_entry(rng: np.random.Generator) -> Intervals:
    """As above, but half of the customers are seen only from a later month on."""
    from analysis.methods.survival import restricted_mean, survival_curve

    durations = _lives(rng, 800, 20, 5, 40)
    durations["entry"] = np.where(rng.random(800) < 0.5, rng.uniform(0, 10, 800), 0)
    durations = durations[durations["duration"] > durations["entry"]]
    share = survival_curve(durations).at(24).iloc[0]
    mean = restricted_mean(durations, until=24).table.iloc[0]
    return {
        "share alive at 24 months": _held(np.exp(-24 / 20), share),
        "restricted mean to 24 months": _held(20 * (1 - np.exp(-24 / 20)), mean),
    }


def cover_group_differences(rng: np.random.Generator) -> Intervals:
    """Two groups of 150 with mean lives of 15 and 25 months."""
    from analysis.methods.survival import milestone_differences, pairwise_tests, restricted_mean

    parts = [_lives(rng, 150, mean, 5, 40) for mean in (15, 25)]
    durations = pd.concat(parts, keys=["a", "b"], names=["plan"]).reset_index(level=0)
    mean = restricted_mean(durations, by="plan", until=24).contrasts.set_index("term")
    share = milestone_differences(durations, by="plan", times=[12]).contrasts.iloc[0]
    pair = pairwise_tests(durations, by="plan").iloc[0]
    a, b = (life * (1 - np.exp(-24 / life)) for life in (15, 25))
    return {
        "difference of restricted means": _held(b - a, mean.loc["difference"]),
        "ratio of restricted means": _held(b / a, mean.loc["ratio"]),
        "difference of shares at 12 months": _held(np.exp(-12 / 25) - np.exp(-12 / 15), share),
        "hazard ratio of a pair": _held(15 / 25, pair),
    }


def cover_gaps(rng: np.random.Generator) -> Intervals:
    """First and second gap of customers who buy at rates of their own, clustered by customer."""
    from analysis.methods.survival import gap_milestones

    rate = rng.gamma(4, 1 / 40, 300)
    first, second = rng.exponential(1, (2, 300)) / rate
    seen = rng.uniform(5, 60, 300)
    who = np.arange(300)
    begun = first < seen
    gaps = pd.DataFrame(
        {
            "customer_id": np.concatenate([who, who[begun]]),
            "order": np.repeat([1, 2], [300, begun.sum()]),
            "duration": np.minimum(
                np.concatenate([first, second[begun]]),
                np.concatenate([seen, (seen - first)[begun]]),
            ),
            "event": np.concatenate([begun, (first + second < seen)[begun]]),
        }
    )
    table = gap_milestones(gaps, times=[8])[0].table
    return {"share without a second purchase at 8 weeks": _held((40 / 48) ** 4, table.iloc[0])}


def cover_cox(rng: np.random.Generator) -> Intervals:
    """Hazard ratios of a number and a plan, and the share that follows for one profile."""
    from analysis.methods.hazards import cox_regression, predict_survival

    customers = pd.DataFrame({"age": rng.normal(size=200), "plan": rng.choice(["a", "b"], 200)})
    hazard = np.exp(0.5 * customers["age"] - 0.4 * (customers["plan"] == "b")) / 20
    durations = pd.concat([customers, _lives(rng, 200, 1 / hazard.to_numpy(), 5, 40)], axis=1)
    fit = cox_regression(durations, covariates=["age", "plan"])
    profile = pd.DataFrame({"age": [1.0], "plan": ["b"]})
    share = predict_survival(fit, profile, times=[12]).iloc[0]
    return {
        "coefficient of a number": _held(0.5, fit.table.iloc[0]),
        "coefficient of a plan": _held(-0.4, fit.table.iloc[1]),
        "predicted share alive at 12 months": _held(np.exp(-12 * np.exp(0.1) / 20), share),
    }


def cover_cox_clustered(rng: np.random.Generator) -> Intervals:
    """Two spells of each of 150 customers with the same covariate: robust errors by customer."""
    from analysis.methods.hazards import cox_regression

    x = np.repeat(rng.normal(size=150), 2)
    durations = _lives(rng, 300, 20 * np.exp(-0.5 * x), 5, 40)
    durations = durations.assign(x=x, customer_id=np.repeat(np.arange(150), 2))
    copied = np.flatnonzero(rng.random(150) < 0.3) * 2
    for name in ("duration", "event"):
        values = durations[name].to_numpy(copy=True)
        values[copied + 1] = values[copied]
        durations[name] = values
    fit = cox_regression(durations, covariates=["x"], cluster="customer_id")
    return {"coefficient, robust": _held(0.5, fit.table.iloc[0])}


def cover_discrete_hazard(rng: np.random.Generator) -> Intervals:
    """Monthly contracts: complementary log-log of a monthly chance, ends in whole months."""
    from analysis.methods.hazards import discrete_hazard

    x = rng.normal(size=400)
    life = np.ceil(rng.exponential(1, 400) * 12 * np.exp(-0.5 * x))
    seen = rng.integers(3, 18, 400)
    durations = pd.DataFrame({"duration": np.minimum(life, seen), "event": life <= seen, "x": x})
    fit = discrete_hazard(durations, covariates=["x"], baseline="period")
    return {"coefficient": _held(0.5, fit.table.iloc[0])}


def cover_competing_ends(rng: np.random.Generator) -> Intervals:
    """Voluntary (rate .03) and involuntary (.01) ends of 300 contracts."""
    from analysis.methods.competing import cumulative_incidence

    durations = _lives(rng, 300, 25, 5, 40)
    cause = np.where(rng.random(300) < 0.75, "voluntary", "involuntary")
    ends = cumulative_incidence(durations.assign(cause=cause))
    share = ends.at([24]).set_index("cause")
    time_ended = ends.restricted_time(24).set_index("cause")
    ended = 1 - np.exp(-24 / 25)
    return {
        "share ended voluntarily by 24 months": _held(0.75 * ended, share.loc["voluntary"]),
        "share ended involuntarily by 24 months": _held(0.25 * ended, share.loc["involuntary"]),
        "months ended voluntarily within 24": _held(
            0.75 * (24 - 25 * ended), time_ended.loc["voluntary"]
        ),
    }


RATES = np.array([[-0.12, 0.08, 0.04], [0.10, -0.20, 0.10], [0.02, 0.0, -0.02]])
STAGES = ("active", "quiet", "lapsed")


def cover_stages(rng: np.random.Generator) -> Intervals:
    """A reversible chain of three stages in continuous time, 200 customers from the first."""
    from analysis.methods.multistate import (
        expected_time,
        sojourn_times,
        state_occupation,
        transition_probabilities,
    )

    paths = _walk(rng, 200, rng.uniform(10, 30, 200))
    there = expm(RATES * 12)
    share = state_occupation(paths, times=[12]).table.set_index("state")
    months = expected_time(paths, horizon=12).table.set_index("term")
    grid = np.linspace(0, 12, 601)
    spent = np.trapezoid([expm(RATES * at)[0] for at in grid], grid, axis=0)
    stay = sojourn_times(paths).table.set_index("term").loc["quiet"]
    moved = _from_to(transition_probabilities(paths, start=6, times=[12]), "quiet", "active")
    alone = _from_to(
        transition_probabilities(paths, start=6, times=[12], method="landmark"), "quiet", "active"
    )
    later = expm(RATES * 6)[1, 0]
    return {
        "share active at 12 months": _held(there[0, 0], share.loc["active"]),
        "share lapsed at 12 months": _held(there[0, 2], share.loc["lapsed"]),
        "months active within 12": _held(spent[0], months.loc["active"]),
        "months lapsed within 12": _held(spent[2], months.loc["lapsed"]),
        "median stay in quiet": _held(np.log(2) / 0.2, stay, open_ended=True),
        "quiet to active in months 6 to 12, Aalen-Johansen": _held(later, moved),
        "quiet to active in months 6 to 12, landmark": _held(later, alone),
    }


def cover_stages_late_entry(rng: np.random.Generator) -> Intervals:
    """The same chain, customers seen from a later month on (Markov, so still valid)."""
    from analysis.methods.multistate import state_occupation, step_probabilities

    paths = _walk(rng, 300, rng.uniform(15, 30, 300), rng.integers(0, 8, 300))
    share = state_occupation(paths, times=[12], origin=0).table.set_index("state")
    step = _from_to(step_probabilities(paths), "active", "quiet")
    return {
        "share active at 12 months": _held(expm(RATES * 12)[0, 0], share.loc["active"]),
        "active to quiet within a month": _held(expm(RATES)[0, 1], step),
    }


def _lives(rng, customers: int, mean, earliest: float, latest: float) -> pd.DataFrame:
    life = rng.exponential(1, customers) * mean
    seen = rng.uniform(earliest, latest, customers)
    return pd.DataFrame({"duration": np.minimum(life, seen), "event": life <= seen})


def _walk(rng, customers: int, until: np.ndarray, entry: np.ndarray | None = None) -> pd.DataFrame:
    rows = []
    for who in range(customers):
        at, state = 0.0, 0
        first = 0.0 if entry is None else float(entry[who])
        while at < until[who]:
            stop = at - np.log(rng.random()) / -RATES[state, state]
            odds = np.where(np.arange(3) == state, 0, RATES[state]) / -RATES[state, state]
            into = int(rng.choice(3, p=odds))
            seen = min(stop, until[who])
            if seen > first:
                target = STAGES[into] if stop <= until[who] else None
                rows.append((who, max(at, first), seen, STAGES[state], target))
            at, state = stop, into
    paths = pd.DataFrame(rows, columns=["customer_id", "start", "stop", "from", "to"])
    return paths.assign(**{"from": pd.Categorical(paths["from"], STAGES)})


def _from_to(result, source: str, target: str) -> pd.Series:
    table = result.table
    return table[(table["from"] == source) & (table["to"] == target)].iloc[0]


def _held(truth: float, row: pd.Series, *, open_ended: bool = False) -> tuple[float, float, float]:
    """Truth and bounds of a row; `open_ended`: a bound that was not reached lies above all."""
    low, high = float(row["conf_low"]), float(row["conf_high"])
    if open_ended:
        low, high = (np.inf if np.isnan(bound) else bound for bound in (low, high))
    return truth, low, high


def topics() -> dict:
    """The functions of this file that cover a topic, by its name."""
    return {name[6:]: each for name, each in globals().items() if name.startswith("cover_")}


def measure(topic: str, replications: int) -> pd.DataFrame:
    """Replicate one topic and count, for each of its quantities, how often the truth is held."""
    cover = topics()[topic]
    seeds = np.random.SeedSequence(zlib.crc32(topic.encode())).spawn(replications)
    drawn = [cover(np.random.default_rng(seed)) for seed in seeds]
    low, high = binom.ppf([0.0005, 0.9995], replications, LEVEL) / replications
    rows = []
    for quantity in drawn[0]:
        truth, lows, highs = np.array([each[quantity] for each in drawn]).T
        share = ((lows <= truth) & (truth <= highs)).mean()
        within = "yes" if low <= share <= high else "no"
        band = f"{low:.3f} to {high:.3f}"
        shown = f"{truth[0]:.4g}"
        rows.append((topic, quantity, shown, f"{replications:,}", f"{share:.3f}", band, within))
    return pd.DataFrame(rows, columns=HEADS)


def to_markdown(table: pd.DataFrame) -> str:
    """The rows as a pipe table."""
    lines = [HEADS, ("---",) * len(HEADS), *table.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def store(table: pd.DataFrame, path: Path) -> None:
    """Replace the stored rows of the topics measured; others stay."""
    lines = path.read_text().splitlines() if path.exists() else []
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    found = [row for row in cells if len(row) == len(HEADS) and row[0] in topics()]
    kept = [row for row in found if row[0] not in set(table["topic"])]
    joined = pd.concat([pd.DataFrame(kept, columns=HEADS), table], ignore_index=True)
    order = joined["topic"].map({name: place for place, name in enumerate(topics())})
    joined = joined.loc[order.sort_values(kind="stable").index]
    path.write_text(f"{INTRODUCTION}\n{to_markdown(joined)}")


def main() -> None:
    """Measure the topics asked for, print their rows, and store them if asked."""
    parser = argparse.ArgumentParser(description="coverage of 95 % intervals")
    parser.add_argument("topics", nargs="*", metavar="topic", help=", ".join(topics()))
    parser.add_argument("--replications", type=int, default=2000)
    parser.add_argument("--store", type=Path)
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.topics) - set(topics()))
    if unknown:
        parser.error(f"topics must be of {', '.join(topics())}, but {', '.join(unknown)} came")
    warnings.simplefilter("ignore")
    tables = []
    for topic in chosen.topics or topics():
        begin = time.perf_counter()
        tables.append(measure(topic, chosen.replications))
        print(f"{topic}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
        if chosen.store:
            store(tables[-1], chosen.store)
    print(to_markdown(pd.concat(tables, ignore_index=True)))


if __name__ == "__main__":
    main()
