"""The pages that are made for each report: the front, the answers, the list of chapters."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from analysis.notes import read_note
from analysis.telling.markup import Filled, markdown
from analysis.telling.wording import Wording
from reporting.chapters import FRONT, chapter_title, report_file
from reporting.executed import Output, Shown, findings_of, run_stamp
from reporting.first_page import abstract, first_page
from reporting.notebook_pages import page_of
from reporting.parameters import changes
from reporting.project import Notebook, Study

TOLD = re.compile(r"^# .*?^::::: \{\.told\}.*?^:::::$", re.MULTILINE | re.DOTALL)
BREAK = "\n\n{{< pagebreak >}}\n\n"
CHAPTERS, DATA = "{{< include _chapters.qmd >}}", "{{< include _data.qmd >}}"


def front_page(study: Study, shown: Shown, say: Wording) -> str:
    """`report.qmd`: the front matter of the study before the includes of its chapters."""
    params = study.params
    _, matter, body = report_file(FRONT, params.language).read_text("utf-8").split("---\n", 2)
    subtitle = markdown(params.subtitle)
    if params.simulated:
        subtitle = f"[{say('report.simulated')}]{{.badge}} {subtitle}".strip()
    if study.variant:
        told = changes(params.overrides, say)
        subtitle = say.markdown("report.variant", subtitle=Filled(subtitle), changes=told)
    fields = yaml.safe_load(matter) | {
        "title": markdown(params.title),
        "subtitle": str(subtitle),
        "author": markdown(params.author),
        "date": run_stamp(study)["finished"][:10],
        "lang": params.language,
        "abstract": abstract(shown),
    }
    argued = [found for found in study.chapters if not found.about_data]
    data = [found for found in study.chapters if found.about_data]
    body = body.replace(CHAPTERS, _includes(argued)).replace(DATA, _includes(data))
    front = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{front}---\n{body}"


def brief_page(front: str, shown: Shown, say: Wording) -> str:
    """`brief.qmd`: page one and the answers, which refer to chapters by their numbers alone."""
    told = _without_links(first_page(shown, say) + contents(shown, say), shown, say)
    return f"{_front_of(front)}\n{told.removesuffix(BREAK)}"


def slides_page(front: str, pages: dict[str, str], shown: Shown, say: Wording) -> str:
    """`slides.qmd`: page one, then a slide for each chapter's answer and figure."""
    argued = [notebook.chapter for notebook in shown if not notebook.about_data]
    slides = [TOLD.search(pages[chapter]) for chapter in argued]
    told = [found[0] for found in slides if found]
    first = _without_links(first_page(shown, say), shown, say)
    return f"{_front_of(front)}\n{BREAK.join([first, *told])}\n"


def _front_of(front: str) -> str:
    return "---\n" + front.split("---\n", 2)[1] + "---\n"


def _without_links(text: str, shown: Shown, say: Wording) -> str:
    """References to chapters that are not in the same file, as words."""
    argued = [notebook.chapter for notebook in shown if not notebook.about_data]
    word = say.texts["renderer"]["sec"]
    numbers = {chapter: f"{word}\u00a0{place}" for place, chapter in enumerate(argued, start=1)}
    return re.sub(r"@sec-([\w-]+)", lambda found: numbers.get(found[1], ""), text)


def _includes(chapters: list[Notebook]) -> str:
    return "\n\n".join(f"{{{{< include _{found.chapter}.qmd >}}}}" for found in chapters)


def contents(shown: Shown, say: Wording) -> str:
    """The five-minute read: every chapter with its answer and its claim, then the words."""
    answers = [(notebook, _answer(cells)) for notebook, cells in shown.items()]
    rows = [
        f"| @sec-{notebook.chapter} | {chapter_title(notebook, say)} | {answer} "
        f"| {say(f'claims.{claim}')} |"
        for notebook, (answer, claim) in answers
        if not notebook.about_data
    ]
    if len(rows) < 2:
        return ""
    key = "report.contents"
    heads = (say(f"{key}.{name}") for name in ("section", "chapter", "answer", "claim"))
    table = [f"| {' | '.join(heads)} |", "|:---|:------|:----------|:---|"]
    table += rows
    words = ["", f'::: {{.callout-note title="{say(f"{key}.words")}"}}', *_words(say), ":::"]
    answered = ["::::: {.answers}", *table, *words, ":::::"]
    page = [f"# {say(f'{key}.title')} {{#sec-contents .unnumbered}}", "", *answered]
    return "\n".join(["", *page, "", ""]).join([BREAK, BREAK])


def _answer(cells: dict[str, Output]) -> tuple[str, str]:
    """The sentence of the first finding that tells something, else of the first; its claim."""
    found = [output["metadata"]["finding"] for output in findings_of(cells)]
    told = next((one for one in found if not one.get("silent")), found[0] if found else None)
    return (told["sentence"], told["claim"]) if told else ("", "descriptive")


def _words(say: Wording) -> Iterator[str]:
    """What the three claims mean, and the few terms that the pages before the appendix use."""
    yield "; ".join(f"**{word}**: {meaning}" for word, meaning in say.texts["words"].items())


def chapter_list(study: Study, say: Wording) -> str:
    """The chapters of the report, and what each one needs of the study's tables."""
    key = "report.chapters"
    rows = [
        f"| [{chapter_title(notebook, say)}](#sec-{notebook.chapter}) | {needs_of(notebook, say)} |"
        for notebook in study.chapters
    ]
    heads = (say(f"{key}.{column}") for column in ("chapter", "needs"))
    rules = "|:------------------------|:------------------------|"
    caption = f": {say(f'{key}.caption')} {{#tbl-chapters}}"
    return "\n".join([f"| {' | '.join(heads)} |", rules, *rows, "", caption, ""])


def needs_of(notebook: Notebook, say: Wording) -> str:
    """The tables, columns and scales that a notebook needs, in words."""
    known = say.texts["report"]["needs"]
    needs = ", ".join(known.get(need, need.replace("_", " ")) for need in notebook.needs)
    if not notebook.relationship:
        return needs
    return say(f"report.chapters.{notebook.relationship}", needs=needs)


def chapter_foot(study: Study, notebook: Notebook, say: Wording) -> str:
    """How a chapter was made, and how it is cited: the last lines of its page in HTML."""
    stamp = run_stamp(study)
    made = say.markdown(
        "report.notebook",
        page=Filled(page_of(notebook)),
        notebook=Filled(f"`notebooks/{notebook.name}.ipynb`"),
        study=Filled(f"`{study.params.study}`"),
    )
    cited = say.markdown(
        "report.cite",
        author=study.params.author,
        title=study.params.title,
        chapter=chapter_title(notebook, say),
        study=Filled(f"`{study.name}`"),
        commit=read_note(stamp["commit"]),
        finished=stamp["finished"],
    )
    return f'\n::: {{.content-visible when-format="html"}}\n{made}\n\n{cited}\n:::\n'
