"""Competing ends: a relationship ends in one of several ways, each removing it from the others."""

from analysis.methods.competing.gray import GrayTest, gray_test
from analysis.methods.competing.incidence import CumulativeIncidence, cumulative_incidence

__all__ = ["CumulativeIncidence", "GrayTest", "cumulative_incidence", "gray_test"]
