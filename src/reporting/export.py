"""The list of customers for those who act on it (`make export`): the one place that names them.

Reports show groups, never persons. The list goes to `exports/<study>/customers.csv`, which git
ignores and only its owner may read.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from analysis.data.placing import OWNER_ONLY, write_text
from reporting.errors import ReportError, speak
from reporting.project import ROOT, Study, read_study, shown_path, site_folder, study_file


def exports_folder() -> Path:
    """`exports/`, or the folder that EXPORTS names (tests write elsewhere).

    Raises
    ------
    ReportError
        It lies in what may be published.
    """
    folder = Path(os.environ.get("EXPORTS") or ROOT / "exports").resolve()
    if folder.is_relative_to(site_folder()):
        raise ReportError(
            f"EXPORTS must lie outside {shown_path(site_folder())}, which may be published, but "
            f"'{shown_path(folder)}' came; leave EXPORTS out"
        )
    return folder


def customer_list(study: Study) -> pd.DataFrame:
    """One row a customer: `customer_id, stage, stage_at, tier, rated_at, reason`.

    `stage` is that at the end of the last month observed; prospects have no tier.
    """
    from analysis.data import read_tables
    from analysis.states.present_stage import present_stage
    from analysis.states.rating.periods import rate_periods
    from analysis.states.stages import assign_stages
    from analysis.telling.wording import wording_for

    say = wording_for(study.params)
    tables = read_tables(study.params, folder=study.folder)
    rating = rate_periods(tables, study.params, each=True).present
    stages = present_stage(assign_stages(tables, study.params))
    stages["stage_at"] = study.params.observed_until
    tiers = rating.table[["customer_id", "tier"]].assign(rated_at=rating.rated_at)
    tiers["reason"] = [say.note(reason) for reason in rating.table["reason"]]
    merged = stages.merge(tiers, on="customer_id", how="outer").sort_values("customer_id")
    return merged[["customer_id", "stage", "stage_at", "tier", "rated_at", "reason"]]


def write_list(customers: pd.DataFrame, path: Path) -> None:
    """Write the list as a whole, readable by its owner only; no spreadsheet runs its cells."""
    from analysis.telling.cells import as_cells

    write_text(path, as_cells(customers).to_csv(index=False), mode=OWNER_ONLY)


def main() -> None:
    """Export the customers of the study that STUDY names."""
    name = os.environ.get("STUDY", "").strip()
    if not name:
        raise ReportError("make export needs a study, but none came: make export STUDY=market")
    study, folder = read_study(study_file(name)), exports_folder()
    if "transactions" not in study.params.data.tables:
        raise ReportError(
            f"make export needs a study with transactions, but {name} has none: "
            "stages and tiers come from purchases"
        )
    customers = customer_list(study)
    path = folder / study.name / "customers.csv"
    write_list(customers, path)
    print(f"{path}: {len(customers):,} customers with their stage, tier and its reason.")
    print("It names persons: give it only to those who may see them.")


if __name__ == "__main__":
    speak(main)
