"""What `make reports` makes of the studies as they stand: pages, PDFs, tables, the list of all."""

from __future__ import annotations

import csv
import json
import re
import stat
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pypdf
import pytest
import yaml
from bs4 import BeautifulSoup
from not_run import absent_data, skip_absent_study

from analysis.params import read_params
from analysis.telling.audit import attack
from analysis.telling.drawn import MOST_POINTS
from reporting.commands import published_tables

PARAMS = Path(__file__).parents[2] / "params"
STUDIES = sorted(path.stem for path in PARAMS.glob("*.yml"))
SIMULATED = [name for name in STUDIES if read_params(PARAMS / f"{name}.yml").simulated]
CLAIMS = {"descriptive", "predictive", "causal"}
NAMING_COLUMNS = tuple(
    f"tbl-{chapter}-{table}"
    for chapter in ("data", "contracts", "survey")
    for table in ("dictionary", "missing")
)
EMBED = re.compile(r"\{\{< embed \S+#((?:fig|tbl)-[\w-]+) >\}\}")
PERSONAL = {"customer_id", "customer", "contract_id", "order_id", "comment", "email", "name"}
CDNOW_SHARES = {4: 0.168, 13: 0.293, 26: 0.376, 52: 0.458, 66: 0.483}


@cache
def page_of(folder: Path) -> BeautifulSoup:
    return BeautifulSoup((folder / "report.html").read_text(encoding="utf-8"), "html.parser")


@cache
def pdf_of(folder: Path) -> pypdf.PdfReader:
    return pypdf.PdfReader(folder / "report.pdf")


@cache
def pdf_pages(folder: Path) -> list[str]:
    return [page.extract_text() for page in pdf_of(folder).pages]


def pdf_text(folder: Path) -> str:
    return "\n".join(pdf_pages(folder))


def visible_text(page: BeautifulSoup, *, without: tuple[str, ...] = ()) -> str:
    """What a reader sees, but for code and the tables that name columns."""
    page = BeautifulSoup(str(page), "html.parser")
    for tag in page(["style", "script", "code", "pre", "svg", "math", "head"]):
        tag.decompose()
    for label in without:
        if found := page.find(id=label):
            found.decompose()
    return page.get_text(" ")


def embedded(folder: Path, kind: str) -> list[str]:
    """The labels that the chapters embed."""
    pages = (own(folder) / "report").glob("_*.qmd")
    sources = [path.read_text(encoding="utf-8") for path in pages]
    return [label for text in sources for label in EMBED.findall(text) if label.startswith(kind)]


@pytest.fixture(params=STUDIES)
def report(request, built) -> Path:
    """The folder of each study's report, as it may be published."""
    skip_absent_study(request.param)
    return built / "site" / request.param


def own(report: Path) -> Path:
    """The folder of what stays with the study."""
    return report.parents[1] / report.name


def test_page_shows_every_figure_with_caption_and_alternative_text(report):
    page, labels = page_of(report), embedded(report, "fig-")
    assert labels
    for label in labels:
        figure = page.find(id=label)
        assert figure is not None, label
        alt = figure.find("img")["alt"]
        assert re.fullmatch(r"[A-Z0-9“].{30,}[.]", alt, re.DOTALL), alt
        assert "  " not in alt
        caption = figure.find("figcaption").get_text(" ", strip=True)
        assert re.match(r"Figure\sA?\d+", caption), caption
        assert len(caption) > 40
    assert len(page.select("figure img")) == len(page.select("img.narrow")) == len(labels)


def test_page_shows_every_table_with_caption_and_headings(report):
    page, labels = page_of(report), embedded(report, "tbl-")
    assert labels
    for label in labels:
        table = page.find(id=label)
        assert table is not None, label
        assert re.search(r"Table\sA?\d+", table.get_text(" ")), label
        heads = table.find("thead").find_all("th")
        assert heads
        assert all(head.get_text(strip=True) for head in heads), label


def test_page_resolves_every_reference(report):
    page = page_of(report)
    targets = {tag["id"] for tag in page.find_all(id=True)}
    links = [tag["href"] for tag in page.find_all("a", href=True) if tag["href"].startswith("#")]
    assert len(links) > 10
    assert {link[1:] for link in links} <= targets
    assert len(targets) == len(page.find_all(id=True)), "an id stands twice"


def test_texts_hold_nothing_unresolved(report):
    for text in (visible_text(page_of(report)), pdf_text(report)):
        for left in ("??", "?@", "@fig-", "@tbl-", "@sec-", "{{<", ">}}", ":::", "{#", "](#"):
            assert left not in text
        assert not re.search(r"\bnan\b|\bNaN\b|\bNaT\b|\bNone\b|\binf\b|<NA>", text)


