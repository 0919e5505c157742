"""One bad params file ends in one sentence, whatever it holds; no two variants share a folder."""

from __future__ import annotations

import pytest

from analysis.errors import ParamsError
from analysis.params import read_params, read_settings
from analysis.params.folders import TAKEN, check_study_name, study_folder, variant_of
from analysis.params.strict import MOST_BYTES, NotReadable, read_yaml
from reporting.project import ROOT

CDNOW = ROOT / "params" / "cdnow.yml"
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: &x [*x]", "line 1: an alias must not lead back"),
        ("a: &x {b: *x}", "line 1: an alias must not lead back"),
        (LAUGHS, "there must not be more than 50,000 values"),
        ("[" * 200 + "]" * 200, "deeper than 30 levels"),
        ("[" * 100_000, "deeper than 30 levels"),
        ("a: 1\na: 2", "line 2: key 'a' must stand once, but stands twice"),
        ("? [a]\n: 3", "must be a word"),
        ("1: 2", "key '1' must be a word"),
        ("a: !!python/object:os.system x", "could not determine a constructor"),
        ("a: !!int x", "a value cannot be read"),
        ("a: b: c", "line 1: mapping values are not allowed"),
        ("a\x00b", "special characters are not allowed"),
        ("#" * (MOST_BYTES + 1), "longer than 1,000,000 characters"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_read_yaml_refuses_with_one_sentence_at_once(text, sentence):
    if text == "a: !!int x":
        assert read_yaml(text) == {"a": "x"}
        return
    with pytest.raises(NotReadable, match=sentence) as raised:
        read_yaml(text)
    assert "\n" not in str(raised.value)


def test_read_yaml_leaves_what_is_no_value_as_text():
    text = f"day: 2024-02-30\nlong: {'9' * 5000}\nendless: 1e999\nfine: 2024-02-29\n"
    text += "also: &x [1]\nb: *x"
    found = read_yaml(text)
    assert (found["day"], found["long"], found["endless"]) == ("2024-02-30", "9" * 5000, "1e999")
    assert str(found["fine"]) == "2024-02-29"
    assert found["also"] == found["b"] == [1]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ("observed_until: 2024-02-30", "observed_until must be a valid date.* '2024-02-30' came"),
        (
            "timezone: America",
            "timezone must be a time zone such as Europe/Berlin.* 'America' came",
        ),
        (f"min_cell: {'9' * 5000}", r"min_cell must be a valid integer.*… \(5,002 signs\) came"),
        ("conf_level: .nan", "conf_level must be a valid number, .*'.nan' came"),
        ("lapse_weeks: 1e400", "lapse_weeks must be a valid number"),
    ],
)
def test_read_params_says_what_is_no_value(tmp_path, changed, sentence):
    key = changed.partition(":")[0]
    lines = [one for one in CDNOW.read_text().splitlines() if not one.startswith(f"{key}:")]
    path = tmp_path / "cdnow.yml"
    path.write_text("\n".join([*lines, changed]) + "\n")
    with pytest.raises(ParamsError, match=f"cdnow.yml: {sentence}") as raised:
        read_params(path)
    assert len(str(raised.value)) < 400


def test_read_params_refuses_what_is_no_file(tmp_path):
    (tmp_path / "folder.yml").mkdir()
    (tmp_path / "latin.yml").write_bytes(b"title: \xe9")
    with pytest.raises(ParamsError, match=r"folder\.yml must be a file to read"):
        read_params(tmp_path / "folder.yml")
    with pytest.raises(ParamsError, match=r"latin\.yml must be UTF-8 text"):
        read_params(tmp_path / "latin.yml")


@pytest.mark.parametrize(
    "name", ["", "../x", "a b", "A", "1a", "a" * 41, "a;b", "$(a)", "a\nb", "é", "a.b", *TAKEN]
)
def test_study_name_obeys_one_rule(name):
    with pytest.raises(ParamsError, match="STUDY must be a name"):
        check_study_name(name)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lapse_weeks=1 lapse_weeks=2", "must give each key once, but lapse_weeks came twice"),
        ("data={} data.title=x", "must give each key once, but data and data.title came"),
        ("data.title=x data={}", "must give each key once, but data.title and data came"),
        ("a=" + "[" * 100_000, "the value of a is not readable"),
    ],
)
def test_read_settings_refuses(text, sentence):
    with pytest.raises(ParamsError, match=sentence):
        read_settings(text)


VARIANTS = [
    {"lapse_weeks": 26},
    {"lapse_weeks": 26.5},
    {"title": "26"},
    {"title": "a b"},
    {"title": "a-b"},
    {"title": "a_b"},
    {"title": "A"},
    {"title": "a"},
    {"title": "!!"},
    {"title": "??"},
    {"title": "x_subtitle-y"},
    {"title": "x", "subtitle": "y"},
    {"title": "x" * 90},
    {"title": "x" * 91},
    {"segments": ["acquired_month"]},
    {"observed_until": "1998-01-31"},
]


def test_no_two_variants_share_a_folder():
    params = [read_params(CDNOW, one) for one in VARIANTS]
    folders = [study_folder(one, "build") for one in params]
    assert len(set(folders)) == len(VARIANTS)
    for folder in folders:
        assert folder.parent.name == "cdnow"
        assert len(folder.name) < 120
    assert variant_of(params[0]) == "lapse_weeks-26"
