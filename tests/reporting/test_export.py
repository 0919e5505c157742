"""The list that names customers: complete, private, and outside every report."""

from __future__ import annotations

import stat
from pathlib import Path

import pandas as pd
import pytest

from reporting.errors import ReportError
from reporting.export import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path, monkeypatch) -> pytest.MonkeyPatch:
    """A small market of its own, and folders for what is made of it."""
    (tmp_path / "params").mkdir()
    text = (ROOT / "params" / "market.yml").read_text(encoding="utf-8")
    small = text.replace("customers: 5000", "customers: 400").replace("min_cell: 10", "min_cell: 5")
    (tmp_path / "params" / "market.yml").write_text(small, encoding="utf-8")
    for name in ("params", "build", "exports"):
        monkeypatch.setenv(name.upper(), str(tmp_path / name))
    monkeypatch.setenv("STUDY", "market")
    monkeypatch.delenv("SET", raising=False)
    return monkeypatch


@pytest.mark.whole
def test_list_holds_each_customer_once_with_the_reason_for_the_tier(settings, tmp_path, capsys):
    main()
    path = tmp_path / "exports" / "market" / "customers.csv"
    customers = pd.read_csv(path)
    assert len(customers) == customers["customer_id"].nunique() == 400
    rated = customers[customers["stage"] != "prospect"]
    assert set(rated["tier"]) <= {"ordinary", "bronze", "silver", "gold", "vip"}
    since = r"^the company's own, since \d+ [A-Z][a-z]+ \d{4}$"
    assert rated["reason"].str.contains(since).all()
    assert customers.loc[customers["stage"] == "prospect", "tier"].isna().all()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    said = capsys.readouterr().out
    assert "400 customers" in said
    assert not any(name in said for name in customers["customer_id"])


def test_list_is_kept_out_of_git():
    assert "exports/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_list_refuses_a_study_without_purchases(settings):
    settings.setenv("PARAMS", str(ROOT / "params"))
    settings.setenv("STUDY", "housing")
    with pytest.raises(ReportError, match="needs a study with transactions, but housing has none"):
        main()


def test_list_refuses_no_study(settings):
    settings.setenv("STUDY", "")
    with pytest.raises(ReportError, match="needs a study, but none came"):
        main()


def test_list_is_refused_a_place_among_what_may_be_published(settings, tmp_path):
    settings.setenv("EXPORTS", str(tmp_path / "build" / "site" / "lists"))
    with pytest.raises(ReportError, match="which may be published, but"):
        main()
    assert not (tmp_path / "build").exists()
