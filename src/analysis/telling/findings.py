"""What a result says: one sentence with its number, its interval and its claim.

A finding chooses its variant by rule (not reached, no clear difference, too few …) and takes every
word from the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from analysis.telling.wording import Wording

Claim = Literal["descriptive", "predictive", "causal"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence for the reader.

    Attributes
    ----------
    number : str
        The number, large; with `headline` it makes one sentence.
    headline, detail : str
    brief : str
        The part of the detail that the executive summary shows; empty: all of it.
    claim : {'descriptive', 'predictive', 'causal'}
        What kind of statement it is; an observational effect is never worded as a cause.
    label : str
        The claim in the reader's language.
    in_summary : bool
        Whether the executive summary shows it.
    """

    number: str
    headline: str
    detail: str
    claim: Claim
    label: str
    in_summary: bool = field(default=True)
    brief: str = ""

    @property
    def markdown(self) -> str:
        """A fenced div with the classes `finding` and the claim."""
        return self._block(self.detail)

    def _block(self, detail: str) -> str:
        return (
            f"::: {{.finding .{self.claim}}}\n[{self.number}]{{.finding-number}} "
            f"**{self.headline}**\n\n{detail} [{self.label}]{{.claim}}\n:::"
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        told = {
            "claim": self.claim,
            "in_summary": self.in_summary,
            "sentence": f"{self.number} {self.headline}",
            "brief": self._block(self.brief or self.detail),
        }
        return {"text/markdown": self.markdown}, {"finding": told}


def finding(
    say: Wording,
    key: str,
    *details: str,
    claim: Claim,
    in_summary: bool = True,
    **numbers: Any,
) -> Finding:
    """Fill a finding of the catalogue: `key.number`, `key.headline`, and finished detail texts.

    The first of the texts is what the executive summary shows: the interval belongs there.
    """
    told = list(filter(None, details))
    return Finding(
        number=say(f"{key}.number", **numbers),
        headline=say(f"{key}.headline", **numbers),
        detail=" ".join(told),
        claim=claim,
        label=say(f"claims.{claim}"),
        in_summary=in_summary,
        brief=told[0] if told else "",
    )
