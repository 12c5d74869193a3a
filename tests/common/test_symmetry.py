import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.common import (
    MirrorSymmetry,
    Symmetry,
    TranslationalSymmetry,
    detect_mirror_symmetry,
    detect_rotational_symmetry,
    detect_translational_symmetry,
    orbit,
)
from arcloop.common.symmetry import RotationalSymmetry
from benchmarks import bench_common as loops
from tests.common.grid_strategies import grids, steady


def test_symmetry_base_class_maps_to_nothing():
    assert Symmetry().apply(1, 2) is None
    assert Symmetry().apply(1, 2, iters=3) is None


def test_translational_symmetry_applies_and_prints():
    shift = TranslationalSymmetry(2, -3)
    assert isinstance(shift, Symmetry) and (shift.translate_x, shift.translate_y) == (2, -3)
    assert shift.apply(1, 1) == (3, -2) and shift.apply(1, 1, iters=-2) == (-3, 7)
    assert str(shift) == repr(shift) == "TranslationalSymmetry(translate_x=2, translate_y=-3)"
    x, y = shift.apply(np.array([0.0, 1.0]), np.array([0, 1]))
    assert x.tolist() == [2, 3] and x.dtype == int and y.tolist() == [-3, -2]
    assert shift.apply(2.5, np.float64(3.5)) == (4, 0)
    assert all(type(v) is int for v in shift.apply(2.5, np.float64(3.5)))


def test_translational_symmetry_range_crosses_the_canvas():
    assert TranslationalSymmetry(2, 0)._iter_range((5, 9)) == (-3, 4)
    assert TranslationalSymmetry(-2, 3)._iter_range((5, 10)) == (-4, 5)
    assert TranslationalSymmetry(0, 0)._iter_range((5, 10)) == (0, 1)


def test_mirror_symmetry_applies_and_prints():
    mirror = MirrorSymmetry(1.5, None)
    assert mirror.apply(0, 7) == (3, 7) and type(mirror.apply(0, 7)[0]) is int
    assert mirror.apply(0, 7, iters=-1) == (3, 7)
    assert mirror.apply(0, 2.5, iters=1) == (3, 2)
    assert mirror.apply(0.25, 2.5, iters=2) == (0.25, 2.5)
    assert MirrorSymmetry(2, 0.5).apply(1, 1) == (3, 0)
    assert str(mirror) == repr(mirror) == "MirrorSymmetry(mirror_x=1.5, mirror_y=None)"
    assert mirror._iter_range((9, 9)) == (0, 2)
    x, y = mirror.apply(np.array([0, 1]), np.array([4, 5]))
    assert x.tolist() == [3, 2] and x.dtype == int and y.tolist() == [4, 5]


def test_rotational_symmetry_turns_forwards_only():
    turn = RotationalSymmetry(1, 1)
    assert [turn.apply(0, 0, iters=k) for k in range(5)] == [(0, 0), (0, 2), (2, 2), (2, 0), (0, 0)]
    assert turn.apply(0, 0, iters=-1) == (0, 0)
    assert RotationalSymmetry(0.5, 0.5).apply(0, 1) == (1, 1)
    assert turn._iter_range((9, 9)) == (0, 4)
    with pytest.raises(TypeError):
        turn.apply(0, 0, iters=1.0)


symmetries = st.one_of(
    st.builds(TranslationalSymmetry, st.integers(-4, 4), st.integers(-4, 4)),
    st.builds(MirrorSymmetry, st.sampled_from([None, 1, 2.5]), st.sampled_from([None, 0.5, 3])),
    st.builds(lambda c, half: RotationalSymmetry(c + half, c + half), st.integers(0, 4), st.sampled_from([0, 0.5])),
)


@steady
@given(st.lists(symmetries, max_size=3), st.integers(0, 5), st.integers(0, 6))
def test_orbit_agrees_with_the_loop_version(symmetries, x, y):
    grid = np.zeros((6, 7))
    points = orbit(grid, x, y, symmetries)
    assert points == loops.orbit(grid, x, y, symmetries)
    assert (x, y) in points


def test_orbit_leaves_out_what_leaves_the_canvas_on_the_way():
    grid = np.zeros((3, 1))
    out_and_back = [TranslationalSymmetry(3, 0), TranslationalSymmetry(-3, 0)]
    assert orbit(grid, 0, 0, out_and_back) == [(0, 0)]
    assert set(orbit(grid, 0, 0, [TranslationalSymmetry(1, 0)])) == {(0, 0), (1, 0), (2, 0)}


def test_orbit_edge_cases():
    grid = np.zeros((3, 3))
    assert orbit(grid, 9, 9, []) == [(9, 9)]
    assert orbit(grid, 1, 1, iter([MirrorSymmetry(1, None)])) == [(1, 1)]
    for symmetries in (None, MirrorSymmetry(1, 1)):
        with pytest.raises(TypeError):
            orbit(grid, 0, 0, symmetries)


colored = grids(6, colors=(0, 1, 1, 2))
ignored = st.sampled_from([[0], [], [0, 2], (1,)])
background_colors = st.sampled_from([None, None, 0, 1])


def pair(symmetry):
    return (symmetry.translate_x, symmetry.translate_y)


