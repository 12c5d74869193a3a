import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.common import blit, blit_object, blit_sprite, bounding_box, crop, draw_line, flood_fill, translate
from benchmarks import bench_common as loops
from tests.common.grid_strategies import backgrounds, connectivities, grids, steady


@steady
@given(grids(), st.data(), st.sampled_from([0, 1, 5]), connectivities)
def test_flood_fill_agrees_with_the_loop_version(grid, data, color, connectivity):
    x, y = (data.draw(st.integers(0, size - 1)) for size in grid.shape)
    expected = grid.copy()
    loops.flood_fill(expected, x, y, color, connectivity)
    assert flood_fill(grid, x, y, color, connectivity) is None
    assert grid.tolist() == expected.tolist()


def test_flood_fill_works_on_views_and_large_regions():
    grid = np.zeros((60, 80), dtype=int)
    flood_fill(grid.T[::-1], 0, 0, 3)
    assert (grid == 3).all()


def test_flood_fill_errors():
    grid = np.zeros((3, 3), dtype=int)
    with pytest.raises(IndexError):
        flood_fill(grid, 3, 0, 1, connectivity=5)
    with pytest.raises(AssertionError):
        flood_fill(grid, 0, 0, 1, connectivity=5)
    with pytest.raises(AssertionError):
        flood_fill(grid, 0, 0, 0, connectivity=5)


def test_flood_fill_from_a_negative_index_only_steps_up():
    grid = np.zeros((4, 1), dtype=int)
    grid[1] = 2
    flood_fill(grid, -1, 0, 5)
    assert grid.ravel().tolist() == [5, 2, 0, 5]


def canvas(n=6, m=5):
    return np.zeros((n, m), dtype=int)


steps = st.integers(-8, 12)


@steady
@given(grids(), steps, steps, st.integers(-1, 1), st.integers(-1, 1), st.none() | st.integers(-2, 9))
def test_draw_line_agrees_with_the_loop_version(grid, x, y, dx, dy, length):
    arguments = {"length": length, "direction": (3 * dx, 2 * dy), "color": 5, "stop_at_color": [2, 8]}
    expected = grid.copy()
    last = loops.draw_line(expected, x, y, **arguments)
    assert draw_line(grid, x, y, **arguments) == last
    assert grid.tolist() == expected.tolist()


@steady
@given(grids(), steps, steps, steps, steps)
def test_draw_line_to_an_end_agrees_with_the_loop_version(grid, x, y, end_x, end_y):
    arguments = {"end_x": end_x, "end_y": end_y, "color": 5, "stop_at_color": {2}}
    expected = grid.copy()
    last = loops.draw_line(expected, x, y, **arguments)
    assert draw_line(grid, x, y, **arguments, length=1, direction=(0, 0)) == last
    assert grid.tolist() == expected.tolist()


def test_draw_line_to_an_unaligned_end_runs_diagonally_beyond_it():
    grid = canvas(6, 9)
    assert draw_line(grid, 0, 0, end_x=1, end_y=5, color=1) == (5, 5)
    assert [tuple(cell) for cell in np.argwhere(grid)] == [(i, i) for i in range(6)]


def test_draw_line_enters_from_outside_and_crosses_the_canvas():
    grid = canvas()
    assert draw_line(grid, -3, 2, direction=(1, 0), color=4) == (5, 2)
    assert (grid[:, 2] == 4).all() and np.count_nonzero(grid) == 6
    assert draw_line(canvas(), -3, 2, length=3, direction=(1, 0), color=4) == (-3, 2)
    assert draw_line(canvas(), -3, 2, length=4, direction=(1, 0), color=4) == (0, 2)


def test_draw_line_stops_before_a_color_even_at_the_start():
    grid = canvas()
    grid[3, 0] = 7
    assert draw_line(grid, 0, 0, direction=(1, 0), color=1, stop_at_color=(7,)) == (2, 0)
    assert grid[:, 0].tolist() == [1, 1, 1, 7, 0, 0]
    assert draw_line(grid, 3, 0, direction=(1, 0), color=1, stop_at_color=np.array([7])) == (3, 0)
    assert grid[:, 0].tolist() == [1, 1, 1, 7, 0, 0]


def test_draw_line_accepts_odd_but_valid_arguments():
    grid = canvas()
    assert draw_line(grid, 1.0, np.int64(1), length=2, direction=np.array([5, -7]), color=3) == (2, 0)
    assert draw_line(grid, 4, 4, direction=(0, 0), color=3) == (4, 4) and grid[4, 4] == 3
    assert draw_line(grid, 0, 0, length=0, direction=(1, 0), color=None) == (0, 0)
    assert draw_line(grid, 0, 0, length=-2, direction=(1, 0), color=None) == (0, 0)
    assert draw_line(grid, 9, 9, length=2, direction=(1.0, 0), color=3) == (9, 9)


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (AssertionError, {"end_x": 3, "color": 1}),
        (AssertionError, {"end_y": 3, "color": 1}),
        (AssertionError, {"x": 1.5, "direction": (1, 0), "color": 1}),
        (AssertionError, {"x": "1", "direction": (1, 0), "color": 1}),
        (TypeError, {"color": 1}),
        (TypeError, {"direction": (1, 0)}),
        (TypeError, {"direction": (1, 0), "color": 1, "length": 3.0}),
        (TypeError, {"end_x": 3.0, "end_y": 0, "color": 1}),
        (TypeError, {"end_x": 3, "end_y": 0.0, "color": 1}),
        (TypeError, {"direction": (1, 0), "color": 1, "stop_at_color": 3}),
        (TypeError, {"direction": (1, 0), "color": 1, "stop_at_color": None}),
        (IndexError, {"direction": (1.0, 0), "color": 1}),
        (ValueError, {"direction": (1, 0, 0), "color": 1}),
        (ValueError, {"direction": "right", "color": 1}),
    ],
)
def test_draw_line_errors(error, arguments):
    with pytest.raises(error):
        draw_line(canvas(), **{"x": 0, "y": 0, **arguments})


