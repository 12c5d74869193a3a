"""Painting: which statements paint a rectangle that can be told without running them."""

import ast

import pytest

from arcloop.painting import Painting, runs

HEAD = "def transform(grid):\n"


def found(*lines: str) -> list[list[Painting]]:
    source = HEAD + "".join(f"    {line}\n" for line in lines) + "    return grid\n"
    return list(runs(ast.parse(source), source.encode().split(b"\n")))


def test_boxes_and_lines() -> None:
    ((one, other),) = found("grid[1:3, 4:9] = Color.RED  # ä", "grid[2, 0:2] = 5")
    assert (one.x, one.y, one.h, one.w, one.line, one.sliced) == (1, 4, 2, 5, 1, True)
    assert (other.x, other.y, other.h, other.w, other.line, other.sliced) == (2, 0, 1, 2, 2, False)
    assert one.array == other.array == "grid"
    assert other.cells() == {(2, 0), (2, 1)} and len(one.cells()) == 10


def test_what_is_beyond_the_largest_grid_is_no_cell() -> None:
    ((one,),) = found("grid[28:1000000000, 29] = 1")
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
