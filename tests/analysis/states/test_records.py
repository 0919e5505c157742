"""The data chapters: what is counted, what each column is, and contracts without purchases."""

import pytest
import yaml

from analysis.chapters.contracts.facts import contracts_fact
from analysis.chapters.contracts.held import contracts_held
from analysis.data import read_tables
from analysis.notes import note
from analysis.params import read_params
from analysis.states import records
from analysis.telling.coverage import coverage_fact, plot_coverage
from analysis.telling.showing import chapter_of
from analysis.telling.wording import wording_for

CONTRACTS = (
    "customer_id,started_at,ended_at\n"
    "a,2022-06-01,2023-03-01\nb,2023-02-01,\nb,2023-02-05,9999-12-31\nc,2023-02-07,2023-03-01\n"
)
ANSWERS = "customer_id,at,q1,q2,city\na,2023-02-01,3,4,Bonn\nb,2023-03-01,5,,Kiel\n"


@pytest.fixture
def study(tmp_path):
    """Contracts and answers, with a scale whose second question asks for the opposite."""
    (tmp_path / "params").mkdir()
    (tmp_path / "contracts.csv").write_text(CONTRACTS)
    (tmp_path / "answers.csv").write_text(ANSWERS)
    scale = {"items": ["q1", "q2"], "reverse": ["q2"], "high": 7}
    values = {
        "schema_version": 1,
        "study": "acme",
        "title": "Acme",
        "author": "Tests",
        "relationship": "contractual",
        "timezone": "UTC",
        "currency": "EUR",
        "horizons_weeks": [26],
        "satisfaction": {"scales": {"quality": scale}, "labels": {"q1": "Are we good?"}},
        "data": {
            "licence": "ours alone",
            "files": {
                "contracts": {"file": "../contracts.csv"},
                "surveys": {"file": "../answers.csv", "keep": ["city"]},
            },
        },
    }
    path = tmp_path / "params" / "acme.yml"
    period = "observed_from: 2023-01-01\nobserved_until: 2023-12-31\n"
    path.write_text(period + yaml.safe_dump(values))
    return read_params(path)


def test_columns_in_use_tells_what_the_params_make_of_them(study):
    known = records.columns_in_use(read_tables(study), study).set_index(["table", "column"])
    told = known["meaning"]
    item = note("columns.item", scale="quality", low=1, high=7)
    assert told["surveys", "q1"] == note("columns.labelled", label="Are we good?", meaning=item)
    reverse = note("columns.reversed_item", scale="quality", low=1, high=7)
    assert told["surveys", "q2"] == reverse
    assert told["surveys", "city"] == records.TAKEN_ALONG
    assert told["customers", "acquired_year"] == records.COMPARED
    say = wording_for(study)
    shown = say.note(told["surveys", "q2"])
    assert "answered from 1 to 7" in shown
    assert "turned round" in shown


def test_customers_without_a_table_know_the_year_of_their_first_contract(study):
    tables = read_tables(study)
    years = tables.fetch(tables["customers"]).set_index("customer_id")["acquired_year"]
    assert years.to_dict() == {"a": "2022", "b": "2023", "c": "2023"}


def test_contracts_held_counts_open_and_early_ones(study):
    period = {"observed_from": study.observed_from, "observed_until": study.observed_until}
    tables = read_tables(study)
    held = contracts_held(tables, **period)
    assert (held.customers, held.contracts, held.still_open, held.before) == (3, 4, 2, 1)
    covered = records.coverage(tables, **period)
    assert covered.of == "contracts"
    assert covered.table.set_index("month").loc["2023-02", ["events", "active"]].tolist() == [3, 2]
    assert covered.empty_months == 11
    show = chapter_of(study, "contracts")
    text = show.finding(contracts_fact(held, tables.audit)).markdown
    assert "All 4 rows of the contract table were used" in text
    assert "1 had begun before the observation" in text
    observed = coverage_fact(covered, held.customers, "ever_contract")
    assert "11 months" in show.figure(plot_coverage, covered, observed).caption


def test_rows_used_add_up_and_licence_is_told(study):
    tables = read_tables(study)
    used = records.rows_used(tables.audit).set_index("table")
    assert (used["read"] - used["filtered"] - used["dropped"]).eq(used["kept"]).all()
    assert records.where_from(tables)["licence"].tolist() == ["ours alone"]
    assert {"surveys", "contracts"} <= set(records.repairs(tables.audit)["table"])
    missing = records.missing_values(tables).set_index(["table", "column"])["missing"]
    assert missing["surveys", "q2"] == 1


def test_months_too_small_to_show_are_one_line(study):
    tables = read_tables(study)
    period = {"observed_from": study.observed_from, "observed_until": study.observed_until}
    study = study.model_copy(update={"min_cell": 1000})
    show = chapter_of(study, "contracts")
    covered = show.gated(records.coverage(tables, **period))
    observed = coverage_fact(covered, 3, "ever_contract")
    assert "fewer than 1,000 customers began one" in show.reason(observed).markdown
    assert show.figure(plot_coverage, covered, observed).silent
    seen = coverage_fact(records.coverage(tables, **period), 3, "ever_contract")
    assert show.reason(seen).silent
