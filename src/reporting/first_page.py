"""Page one: what weighs most, and what to decide.

A finding is a fact that has been told already; here it gets its rank, its comparator, its own
check and a small strip of its interval. Nothing is computed anew.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.telling.markup import Filled
from analysis.telling.wording import Wording
from reporting.executed import Output, Shown, findings_of
from reporting.project import Notebook
from reporting.strips import STRIPS, strip

MOST_FINDINGS, MOST_OF_A_CHAPTER, MOST_DECISIONS = 6, 2, 5
NUMBER = re.compile(r"\[([^\]]*)\]\{\.finding-number\}")
SHARES = ("percent", "percent0", "points")
KEY = "report.first"


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """A finding of a chapter: its label, and what its cell says of it."""

    notebook: Notebook
    label: str
    finding: Mapping[str, Any]

    @property
    def fact(self) -> Mapping[str, Any]:
        """Its numbers; none in the findings of somebody's own notebook."""
        return self.finding.get("fact") or {}

    @property
    def people(self) -> float:
        """How many people it concerns: those counted, or a share of those it speaks of.

        An amount concerns all of whom it is told; a ratio or a score is about nobody in number.
        """
        estimate, n = self.fact.get("estimate"), self.fact.get("n") or 0
        match self.fact.get("unit"):
            case unit if unit in SHARES and estimate is not None:
                return abs(estimate) * n
            case "count" if estimate is not None:
                return float(estimate)
            case "money":
                return float(n)
        return 0.0


def told_findings(shown: Shown) -> Iterator[Told]:
    """Every finding of the report that says something, in its order."""
    for notebook, cells in shown.items():
        for label, output in cells.items():
            finding = output["metadata"].get("finding")
            if finding and not finding.get("silent"):
                yield Told(notebook, label, finding)


def first_page(shown: Shown, say: Wording) -> str:
    """The summary: at most six findings, then what to decide, then of whom the report speaks.

    Nothing where no finding may stand in it, as in a chapter made alone.
    """
    chosen = weightiest(shown)
    if not chosen:
        return ""
    lines = [f"# {say('report.summary')} {{#sec-summary .unnumbered}}", ""]
    lines += [PAGE_OPEN, "", FINDINGS_OPEN, ""]
    lines += [line for one in chosen for line in (*_finding(one, say), "")]
    lines += [":::::", ""]
    return "\n".join([*lines, *_decisions(shown, say), *_bases(shown, say), ":::::::"])


PAGE_OPEN, FINDINGS_OPEN = "::::::: {.page-one}", '::::: {layout-ncol="2"}'


def weightiest(shown: Shown) -> list[Told]:
    """At most six findings, by how many people they concern, over all chapters.

    A chapter has two at most; one whose fact is told already by its sentence is left out. Those
    that concern nobody in number follow in the order of their chapters' weight.
    """
    ranked = [one for one in told_findings(shown) if one.finding["in_summary"]]
    ranked.sort(key=lambda one: (-one.people, -one.notebook.weight))
    chosen: list[Told] = []
    for one in ranked:
        same = [other for other in chosen if other.notebook == one.notebook]
        repeats = any(other.finding["sentence"] == one.finding["sentence"] for other in chosen)
        if len(same) < MOST_OF_A_CHAPTER and not repeats:
            chosen.append(one)
    return chosen[:MOST_FINDINGS]


def _finding(one: Told, say: Wording) -> list[str]:
    number = NUMBER.search(one.finding["brief"])
    large = number[1] if number else ""
    told = (_interval(one, say), _beside(one, say, "comparator"), _beside(one, say, "check"))
    kind = one.finding["claim"]
    claim = f"[{say(f'claims.{kind}')}]{{.claim}}"
    more = say("report.more", chapter=f"@sec-{one.notebook.chapter}")
    lines = " ".join(filter(None, (*told, claim, f"[{more}]{{.more}}")))
    return [
        f"::: {{.finding .{kind}}}",
        f"[{large}]{{.finding-number}} **{one.finding['sentence']}**",
        "",
        lines,
        ":::",
    ]


