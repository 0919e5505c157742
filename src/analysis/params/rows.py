"""Which rows and columns of a source are taken: filters, and numbers kept in parts."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from analysis.params.own_names import own_names

Text = Annotated[str, Field(min_length=1)]
FilterValue = bool | int | float | date | str
COMPARISONS = (
    "equals",
    "not_equals",
    "is_in",
    "not_in",
    "at_least",
    "at_most",
    "starts_with",
    "not_starts_with",
)


class Block(BaseModel):
    """A block of a params file: frozen, no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    __dir__ = own_names


class ProductOf(Block):
    """A number that the source keeps in parts, such as quantity and unit price."""

    product_of: Annotated[tuple[Text, ...], Field(min_length=2)]


class Filter(Block):
    """Rows to keep: one comparison of one source column, as data."""

    column: Text
    equals: FilterValue | None = None
    not_equals: FilterValue | None = None
    is_in: tuple[FilterValue, ...] | None = None
    not_in: tuple[FilterValue, ...] | None = None
    at_least: int | float | date | None = None
    at_most: int | float | date | None = None
    starts_with: Text | None = None
    not_starts_with: Text | None = None

    @model_validator(mode="after")
    def _one_comparison(self) -> Filter:
        if len(self.comparisons()) != 1:
            raise ValueError(
                f"filter on {self.column} must hold exactly one of {', '.join(COMPARISONS)}, "
                f"but {len(self.comparisons())} came"
            )
        return self

    def comparisons(self) -> dict[str, FilterValue | tuple[FilterValue, ...]]:
        """Return the comparison that is given: its name and value."""
        values = {name: getattr(self, name) for name in COMPARISONS}
        return {name: value for name, value in values.items() if value is not None}
