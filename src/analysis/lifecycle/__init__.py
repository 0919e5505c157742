"""The life of a relationship: how it begins, comes back, moves through stages and ends."""
