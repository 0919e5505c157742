"""The pages that are made for each report: the front, the summary, the list of chapters."""

from __future__ import annotations

import yaml

from analysis.notes import read_note
from analysis.telling.markup import Filled, markdown
from analysis.telling.wording import Wording
from reporting.chapters import FRONT, chapter_title, report_file
from reporting.executed import Output, Shown, findings_of, run_stamp
from reporting.notebook_pages import page_of
from reporting.parameters import changes
from reporting.project import Notebook, Study, notebooks

MOST_FINDINGS = 7
CHAPTERS = "{{< include _chapters.qmd >}}"


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
    chapters = "\n\n".join(f"{{{{< include _{found.chapter}.qmd >}}}}" for found in study.chapters)
    front = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{front}---\n{body.replace(CHAPTERS, chapters)}"


def abstract(shown: Shown) -> str:
    """The first chapter's finding: whom the report is about, and when."""
    findings = findings_of(next(iter(shown.values())))
    return findings[0]["metadata"]["finding"]["sentence"] if findings else ""


def summary(shown: Shown, say: Wording) -> str:
    """The executive summary: the weightiest findings, each with its claim and its chapter.

    Nothing where no finding may stand in it, as in a chapter made alone.
    """
    chosen = weightiest(shown)
    if not chosen:
        return ""
    lines = [f"# {say('report.summary')} {{#sec-summary .unnumbered}}", ""]
    for notebook, output in chosen:
        more = say("report.more", chapter=f"@sec-{notebook.chapter}")
        text = output["metadata"]["finding"]["brief"].removesuffix(":::")
        lines += [f"{text}[{more}]{{.more}}\n:::", ""]
    return "\n".join(lines)


def weightiest(shown: Shown) -> list[tuple[Notebook, Output]]:
    """At most seven findings in the order of the report.

    The first findings of all chapters come before the second ones, and the chapters that answer
    the study's main questions (`weight`) before the others.
    """
    ranked = []
    for notebook, cells in shown.items():
        findings = findings_of(cells)
        told = [out for out in findings if out["metadata"]["finding"]["in_summary"]]
        for place, output in enumerate(told):
            ranked.append((place, -notebook.weight, len(ranked), notebook, output))
    chosen = sorted(ranked, key=lambda entry: entry[:3])[:MOST_FINDINGS]
    return [entry[3:] for entry in sorted(chosen, key=lambda entry: entry[2])]


def chapter_list(study: Study, say: Wording) -> str:
    """Which chapters the study's tables allow, and what each missing one would take."""
    key = "report.chapters"
    rows = []
    for notebook in notebooks():
        shown = notebook in study.chapters
        if notebook.without and not shown:
            continue
        title = chapter_title(notebook, say)
        link = f"[{title}](#sec-{notebook.chapter})" if shown else title
        told = say("report.yes" if shown else "report.no")
        rows.append(f"| {link} | {told} | {needs_of(notebook, say)} |")
    heads = (say(f"{key}.{column}") for column in ("chapter", "shown", "needs"))
    rules = "|:------------------------|:-----|:------------------------|"
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
        notebook=notebook.name,
        study=study.params.study,
    )
    cited = say.markdown(
        "report.cite",
        author=study.params.author,
        title=study.params.title,
        chapter=chapter_title(notebook, say),
        study=study.name,
        commit=read_note(stamp["commit"]),
        finished=stamp["finished"],
    )
    return f'\n::: {{.content-visible when-format="html"}}\n{made}\n\n{cited}\n:::\n'
