"""What a result says: one sentence with its number, its interval and its claim.

A finding chooses its variant by rule (not reached, no clear difference, too few …) and takes every
word from the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from analysis.wording import Wording

Claim = Literal["descriptive", "predictive", "causal"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence for the reader.

    Attributes
    ----------
    number : str
        The number, large; with `headline` it makes one sentence.
    headline, detail : str
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

    @property
    def markdown(self) -> str:
        """A fenced div with the classes `finding` and the claim."""
        return (
            f"::: {{.finding .{self.claim}}}\n[{self.number}]{{.finding-number}} "
            f"**{self.headline}**\n\n{self.detail} [{self.label}]{{.claim}}\n:::"
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        sentence = f"{self.number} {self.headline}"
        told = {"claim": self.claim, "in_summary": self.in_summary, "sentence": sentence}
        return {"text/markdown": self.markdown}, {"finding": told}


def finding(
    say: Wording,
    key: str,
    *details: str,
    claim: Claim,
    in_summary: bool = True,
    **numbers: Any,
) -> Finding:
    """Fill a finding of the catalogue: `key.number`, `key.headline`, and finished detail texts."""
    return Finding(
        number=say(f"{key}.number", **numbers),
        headline=say(f"{key}.headline", **numbers),
        detail=" ".join(filter(None, details)),
        claim=claim,
        label=say(f"claims.{claim}"),
        in_summary=in_summary,
    )
