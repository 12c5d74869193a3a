"""Reading order: rectangles change places where that makes no difference, and nothing else does."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arcloop.rewriting.paintings import in_reading_order

HEAD = "def transform(grid):\n"
SPAN = st.tuples(st.integers(0, 5), st.integers(1, 4)).map(lambda s: f"{s[0]}:{sum(s)}") | st.integers(0, 5).map(str)
PAINT = st.builds("    grid[{}, {}] = {}".format, SPAN, SPAN, st.integers(1, 9))
OTHER = st.sampled_from(
    ["    # then", "    grid[-1, 0] = 3", "    spare[0, 0] = 4", "    grid[0] = 2", "    grid = grid.T"]
)


def painted(source: str) -> list[list[int]]:
    """What a source of ours gives on an empty grid; the sandbox is for those of others."""
    names: dict[str, object] = {}
    exec(source.replace("def transform(grid):", "def transform(grid, spare):"), names)
    transform = names["transform"]
    assert callable(transform)
    grid: list[list[int]] = transform(np.zeros((9, 9), np.int8), np.zeros((9, 9), np.int8)).tolist()
    return grid


@given(st.lists(PAINT | PAINT | OTHER, max_size=12))
def test_the_same_statements_give_the_same_picture(lines: list[str]) -> None:
    source = HEAD + "".join(f"{line}\n" for line in lines) + "    return grid\n"
    ordered = in_reading_order(source)
    assert sorted(ordered.split("\n")) == sorted(source.split("\n"))
    assert painted(ordered) == painted(source)
    assert in_reading_order(ordered) == ordered


def test_rectangles_go_from_the_upper_left_to_the_lower_right() -> None:
    lines = ["grid[4:6, 1:3] = Color.RED  # third", "grid[1:3, 4:6] = Color.BLUE", "grid[1:3, 1:3] = Color.PINK"]
    source = HEAD + "".join(f"    {line}\n" for line in lines)
    assert in_reading_order(source) == HEAD + "".join(f"    {line}\n" for line in reversed(lines))


def test_what_covers_another_stays_behind_it() -> None:
    source = HEAD + "    grid[2:5, 2:5] = 3\n    grid[1:3, 1:3] = 4\n"
    assert in_reading_order(source) == source


def test_whatever_else_is_between_keeps_its_place() -> None:
    for between in ("grid = grid.T", "grid[::2, 0] = 1", "grid[n, 0] = 1", "grid[0, True] = 1", "grid[0, 0] += 1"):
        source = HEAD + f"    grid[4, 4] = 1\n    {between}\n    grid[0, 3] = 2\n"
        assert in_reading_order(source) == source
    for source in ("grid[4, 4] = 1; grid[0, 3] = 2\n", "grid[4, 4] = f()\ngrid[0, 3] = 2\n", "not python("):
        assert in_reading_order(source) == source


def test_a_dictionary_keeps_the_order_in_which_it_is_filled() -> None:
    source = "def transform(grid):\n    seen = {}\n    seen[2, 0] = 5\n    seen[0, 0] = 6\n    return [list(seen.values())]\n"
    assert in_reading_order(source) == source
