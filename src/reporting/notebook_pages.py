"""An executed notebook as a page of its own: its text, its code, and what it shows.

It lies beside the report and holds all it shows; no script, nothing of this machine.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from analysis.telling import html
from analysis.telling.wording import Wording
from reporting.chapters import chapter_title
from reporting.contained import with_policy
from reporting.executed import executed
from reporting.project import Notebook, Study

FOLDER = "notebooks"
PAGE = Template(
    """<!DOCTYPE html>
<html lang="$language">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>$title</title>
<style>
:root { color-scheme: light dark; }
body { font-family: sans-serif; line-height: 1.45; max-width: 60em; margin: 2em auto; }
body { padding: 0 1em; }
pre { border: 1px solid #8884; border-radius: 4px; padding: .7em; overflow-x: auto; }
</style>
</head>
<body>
<p><a href="../report.html#sec-$chapter">$back</a></p>
$cells
</body>
</html>
"""
)


def write_notebook_pages(study: Study, folder: Path, say: Wording) -> None:
    """Write the page of each chapter's executed notebook into `folder/notebooks/`."""
    (folder / FOLDER).mkdir()
    for notebook in study.chapters:
        page = notebook_page(study, notebook, executed(study, notebook), say)
        (folder / page_of(notebook)).write_text(page, encoding="utf-8")


def page_of(notebook: Notebook) -> str:
    """Where a notebook's page lies, as seen from the report."""
    return f"{FOLDER}/{notebook.name}.html"


def notebook_page(study: Study, notebook: Notebook, content: dict[str, Any], say: Wording) -> str:
    """Return the page of a notebook that was run.

    Parameters
    ----------
    study : Study
    notebook : Notebook
    content : dict
        The executed notebook.
    say : Wording
        The shared texts.
    """
    cells = filter(None, (_cell(cell, study) for cell in content["cells"]))
    page = PAGE.substitute(
        language=escape(say.language),
        title=escape(f"{chapter_title(notebook, say)} ({study.name})"),
        chapter=notebook.chapter,
        back=escape(say("report.back")),
        cells="\n".join(cells),
    )
    return with_policy(page)


def _cell(cell: dict[str, Any], study: Study) -> str:
    source, tags = "".join(cell["source"]), cell["metadata"].get("tags", ())
    if "injected-parameters" in tags:
        return ""
    if cell["cell_type"] != "code":
        return "\n".join(map(_block, re.split(r"\n{2,}", source.strip())))
    code = parameters_of(study) if "parameters" in tags else source
    shown = [
        one["data"]["text/html"] for one in cell["outputs"] if "text/html" in one.get("data", {})
    ]
    return "\n".join([f"<pre><code>{escape(code)}</code></pre>", *map("".join, shown)])


def parameters_of(study: Study) -> str:
    """The cell of parameters with which the notebook gives the same in JupyterLab."""
    overrides = study.params.model_dump(mode="json")["overrides"]
    return f'study = "{study.params.study}"\noverrides = {overrides!r}'


def _block(text: str) -> str:
    """A heading or paragraph of a notebook's prose."""
    heading = re.match(r"(#{1,6}) (.+)", text)
    if heading:
        depth = len(heading[1])
        return f"<h{depth}>{html.inline(heading[2])}</h{depth}>"
    return html.paragraph(text)
