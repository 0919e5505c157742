"""From tables to frames: one row a customer, a customer-month, a survey answer, a spell."""

from analysis.frames.asof import attach
from analysis.frames.customers import customer_frame
from analysis.frames.months import customer_months, each_month
from analysis.frames.purchases import purchase_days
from analysis.frames.relationships import spells
from analysis.frames.survey import survey_frame
from analysis.frames.writing import write_frames

__all__ = [
    "attach",
    "customer_frame",
    "customer_months",
    "each_month",
    "purchase_days",
    "spells",
    "survey_frame",
    "write_frames",
]
