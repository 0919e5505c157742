"""`make status` tells what is made, what is stale and why; a wrong verb hears the near ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from reporting import plan, status
from reporting.project import ROOT
from reporting.status import NEVER, read_rules, reason, status_of

PLAN = """# shop
build/shop/tables/key.json: build/shop/study.json build/keys/tables
\t@$(PY) -m reporting.warm reporting.tables shop
build/shop/notebooks/10_x.ipynb: build/shop/tables/key.json build/keys/10_x
\t@$(PY) -m reporting.warm reporting.execute shop 10_x
.PHONY: chapter-shop-x
chapter-shop-x: build/shop/notebooks/10_x.ipynb
build/site/shop/report.html build/site/shop/report.pdf &: build/shop/notebooks/10_x.ipynb {key}
\t$(eval made := yes)@$(PY) -m reporting.warm reporting.report shop
.PRECIOUS: build/shop/tables/key.json
report-shop: build/site/shop/report.html build/site/shop/report.pdf
report reports: report-shop build/site/index.html
""".replace("{key}", "build/keys/report")
ORDER = (
    *("build/shop/study.json", "build/keys/tables", "build/keys/10_x", "build/keys/report"),
    *("build/shop/tables/key.json", "build/shop/notebooks/10_x.ipynb"),
    *("build/site/shop/report.html", "build/site/shop/report.pdf"),
)
SHOP = SimpleNamespace(
    params=SimpleNamespace(study="shop"),
    folder=Path("nowhere"),
    chapters=(SimpleNamespace(name="10_x"),),
)


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A study of which everything is made; the function makes one file the youngest."""
    monkeypatch.setattr(status, "ROOT", tmp_path)
    times = iter(range(1, 100))

    def touch(name: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (moment := next(times) * 1000, moment))

    for name in ORDER:
        touch(name)
    return touch


RULES = read_rules(PLAN)


def test_rules_are_read_as_make_reads_them():
    assert RULES["build/site/shop/report.pdf"] == [
        "build/shop/notebooks/10_x.ipynb",
        "build/keys/report",
    ]
    spaced = read_rules("a\\ b/$$x: c\\:d e\n")
    assert spaced == {"a b/$x": ["c:d", "e"]}


def test_what_is_made_is_one_line(made):
    (line,) = status_of(SHOP, RULES)
    assert "report.html of 1970-01-01" in line
    assert "1 chapters" in line


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "build/keys/10_x",
            ["stale: 10_x (its code has changed)", "stale: report (10_x is stale)"],
        ),
        ("build/keys/report", ["stale: report (what pages are made of has changed)"]),
        (
            "build/shop/study.json",
            [
                "stale: tables (parameters or data have changed)",
                "stale: 10_x (tables is stale)",
                "stale: report (10_x is stale)",
            ],
        ),
    ],
)
def test_what_is_stale_is_told_with_its_reason(made, name, lines):
    made(name)
    assert status_of(SHOP, RULES)[1:] == lines


def test_nothing_made_is_said_once(made, tmp_path):
    for name in ORDER[4:]:
        (tmp_path / name).unlink()
    assert status_of(SHOP, RULES) == ["no report yet"]
    assert reason("build/shop/tables/key.json", RULES) == NEVER


def test_study_that_cannot_be_planned_says_where_it_is_told():
    assert status_of(SHOP, {}) == ["cannot be made: make reports says why"]


@pytest.mark.parametrize(("verb", "near"), [("reprot", "report, reports"), ("stauts", "status")])
def test_wrong_verb_is_answered_with_the_near_ones(verb, near):
    command = [sys.executable, "-S", "-I", str(ROOT / "src/reporting/verbs.py"), verb]
    told = subprocess.run(
        [*command, str(ROOT / "Makefile")], capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert f"but '{verb}' came; near names: {near}" in told.stderr


def test_plans_of_yesterday_s_variants_are_cleared(tmp_path):
    for name, age in (("plan.mk", 9), ("plan-1.mk", 9), ("plan-2.mk", 0), ("plan-3.mk", 9)):
        path = tmp_path / name
        path.write_text("x")
        if age:
            os.utime(path, (1, 1))
    plan.clear_old_plans(tmp_path / "plan-3.mk")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan-2.mk", "plan-3.mk", "plan.mk"]
