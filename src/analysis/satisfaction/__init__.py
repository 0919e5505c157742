"""Satisfaction and loyalty: how well measured, what goes with them, and what followed."""
