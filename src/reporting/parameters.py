"""The parameters of a study for readers: plain names, plain values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import reduce
from typing import Any

import yaml

from analysis.telling.markup import markdown
from analysis.telling.wording import Wording
from reporting.project import Study

# What the front page tells, what names the file, and what is wording.
NOT_LISTED = {
    *("schema_version", "study", "title", "subtitle", "author", "language"),
    *("data", "overrides", "labels"),
}
# What only chapters on these tables look at: without them it says nothing of the study.
BOUGHT, UNDER_CONTRACT = frozenset({"transactions"}), frozenset({"contracts"})
ONLY_WITH = {
    "satisfaction": {"surveys", "interactions"},
    "stages": BOUGHT | UNDER_CONTRACT,
    "tiers": BOUGHT | UNDER_CONTRACT | {"tier_history"},
    **dict.fromkeys(("renewal_months", "gap_days"), UNDER_CONTRACT),
    **dict.fromkeys(("lapse_weeks", "lapse_grid", "purchase_model"), BOUGHT),
    **dict.fromkeys(("holdout_weeks", "discount_rate"), BOUGHT | UNDER_CONTRACT),
}
NAMED_BY_THE_STUDY = {"scales", "orders", "paths", "modes", "dimensions", "limits"}


def variables(study: Study, say: Wording) -> str:
    """Values that chapters name with `{{< var … >}}`: the parameters, for readers."""
    resolved = study.params.model_dump(exclude={"data", "overrides"})
    values = {
        key: markdown(plain(value, say))
        for key, value in resolved.items()
        if not isinstance(value, dict)
    }
    values["confidence"] = say.formats.show(study.params.conf_level, "percent0")
    return yaml.safe_dump(values, allow_unicode=True)


def listed(study: Study, say: Wording) -> dict[str, str]:
    """Every parameter that holds something and is used: its name, and its value in words."""
    known = study.params.data.tables
    lacking = {name for name, tables in ONLY_WITH.items() if not tables & known}
    block = study.params.model_dump(exclude_none=True, exclude=lacking)
    return dict(_rows(block, (), say))


def _rows(block: dict[str, Any], path: tuple[str, ...], say: Wording) -> Iterator[tuple[str, str]]:
    for key, value in block.items():
        here = (*path, key)
        if key in NOT_LISTED or _is_empty(value):
            continue
        if isinstance(value, dict) and (not path or any(map(_is_block, value.values()))):
            yield from _rows(value, here, say)
        else:
            yield name_of(here, say), plain(value, say, here)


def changes(overrides: dict[str, Any], say: Wording) -> str:
    """What a variant changes, in words."""
    told = []
    for key, value in overrides.items():
        path = tuple(key.split("."))
        told.append(say("report.change", name=name_of(path, say), value=plain(value, say, path)))
    return ", ".join(told)


def name_of(path: tuple[str, ...], say: Wording) -> str:
    """A parameter's plain name after those of its blocks."""
    names = [_own_name(path[: depth + 1], say) for depth in range(len(path))]
    return reduce(lambda block, name: say("parameters.joint", block=block, name=name), names)


def _own_name(path: tuple[str, ...], say: Wording) -> str:
    if set(path[-2:-1]) & NAMED_BY_THE_STUDY:
        return say.value(path[-1])
    known = say.texts["parameters"]
    return known.get(".".join(path)) or known.get(path[-1]) or say.value(path[-1])


def plain(value: Any, say: Wording, path: tuple[str, ...] = ()) -> str:
    """A value in words: lists are joined, blocks told as names and values."""
    if value is None or _is_empty(value):
        return say("report.none")
    match value:
        case bool():
            return say("report.yes" if value else "report.no")
        case dict():
            held = {key: item for key, item in value.items() if not _is_empty(item)}
            names = {key: _own_name((*path, key), say) for key in held}
            return "; ".join(f"{names[key]} {plain(item, say, path)}" for key, item in held.items())
        case tuple() | list():
            joint = "; " if any(map(_is_block, value)) else ", "
            return joint.join(plain(item, say, path) for item in value)
        case float():
            return f"{value:g}"
        case date():
            return say.formats.show(value, "date")
    return say.value(f"preset_{value}" if path[-1:] == ("preset",) else value)


def _is_block(value: Any) -> bool:
    return isinstance(value, dict)


def _is_empty(value: Any) -> bool:
    return value == "" or (isinstance(value, tuple | list | dict) and not value)
