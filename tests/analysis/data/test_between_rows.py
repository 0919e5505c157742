"""What only several rows show to be wrong is told by validate, with all other faults, at once."""

import pandas as pd
import pytest
from shared_cases import shared_case

from analysis.data import fetch, read_tables
from analysis.data.propose import propose_params
from analysis.data.validate import validation_report
from analysis.errors import DataError
from analysis.frames import spells, write_frames
from analysis.params import read_params

HEAD = "customer_id,number,started_at,ended_at,plan,ended_reason\n"
TWO = HEAD + "a,1,2023-01-01,2023-03-01,Pro,price\na,2,2023-01-01,,Pro,\nb,3,2023-02-01,,Pro,\n"
NUMBERED = {"file": "contracts.csv", "columns": {"contract_id": "number"}}
SURVEYED = "customer_id,at,answer,survey_weight\na,2023-02-01,{},1\nb,2023-02-02,{},{}\n"


def contractual(study, table, **tables):
    named = {"contracts": table, **tables}
    files = {k: v | {"file": f"../{v['file']}"} for k, v in named.items()}
    return study.params({"files": files}, relationship="contractual")


def test_two_contracts_of_one_day_are_told_apart_by_their_number(study):
    study.write("contracts.csv", TWO)
    text, faults = validation_report(contractual(study, {"file": "contracts.csv"}))
    assert faults == 1
    assert "1 contract has two different ends (same customer, plan and start)" in text
    assert "to contract_id:" in text
    params = contractual(study, NUMBERED)
    tables = read_tables(params, stored=False)
    assert fetch(tables["contracts"])["contract_id"].tolist() == ["1", "2", "3"]
    relationship = spells(tables, params).set_index("customer_id").loc["a"]
    assert relationship["reason"] == "still open"


def test_a_number_with_two_ends_is_refused(study):
    study.write("contracts.csv", TWO.replace("a,2,", "a,1,"))
    text, faults = validation_report(contractual(study, NUMBERED))
    assert faults == 1
    assert "two different ends (same customer, number, plan and start); keep one source" in text


def test_a_number_is_never_shown(study):
    lines = TWO.replace("a,2,2023-01-01,,", "a,2,2023-01-01,2022-01-01,")
    study.write("contracts.csv", lines.replace("a,1,", "a,K77,"))
    text, faults = validation_report(contractual(study, NUMBERED))
    assert faults >= 1
    assert "K77" not in text


WRONG = {
    "a reason without an end": (
        {"contracts": (HEAD + "a,1,2023-01-01,,Pro,price\n", {})},
        "1 contract has a reason and no end",
    ),
    "weights of some": (
        {"surveys": (SURVEYED.format(1, 2, ""), {})},
        "surveys.survey_weight must be given in every row, or in none, but 1 of 2 rows are blank",
    ),
    "answers in words": (
        {"surveys": (SURVEYED.format("good", "bad", "2"), {})},
        "surveys.answer must be a number, or have its answers listed",
    ),
    "returns alone": (
        {"transactions": ("customer_id,at,amount\na,2023-02-01,-3\nb,2023-03-01,-4\n", {})},
        "transactions.amount must be 0 or more somewhere, but all 2 rows are returns",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_validate_tells_it_first(study, wrong):
    tables, said = WRONG[wrong]
    files = {}
    for name, (content, block) in tables.items():
        study.write(f"{name}.csv", content)
        files[name] = {"file": f"../{name}.csv", **block}
    more = {"relationship": "contractual"} if "contracts" in files else {}
    answer = {"item": "answer", "drivers": ["survey_weight"]}
    more |= {"satisfaction": {"answer": answer}} if "surveys" in files else {}
    params = study.params({"files": files}, **more)
    text, faults = validation_report(params)
    assert faults == 1, text
    assert said in text
    with pytest.raises(DataError) as told:
        write_frames(params)
    assert said in str(told.value)


def test_all_is_told_at_once(study):
    lines = TWO + "c,4,2024-05-01,,Pro,\nd,5,2023-05-01,,Pro,moved\n"
    study.write("contracts.csv", lines)
    study.write("tiers.csv", "customer_id,tier,from_at\na,x,2023-01-01\na,y,2023-01-01\nb,,2023\n")
    params = contractual(study, {"file": "contracts.csv"}, tier_history={"file": "tiers.csv"})
    text, _ = validation_report(params)
    for said in (
        "contracts.started_at must not be after observed_until",
        "two different ends",
        "1 contract has a reason and no end",
        "tier_history.tier must not be missing",
        "tier_history.from_at must be a date",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"covariates": ["age"]}, "customers.age must be a column of customers, as covariates"),
        (
            {"tiers": {"scheme": {"tiers": ["a", "b"],
                                  "thresholds": {"limits": {"margin": [5], "-complaints": [1]}}}}},
            "transactions.margin must hold what a tier rests on, as tiers.scheme names it, but "
            "there are only: purchases, amount",
        ),
        ({"tiers": {"preset": "bank"}}, ""),  # a score needs one of its quantities
    ],
)  # fmt: skip
def test_what_the_params_file_names_is_there(study, block, said):
    study.write("sales.csv", "customer_id,at,amount\na,2023-02-01,3\n")
    params = study.params({"files": {"transactions": {"file": "../sales.csv"}}}, **block)
    text, faults = validation_report(params)
    assert said in text
    assert bool(faults) == bool(said)


def test_currency_codes_in_either_case(study):
    study.write(
        "sales.csv", "customer_id,at,amount,currency\na,2023-02-01,3,usd\nb,2023-02-01,4, USD\n"
    )
    data = {"files": {"transactions": {"file": "../sales.csv"}}}
    for code in ("usd", "USD", "Usd"):
        params = study.params(data, currency=code)
        assert params.currency == "USD"
        assert validation_report(params)[1] == 0
    assert "must be EUR in every row" in validation_report(study.params(data))[0]


def test_shared_case_same_day_contracts(tmp_path):
    folder = shared_case("same_day_contracts", tmp_path)
    text, faults = validation_report(read_params(folder / "sameday.yml"))
    assert (faults, "two different ends" in text) == (1, True)
    written = (folder / "sameday.yml").read_text("utf-8")
    block = "contracts: {file: contracts.csv, columns: {contract_id: subscription_id}}"
    written = written.replace("contracts: {file: contracts.csv}", block)
    (folder / "sameday.yml").write_text(written, "utf-8")
    params = read_params(folder / "sameday.yml")
    tables = read_tables(params, stored=False)
    assert fetch(tables["contracts"])["contract_id"].is_unique
    found = spells(tables, params).set_index("customer_id")
    assert found.loc["A1", "reason"] == "still open"
    assert len(found) == fetch(tables["customers"])["customer_id"].nunique()


def test_shared_case_subscription_export(tmp_path):
    folder = shared_case("subscription_export", tmp_path)
    (folder / "params").mkdir()
    text = propose_params("subs", str(folder / "subscriptions.csv"), folder / "params")
    assert "\ncurrency: USD" in text
    assert "contract_id: id" in text
    text = text.replace("???", "UTC")
    (folder / "params" / "subs.yml").write_text(text, "utf-8")
    params = read_params(folder / "params" / "subs.yml")
    assert "must be USD in every row" not in validation_report(params)[0]
    lines = pd.read_csv(folder / "subscriptions.csv")
    assert set(lines["Currency"]) == {"usd"}
