"""Where the constructs of a path diagram stand: arrows run right, short, and through no box.

A deterministic search over the cells of a small grid; a diagram has a dozen boxes at most.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

MOST_COLUMNS = 4
SWEEPS = 12
STARTS = 6
CLEARANCE = 0.62
BACKWARD, THROUGH, CROSSING, UPRIGHT, LENGTH = 50.0, 14.0, 3.0, 0.6, 0.5


def place_constructs(adjacency: np.ndarray) -> np.ndarray:
    """(constructs, 2) column and row of each construct; True in `adjacency` is an arrow."""
    depth = _depths(adjacency)
    columns = min(int(depth.max()) + 1, MOST_COLUMNS)
    n = len(adjacency)
    rows = max(3 if n > 3 else 1, int(np.bincount(depth).max()))
    while rows * columns < 1.3 * n and n > 3:
        rows += 1
    cells = np.array([(c, r) for c in range(columns) for r in range(rows)], float)
    arrows = np.argwhere(adjacency)
    rng = np.random.default_rng(0)
    searched = [_search(_start(depth, cells, rng), cells, arrows) for _ in range(STARTS)]
    return min(searched, key=lambda places: _cost(places, arrows))


def _depths(adjacency: np.ndarray) -> np.ndarray:
    """Length of the longest route that leads to each construct."""
    depth = np.zeros(len(adjacency), int)
    for _ in range(len(adjacency)):
        for source, target in np.argwhere(adjacency):
            depth[target] = max(depth[target], depth[source] + 1)
    return depth


def _start(depth: np.ndarray, cells: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Constructs in order of depth, on cells drawn and put in order of their column."""
    drawn = cells[rng.permutation(len(cells))[: len(depth)]]
    drawn = drawn[np.argsort(drawn[:, 0], kind="stable")]
    places = np.empty((len(depth), 2))
    places[np.argsort(depth, kind="stable")] = drawn
    return places


def _search(places: np.ndarray, cells: np.ndarray, arrows: np.ndarray) -> np.ndarray:
    """Move one construct, or swap two, as long as that lowers the cost."""
    best = _cost(places, arrows)
    for _ in range(SWEEPS):
        before = best
        for k in range(len(places)):
            for cell in cells:
                moved = places.copy()
                taken = np.flatnonzero((places == cell).all(axis=1))
                if len(taken):
                    moved[taken[0]] = places[k]
                moved[k] = cell
                cost = _cost(moved, arrows)
                if cost < best - 1e-9:
                    places, best = moved, cost
        if best == before:
            break
    return places


def _cost(places: np.ndarray, arrows: np.ndarray) -> float:
    begins, ends = places[arrows[:, 0]], places[arrows[:, 1]]
    reach = ends - begins
    cost = BACKWARD * (reach[:, 0] < 0).sum() + UPRIGHT * (reach[:, 0] == 0).sum()
    cost += LENGTH * np.hypot(reach[:, 0], reach[:, 1]).sum()
    for k in range(len(places)):
        others = (arrows != k).all(axis=1)
        gap = distance_to_segments(places[k], begins[others], ends[others])
        cost += THROUGH * np.clip(CLEARANCE - gap, 0, None).sum()
    crossings = sum(
        _cross(begins[i], ends[i], begins[j], ends[j])
        for i, j in combinations(range(len(arrows)), 2)
        if not set(arrows[i]) & set(arrows[j])
    )
    return float(cost + CROSSING * crossings)


def distance_to_segments(point: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(segments,) distance of a point to each segment."""
    along = ends - begins
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((point - begins) * along).sum(axis=1) / length, 0, 1)
    return np.linalg.norm(begins + share[:, None] * along - point, axis=1)


def _cross(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> bool:
    def side(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
