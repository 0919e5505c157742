"""Colours that mean the same thing everywhere (Okabe & Ito 2008, safe for colour-blind eyes)."""

ACCENT = "#0b5a7a"
CONTEXT = "#8a939e"
INK = "#1d2530"
GROUPS = ("#0b5a7a", "#d55e00", "#009e73", "#a0508c", "#b58900", "#56789a")
DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 1)), (0, (8, 2)))
SEQUENTIAL = "GnBu"
STAGES = {
    "prospect": "#d3d9df",
    "new": "#86c5e6",
    "first_purchase": "#86c5e6",
    "initial": "#86c5e6",
    "active": "#3f8db3",
    "repeat": "#3f8db3",
    "development": "#3f8db3",
    "mature": "#0b5a7a",
    "high_value": "#0b5a7a",
    "maturity": "#0b5a7a",
    "declining": "#e8a33d",
    "declining_or_churned": "#e8a33d",
    "churned": "#6d7680",
    "won_back": "#12876a",
}
