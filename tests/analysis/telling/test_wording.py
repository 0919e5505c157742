"""The catalogue knows every phrase that the code makes, and every other language knows the same."""

from __future__ import annotations

import re
import typing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from phrases import phrases_in_code
from pydantic import BaseModel

from analysis.names import MARK
from analysis.notes import joined, note
from analysis.params import Params, read_params
from analysis.schemas import data_dictionary
from analysis.telling import wording
from analysis.telling.tables import present
from analysis.telling.wording import FOLDER, Wording, catalogue, wording_for
from reporting.parameters import NOT_LISTED
from reporting.project import notebooks

STUDY = Path(__file__).parents[3] / "params" / "market.yml"
OTHERS = sorted({path.stem for path in FOLDER.glob("*.yml")} - {"en"})
FIELD = re.compile(r"\{([^}]*)\}")


@pytest.fixture(scope="module")
def say() -> Wording:
    return wording_for(read_params(STUDY))


def knows(say: Wording, *sections: str, text: str) -> bool:
    words = say.texts | {"words": say.texts["notes"]["words"]}
    return any(text in words[section] for section in sections)


def test_every_phrase_of_the_code_is_in_the_catalogue(say):
    found = phrases_in_code()
    assert len(found) > 40
    unknown = [
        (file, text)
        for file, text in found
        if not knows(words_of(file, say), "words", "values", text=text)
    ]
    assert not unknown, "add them to `values:` or `notes.words:`, or make them a `note(…)`"


def words_of(file: str, say: Wording) -> Wording:
    """The catalogue that a file's phrases are told in: that of its chapter, or the shared one."""
    part, chapter, *_ = file.split("/")
    return say.of(chapter) if part == "chapters" and "." not in chapter else say


def test_every_word_of_the_data_contract_is_in_the_catalogue(say):
    contract = data_dictionary()
    for name in {*contract["table"], *contract["column"]}:
        assert knows(say, "names", text=name), name
    for text in {*contract["meaning"], *contract["unit"]} - {""}:
        assert knows(say, "words", text=text), text


def test_every_parameter_has_a_name(say):
    named = {name.split(".")[-1] for name in catalogue("en")["parameters"]}
    assert not _fields(Params) - named - {"path"}


