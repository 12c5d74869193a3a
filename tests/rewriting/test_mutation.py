"""Mutants: one place is different, and nothing else."""

import ast
import difflib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.grammar import sample_program
from arcloop.rewriting.binding import unbound
from arcloop.rewriting.mutation import Change, mutant
from arcloop.rewriting.simplification import parsed
from arcloop.rewriting.variation import variants

SOURCE = """from common import *

# concepts: fill
def transform(input_grid):
    grid = input_grid.copy()
    for obj in find_connected_components(grid, connectivity=4):
        grid[obj > 0] = Color.RED
    grid = np.flip(grid, 1)
    return grid
"""


def fresh() -> str:
    return "grid = grid.T\ngrid[0] = 3"


def changed(source: str, other: str) -> list[str]:
    """Lines that went and lines that came."""
    lines = difflib.ndiff(source.split("\n"), other.split("\n"))
    return [line for line in lines if line.startswith(("- ", "+ "))]


@given(st.integers(0, 2**32), st.sampled_from(Change))
def test_a_mutant_is_a_program_that_differs_as_it_says(seed: int, change: Change) -> None:
    rng = random.Random(seed)
    source = sample_program(rng)
    made = mutant(source, rng, fresh, [change])
    if made is None:
        return
    other, found = made
    assert found is change and other != source and parsed(other) is not None
    words = change in (Change.NUMBER, Change.TRUTH, Change.COLOR)
    if words:
        assert len(changed(source, other)) == 2
        assert len(ast.dump(ast.parse(other))) - len(ast.dump(ast.parse(source))) in range(-8, 9)
    if change is Change.SWAPPED:
        assert sorted(source.split("\n")) == sorted(other.split("\n"))
    if change is Change.DROPPED:
        assert all(line.startswith("- ") for line in changed(source, other))
    if change is Change.INSERTED:
        assert [line[2:].strip() for line in changed(source, other)] == fresh().split("\n")


@given(st.integers(0, 2**32))
def test_equal_draws_make_equal_mutants(seed: int) -> None:
    assert mutant(SOURCE, random.Random(seed), fresh) == mutant(SOURCE, random.Random(seed), fresh)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change.NUMBER, {"connectivity=2", "connectivity=3", "connectivity=5", "connectivity=6", "obj > 1", "obj > 2"}),
        (Change.COLOR, {"Color.BLACK", "Color.BLUE", "Color.GREEN", "Color.BROWN"}),
    ],
)
def test_all_that_can_be_changed_is_changed(change: Change, expected: set[str]) -> None:
    made = [mutant(SOURCE, random.Random(seed), None, [change]) for seed in range(400)]
    text = "\n".join(one[0] for one in made if one)
    assert all(word in text for word in expected)


def test_every_kind_occurs_and_the_last_statement_stays() -> None:
    made = [mutant(SOURCE, random.Random(seed), fresh) for seed in range(200)]
    assert {one[1] for one in made if one} == set(Change) - {Change.TRUTH}
    assert all(one and one[0].endswith("    return grid\n") for one in made)


def test_what_offers_nothing_has_no_mutant() -> None:
    for source in ("not python(", "", "x = 'text'", "def transform(grid):\n    return grid\n"):
        assert mutant(source, random.Random(0)) is None
    # Statements that come from elsewhere need a writer.
    assert mutant(SOURCE, random.Random(0), None, [Change.INSERTED, Change.REPLACED]) is None


@pytest.mark.parametrize("name", ["ＧＲＡＹ", "𝐑𝐄𝐃", "GRＡY"])
def test_colors_in_other_letters_that_python_reads_alike_are_left_as_they_are(name: str) -> None:
    source = f"def transform(grid):\n    grid[0, 0] = Color.{name}\n    grid[1, 1] = Color.BLUE\n    return grid\n"
    made = [mutant(source, random.Random(seed), None, [Change.COLOR]) for seed in range(20)]
    assert all(one and f"Color.{name}\n" in one[0] and "BLUE" not in one[0] for one in made)
    others = variants(source.replace("[1, 1]", "[1:2, 1:3]"), 5, random.Random(0))
    assert others and all(f"Color.{name}\n" in one for one in others)


def test_no_mutant_reads_a_name_before_it_is_there() -> None:
    source = (
        "def transform(input_grid):\n    x, y, w, h = bounding_box(input_grid)\n    part = input_grid[x:x + w]\n"
        "    grid = np.array([[c for c in row] for row in part])\n    return grid\n"
    )
    moved = (Change.DROPPED, Change.SWAPPED)
    # Each statement needs the one before it.
    assert all(mutant(source, random.Random(seed), fresh, moved) is None for seed in range(20))
    free = source.replace("    return", "    grid[0] = 1\n    for row in grid:\n        row[0] = 2\n    return")
    found = {made[0] for seed in range(40) if (made := mutant(free, random.Random(seed), fresh, moved))}
    assert len(found) == 3  # without either of the last two, and with them in the other order


@pytest.mark.parametrize(
    "body",
    [
        "def size(obj):\n        return obj.sum()\n    for obj in grids:\n        x = size(obj)",
        "x = [y := 1, y]",
        "x = [y for y in grid if (z := y) and z]",
        "obj = max(grid, key=lambda obj: obj.sum())\n    for obj in grid:\n        x = obj",
        "with open(x) as f:\n        y = f\n    try:\n        pass\n    except E as e:\n        y = e",
        "match grid:\n        case [a, *b]:\n            x = a, b",
        "import math as m\n    x = m.pi\n    global k\n    k += 1",
        "x: int\n    x = 0\n    del x\n    x = {a: b for a, b in grid}",
        "a, b = grid\n    c = {d for e in a for d in e if d != b}",
    ],
)
def test_what_is_bound_is_found_bound(body: str) -> None:
    function = ast.parse(f"def transform(grid):\n    {body}\n    return grid").body[0]
    assert isinstance(function, ast.FunctionDef) and unbound(function) == set()


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("y = x\n    x = 1", {"x"}),
        ("x += 1", {"x"}),
        ("for row in grid:\n        n += 1", {"n"}),
        ("x = [y for row in grid]\n    y = 1", {"y"}),
        ("x = max(grid, key=lambda a: a == y)\n    y = 1", {"y"}),
        ("x = 1\n    del x\n    y = x", {"x"}),
        ("x = m.pi\n    import math as m", {"m"}),
        ("obj = max(grid, key=lambda o: o == obj)", {"obj"}),
    ],
)
def test_what_is_read_too_early_is_found(body: str, names: set[str]) -> None:
    function = ast.parse(f"def transform(grid):\n    {body}\n    return grid").body[0]
    assert isinstance(function, ast.FunctionDef) and unbound(function) == names


def test_a_program_that_is_odd_by_itself_can_be_changed() -> None:
    source = (
        "def transform(grid):\n    if grid.any():\n        x = 1\n    y = lambda: z\n    z = 2\n    return grid + x\n"
    )
    assert all(mutant(source, random.Random(seed), None, (Change.NUMBER,)) for seed in range(5))


def test_a_program_that_is_nested_deeply_ends_nothing() -> None:
    for deep in ("+".join(["1"] * 3000), "-" * 90 + "1", "(" * 80 + "1" + ")" * 80):
        source = f"def transform(grid):\n    x = {deep}\n    return grid\n"
        for seed in range(10):
            mutant(source, random.Random(seed), fresh)