@steady
@given(grids(), grids(), steps, steps, st.none() | backgrounds)
def test_blit_agrees_with_the_loop_version(grid, sprite, x, y, background):
    expected = loops.blit(grid.copy(), sprite, x, y, background)
    assert blit(grid, sprite, x, y, background) is grid
    assert grid.tolist() == expected.tolist()


@steady
@given(grids(), st.data(), st.booleans(), st.sampled_from([None, 0]))
def test_blit_of_a_view_of_the_grid_sees_earlier_writes(grid, data, turned, background):
    def view(canvas):
        return np.rot90(canvas) if turned else canvas[::-1, :3]

    x, y = (data.draw(st.integers(-2, 3)) for _ in range(2))
    expected = grid.copy()
    loops.blit(expected, view(expected), x, y, background)
    blit(grid, view(grid), x, y, background)
    assert grid.tolist() == expected.tolist()


def test_blit_copies_zeros_and_truncates_offsets():
    grid = np.full((3, 3), 5)
    blit(grid, np.array([[0, 1]]), 1.9, -0.7)
    assert grid.tolist() == [[5, 5, 5], [0, 1, 5], [5, 5, 5]]
    blit(grid, np.array([[2]]), "2", np.array([2]))
    assert grid[2, 2] == 2
    assert blit(np.zeros((2, 2), dtype=int), np.array([[7]])).tolist() == [[7, 0], [0, 0]]


def test_blit_errors():
    grid = canvas()
    for error, sprite, x in (
        (IndexError, np.array([1]), 0),
        (AttributeError, [[1]], 0),
        (TypeError, np.array([[1]]), None),
        (TypeError, np.array([[1]]), np.array([1, 2])),
        (ValueError, np.array([[1]]), "one"),
    ):
        with pytest.raises(error):
            blit(grid, sprite, x, 0)


def test_blit_sprite_treats_black_as_transparent():
    grid = np.full((2, 2), 5)
    assert blit_sprite(grid, np.array([[0, 1]]), x=0, y=0) is grid
    assert grid.tolist() == [[5, 1], [5, 5]]
    blit_sprite(grid, np.array([[0, 1]]), 1, 0, background=None)
    assert grid.tolist() == [[5, 1], [0, 1]]
    with pytest.raises(TypeError):
        blit_sprite(grid, grid)


@steady
@given(grids())
def test_blit_sprite_puts_a_crop_back_in_place(grid):
    x, y, _, _ = bounding_box(grid)
    assert blit_sprite(np.zeros_like(grid), crop(grid), x, y).tolist() == grid.tolist()


def test_blit_object_draws_at_the_origin():
    grid = np.full((2, 2), 5)
    assert blit_object(grid, np.array([[0, 1, 4], [2, 0, 4], [4, 4, 4]])) is grid
    assert grid.tolist() == [[5, 1], [2, 5]]
    assert blit_object(grid, np.array([[3, 0]]), background=3).tolist() == [[5, 0], [2, 5]]


@steady
@given(grids(), steps, steps, backgrounds)
def test_translate_agrees_with_the_loop_version(grid, x, y, background):
    before = grid.copy()
    assert translate(grid, x, y, background).tolist() == loops.translate(grid, x, y, background).tolist()
    assert np.array_equal(grid, before)


@steady
@given(grids(), steps, steps)
def test_translate_there_and_back_keeps_what_stays_on_the_canvas(grid, x, y):
    kept = translate(np.ones_like(grid), -x, -y)
    assert np.array_equal(translate(translate(grid, x, y), -x, -y), grid * kept)


def test_translate_moves_background_too_and_keeps_the_dtype():
    moved = translate(np.array([[0, 1]], dtype=np.uint8), 0, 1, background=5)
    assert moved.tolist() == [[5, 0]] and moved.dtype == np.uint8
    assert translate(np.array([[1], [0]]), True, np.int64(0)).tolist() == [[0], [1]]


def test_translate_errors():
    grid = np.ones((2, 2), dtype=int)
    for x, y in ((1.0, 0), (0, 0.5), (-1.0, 1)):
        with pytest.raises(IndexError):
            translate(grid, x, y)
    assert not translate(grid, 2.0, 0).any()
    assert not translate(grid, -1.5, 0).any()
    with pytest.raises(TypeError):
        translate(grid, 1)
