"""What an assignment by lot changed: effects on means and ratios, and whether it was one."""

from analysis.methods.experiments.assignment import ALERT, Balance, balance, sample_ratio_p_value
from analysis.methods.experiments.compliers import WEAK, ComplierEffect, complier_effect
from analysis.methods.experiments.effects import (
    ArmEffect,
    equal_effects_p_value,
    mean_effect,
    pooled_effect,
    smallest_effect,
)
from analysis.methods.experiments.ratios import ratio_effect

__all__ = [
    "ALERT",
    "WEAK",
    "ArmEffect",
    "Balance",
    "ComplierEffect",
    "balance",
    "complier_effect",
    "equal_effects_p_value",
    "mean_effect",
    "pooled_effect",
    "ratio_effect",
    "sample_ratio_p_value",
    "smallest_effect",
]
