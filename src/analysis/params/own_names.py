"""What a block of parameters offers behind its dot: its own names, not those of its class."""

from __future__ import annotations

from pydantic import BaseModel


def own_names(block: BaseModel) -> list[str]:
    """List the parameters of a block, and what it says of them (`__dir__`).

    A model of pydantic brings some thirty names of its own; they stay usable.
    """
    kinds = [kind for kind in type(block).__mro__ if kind.__module__.startswith("analysis.")]
    said = {
        name
        for kind in kinds
        for name, one in vars(kind).items()
        if isinstance(one, property) and not name.startswith("_")
    }
    return sorted({*type(block).model_fields, *said})