def test_page_shows_no_names_of_the_code(report):
    text = visible_text(page_of(report), without=NAMING_COLUMNS)
    assert re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", text) == []


def test_page_loads_nothing_from_outside(report):
    page = page_of(report)
    for tag in page.find_all(True):
        for name in ("src", "srcset", "href", "data", "poster", "action", "xlink:href"):
            address = str(tag.get(name, ""))
            outside = re.match(r"(?:https?:)?//", address.strip(), re.IGNORECASE)
            assert not outside or (tag.name == "a" and tag.find_parent(id="refs")), address
    styles = " ".join(
        [tag.get_text() for tag in page("style")]
        + [str(t["style"]) for t in page.find_all(style=True)]
    )
    assert "@import" not in styles
    assert not re.search(r"url\(\s*[\"']?(?:https?:)?//", styles)


def test_page_says_what_it_is(report):
    page, params = page_of(report), read_params(PARAMS / f"{report.name}.yml")
    assert page.html["lang"] == params.language
    assert page.title.get_text(strip=True) == params.title
    assert page.h1.get_text(" ", strip=True) == params.title
    assert page.find("a", class_="skip-link")
    first = page.find("header").get_text(" ")
    assert ("simulated data" in first.lower()) == params.simulated


def test_pdf_has_title_outline_pages_and_captions(report):
    pdf, params = pdf_of(report), read_params(PARAMS / f"{report.name}.yml")
    assert 3 <= len(pdf.pages) <= 80
    assert all(len(text) > 40 for text in pdf_pages(report))
    assert pdf.metadata.title == params.title
    assert str(pdf.trailer["/Root"].get("/Lang", "")).startswith(params.language)
    chapters = [entry.title for entry in pdf.outline if not isinstance(entry, list)]
    text = re.sub(r"\s+", " ", pdf_text(report))
    for heading in page_of(report).find_all("h2"):
        assert re.sub(r"\s+", " ", heading.get_text(" ", strip=True)) in [
            re.sub(r"\s+", " ", title) for title in chapters
        ]
    for label in page_of(report).select("figcaption .label"):
        assert re.sub(r"\s+", " ", label.get_text()) in text
    last = len(pdf.pages)
    assert f"{last} / {last}" in pdf_pages(report)[-1]
    assert ("Simulated data" in pdf_pages(report)[0]) == params.simulated


def test_summary_has_findings_with_claim_and_link(report):
    page = page_of(report)
    findings = []
    for tag in page.find(id="sec-summary").find_all_next():
        if tag.name == "h2":
            break
        findings += [tag] if "finding" in tag.get("class", ()) else []
    chapters = json.loads((own(report) / "study.json").read_text())["chapters"]
    assert len(findings) <= 6
    assert len(findings) >= min(3, len(chapters) - 1)
    for finding in findings:
        assert finding.find(class_="finding-number").get_text(strip=True)
        assert finding.find(class_="claim").get_text(strip=True) in CLAIMS
        link = finding.find("a")["href"]
        assert page.find(id=link[1:]) is not None
    told = re.sub(r"\s+", " ", pdf_text(report))
    assert sum(told.count(claim) for claim in CLAIMS) >= len(findings)


