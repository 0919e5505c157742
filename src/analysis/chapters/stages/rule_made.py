"""What the rules of the stages make: steps at certain months, and stays of a certain length.

Where all who began together change their stage in one month because a rule counts months (new for
three months, churned after so many weeks of silence), the step is no finding about customers.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.params import Params
from analysis.units import DAYS_PER_MONTH


@dataclass(frozen=True, slots=True)
class RuleMade:
    """Months that follow from the rules alone.

    Attributes
    ----------
    steps : tuple of float
        Months since the start at which a rule moves all those who are alike in it: the end of a
        stage for beginners; without contracts the silence of who bought in the first month only.
    stays : tuple of (str, float)
        Stages in which nobody is for longer than so many months at a time.
    """

    steps: tuple[float, ...] = ()
    stays: tuple[tuple[str, float], ...] = ()


def rule_made(params: Params, *, past_known: bool = True) -> RuleMade:
    """Read off the rules which steps and lengths they make.

    Parameters
    ----------
    params : Params
        Uses `stages`, `relationship`, `lapse_weeks`.
    past_known : bool
        Whether every customer's first purchase lies inside the observation.

    Returns
    -------
    RuleMade
    """
    steps, stays = set(), {}
    for rule in params.stages.rules_in_force(past_known=past_known):
        for feature in ("tenure_months", "months_since_return"):
            bound = rule.when.get(feature)
            if bound is None or bound.max is None:
                continue
            longest = float(int(bound.max) + 1)
            stays[rule.stage] = max(longest, stays.get(rule.stage, 0.0))
            if feature == "tenure_months":
                steps.add(longest)
        silent = rule.when.get("lapse_share")
        if silent is not None and silent.above is not None and _inferred(params):
            steps.add(round(silent.above * params.lapse_weeks * 7 / DAYS_PER_MONTH, 2))
    other = _also_by_other_rules(params, past_known)
    return RuleMade(
        tuple(sorted(steps)),
        tuple((stage, months) for stage, months in stays.items() if stage not in other),
    )


def _inferred(params: Params) -> bool:
    return params.relationship == "noncontractual"


def _also_by_other_rules(params: Params, past_known: bool) -> set[str]:
    """Stages that a rule without such a bound also leads to: no length of theirs is set."""
    rules = params.stages.rules_in_force(past_known=past_known)
    bounded = ("tenure_months", "months_since_return")
    return {
        rule.stage
        for rule in rules
        if not any(name in rule.when and rule.when[name].max is not None for name in bounded)
    }