@steady
@given(colored, ignored, background_colors)
def test_detect_translational_symmetry_agrees_with_the_loop_version(grid, ignore_colors, background):
    found = detect_translational_symmetry(grid, ignore_colors, background)
    assert [pair(s) for s in found] == loops.detect_translational_symmetry(grid, ignore_colors, background)


@steady
@given(grids(3, colors=(1, 2, 3)), st.integers(2, 3), st.integers(2, 3))
def test_detect_translational_symmetry_maps_the_grid_onto_itself(tile, times_x, times_y):
    grid = np.tile(tile, (times_x, times_y))
    found = detect_translational_symmetry(grid)
    assert found
    for symmetry, (x, y) in itertools.product(found, np.ndindex(*grid.shape)):
        image = symmetry.apply(x, y)
        if 0 <= image[0] < grid.shape[0] and 0 <= image[1] < grid.shape[1]:
            assert grid[image] == grid[x, y]


def test_detect_translational_symmetry_prefers_negative_shifts():
    stripes = np.tile([1, 2, 3], (4, 3))
    assert [pair(s) for s in detect_translational_symmetry(stripes)] == [(-1, 0), (0, -3)]
    assert all(type(v) is int for s in detect_translational_symmetry(stripes) for v in pair(s))


def test_detect_translational_symmetry_falls_back_to_a_diagonal_shift():
    grid = np.array([[1, 2, 3], [4, 1, 2], [5, 4, 1]])
    assert [pair(s) for s in detect_translational_symmetry(grid)] == [(1, 1)]
    assert detect_translational_symmetry(np.array([[1, 2], [3, 4]])) == []
    assert detect_translational_symmetry(np.zeros((3, 3), dtype=int)) == []
    assert detect_translational_symmetry(np.array([[1]])) == []


def test_detect_translational_symmetry_ignore_colors_kinds():
    grid = np.array([[1, 0, 1, 2]])
    as_set = detect_translational_symmetry(grid, ignore_colors={0})
    nothing = detect_translational_symmetry(grid, ignore_colors=[])
    assert [pair(s) for s in as_set] == [pair(s) for s in nothing]
    as_number = detect_translational_symmetry(grid, ignore_colors=0)
    as_list = detect_translational_symmetry(grid, ignore_colors=[0])
    assert [pair(s) for s in as_number] == [pair(s) for s in as_list]


@steady
@given(colored, ignored, background_colors)
def test_detect_mirror_symmetry_agrees_with_the_loop_version(grid, ignore_colors, background):
    found = detect_mirror_symmetry(grid, ignore_colors, background)
    assert [(s.mirror_x, s.mirror_y) for s in found] == loops.detect_mirror_symmetry(grid, ignore_colors, background)
    for symmetry in found:
        for value in (symmetry.mirror_x, symmetry.mirror_y):
            assert value is None or type(value) is (int if value == int(value) else float)


@steady
@given(grids(4, colors=(1, 2, 3)))
def test_detect_mirror_symmetry_maps_the_grid_onto_itself(quarter):
    grid = np.vstack((quarter, quarter[::-1]))
    found = detect_mirror_symmetry(grid)
    assert found
    for symmetry, (x, y) in itertools.product(found, np.ndindex(*grid.shape)):
        image = symmetry.apply(x, y)
        if 0 <= image[0] < grid.shape[0] and 0 <= image[1] < grid.shape[1]:
            assert grid[image] == grid[x, y]


def test_detect_mirror_symmetry_returns_every_tied_best():
    found = detect_mirror_symmetry(np.ones((2, 2), dtype=int))
    assert [(s.mirror_x, s.mirror_y) for s in found] == [(0.5, None), (None, 0.5), (0.5, 0.5)]
    assert detect_mirror_symmetry(np.zeros((2, 2), dtype=int)) == []
    assert detect_mirror_symmetry(np.ones((2, 2), dtype=int), background=1) == []


@steady
@given(colored, ignored, background_colors)
def test_detect_rotational_symmetry_agrees_with_the_loop_version(grid, ignore_colors, background):
    found = detect_rotational_symmetry(grid, ignore_colors, background)
    center = None if found is None else (found.center_x, found.center_y)
    assert center == loops.detect_rotational_symmetry(grid, ignore_colors, background)


@steady
@given(grids(4, colors=(1, 2, 3)))
def test_detect_rotational_symmetry_maps_the_grid_onto_itself(grid):
    square = grid[: min(grid.shape), : min(grid.shape)]
    turned = np.block([[square, np.rot90(square, 3)], [np.rot90(square, 1), np.rot90(square, 2)]])
    found = detect_rotational_symmetry(turned)
    assert found is not None
    for x, y in np.ndindex(*turned.shape):
        assert len({int(turned[image]) for image in orbit(turned, x, y, [found])}) == 1


def test_detect_rotational_symmetry_center_types():
    whole = detect_rotational_symmetry(np.array([[1, 2, 1], [2, 3, 2], [1, 2, 1]]))
    assert (whole.center_x, whole.center_y) == (1, 1) and type(whole.center_x) is int
    half = detect_rotational_symmetry(np.array([[2, 2], [2, 2]]))
    assert (half.center_x, half.center_y) == (0.5, 0.5)
    assert detect_rotational_symmetry(np.zeros((2, 2), dtype=int)) is None
    assert detect_rotational_symmetry(np.array([[1, 1, 1, 1, 1]])[:, :0]) is None
