"""Every text of figures, tables and findings comes from the catalogue: shown by another one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pseudo import pseudo, shown_by, words_of

from analysis import params as parameters
from analysis.errors import ParamsError
from analysis.frames import write_frames
from analysis.notes import joined, note
from analysis.params import read_params
from analysis.params.folders import study_folder
from analysis.study import open_study
from analysis.telling import wording

ROOT = Path(__file__).parents[3]
STUDY = ROOT / "params" / "market.yml"
OVERRIDES = {"language": "xx", "data.simulated.customers": 400, "min_cell": 5}
LIGHT = ("00_data", "10_retention", "25_drivers", "27_complaints", "28_answers", "30_tiers")


@pytest.fixture(scope="module")
def other_letters(tmp_path_factory):
    """A folder of catalogues that holds English and the same in other letters."""
    folder = tmp_path_factory.mktemp("catalogues")
    texts = wording.catalogue("en")
    other = yaml.safe_dump(pseudo(texts), allow_unicode=True, sort_keys=False)
    (folder / "xx.yml").write_text(other, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wording, "FOLDER", folder)
        for own in wording.CHAPTERS.glob("*/en.yml"):
            room = folder / "chapters" / own.parent.name
            room.mkdir(parents=True)
            texts = yaml.safe_load(own.read_text(encoding="utf-8"))
            other = yaml.safe_dump(pseudo(texts), allow_unicode=True, sort_keys=False)
            (room / "xx.yml").write_text(other, encoding="utf-8")
        patch.setattr(wording, "CHAPTERS", folder / "chapters")
        patch.setattr(parameters, "CATALOGUES", folder)
        params = read_params(STUDY, OVERRIDES)
        write_frames(params, folder=study_folder(params, folder))
        yield folder


@pytest.fixture(scope="module")
def of_the_data(other_letters) -> set[str]:
    """The words that are the data's own: categories, and columns that the study adds."""
    tables = open_study(STUDY, OVERRIDES, other_letters).tables
    own: set[str] = set()
    for name in tables:
        texts = [column for column, kind in tables[name].schema().items() if kind.is_string()]
        own.update(tables[name].columns)
        for column in set(texts) - {"customer_id", "comment", "order_id"}:
            own.update(tables[name][column].as_table().distinct().to_pandas()[column].dropna())
    return {word for text in own for word in re.findall(r"[a-z]+", text.lower())}


@pytest.mark.whole
@pytest.mark.parametrize("name", LIGHT)
def test_no_english_stands_outside_the_catalogue(name, other_letters, of_the_data):
    shown = shown_by(ROOT / "notebooks" / f"{name}.ipynb", STUDY, OVERRIDES, other_letters)
    assert len(shown) > 2
    for label, result in shown.items():
        text = words_of(result)
        if not text.strip():  # nothing to tell
            continue
        assert re.search("[а-я]{3}", text), label
        english = set(re.findall(r"[a-z]{2,}", text.lower())) - of_the_data
        assert not english, f"{label} says {sorted(english)}"


def test_notes_in_other_letters_keep_their_numbers(other_letters):
    say = wording.wording_for(read_params(STUDY, OVERRIDES))
    carried = note("survival.carried_forward", end=32.4271, until=52)
    told = say.note(joined([carried, note("purchases.nobody_left")]))
    assert re.findall(r"[\d.]+", told) == ["32.4", "52"]
    assert not re.search("[a-z]", told)
    assert say.note("a name that nobody has worded") == "a name that nobody has worded"


def test_language_without_catalogue_is_refused():
    with pytest.raises(
        ParamsError, match=r"language must be one with a catalogue \(.+\), but 'tlh' came"
    ):
        read_params(STUDY, {"language": "tlh"})
