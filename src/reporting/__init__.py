"""Runs the notebooks, stages a report, renders it (real Quarto, or the embedded renderer)."""
