"""Variation: other colours and moved slices, and nothing else."""

import ast
import random
import re

from hypothesis import given
from hypothesis import strategies as st

from arcloop.variation import variants

SQUARES = """from common import *

# red, then Color.BLUE
def transform(grid):
    # ä: bytes are not characters
    grid[1:3, 1:3] = Color.RED; grid[1:3, 4:6] = Color.BLUE
    grid[grid == Color.BLACK] = Color.GREEN
    return grid
"""
NAME = re.compile(r"Color\.([A-Z]+)")
SPAN = re.compile(r"(\d+):(\d+)")


def test_colors_and_spans_change_for_themselves_and_nothing_else() -> None:
    made = variants(SQUARES, 24, random.Random(1))
    assert len(made) == len(set(made)) == 24
    assert SQUARES not in made
    for source in made:
        assert SPAN.sub("", NAME.sub("", source)) == SPAN.sub("", NAME.sub("", SQUARES))
        names = NAME.findall(source)
        assert names[0] == "BLUE"  # a comment
        assert names[3] == "BLACK"
        assert {names[1], names[2], names[4]} <= {"RED", "BLUE", "GREEN"}
    for place in (1, 2, 4):
        assert len({NAME.findall(source)[place] for source in made}) > 1
    spans = [[(int(a), int(b)) for a, b in SPAN.findall(source)] for source in made]
    assert all(0 <= a < b for found in spans for a, b in found)
    assert all(len({found[place] for found in spans}) > 1 for place in range(4))
    # In about half of them nothing moves.
    assert 4 < sum(found == [(1, 3), (1, 3), (1, 3), (4, 6)] for found in spans) < 20


def test_of_few_colors_there_are_few_variants() -> None:
    one = "def transform(grid):\n    return grid * Color.RED\n"
    two = "def transform(grid):\n    return np.where(grid == Color.RED, Color.BLUE, grid)\n"
    assert variants(one, 5, random.Random(1)) == []
    assert 1 <= len(variants(two, 50, random.Random(1))) <= 3


def test_only_plain_spans_move() -> None:
    for span in ("1:n", "1:", ":4", "-3:-1", "1:9:2", "1 : 4", "0x1:4", "1, 4"):
        assert variants(f"x = grid[{span}]\n", 20, random.Random(1)) == []
    assert len(variants("x = grid[1:4]\n", 20, random.Random(1))) > 3


def test_what_cannot_be_parsed_has_no_variants() -> None:
    for source in ("def transform(grid:\n    Color.RED, Color.BLUE", "(" * 5_000, "x = [Color.RED, Color.BLUE]\r\n"):
        assert variants(source, 3, random.Random(1)) == []


def test_variants_follow_from_the_generator() -> None:
    assert variants(SQUARES, 5, random.Random(3)) == variants(SQUARES, 5, random.Random(3))


@given(st.lists(st.sampled_from(["RED", "BLUE", "BLACK", "PINK"]), max_size=12), st.integers(0, 6))
def test_every_variant_is_a_program(names: list[str], count: int) -> None:
    source = (
        "def transform(grid):\n"
        + "".join(f"    grid[{i}] = Color.{n}  # é\n" for i, n in enumerate(names))
        + "    return grid\n"
    )
    made = variants(source, count, random.Random(0))
    assert len(made) <= count
    for one in made:
        ast.parse(one)
