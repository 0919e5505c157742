"""What the report is about: who the customers are, and what happened to the rows."""
