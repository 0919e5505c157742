"""The `satisfaction:` block of a params file: which answers measure what, and what is asked.

```yaml
satisfaction:
  scales:
    value: {items: [value_1, value_2, value_3], reverse: [value_3], low: 1, high: 10}
    satisfaction: {items: [satisfaction_1, satisfaction_2]}
    loyalty: {items: [loyalty_1, loyalty_2]}
  drivers: [value]                # scales that may lead to satisfaction
  path_model: {preset: ecsi}      # or paths of one's own: {paths: {value: [satisfaction]}}
```
"""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from analysis.params.own_names import own_names

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Column = Annotated[str, Field(min_length=1, max_length=80)]

# The European customer satisfaction index: Tenenhaus et al. (2005), CSDA 48, figure 1.
ECSI_PATHS: Mapping[str, tuple[str, ...]] = {
    "image": ("expectations", "satisfaction", "loyalty"),
    "expectations": ("quality", "value", "satisfaction"),
    "quality": ("value", "satisfaction"),
    "value": ("satisfaction",),
    "satisfaction": ("complaints", "loyalty"),
    "complaints": ("loyalty",),
}


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    __dir__ = own_names


class ScaleParams(_Block):
    """Items that are meant to measure one thing; `reverse` ones say the opposite of the others."""

    items: Annotated[tuple[Column, ...], Field(min_length=1)]
    reverse: tuple[Column, ...] = ()
    low: float = 1
    high: float = 10

    @model_validator(mode="after")
    def _turned_and_ranged(self) -> ScaleParams:
        strangers = [item for item in self.reverse if item not in self.items]
        if strangers:
            raise ValueError(
                f"reverse must name items of the scale, but {', '.join(strangers)} came"
            )
        if not self.low < self.high:
            raise ValueError(f"low must lie below high, but {self.low:g} and {self.high:g} came")
        return self


class PathParams(_Block):
    """The path model: the ECSI preset over the scales that it knows, or paths of one's own."""

    preset: Literal["ecsi"] | None = None
    paths: dict[Name, Annotated[tuple[Name, ...], Field(min_length=1)]] = {}
    modes: dict[Name, Literal["A", "B"]] = {}
    scheme: Literal["centroid", "factorial", "path"] = "path"
    scaled: bool = True
    replications: Annotated[int, Field(ge=0, le=10_000)] = 500

    @model_validator(mode="after")
    def _one_model(self) -> PathParams:
        if (self.preset is None) == (not self.paths):
            raise ValueError(
                "path_model must hold either preset or paths, but "
                f"{'both' if self.preset else 'neither'} came"
            )
        sorter = TopologicalSorter(self.paths)
        try:
            sorter.prepare()
        except CycleError as loop:
            circle = " to ".join(loop.args[1])
            raise ValueError(f"paths must not run in a circle, but {circle} came") from None
        return self


class AnswerParams(_Block):
    """One ordered question and what may go with its answers.

    `levels` lists answers given in words from worst to best; `bands` cuts answers in numbers
    into "up to 6", "7 to 8", "above". `orders` lists the levels of a driver in words; the others
    are compared with the first.
    """

    item: Column
    drivers: Annotated[tuple[Column, ...], Field(min_length=1)]
    levels: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    bands: tuple[float, ...] = ()
    orders: dict[Column, Annotated[tuple[str, ...], Field(min_length=2)]] = {}

    @model_validator(mode="after")
    def _ordered(self) -> AnswerParams:
        if self.levels and self.bands:
            raise ValueError("answer must hold levels or bands, but both came")
        if list(self.bands) != sorted(set(self.bands)):
            raise ValueError(f"bands must rise, but {', '.join(f'{b:g}' for b in self.bands)} came")
        strangers = sorted(set(self.orders) - set(self.drivers))
        if strangers:
            raise ValueError(f"orders must be of drivers, but {', '.join(strangers)} came")
        return self


