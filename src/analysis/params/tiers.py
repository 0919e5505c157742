"""The `tiers:` block of a params file: how customers are rated.

```yaml
tiers: {preset: ecommerce}        # or a scheme of one's own, tiers from low to high
tiers:
  rating_months: 12               # what a rating looks back on
  scheme:
    tiers: [basic, silver, gold]
    thresholds:
      limits: {amount: [200, 600], purchases: [2, 6]}   # both must be reached
    hysteresis: 0.1               # a tier is kept down to 10 % below its threshold
    grace_periods: 1              # and one rating longer
  compare: [value, retail]        # usual schemes to compare it with
tiers: {preset: value, order: [basic, silver, gold]}   # beside a table tier_history: see TierParams
```
A quantity with a minus sign (`-recency_days`) is better when it is less.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from analysis.params.own_names import own_names
from analysis.params.tier_presets import PRESETS

Quantity = Annotated[str, Field(pattern=r"^-?[a-z][a-z0-9_]{0,59}$")]
Tier = Annotated[str, Field(min_length=1, max_length=40)]
Limit = Annotated[float, Field(allow_inf_nan=False)]
Cuts = Annotated[tuple[Limit, ...], Field(min_length=1)]
DimensionName = Literal["financial", "behavioural", "emotional", "social", "potential"]
PresetName = Literal["ecommerce", "bank", "chain", "retail", "value", "account"]
KINDS = ("thresholds", "bands", "quantiles", "rfm", "score", "clusters")

ROUNDING = 1e-6
"""Weights such as 1/3 are written rounded; their sum may miss 1 by this."""


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    __dir__ = own_names


class Thresholds(_Block):
    """Limits of named quantities, one fewer than tiers; `all` must be reached, or `any` one."""

    limits: Annotated[dict[Quantity, Cuts], Field(min_length=1)]
    combine: Literal["all", "any"] = "all"

    @model_validator(mode="after")
    def _in_order(self) -> Thresholds:
        for quantity, limits in self.limits.items():
            way = -1 if quantity.startswith("-") else 1
            if any(way * later <= way * former for former, later in pairwise(limits)):
                order = "fall" if way < 0 else "rise"
                raise ValueError(
                    f"the thresholds of {quantity} must {order} from tier to tier, but "
                    f"{', '.join(f'{limit:g}' for limit in limits)} came; write them from the "
                    "lowest tier to the highest"
                )
        return self


class Band(_Block):
    """One tier's range of a quantity: from `start` on (none: no lower end), below `below`."""

    tier: Tier
    start: Limit | None = None
    below: Limit | None = None


