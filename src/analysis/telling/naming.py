"""Names beside points, each on the side where there is room."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

LABEL_SIDES = {
    "upper left": (1, 1),
    "upper right": (-1, 1),
    "lower left": (1, -1),
    "lower right": (-1, -1),
}


def name_points(ax: Axes, across: np.ndarray, upward: np.ndarray, names: list[str]) -> None:
    """Name each point on the side that is farthest from other points and names."""
    spread = np.array([max(np.ptp(across), 1e-9), max(np.ptp(upward), 1e-9)]) * 1.5
    points = np.column_stack([across, upward]) / spread
    taken: list[np.ndarray] = []
    for place, name in enumerate(names):
        others = np.vstack([np.delete(points, place, axis=0), *taken])
        side, (x, y) = max(
            LABEL_SIDES.items(), key=lambda item: _room(points[place], item[1], name, others)
        )
        taken.append(_label_boxes(points[place], (x, y), name))
        ax.annotate(
            name, (across[place], upward[place]), xytext=(7 * x, 6 if y > 0 else -14),
            textcoords="offset points", size=10, weight="bold", ha=side.split()[1],
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.8},
        )  # fmt: skip


def _label_boxes(point: np.ndarray, side: tuple[int, int], name: str) -> np.ndarray:
    """Three spots under a name, in shares of the panel."""
    reach = np.linspace(0.02, 0.014 * len(name), 3)
    return np.column_stack([point[0] + side[0] * reach, np.full(3, point[1] + 0.04 * side[1])])


def _room(point: np.ndarray, side: tuple[int, int], name: str, others: np.ndarray) -> float:
    spots = _label_boxes(point, side, name)
    return float(np.linalg.norm((spots[:, None] - others) * (1, 2), axis=2).min())