class SatisfactionParams(_Block):
    """Scales, their roles, and the windows in which behaviour is looked at.

    `satisfaction` and `loyalty` name the scales with these roles; `recommendation` the 0-10
    question. `outcome_weeks` is one of `horizons_weeks`; `horizon_months` bounds how long customers
    are followed after a survey. `answered_days` are the days within which an answer to a complaint
    counts as fast, and as an answer at all. `labels` names items and scales for readers.
    """

    scales: dict[Name, ScaleParams] = {}
    satisfaction: Name = "satisfaction"
    loyalty: Name = "loyalty"
    drivers: tuple[Name, ...] = ()
    touchpoints: tuple[Column, ...] = ()
    recommendation: Column | None = None
    answer: AnswerParams | None = None
    path_model: PathParams | None = None
    outcome_weeks: Annotated[float, Field(gt=0, le=1040)] = 26
    horizon_months: Annotated[float, Field(gt=0, le=240)] = 12
    labels: dict[Column, Annotated[str, Field(min_length=1, max_length=60)]] = {}
    answered_days: Annotated[tuple[int, int], Field(min_length=2, max_length=2)] = (3, 14)
    missing_items: Literal["listwise", "person_mean"] = "listwise"

    @model_validator(mode="after")
    def _items_once(self) -> SatisfactionParams:
        owners: dict[str, list[str]] = {}
        for name, scale in self.scales.items():
            for item in scale.items:
                owners.setdefault(item, []).append(name)
        shared = [f"{item} in {' and '.join(own)}" for item, own in owners.items() if own[1:]]
        if shared:
            raise ValueError(f"an item must belong to one scale once, but {'; '.join(shared)} came")
        same = [name for name in self.scales if name in owners]
        if same:
            raise ValueError(f"a scale must not be named like an item, but {', '.join(same)} is")
        self._check_roles(owners)
        return self

    def _check_roles(self, owners: dict[str, list[str]]) -> None:
        roles = (self.satisfaction, self.loyalty) if self.scales else ()
        own = [name for name in ("satisfaction", "loyalty") if name in self.model_fields_set]
        wrong = [getattr(self, name) for name in own if getattr(self, name) not in self.scales]
        wrong += [name for name in self.drivers if name not in self.scales or name in roles]
        if self.path_model:
            named = [*self.path_model.paths, *self.path_model.modes]
            named += [to for targets in self.path_model.paths.values() for to in targets]
            wrong += [name for name in named if name not in self.scales]
        if wrong:
            raise ValueError(
                "roles, drivers and paths must name scales (drivers not satisfaction or loyalty), "
                f"but {', '.join(dict.fromkeys(wrong))} came; there are: "
                f"{', '.join(self.scales) or 'none'}"
            )
        joined = [to for name in self.scales for to in ECSI_PATHS.get(name, ())]
        if self.path_model and self.path_model.preset and not {*joined} & {*self.scales}:
            raise ValueError(
                "the preset ecsi of path_model must join two of the scales, but there are only: "
                f"{', '.join(self.scales) or 'none'}; write paths of your own"
            )
        strangers = [item for item in self.touchpoints if item not in owners]
        if strangers:
            raise ValueError(
                f"touchpoints must be items of a scale, but {', '.join(strangers)} came"
            )
        low, high = self.answered_days
        if not 0 < low < high:
            raise ValueError(f"answered_days must rise from above 0, but {low} and {high} came")

    @property
    def questions(self) -> tuple[tuple[str, str], ...]:
        """The columns of `surveys` that the block names: where, and which."""
        asked = [
            (f"scales.{name}", item) for name, scale in self.scales.items() for item in scale.items
        ]
        asked += [("recommendation", self.recommendation)] if self.recommendation else []
        asked += [("answer.item", self.answer.item)] if self.answer else []
        return tuple(asked)

    @property
    def named(self) -> frozenset[str]:
        """What the block names, as notebooks need it: 'scales', 'loyalty scale' …"""
        loyal = {self.satisfaction, self.loyalty} <= set(self.scales)
        given = {
            "scales": bool(self.scales),
            "satisfaction scale": self.satisfaction in self.scales,
            "loyalty scale": loyal,
            "drivers": self.satisfaction in self.scales and len(self.drivers) > 1,
            "touchpoints": self.satisfaction in self.scales and len(self.touchpoints) > 1,
            "recommendation": self.recommendation is not None,
            "ordered answer": self.answer is not None,
            "path model": self.path_model is not None,
        }
        return frozenset(name for name, is_given in given.items() if is_given)

    @classmethod
    def known_keys(cls) -> list[str]:
        """Every key that the block knows, for near names in messages."""
        blocks = (cls, ScaleParams, PathParams, AnswerParams)
        return [key for block in blocks for key in block.model_fields]
