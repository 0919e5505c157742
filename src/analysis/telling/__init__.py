"""For people: wording, the told fact, the gates, tables and drawings; only this floor formats."""