class Bands(_Block):
    """Ranges of one quantity that leave no gap and do not overlap."""

    quantity: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    bands: Annotated[tuple[Band, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _partition(self) -> Bands:
        if self.bands[0].start is not None or self.bands[-1].below is not None:
            raise ValueError(
                "the lowest band must have no start and the highest no end, so that everybody "
                "has a tier, but one has"
            )
        for low, high in pairwise(self.bands):
            if low.below is None or high.start is None or low.below != high.start:
                fault = "leave a gap" if (low.below or 0) < (high.start or 0) else "overlap"
                raise ValueError(
                    f"the band {high.tier} must start where {low.tier} ends, but they {fault} "
                    f"({low.tier} below {low.below}, {high.tier} from {high.start}); "
                    "write the same number in both"
                )
        if any(later <= former for former, later in pairwise(self.cuts)):
            raise ValueError(f"the bands must rise, but their limits are {self.cuts}")
        return self

    @property
    def cuts(self) -> tuple[float, ...]:
        """Where each band but the lowest starts."""
        return tuple(band.start for band in self.bands[1:] if band.start is not None)


class Quantiles(_Block):
    """Cuts of one quantity at shares of the customers: [0.5, 0.8] makes three tiers.

    Equal customers share the lower tier.
    """

    quantity: Quantity
    cuts: Cuts

    @model_validator(mode="after")
    def _in_order(self) -> Quantiles:
        _check_rising(self.cuts, 0, 1, "the cuts of quantiles")
        return self


class Rfm(_Block):
    """Recency, frequency, monetary value: points 1 to `groups` each, summed, cut at `cuts`."""

    quantities: tuple[Quantity, Quantity, Quantity] = ("-recency_days", "purchases", "amount")
    groups: Annotated[int, Field(ge=2, le=10)] = 5
    cuts: Cuts

    @model_validator(mode="after")
    def _in_order(self) -> Rfm:
        _check_rising(self.cuts, 3, 3 * self.groups + 1, "the cuts of rfm")
        return self


class Dimension(_Block):
    """A dimension of value: its weight and the quantities that stand for it."""

    weight: Annotated[float, Field(gt=0, le=1)]
    quantities: Annotated[tuple[Quantity, ...], Field(min_length=1)]


class Score(_Block):
    """A weighted score from 0 to 100, cut at points (`cut_at: score`) or shares of the customers.

    Each quantity counts as the percentage of customers below (ties: half); a dimension is the
    mean of its quantities. What a study does not have is said, its weight shared out.
    """

    dimensions: Annotated[dict[DimensionName, Dimension], Field(min_length=1)]
    cuts: Cuts
    cut_at: Literal["score", "share"] = "score"

    @model_validator(mode="after")
    def _weights_and_order(self) -> Score:
        total = sum(dimension.weight for dimension in self.dimensions.values())
        if abs(total - 1) > ROUNDING:
            raise ValueError(
                f"the weights of the dimensions must sum to 1, but sum to {total:g}; divide each "
                "by that"
            )
        _check_rising(self.cuts, 0, 100 if self.cut_at == "score" else 1, "the cuts of score")
        return self


class Clusters(_Block):
    """k-means on the quantities (logarithms, standardised); `k` chosen by silhouette if absent.

    The clusters are ordered by the mean of the first quantity.
    """

    quantities: Annotated[tuple[Quantity, ...], Field(min_length=1)]
    k: Annotated[int, Field(ge=2, le=12)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1


class Scheme(_Block):
    """Tiers from low to high and the one rule that gives them.

    `hysteresis`: a customer keeps her tier as long as she is less than this share below its
    threshold. `grace_periods`: and for so many ratings after that.
    """

    name: Annotated[str, Field(min_length=1)] = "own"
    tiers: tuple[Tier, ...] = ()
    thresholds: Thresholds | None = None
    bands: Bands | None = None
    quantiles: Quantiles | None = None
    rfm: Rfm | None = None
    score: Score | None = None
    clusters: Clusters | None = None
    hysteresis: Annotated[float, Field(ge=0, lt=1)] = 0.0
    grace_periods: Annotated[int, Field(ge=0, le=24)] = 0

    @model_validator(mode="after")
    def _one_rule(self) -> Scheme:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(
                f"a scheme must have exactly one rule of {', '.join(KINDS)}, but has "
                f"{' and '.join(given) or 'none'}; keep one"
            )
        if self.clusters is not None and (self.hysteresis or self.grace_periods):
            raise ValueError("clusters must have no hysteresis and no grace_periods, but have")
        return self

    @model_validator(mode="after")
    def _cuts_fit_tiers(self) -> Scheme:
        if len(set(self.tiers)) != len(self.tiers):
            raise ValueError(f"tiers must be different names, but {self.tiers} came")
        for where, cuts in self._cuts().items():
            if len(cuts) != len(self.tiers) - 1:
                raise ValueError(
                    f"{where} must have one number fewer than there are tiers "
                    f"({len(self.tiers)}), but has {len(cuts)}"
                )
        if self.bands and tuple(band.tier for band in self.bands.bands) != self.tiers:
            raise ValueError("bands must name the tiers from low to high, but do not")
        if self.clusters and self.tiers and len(self.tiers) != self.clusters.k:
            raise ValueError(
                f"clusters must have k = {len(self.tiers)} for {len(self.tiers)} tiers, but "
                f"k is {self.clusters.k}; leave out the tiers where k is chosen from the data"
            )
        return self

    def _cuts(self) -> dict[str, tuple[float, ...]]:
        if self.thresholds:
            return {f"limits of {name}": cuts for name, cuts in self.thresholds.limits.items()}
        if self.bands:
            return {"bands": self.bands.cuts}
        for kind in (self.quantiles, self.rfm, self.score):
            if kind:
                return {"cuts": kind.cuts}
        return {}

    @property
    def quantities(self) -> tuple[str, ...]:
        """What it rates by, without signs."""
        if self.thresholds:
            named = self.thresholds.limits
        elif self.score:
            named = [q for part in self.score.dimensions.values() for q in part.quantities]
        elif self.rfm or self.clusters:
            named = (self.rfm or self.clusters).quantities
        else:
            named = [(self.bands or self.quantiles).quantity]
        return tuple(dict.fromkeys(quantity.removeprefix("-") for quantity in named))

    @property
    def kind(self) -> str:
        """Which of the rules it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)


class TierParams(_Block):
    """A preset or a scheme; how far back and how often it rates; schemes to compare it with.

    Where the study has the company's own tiers (`tier_history`), these are in force: the preset or
    the scheme is then the first that they are compared with. `order` says their order, from low to
    high; without it the scheme's names do, or the value of who held them.
    """

    preset: PresetName | None = None
    scheme: Scheme | None = None
    order: tuple[Tier, ...] = ()
    rating_months: Annotated[int, Field(ge=1, le=120)] = 12
    compare: tuple[PresetName, ...] = ()

    @model_validator(mode="after")
    def _one_scheme(self) -> TierParams:
        if self.preset is not None and self.scheme is not None:
            raise ValueError("tiers must name a preset or give a scheme, but both came")
        if len(set(self.order)) != len(self.order):
            raise ValueError(f"order must name each tier once, but {self.order} came")
        if len(set(self.compare)) != len(self.compare):
            raise ValueError(f"compare must name each preset once, but {self.compare} came")
        return self

    @property
    def rated_by(self) -> Scheme:
        """The scheme of the params; `value` where none is named.

        It is in force unless the company's own tiers are.
        """
        return self.scheme or preset_scheme(self.preset or "value")

    @classmethod
    def known_keys(cls) -> list[str]:
        """Every key that the block knows, for near names in messages."""
        blocks = (cls, Scheme, Thresholds, Bands, Band, Quantiles, Rfm, Score, Dimension, Clusters)
        return list(dict.fromkeys(key for block in blocks for key in block.model_fields))


def preset_scheme(name: PresetName) -> Scheme:
    """Return a preset as a scheme."""
    return Scheme.model_validate({"name": name, **PRESETS[name]})


def _check_rising(cuts: tuple[float, ...], low: float, high: float, name: str) -> None:
    inside = all(low < cut < high for cut in cuts)
    if not inside or any(later <= former for former, later in pairwise(cuts)):
        raise ValueError(
            f"{name} must rise and lie between {low:g} and {high:g}, but "
            f"{', '.join(f'{cut:g}' for cut in cuts)} came"
        )
