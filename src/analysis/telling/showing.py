"""How a chapter shows: findings, figures and tables in its own words, through the gates.

`show = chapter_of(params, "retention")` in a notebook; each of its verbs ends a labelled cell. What
has nothing to tell shows no blank figure and no empty table: the finding's one line says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import pandas as pd
from matplotlib.axes import Axes

from analysis.data import Tables
from analysis.frames.lot import SAMPLE
from analysis.params import Params
from analysis.telling import html
from analysis.telling.drawing import Illustration, illustrate
from analysis.telling.facts import Fact, Sentence
from analysis.telling.gates import gated
from analysis.telling.markup import Filled
from analysis.telling.tables import Presented, present
from analysis.telling.wording import Wording, wording_for

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact in words.

    Attributes
    ----------
    fact : Fact
    number : str
        The number, large; with `headline` it makes one sentence.
    headline, detail : str
    brief : str
        The part of the detail that the executive summary shows.
    label : str
        The claim in the reader's language.
    counted : str
        How many stand behind the number; empty where it counts nobody.
    min_cell : int
        The size below which a group is not shown.
    """

    fact: Fact
    number: str
    headline: str
    detail: str
    brief: str
    label: str
    counted: str = ""
    min_cell: int = 1

    @property
    def sentence(self) -> str:
        """Number and headline: one sentence."""
        return f"{self.number} {self.headline}".strip()

    @property
    def markdown(self) -> str:
        """A fenced div with the classes `finding` and the claim; one line where it is silent."""
        return f"*{self.sentence}* {self.detail}".strip() if self.fact.silent else self.block()

    def block(self, detail: str | None = None) -> str:
        """The finding as a fenced div, with another detail where one is given."""
        told = self.detail if detail is None else detail
        return (
            f"::: {{.finding .{self.fact.claim}}}\n[{self.number}]{{.finding-number}} "
            f"**{self.headline}**\n\n{told} [{self.label}]{{.claim}}\n:::"
        )

    @property
    def html(self) -> str:
        """The finding for JupyterLab: number, headline, detail, claim and n."""
        if self.fact.silent:
            return html.told(html.paragraph(self.markdown))
        number = f'<span class="number">{html.inline(self.number)}</span> ' if self.number else ""
        claim = f'<span class="claim">{html.inline(self.label)}</span>'
        return html.told(
            f"<p>{number}<b>{html.inline(self.headline)}</b></p>",
            html.paragraph(self.detail),
            f'<p class="small">{claim} {html.inline(self.counted)}</p>',
            kind="finding",
        )

    @property
    def told(self) -> dict[str, Any]:
        """What the report keeps of it: words, numbers, claim."""
        return {
            "claim": self.fact.claim,
            "in_summary": self.fact.in_summary and not self.fact.silent,
            "sentence": self.sentence,
            "detail": self.detail,
            "brief": self.block(self.brief),
            "silent": self.fact.silent,
            "fact": self.fact.record(min_cell=self.min_cell),
        }

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        return {"text/markdown": self.markdown, "text/html": self.html}, {"finding": self.told}


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the chapter, or nothing at all where there is nothing to show.

    What is `told` all the same stands on page one and in `findings.json`.
    """

    markdown: str
    silent: bool = False
    told: Mapping[str, Any] | None = None

    @property
    def html(self) -> str:
        """The same for JupyterLab."""
        return html.told(html.paragraphs(self.markdown)) if self.markdown else ""

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        shown = {"text/markdown": self.markdown, "text/html": self.html}
        told = {"finding": self.told} if self.told else {}
        return shown, {"silent": self.silent} | told


SILENT = Text("", silent=True)


@dataclass(frozen=True, slots=True, eq=False)
class Chapter:
    """The words of one chapter and the verbs that show its results.

    Attributes
    ----------
    name : str
        The chapter's folder in `analysis.chapters`.
    say : Wording
        Its texts, laid over the shared ones.
    """

    name: str
    say: Wording

    def gated(self, result: Result) -> Result:
        """A result without what is about too few people; facts, figures, tables take this one."""
        return gated(result, self.say.min_cell, dominance=self.say.dominance)

    def finding(self, fact: Fact) -> Finding:
        """Say a fact: number, headline, further sentences, claim."""
        number, headline, *details = self._told(fact)
        return Finding(
            fact,
            number=number,
            headline=headline,
            detail=" ".join(details),
            brief=details[0] if details else "",
            label=self.say(f"claims.{fact.claim}"),
            counted=self.say("bench.counted", n=fact.n) if fact.n is not None else "",
            min_cell=self.say.min_cell,
        )

    def figure(
        self,
        plot: Callable[[Any, Axes, Wording], Axes],
        result: Any,
        fact: Fact,
        *,
        named: str = "",
        height: float = 4.0,
    ) -> Illustration | Text:
        """Draw a result; caption, alternative text and how to read it come from the fact.

        Parameters
        ----------
        plot : callable
            One of the chapter's `plot_…` functions.
        result : object
            The gated result that it draws.
        fact : Fact
            What the figure shows. A silent one shows no figure, nor does one all of whose numbers
            are hidden.
        named : str
            Where a fact has several figures: the part of its texts that words this one.
        height : float
            In inches; the width is 7 inches.
        """
        if fact.silent:
            return SILENT
        prefix = f"{named}." if named else ""
        words = self._words(fact)
        own = words | {"sentence": Filled("")}  # it stands beside its figure
        texts = {
            "caption": self._part(fact, f"{prefix}caption", **own).strip(),
            "alt": self._part(fact, f"{prefix}alt", plain=True, **self._words(fact, plain=True)),
        }
        if self._has(fact, f"{prefix}reading"):
            texts["reading"] = self._part(fact, f"{prefix}reading", **words)
        return illustrate(plot, result, self.say, height=height, **texts) or SILENT

    def table(
        self,
        table: pd.DataFrame,
        key: str,
        *,
        of: Fact | None = None,
        count: str | None = "n",
        columns: list[str] | None = None,
        base: str = "",
        **numbers: Any,
    ) -> Presented | Text:
        """Show a result's table; one without a number, or of a silent fact, shows nothing.

        Parameters
        ----------
        table : DataFrame
            Tidy, one row a line.
        key : str
            Where the chapter's texts hold its caption: a text, or `caption` beside `columns` (the
            heads that it has of its own).
        of : Fact, optional
            The fact that it stands behind.
        count : str or None
            The column with the people behind a row. None only where no row is about people.
        columns : list of str, optional
            The columns to show, in order.
        base : str
            Whom it counts: a base of the ledger; that of the fact where none is given.
        **numbers
            What the caption names.
        """
        if not len(table) or (of is not None and of.silent):
            return SILENT
        known = of.named if of is not None else {}
        given = {"count": count, "columns": columns, "base": base or known.get("base", "")}
        shown = present(table, self.say, caption=key, **(known | numbers | given))
        return SILENT if shown.blank else shown

    def reason(self, fact: Fact) -> Text:
        """Why a figure without a finding is not shown; where it is, what page one may say of it."""
        finding = self.finding(fact)
        return Text(finding.markdown) if fact.silent else Text("", silent=True, told=finding.told)

    def limits(self, tables: Tables | None = None) -> Text:
        """What the chapter does not say, and of whom it speaks where `tables` are a sample."""
        told = [self.say.markdown("limits")]
        if tables is not None and tables.sampled_from:
            told.append(self.say.markdown("sampled", n=SAMPLE, of=tables.sampled_from))
        return Text("\n\n".join(told))

    def _has(self, fact: Fact, part: str) -> bool:
        return any(self.say.has(key) for key in _places(fact, part))

    def _part(self, fact: Fact, part: str, *, plain: bool = False, **numbers: Any) -> str:
        places = _places(fact, part)
        key = next(filter(self.say.has, places), places[0])
        tell = self.say if plain else self.say.markdown
        return tell(key, **(fact.named | numbers))

    def _told(self, fact: Fact, *, plain: bool = False) -> list[str]:
        """Number, headline and further sentences, as Markdown or as plain text."""
        number = "" if fact.silent else self._part(fact, "number", plain=plain)
        told = [number, self._part(fact, "headline", plain=plain)]
        for one in fact.also:
            sentence = Sentence(one) if isinstance(one, str) else one
            told.append(self._part(fact, sentence.key, plain=plain, **sentence.numbers))
        return told[:2] + list(filter(None, told[2:]))

    def _words(self, fact: Fact, *, plain: bool = False) -> dict[str, Filled]:
        """The fact's sentence and detail, for its captions and alternative texts to name."""
        number, headline, *details = self._told(fact, plain=plain)
        sentence = f"{number} {headline}".strip()
        return {"sentence": Filled(sentence), "detail": Filled(" ".join(details))}


def _places(fact: Fact, part: str) -> list[str]:
    """Where a part of a fact's texts may stand: below its variant, below the fact, by itself."""
    own = [f"{fact.key}.{fact.variant}.{part}"] if fact.variant else []
    return [*own, f"{fact.key}.{part}", part]


def chapter_of(params: Params, name: str) -> Chapter:
    """The chapter of a name, in the study's language."""
    return Chapter(name, wording_for(params).of(name))
