"""A copy of the project with one light notebook and small studies, quick to make and to break."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PUBLISHED = ("report.html", "report.pdf", "report.json", "results/light-weeks.csv")
STAGED = "report/report.qmd"
SETTINGS = {"SOURCE_DATE_EPOCH": "1700000000"}
IMPORTS = """from analysis.params import read_params
from IPython.display import display

params = read_params(study, overrides)"""
TABLE = """#| label: tbl-weeks
table = f"| Weeks |\\n|---:|\\n| {params.lapse_weeks:g} |"
columns = [{"name": "weeks", "head": "Weeks", "means": "Weeks of silence"}]
display(
    {"text/markdown": table, "text/csv": "weeks\\n1\\n"},
    raw=True,
    metadata={"caption": "The weeks", "columns": columns},
)"""
CHAPTER = "# Light {#sec-light}\n\n{{< embed nb/10_light.ipynb#tbl-weeks >}}\n"


def small_study(name: str, **changed: Any) -> str:
    """The params file of a simulated shop with few customers."""
    values = {
        "schema_version": 1,
        "study": name,
        "title": f"The study {name}",
        "author": "Tests",
        "relationship": "noncontractual",
        "observed_from": "2022-01-01",
        "observed_until": "2024-12-31",
        "timezone": "Europe/Berlin",
        "currency": "EUR",
        "data": "{simulated: {company: retailer, customers: 300, seed: 1}}",
        "segments": "[channel]",
        "horizons_weeks": "[4, 26, 52]",
        "lapse_weeks": 26,
    } | changed
    return "".join(f"{key}: {value}\n" for key, value in values.items() if value is not None)


def write_notebook(path: Path, cells: list[tuple[str, str]], *, needs=("transactions",)) -> None:
    """Write a notebook of (kind, source) cells; kind is markdown, code or parameters."""
    made = []
    for number, (kind, source) in enumerate(cells):
        cell: dict[str, Any] = {"id": f"cell-{number:02}", "metadata": {}, "source": source}
        if kind == "markdown":
            cell["cell_type"] = "markdown"
        else:
            cell |= {"cell_type": "code", "execution_count": None, "outputs": []}
            cell["metadata"] = {"tags": ["parameters"]} if kind == "parameters" else {}
        made.append(cell)
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"chapter": {"needs": list(needs)}, "kernelspec": kernel}
    content = {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


@dataclass
class LightProject:
    """The copy, the last good report's bytes, and what a person would do with them."""

    folder: Path
    run_make: Callable[..., subprocess.CompletedProcess[str]]
    good: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, run_make) -> LightProject:
        """Empty the copy of its notebooks, chapters and studies, and put light ones there."""
        for path in [*folder.glob("notebooks/*.ipynb"), *folder.glob("reports/_*.qmd")]:
            path.unlink()
        light = cls(folder, run_make)
        light.mend()
        made = light.make("-j2", "reports")
        assert made.returncode == 0, made.stdout + made.stderr
        light.good = light.published()
        assert len(light.good) == len(PUBLISHED) + 1
        return light

    def mend(self) -> None:
        """Write the light sources as they belong."""
        shutil.rmtree(self.folder / "params")
        (self.folder / "params").mkdir()
        self.write("params/tiny.yml", small_study("tiny"))
        self.write("reports/_light.qmd", CHAPTER)
        self.write_cell("answer = 42")

    def write(self, name: str, text: str) -> Path:
        """Write a file of the copy."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def write_cell(self, code: str, *, before: str = IMPORTS) -> None:
        """Write the light notebook; its fourth cell is the given one."""
        cells = [
            ("markdown", "# Light"),
            ("parameters", 'study = "../params/tiny.yml"\noverrides = {}'),
            ("code", before),
            ("code", code),
            ("code", TABLE),
        ]
        write_notebook(self.folder / "notebooks/10_light.ipynb", cells)

    def make(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run make in the copy."""
        return self.run_make(self.folder, *arguments, **(SETTINGS | settings))

    def start(self, **settings: str) -> subprocess.Popen[str]:
        """Start `make -j2 reports` in a process group of its own."""
        unset = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "STUDY", "SET", "BUILD", "PARAMS")
        inherited = {key: value for key, value in os.environ.items() if key not in unset}
        mine = {"PYTHONPATH": str(self.folder / "src")}
        return subprocess.Popen(
            ["make", "-j2", "reports"],
            cwd=self.folder,
            env=inherited | mine | SETTINGS | settings,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def build(self) -> Path:
        return self.folder / "build" / "tiny"

    @property
    def site(self) -> Path:
        return self.folder / "build" / "site" / "tiny"

    def published(self) -> dict[str, bytes]:
        """The bytes of the report as it lies there, and of the sources that it was made from."""
        paths = {name: self.site / name for name in PUBLISHED} | {STAGED: self.build / STAGED}
        return {name: path.read_bytes() for name, path in paths.items() if path.is_file()}

    def hidden(self) -> list[str]:
        """Names of half-made things below the build folder."""
        return [p.name for p in (self.folder / "build").rglob("*") if p.name.startswith(".")]

    def processes(self) -> list[int]:
        """The processes that work inside the copy (kernels among them)."""
        found = []
        for link in Path("/proc").glob("[0-9]*/cwd"):
            try:
                inside = link.readlink().is_relative_to(self.folder)
            except OSError:
                continue
            if inside and int(link.parent.name) != os.getpid():
                found.append(int(link.parent.name))
        return found


def stop(group: int, sent: signal.Signals) -> None:
    """Send a signal to a process group, as Ctrl-C in a terminal does."""
    os.killpg(group, sent)
