"""Ratings: every customer's tier at a day, from what was known before it."""
