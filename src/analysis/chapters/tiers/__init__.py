"""Whether the tiers separate value, how concentrated it is, and who moves between tiers."""
