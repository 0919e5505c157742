"""Multi-state methods: how customers move between states that they can enter again and again."""

from analysis.methods.multistate.comparison import MovementTest, homogeneity_test
from analysis.methods.multistate.expected import ExpectedTime, expected_time
from analysis.methods.multistate.markov import MarkovTest, markov_test
from analysis.methods.multistate.occupation import StateOccupation, state_occupation
from analysis.methods.multistate.sojourn import SojournTimes, sojourn_times
from analysis.methods.multistate.stationarity import stationarity_test
from analysis.methods.multistate.steps import step_probabilities
from analysis.methods.multistate.transitions import (
    TransitionProbabilities,
    transition_counts,
    transition_probabilities,
)

__all__ = [
    "ExpectedTime",
    "MarkovTest",
    "MovementTest",
    "SojournTimes",
    "StateOccupation",
    "TransitionProbabilities",
    "expected_time",
    "homogeneity_test",
    "markov_test",
    "sojourn_times",
    "state_occupation",
    "stationarity_test",
    "step_probabilities",
    "transition_counts",
    "transition_probabilities",
]
