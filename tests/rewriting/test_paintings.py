"""Painting: which statements paint a rectangle that can be told without running them, and their picture turned."""

import ast
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.rewriting.paintings import Painting, runs, turned, without_hidden

HEAD = "def transform(grid):\n"


def found(*lines: str) -> list[list[Painting]]:
    source = HEAD + "".join(f"    {line}\n" for line in lines) + "    return grid\n"
    return list(runs(ast.parse(source), source.encode().split(b"\n")))


def test_boxes_and_lines() -> None:
    ((one, other),) = found("grid[1:3, 4:9] = Color.RED  # ä", "grid[2, 0:2] = 5")
    assert (*astuple(one.box), one.line, one.sliced) == (1, 4, 2, 5, 1, True)
    assert (*astuple(other.box), other.line, other.sliced) == (2, 0, 1, 2, 2, False)
    assert one.array == other.array == "grid"
    assert other.cells() == {(2, 0), (2, 1)} and len(one.cells()) == 10


def test_what_is_beyond_the_largest_grid_is_no_cell() -> None:
    ((one,),) = found("grid[28:999, 29] = 1")
    assert one.cells() == {(28, 29), (29, 29)}


@pytest.mark.parametrize(
    "between",
    [
        "x = 1",
        "other[1, 1] = 2",
        "grid[-1, 0] = 2",
        "grid[0] = 2",
        "grid[0, 1, 2] = 2",
        "grid[::2, 0] = 2",
        "grid[1:, 0] = 2",
        "grid[n, 0] = 2",
        "grid[0, True] = 2",
        "grid[(0), 0] = 2",
        "grid[(0, 0)] = 2",
        "grid[0, 1000] = 2",
        f"grid[0, 0:0x{'f' * 5_000}] = 2",
        "grid[0, 0] += 2",
        "grid[0, 0] = f()",
        "grid[0, 0] = 1; x = 1",
        "# then",
        "",
    ],
)
def test_a_run_ends_where_something_else_is(between: str) -> None:
    lines = [
        [painting.line for painting in run]
        for run in found("grid[0, 0] = 1", between, "grid[1, 1] = 1")
        if run[0].array == "grid"
    ]
    assert lines == [[1], [3]]


def test_runs_of_inner_blocks_are_found_too() -> None:
    assert [len(run) for run in found("if True:", "    grid[0, 0] = 1", "    grid[1, 1] = 1", "grid[2, 2] = 1")] == [
        1,
        2,
    ]


def picture(source: str, side: int = 30) -> np.ndarray:
    """What a source of ours gives on an empty grid; the sandbox is for those of others."""
    names: dict[str, object] = {}
    exec(source, names)
    transform = names["transform"]
    assert callable(transform)
    grid: np.ndarray = transform(np.zeros((side, side), np.int8))
    return grid


INDEX = st.integers(0, 9).map(str) | st.tuples(st.integers(0, 8), st.integers(0, 4)).map(lambda s: f"{s[0]}:{sum(s)}")
PAINT = st.builds("    grid[{}, {}] = {}  # ä\n".format, INDEX, INDEX, st.integers(1, 9))


@given(st.lists(PAINT, max_size=12))
def test_what_nobody_sees_is_left_out(lines: list[str]) -> None:
    source = HEAD + "".join(lines) + "    return grid\n"
    seen = without_hidden(source)
    assert np.array_equal(picture(seen), picture(source))
    assert without_hidden(seen) == seen


def test_a_hidden_rectangle_is_left_out_and_a_hidden_number_stays() -> None:
    covers = "    grid[0:9, 0:9] = 5\n    return grid\n"
    assert without_hidden(HEAD + "    grid[1:3, 1:3] = 4\n" + covers) == HEAD + covers
    assert "grid[1, 1:3]" in without_hidden(HEAD + "    grid[1, 1:3] = 4\n" + covers)


@given(st.lists(PAINT, min_size=1, max_size=12), st.booleans(), st.booleans(), st.booleans())
def test_the_picture_is_turned_and_nothing_else(
    lines: list[str], transposed: bool, upended: bool, mirrored: bool
) -> None:
    source = HEAD + "".join(lines) + "    return grid\n"
    boxes = [painting.box for painting in found(*(line.strip() for line in lines))[0]]
    above, left = min(b.x for b in boxes), min(b.y for b in boxes)
    below, right = max(b.x + b.h for b in boxes), max(b.y + b.w for b in boxes)
    expected = picture(source)[: above + below, : left + right]
    expected = expected.T if transposed else expected
    expected = expected[::-1] if upended else expected
    expected = expected[:, ::-1] if mirrored else expected
    height, width = expected.shape
    # With as much room on the far sides as on the near ones nothing is cut off.
    assert np.array_equal(picture(turned(source, transposed, upended, mirrored))[:height, :width], expected)
    assert turned(source, False, False, False) == source
