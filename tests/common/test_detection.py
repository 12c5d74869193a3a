import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.common import detect_objects
from benchmarks import bench_common as loops
from tests.common.grid_strategies import grids, steady


def check(grid, **arguments):
    found = detect_objects(grid, **arguments)
    assert [f.tolist() for f in found] == [e.tolist() for e in loops.detect_objects(grid, **arguments)]
    return found


@steady
@given(grids(), st.sampled_from([4, 8]), st.booleans(), st.sampled_from([None, [], [1, 8], {1, 2}]), st.booleans())
def test_detect_objects_by_connectivity(grid, connectivity, monochromatic, colors, can_overlap):
    check(
        grid,
        connectivity=connectivity,
        monochromatic=monochromatic,
        colors=colors,
        can_overlap=can_overlap,
        predicate=lambda sprite: sprite.size != 2,
    )


dimensions = st.lists(st.sampled_from([(1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (9, 1)]), min_size=1, max_size=2)


@steady
@given(grids(6, colors=(0, 1, 8)), dimensions, st.sampled_from([None, [], [1], (1, 8)]), st.sampled_from([None, 4]))
def test_detect_objects_by_dimensions(grid, dimensions, colors, connectivity):
    arguments = {"allowed_dimensions": dimensions, "colors": colors, "connectivity": connectivity}
    check(grid, **arguments, can_overlap=True)
    check(grid, **arguments, can_overlap=True, background=1, predicate=lambda window: window[0, 0] != 8)


@steady
@given(grids(4, colors=(0, 0, 1, 8)), dimensions)
def test_detect_objects_chooses_among_overlapping_windows(grid, dimensions):
    if len(detect_objects(grid, allowed_dimensions=dimensions, can_overlap=True)) <= 16:
        found = check(grid, allowed_dimensions=dimensions)
        assert not found or np.add.reduce([f != 0 for f in found], axis=0, dtype=int).max() <= 1


def test_detect_objects_prefers_taking_in_a_full_cover_and_leaving_otherwise():
    # Windows 1x2 on a row of four: the full cover takes the first; on a row of three every choice is equal.
    four, three = np.ones((1, 4), dtype=int), np.ones((1, 3), dtype=int)
    assert [f.tolist() for f in check(four, allowed_dimensions=[(1, 2)])] == [[[1, 1, 0, 0]], [[0, 0, 1, 1]]]
    assert [f.tolist() for f in check(three, allowed_dimensions=[(1, 2)])] == [[[0, 1, 1]]]


def test_detect_objects_with_hundreds_of_rivals_that_tile():
    found = detect_objects(np.ones((30, 30), dtype=int), allowed_dimensions=[(3, 3)])
    assert len(found) == 100 and np.array_equal(sum(found), np.ones((30, 30)))


def test_detect_objects_filters_components_by_the_shape_of_the_grid():
    grid = np.array([[1, 1, 0], [0, 0, 2]])
    assert detect_objects(grid, connectivity=4, allowed_dimensions=[(1, 2)], can_overlap=True)[0].tolist() == [
        [1, 1, 0],
        [0, 0, 0],
    ]
    both = detect_objects(grid, connectivity=8, allowed_dimensions=[(2, 3)], can_overlap=True)
    assert len(both) == 1
    assert len(detect_objects(grid, connectivity=4, allowed_dimensions=[(2, 3)], can_overlap=True)) == 3


def test_detect_objects_defaults_and_errors():
    grid = np.array([[1, 2, 0], [0, 0, 0]])
    assert detect_objects(grid) == []
    assert detect_objects(grid, lambda sprite: False, connectivity=4) != []
    assert len(detect_objects(grid, connectivity=4)) == 1
    assert detect_objects(grid, connectivity=4, colors=[1]) == []
    assert detect_objects(grid, allowed_dimensions=[(1, 1)], colors=[]) == []
    with pytest.raises(ValueError):
        detect_objects(grid, connectivity=5)


def test_detect_objects_shows_the_predicate_a_crop_or_a_window():
    grid = np.array([[0, 0, 0], [0, 3, 0], [0, 3, 3]])
    seen = []
    detect_objects(grid, predicate=lambda sprite: seen.append(sprite.tolist()), connectivity=4)
    assert seen == [[[3, 0], [3, 3]]]
    seen.clear()
    detect_objects(grid, predicate=lambda window: seen.append(window.tolist()), allowed_dimensions=[(3, 2)])
    assert seen == [[[0, 0], [0, 3], [0, 3]], [[0, 0], [3, 0], [3, 3]]]


def test_detect_objects_returns_independent_int64_arrays():
    grid = np.array([[1, 0]], dtype=np.int8)
    (found,) = detect_objects(grid, allowed_dimensions=[(1, 1)])
    found[0, 0] = 5
    assert found.dtype == np.int64 and grid.tolist() == [[1, 0]]
