"""Variation: other colours, and paintings in other places."""

import ast
import itertools
import random
import re

from hypothesis import given
from hypothesis import strategies as st

from arcloop.rewriting.paintings import turned
from arcloop.rewriting.variation import variants

SQUARES = """from common import *

# red, then Color.BLUE
def transform(grid):
    # ä: bytes are not characters
    grid[1:3, 1:3] = Color.RED; grid[1:3, 4:6] = Color.BLUE
    grid[grid == Color.BLACK] = Color.GREEN
    return grid
"""
HEAD = "def transform(grid):\n"
TAIL = "    return grid\n"
NAME = re.compile(r"Color\.([A-Z]+)")
SPAN = re.compile(r"(\d+):(\d+)")
BOX = re.compile(r"grid\[(\S+), (\S+)\]")


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


def squares(side: int) -> str:
    """Squares of two cells, one colour each row; none on the diagonal."""
    names = ["RED", "BLUE", "PINK", "GREEN"]
    cells = [(row, column) for row in range(side) for column in range(side) if row != column]
    lines = [f"    grid[{5 * x}:{5 * x + 2}, {5 * y}:{5 * y + 2}] = Color.{names[x]}\n" for x, y in cells]
    return HEAD + "".join(lines) + TAIL


def test_paintings_are_repeated_at_other_places_and_hidden_ones_are_left_out() -> None:
    made = variants(squares(4), 200, random.Random(1))
    counts = [variant.count("grid[") for variant in made]
    assert min(counts) < 12 < max(counts) <= 12 + 12 // 4
    assert sum(count == 12 for count in counts) > 100
    for variant in made:
        assert variant.startswith(HEAD) and variant.endswith(TAIL)
        assert set(NAME.findall(variant)) <= {"RED", "BLUE", "PINK", "GREEN"}
        # Of two at one place the second hides the first.
        assert len(BOX.findall(variant)) == len(boxes(variant))


def boxes(source: str) -> frozenset[tuple[str, str]]:
    return frozenset(BOX.findall(source))


def test_a_third_is_recoloured_a_third_moved_a_third_drawn_anew_and_half_of_them_are_turned() -> None:
    source = squares(4).replace("0:2, 5:7", "0:2, 5:8")
    spans = {span for box in boxes(source) for span in box}
    ways = [boxes(turned(source, *way)) for way in itertools.product((False, True), repeat=3)]
    assert len(set(ways)) == 8
    found = [boxes(one) for one in variants(source, 400, random.Random(2))]
    as_it_was, *others = (found.count(way) for way in ways)
    assert min(others) > 2 and 60 < as_it_was < 90
    assert 100 < sum(these in ways for these in found) < 166
    redrawn = [these for these in found if these not in ways and {span for box in these for span in box} <= spans]
    assert len(redrawn) > 50


def test_places_are_drawn_from_those_of_the_same_axis() -> None:
    source = HEAD + "    grid[0:9, 20:22] = 1\n    grid[10:19, 23:25] = 1\n" + TAIL
    found = [BOX.findall(one) for one in variants(source, 300, random.Random(1))]
    assert [("0:9", "23:25"), ("10:19", "20:22")] in found
    # What was high and narrow is so still, or lies.
    sizes = [
        sorted(b - a for a, b in (map(int, span.split(":")) for span in pair)) for pairs in found for pair in pairs
    ]
    assert all(small <= 4 and large >= 8 for small, large in sizes)


def test_neither_true_nor_huge_numbers_are_places() -> None:
    for place in ("True, False", "0x" + 5_000 * "f" + ", 1000"):
        assert variants(f"grid[{place}] = 1\n", 20, random.Random(1)) == []


def test_numbers_move_only_where_something_is_painted() -> None:
    source = HEAD + "    grid[3, 7] = 5\n    x = grid[8, 9] + objects[4]\n    grid[2] = 6\n" + TAIL
    made = variants(source, 30, random.Random(1))
    assert len(made) > 5
    for one in made:
        assert re.sub(r"grid\[\d+, \d+\] = 5", "grid[3, 7] = 5", one) == source


def test_black_changes_only_where_it_is_assigned() -> None:
    source = HEAD + "    grid[grid == Color.BLACK] = Color.RED\n    grid[n] = Color.BLACK\n" + TAIL
    made = variants(source, 20, random.Random(1))
    assert {tuple(NAME.findall(one)) for one in made} == {
        ("BLACK", "RED", "RED"),
        ("BLACK", "BLACK", "BLACK"),
        ("BLACK", "BLACK", "RED"),
    }


def test_of_few_colors_there_are_few_variants() -> None:
    one = "def transform(grid):\n    return grid * Color.RED\n"
    two = "def transform(grid):\n    return np.where(grid == Color.RED, Color.BLUE, grid)\n"
    assert variants(one, 5, random.Random(1)) == []
    assert 1 <= len(variants(two, 50, random.Random(1))) <= 3


def test_only_plain_spans_move() -> None:
    huge = "0x" + 5_000 * "f"  # Python reads it, and refuses to write it in base ten
    for span in (
        "1:n",
        "1:",
        ":4",
        "-3:-1",
        "1:9:2",
        "1 : 4",
        "0x1:4",
        "1, 4",
        "True:True",
        "1:1000",
        f"0:{huge}",
        f"{huge}:1",
    ):
        assert variants(f"x = grid[{span}]\n", 20, random.Random(1)) == []
    assert len(variants("x = grid[1:4]\n", 20, random.Random(1))) > 3


def test_what_cannot_be_parsed_has_no_variants() -> None:
    for source in ("def transform(grid:\n    Color.RED, Color.BLUE", "(" * 5_000, "x = [Color.RED, Color.BLUE]\r\n"):
        assert variants(source, 3, random.Random(1)) == []


def test_variants_follow_from_the_generator() -> None:
    assert variants(SQUARES, 5, random.Random(3)) == variants(SQUARES, 5, random.Random(3))


def test_a_number_in_parentheses_never_becomes_a_slice() -> None:
    source = HEAD + "    grid[(2), 5] = 1\n    grid[3:7, 6] = 2\n" + TAIL
    made = variants(source, 60, random.Random(1))
    assert len(made) > 20
    for one in made:
        ast.parse(one)


ODD = st.sampled_from(
    ["(2)", "True", "True:True", "-1", "n", "::2", "0x1f", "1_0", "None", "...", "999", "1000", "7:3"]
)
INDEX = (
    st.integers(0, 29).map(str)
    | st.tuples(st.integers(0, 28), st.integers(0, 3)).map(lambda s: f"{s[0]}:{sum(s)}")
    | ODD
)
COLOR = st.sampled_from(["Color.RED", "Color.BLUE", "Color.BLACK", "7"])
LINE = st.builds("    grid[{}, {}] = {}  # é".format, INDEX, INDEX, COLOR) | st.builds(
    "    grid[{}] = {}".format, INDEX, COLOR
)


@given(st.lists(LINE, max_size=12), st.integers(0, 6))
def test_every_variant_is_another_program(lines: list[str], count: int) -> None:
    source = HEAD + "".join(f"{line}\n" for line in lines) + TAIL
    made = variants(source, count, random.Random(0))
    assert len(made) <= count and len({source, *made}) == len(made) + 1
    for one in made:
        ast.parse(one)
