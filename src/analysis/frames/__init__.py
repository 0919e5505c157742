"""From tables to frames: one row a customer, a customer-month, a survey answer, a spell."""

from analysis.frames.customers import customer_frame
from analysis.frames.purchases import purchase_days
from analysis.frames.writing import write_frames

__all__ = ["customer_frame", "purchase_days", "write_frames"]
