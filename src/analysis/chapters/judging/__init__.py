"""Whether the tiers foretell the next period, and whether other schemes would do better."""
