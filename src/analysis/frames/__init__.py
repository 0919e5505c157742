"""From tables to frames: one row a customer, a customer-month, a survey answer, a spell."""

from analysis.frames.asof import attach, attach_known
from analysis.frames.counted import EngineLabels, count_cells, is_large
from analysis.frames.customers import customer_frame, customer_rows
from analysis.frames.lot import sample_customers
from analysis.frames.months import customer_months
from analysis.frames.purchases import purchase_days
from analysis.frames.relationships import spells
from analysis.frames.survey import survey_frame
from analysis.frames.writing import write_frames

__all__ = [
    "EngineLabels",
    "attach",
    "attach_known",
    "count_cells",
    "customer_frame",
    "customer_months",
    "customer_rows",
    "each_month",
    "is_large",
    "purchase_days",
    "sample_customers",
    "spells",
    "survey_frame",
    "write_frames",
]