def _interval(one: Told, say: Wording) -> str:
    fact = one.fact
    if fact.get("low") is None or fact.get("high") is None:
        return ""
    ends = {end: say.formats.show(fact[end], fact["unit"]) for end in ("low", "high")}
    words = say(f"{KEY}.between", **{end: Filled(text) for end, text in ends.items()})
    picture = f"![]({STRIPS}/{one.label}.svg)"
    return f'{words} {picture}{{.strip fig-alt="{words}"}}' if strip(fact) else words


def _beside(one: Told, say: Wording, place: str) -> str:
    """What a number is compared with, or how its method fared before; empty where neither is."""
    beside = one.fact.get(place)
    if not beside or beside["estimate"] is None or not say.has(f"{KEY}.{beside['kind']}"):
        return ""
    unit = beside["unit"] or one.fact["unit"]
    value = say.formats.show(beside["estimate"], unit)
    return say(f"{KEY}.{beside['kind']}", value=Filled(value))


def _decisions(shown: Shown, say: Wording) -> Iterator[str]:
    """Three to five rows of what to decide or to test, as the chapters' texts word them."""
    found = [one for one in told_findings(shown) if _decides(one, say)]
    found.sort(key=lambda one: -one.people)
    counted: Counter[str] = Counter()
    rows = []
    for one in found:
        if counted[one.notebook.chapter] or len(rows) == MOST_DECISIONS:
            continue
        with suppress(ValueError, LookupError):
            rows.append(_decision(one, say))
            counted[one.notebook.chapter] += 1
    if not rows:
        return
    heads = (say(f"{KEY}.{name}") for name in ("what", "who", "sureness", "proof"))
    yield from [f"**{say(f'{KEY}.decide')}**", ""]
    yield from [f"| {' | '.join(heads)} |", "|:-----|:-----|:----|:-----|", *rows, ""]


def _decides(one: Told, say: Wording) -> str:
    """Where the chapter's texts word what follows from a finding; empty where nothing does."""
    if not one.fact:
        return ""
    own = say.of(one.notebook.chapter)
    places = [f"{one.fact['key']}.{one.fact['variant']}"] if one.fact["variant"] else []
    for place in (*places, one.fact["key"]):
        if own.has(f"{place}.decide"):  # a variant from which nothing follows
            return ""
        if own.has(f"{place}.decide.what"):
            return place
    return ""


def _decision(one: Told, say: Wording) -> str:
    """A row of what to decide; an error where a number that it names is hidden or not there."""
    own, place = say.of(one.notebook.chapter), _decides(one, say)
    known = {name: one.fact[name] for name in ("estimate", "low", "high", "n")}
    known |= one.fact["numbers"]
    numbers = {name: np.nan if number is None else number for name, number in known.items()}
    what, who, proof = (
        own.markdown(f"{place}.decide.{part}", **numbers) for part in ("what", "who", "proof")
    )
    sure = [say(f"{KEY}.sure.{one.finding['claim']}"), _beside(one, say, "check")]
    return f"| **{what}** | {who} | {'; '.join(filter(None, sure))} | {proof} |"


def _bases(shown: Shown, say: Wording) -> list[str]:
    """How many of those who ever were customers are customers now, as a sentence and a strip."""
    for one in told_findings(shown):
        if one.notebook.about_data and one.fact.get("key") == "bases":
            words = one.finding["sentence"]
            picture = f'![]({STRIPS}/{one.label}.svg){{.strip fig-alt="{_plain(words)}"}}'
            return [f"{words} {picture}", ""]
    return []


def _plain(markdown: str) -> str:
    return re.sub(r'[*_`"\[\]{}]', "", markdown)


def abstract(shown: Shown) -> str:
    """Whom the report is about and when, and how complete the records are."""
    findings = findings_of(next(iter(shown.values())))
    told = [found["metadata"]["finding"] for found in findings[:2]]
    return " ".join(one["sentence"] for one in told if not one.get("silent"))


def strips(cells: Mapping[str, Output]) -> Iterator[tuple[str, str]]:
    """The strips of a chapter's findings: label and drawing."""
    for label, output in cells.items():
        drawn = strip(output["metadata"].get("finding", {}).get("fact") or {})
        if drawn:
            yield label, drawn
