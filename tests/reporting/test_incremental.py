"""Make re-runs what a change reaches and nothing else; the same inputs give the same bytes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import pytest
from light_project import SETTINGS, small_study

KEPT = ("00_data", "10_retention")
SLOW = {"numpy", "pandas", "pyarrow", "duckdb", "ibis", "pandera", "matplotlib", "papermill"}


class Shop:
    """A copy of the project with two chapters and two small studies, made once."""

    def __init__(self, folder, run_make) -> None:
        self.folder, self.run_make = folder, run_make
        for path in folder.glob("notebooks/*.ipynb"):
            if path.stem not in KEPT:
                path.unlink()
        shutil.rmtree(folder / "params")
        (folder / "params").mkdir()
        self.write_study("shop")
        self.first = self.make("-j2", "reports")

    def write_study(self, name: str, **changed) -> None:
        path = self.folder / "params" / f"{name}.yml"
        path.write_text(small_study(name, **changed), encoding="utf-8")

    def make(self, *arguments: str, **settings: str):
        made = self.run_make(self.folder, *arguments, **(SETTINGS | settings))
        assert made.returncode == 0, made.stdout + made.stderr
        return made

    def runs(self, *arguments: str, **settings: str) -> set[str]:
        """The steps that a make takes, such as 'shop 10_retention'."""
        return steps_of(self.make(*(arguments or ("-j2", "reports")), **settings).stdout)

    def would_run(self) -> set[str]:
        """The steps that `make reports` would take now."""
        told = self.make("-n", "reports").stdout
        found = re.findall(r"reporting\.warm reporting\.(\w+) (\w+) ?(\w*)$", told, re.MULTILINE)
        return {f"{study} {notebook or step}" for step, study, notebook in found}

    @contextmanager
    def changed(self, name: str, old: str, new: str) -> Iterator[None]:
        """A file of the copy with another content, for a while; what the plan notes comes back."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        build = self.folder / "build"
        noted = [*build.glob("keys/*"), *build.glob("*/study.json"), *build.glob("*.mk")]
        kept = [(note, note.read_bytes(), note.stat().st_mtime_ns) for note in noted]
        path.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(text, encoding="utf-8")
            for note, content, time_ns in kept:
                note.write_bytes(content)
                os.utime(note, ns=(time_ns, time_ns))

    def files(self, folder: str = "build") -> dict[str, tuple[int, bytes]]:
        """Time and content of everything that was made."""
        paths = [path for path in (self.folder / folder).rglob("*") if path.is_file()]
        return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}


def steps_of(told: str) -> set[str]:
    found = re.findall(r"^  (\S+): (tables|\d\d_\w+|.*report\.html)", told, re.MULTILINE)
    return {f"{study} {step.removesuffix('.html').rpartition('/')[2]}" for study, step in found}


def steps(study: str, *names: str) -> set[str]:
    return {f"{study} {name}" for name in names}


@pytest.fixture(scope="module")
def shop(tmp_path_factory, copy_project, make) -> Shop:
    return Shop(copy_project(tmp_path_factory.mktemp("incremental") / "a project"), make)


def test_reports_runs_each_step_once(shop):
    assert steps_of(shop.first.stdout) == steps("shop", "tables", *KEPT, "report")


def test_second_run_does_nothing_even_when_sources_are_touched(shop):
    before = shop.files()
    assert shop.runs() == set()
    assert shop.files() == before
    for name in (
        "params/shop.yml",
        "notebooks/10_retention.ipynb",
        "src/analysis/chapters/retention/second_purchase.py",
        "reports/_data.qmd",
    ):
        os.utime(shop.folder / name)
    assert shop.runs() == set()
    assert shop.files() == before


