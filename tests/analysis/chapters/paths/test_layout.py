"""Constructs of a path diagram are placed so that arrows run right and through no box."""

import numpy as np

from analysis.chapters.paths.layout import distance_to_segments, place_constructs
from analysis.methods.pathmodel import ECSI_PATHS


def test_ecsi_layout_runs_right_and_through_no_box():
    names = [*ECSI_PATHS, "loyalty"]
    adjacency = np.zeros((7, 7), bool)
    for source, targets in ECSI_PATHS.items():
        adjacency[names.index(source), [names.index(target) for target in targets]] = True
    places = place_constructs(adjacency)
    assert len(np.unique(places, axis=0)) == 7
    arrows = np.argwhere(adjacency)
    assert (places[arrows[:, 1], 0] >= places[arrows[:, 0], 0]).all()
    for k in range(7):
        others = (arrows != k).all(axis=1)
        begins, ends = places[arrows[others, 0]], places[arrows[others, 1]]
        assert distance_to_segments(places[k], begins, ends).min() > 0.4
    np.testing.assert_array_equal(places, place_constructs(adjacency))