def test_results_and_their_dictionary_agree(report):
    results = report / "results"
    with (results / "columns.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    told = {(row["file"], row["column"]) for row in rows}
    assert all(row["heading"] and row["meaning"] for row in rows)
    files = sorted(path for path in results.glob("*.csv") if path.name != "columns.csv")
    assert files
    held = {(path.name, column) for path in files for column in pd.read_csv(path).columns}
    assert held == told - {("columns.csv", "file")}
    assert "an apostrophe before it" in rows[0]["meaning"]


def test_results_show_no_group_below_the_smallest_size(report):
    least = read_params(PARAMS / f"{report.name}.yml").min_cell
    for path in (report / "results").glob("*.csv"):
        table = pd.read_csv(path)
        if "n" in table:
            assert (table["n"].dropna() >= least).all(), path.name


def test_an_intruder_finds_nothing(report):
    least = read_params(PARAMS / f"{report.name}.yml").min_cell
    assert attack(published_tables(report / "results"), min_cell=least) == []


@pytest.mark.parametrize("name", SIMULATED)  # real ids are plain numbers, which stand everywhere
def test_no_customer_is_named_anywhere(built, name):
    folder, site = built / name, built / "site" / name
    ids = set(pd.read_parquet(folder / "tables" / "customers.parquet")["customer_id"])
    assert len(ids) > 100
    texts = [pdf_text(site), (built / "site" / "index.html").read_text()]
    kinds = ("*.json", "notebooks/*.ipynb", "report/*.qmd", "report/nb/*.ipynb")
    made = [path for kind in kinds for path in folder.glob(kind)]
    made += [path for path in site.rglob("*") if path.is_file() and path.suffix != ".pdf"]
    texts += [path.read_text(encoding="utf-8") for path in made]
    assert len(texts) > 8
    for text in texts:
        assert not ids & set(re.findall(r"[A-Za-z0-9]+", text))


def test_folder_to_publish_holds_pages_and_results_alone(built):
    site = built / "site"
    assert {path.name for path in site.iterdir()} == {"index.html", *made_reports()}
    for name in made_reports():
        held = {path.relative_to(site / name).as_posix() for path in (site / name).rglob("*")}
        results = {path for path in held if path.startswith("results/")}
        run = {path.stem for path in (built / name / "notebooks").glob("*.ipynb")}
        pages = {"notebooks", *(f"notebooks/{one}.html" for one in run)}
        own = {"report.html", "report.pdf", "report-brief.pdf", "report.json", "results"}
        assert held - results == own | pages
        assert {Path(path).suffix for path in results} == {".csv", ".json"}
        people = pq.read_metadata(built / name / "tables" / "customers.parquet").num_rows
        for path in (site / name / "results").glob("*.csv"):
            table = pd.read_csv(path, dtype=str)
            assert not PERSONAL & set(table.columns), path.name
            if "mark" in table:
                curves = table[table["mark"].isin(["line", "point"])].groupby(
                    ["mark", "series"] if "series" in table else "mark", dropna=False
                )
                most = max(curves.size(), default=0)
                assert most <= 4 * MOST_POINTS, f"{path.name} tells every step"
            elif path.name != "columns.csv":
                assert len(table) < people / 2, f"{path.name} may hold one row a person"


def made_reports() -> list[str]:
    return [name for name in STUDIES if not absent_data(name)]


@pytest.mark.parametrize("name", SIMULATED)
def test_tables_that_name_persons_are_their_owners_alone(built, name):
    folder = built / name
    assert stat.S_IMODE((folder / "tables").stat().st_mode) == 0o700
    private = [*(folder / "tables").iterdir(), *(folder / "notebooks").iterdir()]
    assert len(private) > 10
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert not [path for path in (built / "site").rglob("*.parquet")]


def test_cdnow_says_its_known_shares(built):
    table = pd.read_csv(built / "site" / "cdnow" / "results" / "retention-second-purchase.csv")
    found = table.set_index("weeks")["estimate"].round(3).to_dict()
    assert found == CDNOW_SHARES
    page = visible_text(page_of(built / "site" / "cdnow"))
    for text in (page, pdf_text(built / "site" / "cdnow")):
        text = re.sub(r"\s+", " ", text)
        for share in CDNOW_SHARES.values():
            assert re.search(rf"\b{100 * share:.1f} ?%", text), share
        assert re.search("Fewer than half .{0,90}a median time is not reached", text)
        assert "23,570" in text
        assert "67,591" in text
        assert "69,659" in text


def test_index_lists_every_report(built):
    site, made = built / "site", made_reports()
    page = BeautifulSoup((site / "index.html").read_text(encoding="utf-8"), "html.parser")
    entries = page.find_all("li")
    assert len(made) >= len(STUDIES) - 1
    assert len(entries) == len(made)
    text = page.get_text(" ")
    for name in made:
        described = json.loads((site / name / "report.json").read_text())
        for shown in ("title", "finished"):
            assert described[shown] in text
        assert described["data"]["title"] in text
    for link in page.find_all("a"):
        assert "://" not in link["href"]
        assert (site / link["href"]).exists(), link["href"]


def test_provenance_tells_how_the_numbers_were_made(report):
    text = visible_text(page_of(report))
    fingerprint = json.loads((own(report) / "study.json").read_text())["fingerprint"]
    code = {tag.get_text() for tag in page_of(report).find_all("code")}
    assert fingerprint[:16] in code
    params = read_params(PARAMS / f"{report.name}.yml")
    bought = ("silent for more than",) if "transactions" in params.data.tables else ()
    for word in ("Licence", "commit", "Python", "pandas", "UTC", "none", *bought):
        assert word in text
    staged = yaml.safe_load((own(report) / "report" / "_variables.yml").read_text())
    assert staged["min_cell"] == str(params.min_cell)
