"""Names of files and studies, and what somebody gives to make, are text: nothing runs them."""

from __future__ import annotations

import os

import pytest
from light_project import LightProject, small_study

RUNNING = (
    "$(shell touch made_by_make)",
    "$(error stopped)",
    "`touch made_by_shell`",
    "$(touch made_by_shell)",
    "x'; touch made_by_shell; '",
    'x"; touch made_by_shell; "',
    "x; touch made_by_shell",
    "x\ntouch made_by_shell",
    "../params/tiny",
    "a b",
    "-x",
    "keys",
    "variants",
    "index",
)
FILES = (
    "$(shell touch made_by_make)",
    "`touch made_by_shell`",
    "x'; touch made_by_shell; '",
    "x; touch made_by_shell",
    "x|y&z>w",
    "x\ntouch made_by_shell",
    "a\x1b[31mb",
    "keys",
    "Upper",
    "b\udcffd",
)


@pytest.fixture(scope="module")
def light(tmp_path_factory, copy_project, make):
    folder = copy_project(tmp_path_factory.mktemp("given") / "project")
    return LightProject.of(folder, make)


def nothing_ran(light) -> bool:
    return not list(light.folder.rglob("made_by_*"))


@pytest.mark.parametrize("name", RUNNING)
@pytest.mark.parametrize("verb", ["tables", "validate"])
def test_study_name_runs_nothing(light, verb, name):
    made = light.make(verb, f"STUDY={name}", FROM="x.csv")
    again = light.make("tables", STUDY=name) if verb == "tables" else made
    for one in (made, again):
        assert one.returncode != 0
        assert "STUDY must be a name" in one.stderr, one.stderr
        assert "Traceback" not in one.stderr
    assert nothing_ran(light)
    assert not (light.folder / "build" / name).exists() or name in ("keys", "../params/tiny")


@pytest.mark.parametrize("key", ["SET", "CHAPTER", "QUARTO", "TIMEOUT", "FROM", "REFRESH"])
def test_no_setting_runs_anything(light, key):
    value = "$(shell touch made_by_make)x'; touch made_by_shell; '`touch made_by_shell`"
    verb = "chapter" if key == "CHAPTER" else "tables"
    light.make(verb, "STUDY=tiny", f"{key}={value}")
    light.make(verb, "STUDY=tiny", **{key: value})
    assert nothing_ran(light)


@pytest.mark.parametrize("folder", ["a;b c", "$(shell touch made_by_make)", "x:y", "x#y", "x;y"])
def test_build_that_make_cannot_name_is_refused(light, folder):
    for given in ([f"BUILD={folder}"], []):
        made = light.make("reports", *given, BUILD=folder)
        assert "BUILD must be a path of letters" in made.stderr
        assert nothing_ran(light)


def test_params_file_of_any_name_runs_nothing_and_holds_nobody_up(light):
    for name in FILES:
        text = small_study("odd")
        with open(os.fsencode(light.folder / "params" / f"{name}.yml"), "w") as file:
            file.write(text)
    helped = light.make("help")
    made = light.make("-j2", "reports")
    light.mend()
    assert helped.returncode == 0
    assert "Studies: keys tiny." in helped.stdout
    assert made.returncode != 0
    assert "Traceback" not in made.stderr + helped.stderr
    assert made.stderr.count("STUDY must be a name") == len(FILES)
    assert "\x1b" not in made.stderr
    assert light.published() == light.good
    assert nothing_ran(light)


def test_notebook_of_any_name_is_named_and_left_out(light):
    own = light.folder / "notebooks" / "10_light.ipynb"
    names = ("11_x;touch made_by_shell.ipynb", "10_light-Copy1.ipynb", "Untitled.ipynb")
    for name in names:
        (own.parent / name).write_bytes(own.read_bytes())
    made = light.make("reports")
    for name in names:
        (own.parent / name).unlink()
    assert made.returncode == 0, made.stderr
    assert made.stderr.count("a notebook must be named by two digits") == len(names)
    assert made.stderr.count("; it is left out") == len(names)
    assert nothing_ran(light)
