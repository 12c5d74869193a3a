import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.common import collision, contact, object_boundary, object_interior, object_neighbors
from benchmarks import bench_common as loops
from tests.common.grid_strategies import backgrounds, connectivities, grids, steady

RING = np.zeros((7, 7), dtype=int)
RING[1:6, 1:6] = 4
RING[2:5, 2:5] = 0


@steady
@given(grids(), backgrounds)
def test_object_interior_agrees_with_the_loop_version(grid, background):
    interior = object_interior(grid, background)
    assert interior.dtype == bool
    assert interior.tolist() == loops.object_interior(grid, background).tolist()


def test_object_interior_holds_the_object_and_its_holes():
    assert object_interior(RING).sum() == 25
    diagonal_gap = RING.copy()
    diagonal_gap[1, 1] = 0
    assert object_interior(diagonal_gap)[2:5, 2:5].all()
    leak = RING.copy()
    leak[1, 3] = 0
    assert not object_interior(leak)[2:5, 2:5].any()


def test_object_interior_of_a_large_empty_grid():
    assert not object_interior(np.zeros((60, 60), dtype=int)).any()
    assert object_interior(RING, background=None).all()
    assert object_interior(np.zeros((0, 4))).shape == (0, 4)


@steady
@given(grids(), backgrounds)
def test_object_boundary_agrees_with_the_loop_version(grid, background):
    boundary = object_boundary(grid, background)
    assert boundary.dtype == bool
    assert boundary.tolist() == loops.object_boundary(grid, background).tolist()


def test_object_boundary_ignores_holes_and_counts_canvas_edges():
    thick = np.zeros((9, 9), dtype=int)
    thick[1:8, 1:8] = 2
    thick[4, 4] = 0
    boundary = object_boundary(thick)
    assert boundary.sum() == 24 and not boundary[3, 4]
    assert object_boundary(np.ones((3, 3), dtype=int)).sum() == 8
    touching_diagonally = np.zeros((4, 4), dtype=int)
    touching_diagonally[:, :] = 1
    touching_diagonally[0, 0] = 0
    assert not object_boundary(touching_diagonally)[1, 1]


@steady
@given(grids(), backgrounds, connectivities)
def test_object_neighbors_agrees_with_the_loop_version(grid, background, connectivity):
    neighbors = object_neighbors(grid, background, connectivity)
    assert neighbors.dtype == bool
    assert neighbors.tolist() == loops.object_neighbors(grid, background, connectivity).tolist()


def test_object_neighbors_reach_into_thin_walled_holes():
    assert object_neighbors(RING)[2, 2] and not object_neighbors(RING)[3, 3]
    assert not object_neighbors(RING)[0, 0] and object_neighbors(RING, connectivity=8)[0, 0]
    with pytest.raises(ValueError):
        object_neighbors(RING, connectivity=6)


offsets = st.integers(-4, 4)


@steady
@given(grids(5), grids(5), offsets, offsets, offsets, offsets, backgrounds)
def test_collision_agrees_with_the_loop_version(one, two, x1, y1, x2, y2, background):
    answer = collision(object1=one, object2=two, x1=x1, y1=y1, x2=x2, y2=y2, background=background)
    assert answer is loops.collision(one, two, x1, y1, x2, y2, background)


def test_collision_truncates_the_difference_of_the_offsets():
    dot = np.array([[1]])
    assert collision(object1=dot, object2=dot, x1=0.5, x2=1.2)
    assert not collision(object1=dot, object2=dot, x1=0, x2=1.2)
    assert collision(object1=dot, object2=dot, x1=0.9, x2=0)


def test_collision_takes_its_objects_by_keyword():
    dot = np.array([[1]])
    with pytest.raises(AttributeError):
        collision(dot, dot)
    assert collision(None, dot, dot) is True


@steady
@given(grids(5), grids(5), offsets, offsets, backgrounds, connectivities)
def test_contact_agrees_with_the_loop_version(one, two, x2, y2, background, connectivity):
    answer = contact(object1=one, object2=two, x2=x2, y2=y2, background=background, connectivity=connectivity)
    assert answer is loops.contact(one, two, x2=x2, y2=y2, background=background, connectivity=connectivity)


def test_contact_neighbourhoods():
    dot = np.array([[1]])
    assert contact(object1=dot, object2=dot) is True
    assert contact(object1=dot, object2=dot, x2=1) and not contact(object1=dot, object2=dot, x2=1, y2=1)
    assert contact(object1=dot, object2=dot, x2=1, y2=1, connectivity=8)
    assert not contact(object1=dot, object2=dot, x2=2, connectivity=8)


def test_contact_errors():
    empty = np.zeros((2, 2), dtype=int)
    with pytest.raises(ValueError):
        contact(object1=empty, object2=empty, connectivity=3)
    with pytest.raises(AttributeError):
        contact(object1=None, object2=empty, connectivity=3)
