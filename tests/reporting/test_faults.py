"""What goes wrong ends in one sentence; the last good report stays; the next run completes."""

from __future__ import annotations

import re
import signal

import pytest
from light_project import CHAPTER, LightProject, small_study, stop
from waiting import HANGING, wait_until

HANGS = """from pathlib import Path
import time
Path("../started").touch()
time.sleep(300)"""
DEAF = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(300)"
UNSHOWN = """class Unshown:
    def _repr_markdown_(self):
        raise RuntimeError("cannot be shown")

Unshown()"""
WAITING_QUARTO = """#!/bin/sh
[ "$1" = --version ] && echo 1.10.0 && exit 0
echo $$ > "$STARTED"
sleep 300
"""
FAILING_QUARTO = """#!/bin/sh
[ "$1" = --version ] && echo 1.10.0 && exit 0
echo "ERROR: it broke in the middle" >&2
exit 1
"""


@pytest.fixture(scope="module")
def project_with_report(tmp_path_factory, copy_project, make):
    """A light project whose report has been made once."""
    folder = copy_project(tmp_path_factory.mktemp("faults") / "project")
    return LightProject.of(folder, make)


@pytest.fixture
def light(project_with_report):
    """The light project in order; after the test it is mended, and the next run completes."""
    light = project_with_report
    yield light
    light.mend()
    made = light.make("-j2", "reports")
    assert made.returncode == 0, made.stdout + made.stderr
    assert light.published() == light.good
    assert light.hidden() == []
    assert not list(light.build.rglob("*failed*"))


def assert_fault(light, made, *sentences):
    """Exit code, sentence, no traceback; the last good report as it was, no process left."""
    assert made.returncode != 0
    for sentence in sentences:
        assert re.search(sentence, made.stderr), made.stderr
        assert len(re.findall(sentence, made.stderr)) == 1, made.stderr
    assert "Traceback" not in made.stderr + made.stdout
    assert light.published() == light.good
    assert light.hidden() == []
    assert wait_until(lambda: not light.processes()), "a kernel was left behind"


def test_faulty_params_speak_each_for_its_own_study(light):
    broken = {
        "unknown": (small_study("unknown", lapse_weks=3), "lapse_weks must be a known key"),
        "missing": (
            small_study("missing", currency=None),
            "currency must be given, but is missing",
        ),
        "typed": (small_study("typed", lapse_weeks="soon"), "lapse_weeks must be a valid number"),
        "twice": (
            small_study("twice") + "lapse_weeks: 4\n",
            "line 14: key 'lapse_weeks' must stand",
        ),
        "unread": (small_study("unread", segments="[channel"), "unread.yml must be readable YAML"),
        "named": (small_study("other"), r"study must be the file's name \('named'\)"),
        "listed": ("- 1\n", "listed.yml must hold keys and values"),
        "keyed": ("? [a]\n: 3\n", "keyed.yml must be readable YAML"),
        "With Blank": (small_study("with_blank"), "STUDY must be a name of small letters"),
        "absent": (
            small_study("absent", data="{files: {transactions: {file: sales.csv}}}"),
            "transactions must have its file, but there is no file 'sales.csv' beside absent.yml",
        ),
    }
    for name, (text, _) in broken.items():
        light.write(f"params/{name}.yml", text)
    light.write("reports/_light.qmd", CHAPTER + "\nAnother sentence.\n")

    made = light.make("-j2", "reports")

    assert made.returncode != 0
    for _, sentence in broken.values():
        assert re.search(sentence, made.stderr), made.stderr
    assert "did you mean lapse_weeks" in made.stderr
    assert "Traceback" not in made.stderr
    assert "tiny: build/site/tiny/report.html, report.pdf" in made.stdout
    assert b"Another sentence." in (light.site / "report.html").read_bytes()
    for name in broken:
        assert not (light.folder / "build" / "site" / name).exists()


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"STUDY": "tinny"}, "study 'tinny' must have a file params/tinny.yml.*near names: tiny"),
        ({"STUDY": "tiny", "SET": "lapse_weeks"}, "SET must be key=value pairs .* 'lapse_weeks'"),
        ({"STUDY": "tiny", "SET": "lapse_weks=3"}, "lapse_weks must be a known key"),
        ({"STUDY": "tiny", "SET": "lapse_weeks=[1"}, "SET: the value of lapse_weeks"),
        ({"STUDY": "tiny", "SET": "study=other"}, "study must be the file's name"),
        ({"STUDY": "tiny", "QUARTO": "/no/quarto"}, "QUARTO must name a program, but /no/quarto"),
        ({}, "make report needs a study"),
    ],
)
def test_faulty_command_ends_with_its_sentence(project_with_report, setting, sentence):
    light = project_with_report
    given = [f"{key}={value}" for key, value in setting.items()]
    assert_fault(light, light.make("report", *given), sentence)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            "raise ValueError('one\\ntwo')",
            r"cell 4 \('raise ValueError.* says ValueError: one two",
        ),
        ("answer = (", "cell 4 .* says SyntaxError"),
        (UNSHOWN, "cell 4 .* says RuntimeError: cannot be shown"),
        ("import os\nos.kill(os.getpid(), 9)", "its kernel died in cell 4"),
    ],
    ids=["raises", "syntax", "display", "dies"],
)
def test_failing_notebook_names_notebook_and_cell_and_is_kept(light, code, sentence):
    light.write_cell(code)
    assert_notebook_fault(light, code, light.make("reports"), sentence)


