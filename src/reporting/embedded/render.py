"""Render a staged report to one HTML page and one PDF with pandoc and Typst."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pypandoc
import typst

from reporting.contained import carry_policy, check_self_contained
from reporting.embedded import fonts, page
from reporting.embedded.expand import expand
from reporting.errors import ReportError
from reporting.qmd import metadata, read_yaml
from reporting.theme import theme_file

HERE = Path(__file__).parent
READER = "markdown+east_asian_line_breaks"
BUNDLED = Path(pypandoc.__file__).parent / "files" / "pandoc"
RUNTIME: tuple[str, ...] = ()
if BUNDLED.is_file():  # the wheel's own pandoc, whichever others the machine has
    os.environ["PYPANDOC_PANDOC"] = str(BUNDLED)
    RUNTIME = ("+RTS", "-A64m", "-RTS")  # room to write into: its garbage is swept less often


def version() -> str:
    """The renderer's name with the versions that decide what it makes."""
    return f"embedded (pandoc {pypandoc.get_pandoc_version()}, typst {typst.__version__})"


def render(staged: Path, html: Path, pdf: Path, work: Path) -> None:
    """Write both formats of the report in `staged`, and its brief beside the PDF.

    `work` is an empty folder.
    """
    meta, families = _prepared(staged, work, "report")
    with ThreadPoolExecutor(2) as pool:
        made_html = pool.submit(_render_html, staged, html, work, meta)
        made_pdf = pool.submit(_render_pdf, staged, pdf, work, meta, families)
        made_html.result(), made_pdf.result()
    if (staged / "brief.qmd").is_file():
        render_pdf(staged, pdf.with_name(f"{pdf.stem}-brief.pdf"), work, "brief")


def render_pdf(staged: Path, pdf: Path, work: Path, name: str) -> None:
    """Write one of the other pages of a staged report, `brief` or `slides`, as PDF."""
    meta, families = _prepared(staged, work, name)
    _render_pdf(
        staged, pdf, work, meta | {"toc": False, "slides": name == "slides"}, families, name
    )


def _prepared(staged: Path, work: Path, name: str) -> tuple[dict[str, Any], list[str]]:
    """What pandoc reads of a page, its text in `work`; and the fonts that it needs."""
    meta = metadata(staged)
    meta["words"] = page.words(staged)
    page.teach_pandoc(meta, work)
    variables = read_yaml(staged / "_variables.yml")
    text = expand(staged, work, {"var": variables, "meta": meta}, f"{name}.qmd")
    (work / f"{name}.md").write_text(text, encoding="utf-8")
    words = text + json.dumps(meta, ensure_ascii=False, default=str)
    families = fonts.families_for(words, str(meta["lang"]))
    bibliography = meta.get("bibliography") or []
    names = [bibliography] if isinstance(bibliography, str) else bibliography
    meta["bibliography"] = [str((staged / name).resolve()) for name in names]
    if "csl" in meta:
        meta["csl"] = str((staged / meta["csl"]).resolve())
    return meta, families


def _render_html(staged: Path, html: Path, work: Path, meta: dict[str, Any]) -> None:
    sheets = (theme_file(staged, "theme.css"), HERE / "page.css")
    styles = "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
    options = ["--mathml", "--template", str(HERE / "page.html")]
    options += ["--toc", "--toc-depth=3"] if meta.get("toc") else []
    made = _pandoc("html5", options, meta, {**page.dates(meta), "styles": styles}, staged, work)
    html.write_text(page.self_contained(made, work), encoding="utf-8")
    carry_policy(html, check_self_contained(html))


def _render_pdf(
    staged: Path,
    pdf: Path,
    work: Path,
    meta: dict[str, Any],
    families: list[str],
    name: str = "report",
) -> None:
    language, _, region = str(meta["lang"]).partition("-")
    variables = {
        **page.dates(meta),
        "theme": theme_file(staged, "theme.typ").read_text(encoding="utf-8"),
        "families": ", ".join(f'"{family}"' for family in families),
        "language": language,
        "region": region,
    }
    options = ["--template", str(HERE / "page.typ")]
    source = work / f"{name}.typ"
    source.write_text(
        _pandoc("typst-citations", options, meta, variables, staged, work, name), encoding="utf-8"
    )
    fonts.compile_pdf(source, pdf, root=work, families=families)


def _pandoc(
    to: str,
    options: list[str],
    meta: dict[str, Any],
    variables: dict[str, Any],
    staged: Path,
    work: Path,
    name: str = "report",
) -> str:
    settings = work / f"settings-{name}-{to}.json"
    settings.write_text(json.dumps(meta, ensure_ascii=False, default=str), encoding="utf-8")
    command = [pypandoc.get_pandoc_path(), f"{name}.md", "--from", READER, "--to", to]
    command += ["--standalone", "--wrap=none", "--metadata-file", settings.name]
    command += ["--data-dir", str(work.resolve())]
    filters = (theme_file(staged, "appendix.lua"), HERE / "report.lua")
    for filter_file in (*filters, theme_file(staged, "theme.lua")):
        command += ["--lua-filter", str(filter_file)]
    for key, value in variables.items():
        command += ["--variable-json", f"{key}={json.dumps(value)}"]
    done = subprocess.run(
        [*command, *options, *RUNTIME], cwd=work, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode or done.stderr.strip():
        said = " / ".join(done.stderr.strip().splitlines()) or "nothing"
        raise ReportError(f"{name}.qmd must convert to {to}, but pandoc said: {said}")
    return done.stdout