def _fields(model: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        if name not in NOT_LISTED:
            names |= {name}.union(*map(_fields, _models(field.annotation)))
    return names


def _models(kind: typing.Any) -> list[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [model for part in typing.get_args(kind) for model in _models(part)]


def test_every_need_of_a_notebook_is_in_words():
    known = catalogue("en")["report"]["needs"]
    assert {need for notebook in notebooks() for need in notebook.needs} <= set(known)


def test_catalogue_holds_each_key_once():
    class Once(yaml.SafeLoader):
        pass

    def mapping(loader, node):
        keys = [loader.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), sorted(key for key in keys if keys.count(key) > 1)
        return {
            key: loader.construct_object(value, True)
            for key, (_, value) in zip(keys, node.value, strict=True)
        }

    Once.add_constructor("tag:yaml.org,2002:map", mapping)
    for path in FOLDER.glob("*.yml"):
        yaml.load(path.read_text(encoding="utf-8"), Once)


def test_other_languages_have_the_same_keys_and_fields():
    found = {language: lacks(catalogue("en"), catalogue(language)) for language in OTHERS}
    assert not any(found.values()), found
    assert lacks({"a": "{x} and"}, {"a": "{y} und"}) == ["a (fields)"]
    assert lacks({"a": {"b": "one", "c": "two"}}, {"a": {"b": "eins"}}) == ["a.c"]


def lacks(english: dict, other: dict, place: str = "") -> list[str]:
    """The keys that another catalogue lacks, and those whose texts fill other fields."""
    found = []
    for key, text in english.items():
        where = f"{place}{key}"
        if key not in other:
            found.append(where)
        elif isinstance(text, dict):
            found += lacks(text, other[key], f"{where}.")
        elif place != "formats." and _fields_of(text) != _fields_of(other[key]):
            found.append(f"{where} (fields)")
    return found


def _fields_of(text: typing.Any) -> set[str]:
    return {*FIELD.findall(text)} if isinstance(text, str) else set()


def test_lacks_names_keys_and_fields():
    english = {"a": {"b": "{n:count} people", "c": "x"}, "notes": {"words": {"left": None}}}
    assert lacks(english, english) == []
    other = {"a": {"b": "{n} 人"}, "notes": {"words": {"left": "剩"}}}
    assert lacks(english, other) == ["a.b (fields)", "a.c"]


@pytest.mark.parametrize(
    ("remark", "told"),
    [
        (note("survival.not_reached"), "not reached while observed"),
        (note("measurement.too_few_answers", answers=3, items=4),
         "cannot be estimated: 3 answers to 4 questions"),
        (note("survival.beyond_follow_up", end=32.4271), "nobody was followed longer than 32.4"),
        (joined([note("concentration.one_customer"), note("multistate.too_few")]),
         "cannot be estimated: one customer; too few to be shown"),
        (note("tiers.median_stands_in", customers=1234),
         "1,234 customers lack a quantity; its median stands in"),
        (note("rows.open_end", column="ended_at"),
         "end after the end of the observation, read as not ended"),
        (note("columns.labelled", label="Q1", meaning="a question with ordered answers"),
         "Q1; a question with ordered answers"),
        ("mean AUC", "mean AUC"),
        ("a new name", "a new name"),
        ("", ""),
    ],
)  # fmt: skip
def test_note_is_told(say, remark, told):
    assert say.note(remark) == told


def test_value_tells_joined_names_one_by_one(say):
    assert say.value("stage: won_back") == "stage: Won back"
    assert say.value("declining, won_back") == "Declining, Won back"


def test_value_tells_a_name_from_the_data_as_it_stands(say):
    say = replace(say, shipped=False)
    assert say.value("a_b_c") == "a_b_c"
    assert say.value("Berlin, all") == "Berlin, all"
    assert say.value("others") == "Others"
    assert say.value(f"others{MARK}") == "others"
    assert say.value(f"all:{MARK} x{MARK}") == "all: x"
    assert say.value("line 1\nline\x07 2") == "line 1 line  2"


def test_value_tells_a_column_of_the_study_without_its_underscores(say):
    assert (
        replace(say, shipped=False, own=frozenset({"city_size"})).value("city_size") == "city size"
    )
    assert replace(say, shipped=True).value("city_size") == "city size"


def test_name_of_a_column_is_not_that_of_a_category(say):
    assert say.name("cost") == "cost"
    assert say.value("cost") == "cost of contacts"
    assert say.name("quality_website") == say.value("quality_website")


def test_ends_of_an_own_number_are_not_those_of_a_shared_one(say):
    own = {"estimate": {"head": "Score", "format": "number1", "means": "Points"}}
    texts = {**say.texts, "rated": {"caption": "x", "columns": own}}
    of_table = replace(say, texts=texts).column("conf_low", "rated")
    laid = wording._laid_over(say.texts, {"columns": own})
    assert of_table == replace(say, texts=laid).column("conf_low")
    assert (of_table.format, of_table.head) == ("number1", "95% interval")
    assert of_table.means.endswith("Score")
    assert say.column("conf_low").format == "percent"


def test_present_tells_notes(say):
    import pandas as pd

    table = pd.DataFrame(
        {"group": ["a", "b"], "n": [20, 30], "note": ["", note("survival.not_reached")]}
    )
    shown = present(table, say, caption="tables.hidden")
    assert "not reached while observed" in shown.markdown
    assert "not reached while observed\n" in shown.csv


@pytest.mark.parametrize("column", ["customer_id", "order_id", "comment"])
def test_a_table_that_names_persons_is_refused(say, column):
    import pandas as pd

    table = pd.DataFrame({"group": ["a"], "n": [20], column: ["x"]})
    with pytest.raises(ValueError, match=f"no private column, but has {column}"):
        present(table, say, caption="tables.hidden")


def test_notes_of_a_wide_table_stand_below_it(say):
    import pandas as pd

    names = ["n", "weeks", "share", "at_risk", "customers", "rows"]
    table = pd.DataFrame({"group": ["a", "b", "c"]} | {name: [20, 30, 40] for name in names})
    table["note"] = [note("survival.not_reached"), "", note("survival.not_reached")]
    shown = present(table, say, caption="tables.hidden").markdown
    assert "| a^a^ |" in shown
    assert "| b |" in shown
    assert "| c^a^ |" in shown
    assert shown.endswith("\n\n^a^ Not reached while observed.")
    assert "Note" not in shown


def test_missing_key_names_the_file(say):
    with pytest.raises(LookupError, match=r"the texts in 'en' must hold 'retention\.no'"):
        say("retention.no")
    with pytest.raises(LookupError, match=r"the texts in 'en' must hold the column 'no_such'"):
        say.column("no_such")


def test_labels_of_a_study_go_before_the_catalogue():
    labelled = read_params(STUDY, {"satisfaction.labels": {"image_1": "Known in town"}})
    assert wording_for(labelled).value("image_1") == "Known in town"
    assert wording.catalogue("en")["values"].get("image_1") is None


def test_households_are_not_called_customers():
    params = read_params(STUDY.with_name("complete_journey.yml"))
    say = wording_for(params).of("tiers")
    assert say("moves.headline", first=date(2017, 1, 1), second=date(2017, 7, 1)).startswith(
        "of households changed tier"
    )
    assert say.texts["near"]["number"] == "{estimate:percent}"
    assert "{members:count} of {customers:count} households" in say.texts["held"]["detail"]
    assert say.column("share_value").means.startswith("Share of the value of all households")
    title = wording_for(params).of("satisfaction").texts["title"]
    assert title == "How satisfied are households, and is that measured well?"
    kept = wording_for(params).of("prospects").texts["share_axis"]
    assert kept == "Share who became customers"  # what becomes one is no household before
    market = wording_for(read_params(STUDY)).of("tiers")
    assert market.texts is not say.texts
    assert "households" not in str(market.texts["moves"])


def test_every_word_for_customers_is_in_the_catalogue():
    allowed = typing.get_args(Params.model_fields["customers_are"].annotation)
    assert set(allowed) - {"customers"} == set(catalogue("en")["people"]) - {"kept"}