def test_hanging_cell_is_cut_off_though_it_is_deaf(light):
    light.write_cell(DEAF, before="")  # no other cell works, so none but this one takes long
    made = light.make("reports", TIMEOUT="5")
    told = "cell 4 .* took longer than 5 s; give it more with TIMEOUT=20"
    assert_notebook_fault(light, DEAF, made, told)


def assert_notebook_fault(light, code, made, sentence):
    """The sentence names the notebook; the run is kept and told where."""
    assert_fault(light, made, "notebooks/10_light.ipynb must run for tiny, but .*" + sentence)
    failed = light.build / "notebooks" / "10_light.failed.ipynb"
    assert "build/tiny/notebooks/10_light.failed.ipynb" in made.stderr
    assert code.splitlines()[0] in failed.read_text().replace('\\"', '"').replace("\\\\", "\\")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "reports/_light.qmd",
            "# Light {#sec-light}\n\n{{< embed nb/10_light.ipynb#tbl-week >}}\n",
            "_light.qmd:3: .*10_light.ipynb must have a cell labelled tbl-week, .*: tbl-weeks",
        ),
        (
            "reports/_light.qmd",
            "# Light {#sec-light}\n\nA <b>bold</b> word.\n",
            "_light.qmd:3: raw HTML <b>",
        ),
        ("reports/_light.qmd", None, "10_light.ipynb must have its chapter reports/_light.qmd"),
        ("notebooks/10_light.ipynb", "{", "10_light.ipynb must be a notebook that begins with"),
        ("notebooks/10_light.ipynb", "[]", "10_light.ipynb must be a notebook that begins with"),
    ],
    ids=["label", "subset", "chapter", "json", "list"],
)
def test_faulty_source_is_named(light, name, text, sentence):
    (light.folder / name).unlink()
    if text is not None:
        light.write(name, text)
    assert_fault(light, light.make("reports"), sentence)


def test_label_without_a_result_is_refused_as_is_a_timeout_that_is_no_number(light):
    light.write_cell("#| label: tbl-none\nanswer = 44")
    made = light.make("reports", TIMEOUT="soon")
    assert_fault(light, made, "TIMEOUT must be whole seconds such as 900, but 'soon' came")
    assert_fault(
        light, light.make("reports"), "cell tbl-none must show one figure, table or finding"
    )


def test_failing_quarto_leaves_the_last_report(light):
    program = light.write("quarto", FAILING_QUARTO)
    program.chmod(0o755)
    made = light.make("reports", QUARTO=str(program))
    assert_fault(light, made, "must render in Quarto 1.10.0, but it said: ERROR: it broke")
    assert (light.build / "report.failed" / "report.qmd").is_file()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_in_a_notebook_leaves_nothing_half_made(light, sent):
    light.write_cell(HANGS)
    assert_stopped(light, sent, light.start())


def test_killed_while_rendering_leaves_the_last_report(light):
    program = light.write("quarto", WAITING_QUARTO)
    program.chmod(0o755)
    started = str(light.folder / "started")
    running = light.start(QUARTO=str(program), STARTED=started)
    assert_stopped(light, signal.SIGKILL, running)


def assert_stopped(light, sent, running):
    """Stop a run once it has begun; only a killed one leaves hidden things, for the next run."""
    started = light.folder / "started"
    assert wait_until(started.is_file)
    stop(running.pid, sent)
    told = running.communicate(timeout=HANGING)[0]
    started.unlink()
    assert running.returncode != 0
    assert "Traceback" not in told
    if sent != signal.SIGKILL:
        assert "Stopped; what was finished stays: run make again to go on." in told
        assert light.hidden() == []
    assert light.published() == light.good
    assert wait_until(lambda: not light.processes()), "a kernel was left behind"