def test_plan_imports_nothing_slow(shop):
    """It runs at the start of every make, also where nothing is to be done."""
    planned = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "reporting.plan", "build/plan.mk"],
        cwd=shop.folder,
        env=os.environ | {"PYTHONPATH": str(shop.folder / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in planned.stderr.splitlines()}
    assert "pydantic" in imported
    assert not imported & SLOW


@pytest.mark.parametrize(
    ("name", "old", "new", "reached"),
    [
        ("params/shop.yml", "The study", "A study", ("tables", *KEPT, "report")),
        ("notebooks/00_data.ipynb", "What would mislead", "What misleads", ("00_data", "report")),
        (
            "src/analysis/chapters/retention/second_purchase.py",
            "",
            "# new\n",
            ("10_retention", "report"),
        ),
        (
            "src/analysis/chapters/retention/en.yml",
            "of new customers bought",
            "of new customers have bought",
            ("10_retention", "report"),
        ),
        ("src/analysis/frames/purchases.py", "", "# new\n", ("tables", *KEPT, "report")),
        ("src/analysis/telling/en.yml", "", "# new\n", (*KEPT, "report")),
        ("src/reporting/embedded/report.lua", "", "-- new\n", ("report",)),
        ("reports/_data.qmd", "", "\nNew.\n", ("report",)),
        ("reports/theme.css", "", "/* new */\n", ("report",)),
    ],
)
def test_change_reaches_what_depends_on_it(shop, name, old, new, reached):
    with shop.changed(name, old, new):
        assert shop.would_run() == steps("shop", *reached)
    assert shop.would_run() == set()


def test_changed_params_and_data_rerun_their_study_only(shop):
    purchases = pd.DataFrame(
        {
            "customer_id": [f"P{number % 40}" for number in range(120)],
            "at": pd.date_range("2022-01-03", periods=120, freq="5D").strftime("%Y-%m-%d"),
            "amount": 10.5,
        }
    )
    source = shop.folder / "params" / "sales.csv"
    purchases.to_csv(source, index=False)
    filed = {"data": "{files: {transactions: {file: sales.csv}}}", "segments": "[acquired_month]"}
    shop.write_study("filed", **filed)
    assert shop.would_run() == steps("filed", "tables", *KEPT, "report")
    assert shop.runs("tables") == steps("filed", "tables")
    assert shop.runs("tables") == set()
    os.utime(source)
    assert shop.runs("tables") == set()
    purchases.assign(amount=11.5).to_csv(source, index=False)
    assert shop.runs("tables") == steps("filed", "tables")
    shop.write_study("filed", **filed, title="Another title")
    assert shop.would_run() == steps("filed", "tables", *KEPT, "report")
    (shop.folder / "params/filed.yml").unlink()
    assert shop.would_run() == set()


def test_variant_lies_beside_the_real_report(shop):
    before = shop.files("build/shop") | shop.files("build/site/shop")
    asked = ("report", "STUDY=shop", "SET=lapse_weeks=39 min_cell=290 observed_until=2024-06-30")
    name = "shop/lapse_weeks-39_min_cell-290_observed_until-2024-06-30"
    assert shop.runs("-j2", *asked) == steps(name, "tables", *KEPT, "report")
    assert shop.runs("-j2", *asked) == set()
    assert shop.files("build/shop") | shop.files("build/site/shop") == before

    site = shop.folder / "build" / "site"
    folder = site / "variants" / name
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Lapsed when silent for more than (weeks) = 39" in page
    assert f"variants/{name}/report.html" in (site / "index.html").read_text()
    assert not (folder / "results" / "data-groups.csv").exists(), "all groups are under min_cell"
    assert (folder / "results" / "data-rows.csv").is_file()
    assert shop.runs() == set()


def test_same_study_gives_the_same_bytes(shop):
    folder = shop.folder / "build" / "site" / "shop"
    made = {name: (folder / name).read_bytes() for name in ("report.html", "report.pdf")}
    (folder / "report.pdf").unlink()
    assert shop.runs() == steps("shop", "report")
    assert {name: (folder / name).read_bytes() for name in made} == made

    elsewhere = shop.folder / "elsewhere"
    shop.make("reports", BUILD=str(elsewhere))
    build = shop.folder / "build"
    kinds = ("site/shop/**/*.*", "shop/report/*.qmd", "shop/report/nb/*.ipynb")
    files = [path.relative_to(build) for kind in kinds for path in build.glob(kind)]
    assert len(files) > 12
    for path in files:
        assert (elsewhere / path).read_bytes() == (build / path).read_bytes(), path
