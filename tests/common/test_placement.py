import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.common import (
    random_free_location_for_object,
    random_free_location_for_sprite,
    randomly_scatter_points,
    randomly_spaced_indices,
)
from benchmarks import bench_common as loops
from tests.common.grid_strategies import connectivities, grids, steady


def outcome(function, *args, **kwargs):
    """The result with the generator's state after it, or the type of the error."""
    random.seed(7)
    try:
        return function(*args, **kwargs), random.getstate()
    except (ValueError, IndexError) as error:
        return type(error)


sparse = grids(8, colors=(0, 0, 0, 0, 0, 0, 1))


@steady
@given(sparse, grids(3, colors=(0, 1, 2)), st.integers(-2, 2), st.integers(0, 2), connectivities)
def test_random_free_location_for_sprite_agrees(grid, sprite, border, padding, connectivity):
    arguments = {"border_size": border, "padding": padding, "padding_connectivity": connectivity}
    before = grid.copy(), sprite.copy()
    found = outcome(random_free_location_for_sprite, grid, sprite, **arguments)
    assert found == outcome(loops.random_free_location_for_sprite, grid, sprite, **arguments)
    assert np.array_equal(grid, before[0]) and np.array_equal(sprite, before[1])


def test_random_free_location_for_sprite_fits_exactly():
    grid = np.ones((4, 4), dtype=int)
    grid[1:3, 2:4] = 0
    found = random_free_location_for_sprite(grid, np.ones((2, 2), dtype=int))
    assert found == (1, 2) and all(type(v) is int for v in found)
    corner = np.array([[1, 0], [1, 1]])
    assert random_free_location_for_sprite(np.array([[0, 5], [0, 0]]), corner) == (0, 0)


def test_random_free_location_for_sprite_errors():
    dot = np.array([[1]])
    with pytest.raises(ValueError):
        random_free_location_for_sprite(np.ones((3, 3), dtype=int), dot)
    with pytest.raises(ValueError):
        random_free_location_for_sprite(np.zeros((3, 3), dtype=int), np.ones((4, 1), dtype=int))
    with pytest.raises(ValueError):
        random_free_location_for_sprite(np.zeros((3, 3), dtype=int), dot, padding=1, padding_connectivity=5)
    random_free_location_for_sprite(np.zeros((3, 3), dtype=int), dot, padding_connectivity=5)


def test_random_free_location_for_object_is_the_same_function():
    grid, sprite = np.eye(8, dtype=int), np.ones((2, 3), dtype=int)
    assert outcome(random_free_location_for_object, grid, sprite, padding=1) == outcome(
        random_free_location_for_sprite, grid, sprite, padding=1
    )
    with pytest.raises(TypeError):
        random_free_location_for_object(grid)


def test_randomly_scatter_points_draws_like_the_loop_version():
    for seed in range(20):
        grid = (np.arange(42).reshape(6, 7) % 5 == 0) * 3
        expected = grid.copy()
        np.random.seed(seed)
        assert randomly_scatter_points(grid, 4, density=0.3) is grid
        after = np.random.randint(10**6)
        np.random.seed(seed)
        loops.randomly_scatter_points(expected, 4, density=0.3)
        assert grid.tolist() == expected.tolist() and np.random.randint(10**6) == after
        assert np.count_nonzero(grid == 4) == 13 and np.count_nonzero(grid == 3) == 9


def test_randomly_scatter_points_in_the_background_color_ends():
    grid = np.full((2, 2), 5)
    assert randomly_scatter_points(grid, 5, density=1, background=5).tolist() == [[5, 5], [5, 5]]


@steady
@given(st.integers(0, 12), st.integers(0, 5), st.integers(-1, 2), st.integers(0, 3))
def test_randomly_spaced_indices_agree_and_keep_their_distance(max_len, n_indices, border, padding):
    found = outcome(lambda *args: randomly_spaced_indices(*args).tolist(), max_len, n_indices, border, padding)
    expected = outcome(lambda *args: loops.randomly_spaced_indices(*args).tolist(), max_len, n_indices, border, padding)
    assert found == expected
    if found is not IndexError:
        indices = found[0]
        assert len(indices) == n_indices
        assert all(b - a > padding for a, b in pairwise(indices))


def test_randomly_spaced_indices_edge_cases():
    empty = randomly_spaced_indices(10, 0)
    assert empty.shape == (0,) and empty.dtype == int
    for border in (1, 3):
        assert max(randomly_spaced_indices(9, 1, border)[0] for _ in range(200)) == 6
    with pytest.raises(IndexError):
        randomly_spaced_indices(5, 4)
    with pytest.raises(TypeError):
        randomly_spaced_indices(9.0, 1)
