import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.common import find_connected_components, is_contiguous
from benchmarks import bench_common as loops
from tests.common.grid_strategies import backgrounds, connectivities, grids, steady


@steady
@given(grids(), backgrounds, connectivities, st.booleans())
def test_find_connected_components_agrees_with_the_loop_version(grid, background, connectivity, monochromatic):
    found = find_connected_components(grid, background, connectivity, monochromatic)
    expected = loops.find_connected_components(grid, background, connectivity, monochromatic)
    assert [c.tolist() for c in found] == [c.tolist() for c in expected]


@steady
@given(grids(), connectivities, st.booleans())
def test_find_connected_components_partition_the_foreground(grid, connectivity, monochromatic):
    found = find_connected_components(grid, connectivity=connectivity, monochromatic=monochromatic)
    covered = sum(((c != 0).astype(int) for c in found), np.zeros_like(grid))
    assert np.array_equal(covered, (grid != 0).astype(int))
    assert np.array_equal(sum(found, np.zeros_like(grid)), grid)
    assert all(is_contiguous(c, connectivity=connectivity) for c in found)


def test_find_connected_components_default_is_4_connected_and_monochromatic():
    grid = np.array([[1, 2], [2, 1]])
    assert len(find_connected_components(grid)) == 4
    assert len(find_connected_components(grid, connectivity=8)) == 2
    assert len(find_connected_components(grid, monochromatic=False)) == 1


def test_find_connected_components_orders_colors_as_a_set():
    found = find_connected_components(np.array([[1, 9, 8, 9]]))
    assert [int(c.max()) for c in found] == [8, 1, 9, 9]
    assert found[2].tolist() == [[0, 9, 0, 0]]


def test_find_connected_components_of_a_spiral_and_of_long_diagonals():
    spiral = np.zeros((15, 15), dtype=int)
    spiral[::2] = 3
    spiral[1::4, -1] = spiral[3::4, 0] = 3
    assert len(find_connected_components(spiral)) == 1
    assert len(find_connected_components(np.eye(20, dtype=int), connectivity=8)) == 1
    assert len(find_connected_components(np.eye(20, dtype=int)[::-1], connectivity=8)) == 1
    assert len(find_connected_components(np.eye(20, dtype=int))) == 20


def test_find_connected_components_background_values():
    grid = np.array([[0, 1]])
    found = find_connected_components(grid, background=-1)
    assert [c.tolist() for c in found] == [[[0, -1]], [[-1, 1]]]
    assert find_connected_components(np.zeros((0, 0), dtype=int), background=None) == []
    with pytest.raises(TypeError):
        find_connected_components(grid, background=None)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.uint64])
def test_find_connected_components_are_new_int64_arrays(dtype):
    grid = np.array([[1, 1, 0], [0, 0, 1]], dtype=dtype)
    found = find_connected_components(grid, background=10)
    assert all(c.dtype == np.int64 for c in found)
    first, second = find_connected_components(grid)
    first[:] = 7
    assert grid.tolist() == [[1, 1, 0], [0, 0, 1]] and second.tolist() == [[0, 0, 0], [0, 0, 1]]


def test_find_connected_components_keeps_fractions():
    assert find_connected_components(np.array([[0.5, 0.0]]))[0].tolist() == [[0.5, 0.0]]


def test_find_connected_components_refuses_other_connectivities():
    assert len(find_connected_components(np.eye(3, dtype=int), connectivity=8.0)) == 1
    for connectivity in (5, None, "4"):
        with pytest.raises(ValueError):
            find_connected_components(np.zeros((2, 2)), connectivity=connectivity)
    with pytest.raises(AttributeError):
        find_connected_components([[1]])


@steady
@given(grids(max_side=5), backgrounds, connectivities)
def test_is_contiguous_means_one_component(grid, background, connectivity):
    answer = is_contiguous(grid, background, connectivity)
    components = find_connected_components(grid, background, connectivity, monochromatic=False)
    assert answer is (len(components) == 1)


def test_is_contiguous_edge_cases():
    assert not is_contiguous(np.zeros((3, 3), dtype=int))
    assert is_contiguous(np.array([[False, True], [False, True]]))
    with pytest.raises(ValueError):
        is_contiguous(np.ones((2, 2)), connectivity=6)
