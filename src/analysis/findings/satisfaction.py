"""The headline of a finding, for captions."""

from __future__ import annotations

from analysis.telling.findings import Finding


def headline_of(told: Finding) -> str:
    """The finding as one sentence."""
    return f"{told.number} {told.headline}"
