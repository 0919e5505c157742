"""A path model is data: constructs with their items, and arrows that run one way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Literal

import numpy as np

from analysis.errors import ParamsError
from analysis.methods.scales import Scale
from analysis.params.satisfaction import ECSI_PATHS

Mode = Literal["A", "B"]


@dataclass(frozen=True, slots=True)
class PathModel:
    """Constructs and the paths between them.

    Attributes
    ----------
    scales : construct: its items. An item belongs to one construct.
    paths : construct: the constructs it leads to. No path leads back.
    modes : construct: "A" (items reflect the construct; the default) or "B" (items form it).
    """

    scales: Mapping[str, Scale]
    paths: Mapping[str, Sequence[str]]
    modes: Mapping[str, Mode] = field(default_factory=dict)

    def __post_init__(self) -> None:
        arrows = [(source, target) for source, targets in self.paths.items() for target in targets]
        named = {name for arrow in arrows for name in arrow} | set(self.modes)
        strangers = sorted(named - set(self.scales))
        if strangers:
            raise ParamsError(
                f"paths and modes must name constructs with items, but {strangers} have none"
            )
        alone = sorted(set(self.scales) - {name for arrow in arrows for name in arrow})
        if alone:
            raise ParamsError(f"each construct must lie on a path, but {alone} do not; drop them")
        wrong = {name: mode for name, mode in self.modes.items() if mode not in ("A", "B")}
        if wrong:
            raise ParamsError(f"a mode must be A or B, but {wrong} came")
        _refuse_loops(arrows)

    @property
    def constructs(self) -> list[str]:
        """Names, in the order in which they were given."""
        return list(self.scales)

    @property
    def items(self) -> list[str]:
        """All items, construct by construct."""
        return [item for scale in self.scales.values() for item in scale.items]

    @property
    def block_of(self) -> np.ndarray:
        """(items, constructs) True where an item belongs to a construct."""
        owner = [k for k, scale in enumerate(self.scales.values()) for _ in scale.items]
        return np.arange(len(self.scales)) == np.array(owner)[:, None]

    @property
    def reflective(self) -> list[str]:
        """Constructs of several items that reflect them: those that consistent PLS corrects."""
        return [
            name
            for name, scale in self.scales.items()
            if self.modes.get(name, "A") == "A" and len(scale.items) > 1
        ]

    @property
    def adjacency(self) -> np.ndarray:
        """(constructs, constructs) True where the row leads to the column."""
        names = self.constructs
        arrows = np.zeros((len(names), len(names)), bool)
        for source, targets in self.paths.items():
            arrows[names.index(source), [names.index(target) for target in targets]] = True
        return arrows

    @property
    def arrows(self) -> list[tuple[str, str]]:
        """(from, to), grouped by the construct that is led to."""
        names, adjacency = self.constructs, self.adjacency
        targets, sources = np.nonzero(adjacency.T)
        return [(names[i], names[j]) for i, j in zip(sources, targets, strict=True)]

    def without(self, source: str, target: str) -> "PathModel | None":
        """The model less one path and constructs that then lie on none; None if none is left."""
        paths = {
            name: tuple(to for to in targets if (name, to) != (source, target))
            for name, targets in self.paths.items()
        }
        kept = {name for start, targets in paths.items() for name in (start, *targets) if targets}
        if not kept:
            return None
        scales = {name: scale for name, scale in self.scales.items() if name in kept}
        modes = {name: mode for name, mode in self.modes.items() if name in kept}
        return PathModel(scales, {k: v for k, v in paths.items() if v}, modes)


def _refuse_loops(arrows: list[tuple[str, str]]) -> None:
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for source, target in arrows:
        sorter.add(target, source)
    try:
        sorter.prepare()
    except CycleError as loop:
        circle = " to ".join(loop.args[1][::-1])
        raise ParamsError(f"paths must not run in a circle, but {circle} does") from None


def ecsi_model(
    scales: Mapping[str, Scale], *, modes: Mapping[str, Mode] | None = None
) -> PathModel:
    """The ECSI model of the constructs that were measured.

    Paths from or to a construct that was not measured are left out, and so is a construct that then
    lies on none.

    Parameters
    ----------
    scales : mapping of str to Scale
        Some of image, expectations, quality, value, satisfaction, complaints, loyalty.
    modes : mapping of str to {"A", "B"}, optional
        How a construct is measured; A (reflective) by default.

    Returns
    -------
    PathModel

    Raises
    ------
    ParamsError
        A scale that ECSI does not know.
    """
    known = {*ECSI_PATHS, "loyalty"}
    strangers = sorted(set(scales) - known)
    if strangers:
        raise ParamsError(
            f"ECSI knows {sorted(known)}, but {strangers} came; write a model of your own"
        )
    paths = {
        source: tuple(target for target in targets if target in scales)
        for source, targets in ECSI_PATHS.items()
        if source in scales
    }
    joined = {name for start, ends in paths.items() for name in (start, *ends) if ends}
    scales = {name: scale for name, scale in scales.items() if name in joined}
    modes = {name: mode for name, mode in (modes or {}).items() if name in joined}
    return PathModel(scales, {start: ends for start, ends in paths.items() if ends}, modes)
