"""Which contracts the report is about."""
