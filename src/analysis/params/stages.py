"""The `stages:` block of a params file: which stage a customer is in, by ordered rules.

```yaml
stages: {preset: purchase}        # or rules of one's own, the first that holds decides
stages:
  rules:
    - {stage: prospect, when: {begun: {max: 0}}}
    - {stage: churned, when: {lapse_share: {above: 1}}}
    - {stage: active}             # the last rule has no condition: everybody has a stage
```
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from analysis.params.own_names import own_names

Feature = Literal[
    "begun",  # 1 from the month of the first purchase or contract on, 0 before
    "tenure_months",  # months since that month (0 in it)
    "purchases",  # purchase days so far
    "recency_days",  # days from the last purchase to the end of the month
    "lapse_share",  # silence over `lapse_weeks` (contracts: `gap_days`): above 1 it has ended
    "silence",  # recency over the customer's own rhythm (mean days between purchases)
    "spend_trend",  # mean monthly spend of the last 3 months over that of the months before
    "value_rank",  # share of buyers who spent less in the last 12 months, 0 to 1
    "months_since_return",  # months since a purchase or contract after an end (0 in it)
]
Stage = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
PresetName = Literal["five_stage", "purchase", "activity", "three_phase"]

_PROSPECT = ("prospect", {"begun": {"max": 0}})
_WON_BACK = ("won_back", {"months_since_return": {"max": 2}})
_LAPSED = {"lapse_share": {"above": 1}}
_YOUNG = {"tenure_months": {"max": 2}}
PRESETS: dict[str, tuple[tuple[str, dict], ...]] = {
    "five_stage": (
        _PROSPECT,
        ("churned", _LAPSED),
        _WON_BACK,
        ("new", _YOUNG),
        ("declining", {"silence": {"above": 2}}),
        ("declining", {"spend_trend": {"below": 0.5}}),
        ("mature", {}),
    ),
    "purchase": (
        _PROSPECT,
        ("churned", _LAPSED),
        _WON_BACK,
        ("first_purchase", {"purchases": {"max": 1}}),
        ("high_value", {"value_rank": {"min": 0.8}}),
        ("repeat", {}),
    ),
    "activity": (
        _PROSPECT,
        ("declining_or_churned", _LAPSED),
        _WON_BACK,
        ("new", _YOUNG),
        ("declining_or_churned", {"silence": {"above": 2}}),
        ("mature", {"tenure_months": {"min": 12}, "purchases": {"min": 5}}),
        ("active", {}),
    ),
    # The phases are those of a living relationship: one that has lapsed is churned.
    "three_phase": (
        ("churned", _LAPSED),
        _WON_BACK,
        ("initial", {"purchases": {"max": 1}}),
        ("initial", _YOUNG),
        ("maturity", {"tenure_months": {"min": 12}, "purchases": {"min": 5}}),
        ("development", {}),
    ),
}
ORDER = {
    "five_stage": ("prospect", "new", "mature", "declining", "churned", "won_back"),
    "purchase": ("prospect", "first_purchase", "repeat", "high_value", "churned", "won_back"),
    "activity": ("prospect", "new", "active", "mature", "declining_or_churned", "won_back"),
    "three_phase": ("initial", "development", "maturity", "churned", "won_back"),
}


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    __dir__ = own_names


class Bounds(_Block):
    """Bounds of one feature: `min` and `max` are inside, `above` and `below` outside."""

    min: float | None = None
    max: float | None = None
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _some(self) -> Bounds:
        if self.model_dump(exclude_none=True) == {}:
            raise ValueError("a condition must have min, max, above or below, but has none")
        return self


class StageRule(_Block):
    """A customer is in `stage` when every condition holds; an unknown feature fulfils none."""

    stage: Stage
    when: dict[Feature, Bounds] = Field(default_factory=dict)

    @property
    def asks_for_a_beginner(self) -> bool:
        """Whether it bounds tenure or purchases from above."""
        bounds = [self.when[name] for name in ("tenure_months", "purchases") if name in self.when]
        return any(bound.max is not None or bound.below is not None for bound in bounds)


class StageScheme(_Block):
    """A preset, or rules of one's own; the first rule that holds decides.

    `rhythm_quantile`: a customer with fewer than three purchase days is given this quantile of the
    rhythms of those with three and more (above one half, since these are the quicker ones).
    """

    preset: PresetName | None = None
    rules: tuple[StageRule, ...] = ()
    rhythm_quantile: Annotated[float, Field(gt=0, lt=1)] = 0.75

    @field_validator("rules")
    @classmethod
    def _exhaustive(cls, rules: tuple[StageRule, ...]) -> tuple[StageRule, ...]:
        if rules and rules[-1].when:
            raise ValueError("the last rule must have no condition, so that everybody has a stage")
        if any(not rule.when for rule in rules[:-1]):
            raise ValueError("only the last rule may have no condition: none after it would count")
        return rules

    @model_validator(mode="after")
    def _one_scheme(self) -> StageScheme:
        if (self.preset is None) == (not self.rules):
            raise ValueError("stages must name a preset or give rules, and not both")
        return self

    def rules_in_force(self, *, past_known: bool) -> tuple[StageRule, ...]:
        """The rules in their order of precedence.

        Where customers bought before the observation began (`past_known` is false), tenure and
        purchases are known from below only: rules that ask for at most so much of them fall away,
        and with them the stages of beginners.
        """
        rules = self.rules or tuple(
            StageRule.model_validate({"stage": stage, "when": when})
            for stage, when in PRESETS[self.preset]
        )
        if past_known:
            return rules
        return tuple(rule for rule in rules if not rule.asks_for_a_beginner)

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages in the order of a life: a preset's own, else that of the rules."""
        if self.preset is not None:
            return ORDER[self.preset]
        return tuple(dict.fromkeys(rule.stage for rule in self.rules))

    @classmethod
    def known_keys(cls) -> list[str]:
        """Every key that the block knows, for near names in messages."""
        return [
            *cls.model_fields,
            *StageRule.model_fields,
            *get_args(Feature),
            *Bounds.model_fields,
        ]
