import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.common import bounding_box, bounding_box_mask, check_between_objects, crop, object_position
from benchmarks import bench_common as loops
from tests.common.grid_strategies import backgrounds, grids, steady

EMPTY = np.zeros((4, 6), dtype=int)
GRID = np.array([[0, 0, 0, 0], [0, 3, 0, 0], [0, 0, 5, 0], [0, 0, 0, 0], [0, 0, 1, 0]])


@steady
@given(grids(), backgrounds)
def test_bounding_box_agrees_with_the_loop_version(grid, background):
    assert bounding_box(grid, background) == loops.bounding_box(grid, background)


def test_bounding_box_is_a_tuple_of_ints():
    box = bounding_box(GRID)
    assert box == (1, 1, 4, 2) and type(box) is tuple and all(type(v) is int for v in box)
    assert bounding_box(GRID.T) == (1, 1, 2, 4)
    assert bounding_box(GRID, background=None) == (0, 0, 5, 4)
    assert bounding_box(GRID != 0, background=False) == box


def test_bounding_box_of_nothing():
    assert bounding_box(EMPTY) == (4, 6, -4, -6)
    assert bounding_box(np.zeros((0, 0))) == (0, 0, 0, 0)


def test_bounding_box_errors():
    with pytest.raises(ValueError):
        bounding_box(np.zeros(3))
    with pytest.raises(AttributeError):
        bounding_box(None)


def test_bounding_box_mask_is_the_filled_box():
    mask = bounding_box_mask(GRID)
    assert mask.dtype == bool and mask.shape == GRID.shape
    assert mask[1:5, 1:3].all() and mask.sum() == 8
    assert not bounding_box_mask(EMPTY).any() and bounding_box_mask(EMPTY).shape == (4, 6)


def test_crop_is_a_view():
    grid = GRID.copy()
    sprite = crop(grid)
    assert sprite.tolist() == [[3, 0], [0, 5], [0, 0], [0, 1]]
    sprite[1, 0] = 9
    assert grid[2, 1] == 9
    grid[1, 1] = 8
    assert sprite[0, 0] == 8


@steady
@given(grids(), backgrounds)
def test_crop_is_tight(grid, background):
    sprite = crop(grid, background)
    if (grid == background).all():
        assert sprite.shape == (0, 0)
    else:
        assert bounding_box(sprite, background) == (0, 0, *sprite.shape)
        assert (sprite != background).sum() == (grid != background).sum()


def test_object_position_anchors():
    box = np.zeros((9, 9), dtype=int)
    box[2:6, 3:8] = 1  # x 2..5, y 3..7
    expected = {
        "upper left": (2, 3),
        "upper right": (5, 3),
        "lower left": (2, 7),
        "lower right": (5, 7),
        "center": (3.5, 5),
        "upper center": (3.5, 3),
        "lower center": (3.5, 7),
        "left center": (2, 5),
        "right center": (5, 5),
        "Top Left": (2, 3),
        "BOTTOMRIGHT": (5, 7),
        "top center": (3.5, 3),
        " l o w e r left": (2, 7),
    }
    for anchor, position in expected.items():
        found = object_position(box, anchor=anchor)
        assert found == position and [type(v) for v in found] == [type(v) for v in position]
    assert object_position(box) == (2, 3)


@pytest.mark.parametrize("anchor", ["center left", "top", "upper-left", "middle", "", "left upper"])
def test_object_position_unknown_anchor(anchor):
    with pytest.raises(AssertionError):
        object_position(GRID, anchor=anchor)


def test_object_position_of_nothing_and_of_no_string():
    assert object_position(EMPTY, anchor="lower right") == (4 - 4 - 1, 6 - 6 - 1)
    assert object_position(EMPTY, anchor="center") == (4 + (-4 - 1) / 2, 6 + (-6 - 1) / 2)
    with pytest.raises(AttributeError):
        object_position(GRID, anchor=None)


@steady
@given(
    grids(max_side=9, colors=(0, 0, 0, 0, 1)),
    grids(max_side=9, colors=(0, 0, 0, 0, 1)),
    st.integers(-1, 9),
    st.integers(-1, 9),
    st.integers(0, 2),
)
def test_check_between_objects_agrees_and_is_symmetric(one, two, x, y, padding):
    answer = check_between_objects(one, two, x, y, padding)
    assert answer is check_between_objects(two, one, x, y, padding)
    if one.any() and two.any():
        assert answer is loops.check_between_objects(one, two, x, y, padding)


def test_check_between_objects_padding_narrows_only_across_the_gap():
    one, two = np.zeros((9, 5), dtype=int), np.zeros((9, 5), dtype=int)
    one[0:2], two[7:9] = 1, 1
    assert [x for x in range(9) if check_between_objects(one, two, x, 2, padding=1)] == [2, 3, 4, 5, 6]
    assert [y for y in range(5) if check_between_objects(one, two, 4, y, padding=1)] == [1, 2, 3]
    assert check_between_objects(EMPTY, EMPTY, 1, 1) is False
