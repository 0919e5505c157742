"""The tier schemes of the domain, as data."""

from __future__ import annotations


def _score(cuts: tuple[float, ...], **dimensions: tuple[float, tuple[str, ...]]) -> dict:
    return {
        "score": {
            "dimensions": {
                name: {"weight": weight, "quantities": quantities}
                for name, (weight, quantities) in dimensions.items()
            },
            "cuts": cuts,
            "cut_at": "share",
        }
    }


PRESETS: dict[str, dict] = {
    "ecommerce": {
        "tiers": ("ordinary", "bronze", "silver", "gold", "vip"),
        **_score(
            (0.4, 0.7, 0.9, 0.97),
            behavioural=(0.5, ("purchases", "active_months", "-recency_days")),
            financial=(0.5, ("amount",)),
        ),
    },
    "bank": {
        "tiers": ("potential", "general", "important", "high_end"),
        **_score(
            (0.4, 0.75, 0.95),
            financial=(0.6, ("assets", "amount")),
            behavioural=(0.4, ("products", "credit_score")),
        ),
    },
    "chain": {
        "tiers": ("low_value", "potential", "high_value"),
        **_score(
            (0.5, 0.85),
            behavioural=(0.8, ("purchases", "average_purchase", "-recency_days")),
            emotional=(0.2, ("-complaints",)),
        ),
    },
    "retail": {
        "tiers": ("ordinary", "silver", "gold"),
        **_score((0.6, 0.9), financial=(1.0, ("average_purchase", "amount", "margin"))),
    },
    "value": {
        "tiers": ("low_value", "mid_value", "high_value"),
        **_score(
            (0.5, 0.8),
            financial=(0.4, ("amount",)),
            behavioural=(0.4, ("purchases", "active_months", "-recency_days")),
            emotional=(0.2, ("nps",)),
        ),
    },
    "account": {
        "tiers": ("ordinary", "important", "vip"),
        **_score(
            (0.6, 0.9),
            financial=(0.4, ("amount", "margin")),
            behavioural=(0.3, ("purchases", "active_months")),
            potential=(0.3, ("expected_purchases",)),
        ),
    },
}
"""Tiers from low to high and what they are rated by; cut at shares of the customers."""
