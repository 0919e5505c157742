"""A random small study from a seed: any tables, 1 to 300 customers, usual or degenerate params.

`write_study(folder, seed)` writes the tables as CSV and the params file beside them. What it draws
may be wrong in ways that `make validate` has to tell; it is never wrong on purpose only.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import random_tables
import yaml
from random_tables import Sketch

from analysis.schemas import SCHEMAS

SIZES = (1, 1, 2, 3, 5, 9, 12, 20, 20, 30, 40, 60, 80, 80, 120, 150, 300)
WINDOWS = (2, 10, 35, 100, 200, 365, 365, 730, 730, 1100)
LEAST = (1, 2, 5, 10, 10, 10, 30, 1000)
SEGMENTS = ("channel", "region", "age_band", "first_value_third", "acquired_month")
PRESETS = ("ecommerce", "bank", "chain", "retail", "value", "account")
OTHERS = ("surveys", "interactions", "tier_history", "campaigns")
SCALES = ("image", "expectations", "quality", "value", "satisfaction", "loyalty")
SPENT = {"thresholds": {"limits": {"amount": [50, 200]}}}
RULES = (
    SPENT,
    {"quantiles": {"quantity": "amount", "cuts": [0.5, 0.8]}},
    {"rfm": {"cuts": [6, 10]}},
    {"clusters": {"quantities": ["amount", "purchases"], "k": 3}},
    {"score": {"dimensions": {"financial": {"weight": 1, "quantities": ["amount"]}},
               "cuts": [40, 80]}},
)  # fmt: skip


def write_study(folder: Path, seed: int) -> Path:
    """Write the study of a seed into a folder; the path of its params file."""
    rng = np.random.default_rng(seed)
    size, days = int(rng.choice(SIZES)), int(rng.choice(WINDOWS))
    begin = date(2019, 1, 1) + timedelta(days=int(rng.integers(0, 730)))
    people = np.array([f"c{number:04d}" for number in range(size)])
    sketch = Sketch(rng, people, begin, days)
    values, satisfaction = _params(sketch), _satisfaction(sketch)
    made = {}
    for name in _names(sketch, values["relationship"]):
        make = getattr(random_tables, name)
        if name == "surveys":
            items = tuple(i for s in satisfaction.get("scales", {}).values() for i in s["items"])
            made[name] = make(sketch, items, 1, 10)
        else:
            made[name] = make(sketch)
    files = {}
    for name, table in made.items():
        table.to_csv(folder / f"{name}.csv", index=False)
        files[name] = {"file": f"{name}.csv"}
        if name == "interactions":
            files[name]["times_in"] = "local"
        if name in ("customers", "surveys"):
            known = set(SCHEMAS[name].columns)
            files[name]["keep"] = [c for c in table if c not in known]
        if "first_contact_at" in table:
            files[name]["columns"] = {"first_contact_at": "first_contact_at"}
    values["data"] = {"files": files, "title": "Made", "licence": "own", "citation": "own"}
    if sketch.chance(0.15):
        values["data"]["history"] = "cut"
    if sketch.chance(0.9):
        values["data"]["repairs"] = {"duplicates": "drop"}
    if "surveys" in made:
        values["satisfaction"] = _asked(sketch, satisfaction, made["surveys"])
    values |= _segments(sketch, made)
    path = folder / "made.yml"
    path.write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def _names(sketch: Sketch, relationship: str) -> list[str]:
    """The tables of a study: mostly with the one that its kind of business lives on."""
    contractual = relationship == "contractual"
    names = ["contracts"] if sketch.chance(0.9 if contractual else 0.1) else []
    names += ["transactions"] if sketch.chance(0.4 if contractual else 0.9) else []
    names += ["customers"] if sketch.chance(0.7) else []
    return names + [name for name in OTHERS if sketch.chance(0.5)]


def _params(sketch: Sketch) -> dict[str, Any]:
    """All that does not hang on the tables."""
    pick, chance = sketch.pick, sketch.chance
    until = sketch.begin + timedelta(days=sketch.days - 1)
    values: dict[str, Any] = {
        "schema_version": 1,
        "study": "made",
        "title": "Made",
        "author": "Tests",
        "relationship": pick(("contractual", "noncontractual")),
        "observed_from": sketch.begin,
        "observed_until": until,
        "timezone": pick(("UTC", "Europe/Berlin", "America/New_York")),
        "currency": pick(("EUR", "USD", "JPY", "KWD")),
        "min_cell": pick(LEAST),
    }
    drawn = {
        "horizons_weeks": ([4, 13, 26, 52], [26], [1, 26]),
        "horizon_months": (1, 36, 240),
        "lapse_weeks": (1, 8, 26, 200),
        "lapse_grid": ([8], [13, 26, 39]),
        "gap_days": (0, 30, 400),
        "conf_level": (0.8, 0.99),
        "purchase_model": ("bgnbd", "mbgnbd", "paretonbd"),
        "discount_rate": (0, 0.1, 1),
        "value_horizon_weeks": (1, 52, 300),
        "holdout_weeks": (1, 26, 500),
        "renewal_months": (1, 12, 60),
    }
    values |= {key: pick(given) for key, given in drawn.items() if chance(0.4)}
    if chance(0.5):
        values["stages"] = {"preset": pick(("five_stage", "purchase", "activity", "three_phase"))}
    if chance(0.7):
        values["tiers"] = _tiers(sketch)
    return values


def _tiers(sketch: Sketch) -> dict[str, Any]:
    tiers: dict[str, Any] = {"rating_months": sketch.pick((3, 6, 12))}
    if sketch.chance(0.5):
        tiers["preset"] = sketch.pick(PRESETS)
    else:
        scheme = {"tiers": ["low", "middle", "high"]} | sketch.pick(RULES)
        if "clusters" not in scheme and sketch.chance(0.3):
            scheme |= {"hysteresis": 0.2, "grace_periods": 1}
        tiers["scheme"] = scheme
    if sketch.chance(0.5):
        tiers["compare"] = [sketch.pick(PRESETS)]
    return tiers


def _satisfaction(sketch: Sketch) -> dict[str, Any]:
    """Scales of one to four items; satisfaction and loyalty are often among them."""
    chosen = [name for name in SCALES if sketch.chance(0.7 if name[0] in "sl" else 0.45)]
    width = sketch.pick((1, 2, 4))
    scales = {
        name: {
            "items": [f"{name}_{k}" for k in range(1, 1 + int(sketch.rng.integers(1, width + 1)))]
        }
        for name in chosen
    }
    return {"scales": scales} if scales else {}


def _asked(sketch: Sketch, block: dict[str, Any], table) -> dict[str, Any]:
    """Roles of the scales and what else the survey asks."""
    scales = block.get("scales", {})
    drivers = [name for name in scales if name not in ("satisfaction", "loyalty")]
    if drivers and sketch.chance(0.8):
        block["drivers"] = drivers
    items = [item for name in drivers for item in scales[name]["items"]]
    if items and sketch.chance(0.7):
        block["touchpoints"] = items[: sketch.pick((1, 2, 12))]
    if "nps" in table and sketch.chance(0.8):
        block["recommendation"] = "nps"
    if scales and sketch.chance(0.5):
        block["missing_items"] = "person_mean"
    answers = [item for scale in scales.values() for item in scale["items"]]
    if "verdict" in table and sketch.chance(0.8):
        levels = ["poor", "fair", "good"]
        block["answer"] = {"item": "verdict", "levels": levels, "drivers": [*scales][:3] or ["at"]}
        if not scales:
            del block["answer"]
    elif answers and sketch.chance(0.6):
        block["answer"] = {"item": answers[0], "bands": [5, 7], "drivers": [*scales][-2:]}
    if len(scales) > 1 and sketch.chance(0.5):
        names = [*scales]
        chain = {one: [other] for one, other in pairwise(names)}
        block["path_model"] = {"replications": 20}
        block["path_model"] |= {"preset": "ecsi"} if sketch.chance(0.5) else {"paths": chain}
    return block


def _segments(sketch: Sketch, made: dict[str, Any]) -> dict[str, Any]:
    """Groups and covariates that the tables have; now and then one that they have not."""
    known = [c for c in SEGMENTS[:3] if "customers" in made and c in made["customers"]]
    known += SEGMENTS[3:] if "transactions" in made else ()
    chosen = [name for name in known if sketch.chance(0.5)][:3]
    if sketch.chance(0.03):
        chosen.append("shoe_size")
    values = {"segments": chosen} if chosen else {}
    others = [c for c in ("income", "region") if "customers" in made and c in made["customers"]]
    others += ["first_value"] if "transactions" in made and sketch.chance(0.5) else []
    others += ["last_at"] if sketch.chance(0.03) else []
    if others and sketch.chance(0.4):
        values["covariates"] = others
    return values
