"""Shared analysis functions: from checked customer tables to frozen results."""
