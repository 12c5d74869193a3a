import numpy as np

from arcloop.common import Color, object_colors


def test_color_is_a_namespace_of_plain_ints():
    names = ["BLACK", "BLUE", "RED", "GREEN", "YELLOW", "GREY", "PINK", "ORANGE", "TEAL", "MAROON"]
    assert [getattr(Color, name) for name in names] == list(range(10))
    assert (Color.GRAY, Color.PURPLE, Color.BROWN, Color.TRANSPARENT, Color.BACKGROUND) == (5, 8, 9, 0, 0)
    assert all(type(getattr(Color, name)) is int for name in names)


def test_color_lists():
    assert list(range(10)) == Color.ALL_COLORS and type(Color.ALL_COLORS) is list
    assert list(range(1, 10)) == Color.NOT_BLACK and type(Color.NOT_BLACK) is list


def test_object_colors_come_in_set_order():
    def colors(*cells):
        return [int(color) for color in object_colors(np.array([cells]))]

    assert colors(8, 9, 1) == [8, 9, 1]
    assert colors(1, 9, 8) == [8, 1, 9]
    assert colors(9, 8, 0, 1) == [8, 9, 1]


def test_object_colors_follow_a_set_of_all_cells():
    rng = np.random.default_rng(0)
    for _ in range(300):
        grid = rng.integers(0, 10, rng.integers(1, 6, 2))
        background = int(rng.integers(-1, 10))
        assert object_colors(grid, background) == list(set(grid.flatten()) - {background})


def test_object_colors_are_numpy_scalars_and_leave_background_out():
    found = object_colors(np.array([[5, 3], [5, 0]]), background=5)
    assert found == [0, 3] and all(isinstance(color, np.int64) for color in found)
    assert object_colors(np.zeros((3, 2), dtype=int)) == []
    assert object_colors(np.array([[0, 2]]).T[::-1], background=None) == [0, 2]
