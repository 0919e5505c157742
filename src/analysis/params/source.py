"""The `data:` block of a params file: where the tables come from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Simulated(_Block):
    """A company whose truth is known."""

    company: Literal["retailer", "bank", "chain"]
    customers: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0)]


class DataSource(_Block):
    """Exactly one of the kinds of source."""

    package: Literal["cdnow", "complete_journey"] | None = None
    simulated: Simulated | None = None

    @model_validator(mode="after")
    def _one_source(self) -> DataSource:
        if sum(kind is not None for kind in (self.package, self.simulated)) != 1:
            raise ValueError("data must name exactly one source: package or simulated")
        return self

    @classmethod
    def known_keys(cls) -> list[str]:
        """Every key that the block knows, for near names in messages."""
        return [*cls.model_fields, *Simulated.model_fields]
