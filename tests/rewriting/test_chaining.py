"""Chains: what they give is what the two programs give one after the other, or there is none."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.grammar import sample_program
from arcloop.rewriting.chaining import chain
from arcloop.rewriting.simplification import without_comments

MIRROR = "from common import *\n\n# left and right\ndef transform(grid):\n    return np.flip(grid, 1)\n"
FALL = "import numpy as np\n\ndef transform(input_grid):\n    out = np.roll(input_grid, 1, 0)\n    return out\n"
HELPED = (
    "from common import *\n\nSTEP = 2\n\ndef shifted(grid):\n    return np.roll(grid, STEP, 1)\n\n"
    "def transform(grid):\n    grid = shifted(grid)\n    return grid\n"
)
"""Three programs, one of which has names of its own."""
GRID = np.arange(9).reshape(3, 3)


def runs(source: str, grid: np.ndarray) -> np.ndarray:
    names: dict[str, object] = {}
    exec(compile(source.replace("from common import *", "import numpy as np"), "chain", "exec"), names)
    return names["transform"](grid)  # type: ignore[operator, no-any-return]


@pytest.mark.parametrize("first", [MIRROR, FALL, HELPED])
@pytest.mark.parametrize("second", [MIRROR, FALL, HELPED])
def test_a_chain_gives_what_the_second_gives_of_the_first(first: str, second: str) -> None:
    made = chain(first, second)
    assert made is not None
    assert np.array_equal(runs(made, GRID), runs(second, runs(first, GRID)))


def test_a_chain_is_written_as_its_programs_are() -> None:
    assert chain(MIRROR, FALL) == (
        "import numpy as np\nfrom common import *\n\n# left and right\ndef transform(grid):\n"
        "    input_grid = np.flip(grid, 1)\n    out = np.roll(input_grid, 1, 0)\n    return out\n"
    )


@pytest.mark.parametrize(
    "other",
    [
        "def transform(grid):\n    if grid.any():\n        return grid\n    return grid.T\n",
        "def transform(grid, k=1):\n    return grid\n",
        "def transform(grid): return grid\n",
        "def transform(grid):\n  return grid\n",
        "STEP = 3\ndef transform(grid):\n    return grid * STEP\n",
        "def transform(grid):\n    return grid\n\nSTEP = 2\n",
        "def main(grid):\n    return grid\n",
        "def transform(grid):\n    return (\n",
        "x = " + "-" * 3000 + "1\ndef transform(grid):\n    return grid\n",
        "",
    ],
)
def test_what_cannot_be_joined_safely_is_no_chain(other: str) -> None:
    assert chain(HELPED, other) is None and chain(other, HELPED) is None


@given(st.integers(0, 10_000))
def test_programs_of_the_grammar_can_be_chained(seed: int) -> None:
    first, second = (sample_program(random.Random(f"{seed} {k}")) for k in range(2))
    made = chain(first, second)
    assert made is not None
    compile(made, "chain", "exec")
    assert made.startswith("from common import *\n\n# concepts: ") and made.count("def transform(") == 1


def test_a_number_too_long_to_be_written_in_decimal_is_no_chain() -> None:
    huge = "BIG = 0x" + "f" * 4000 + "\n\n" + MIRROR
    assert chain(huge, FALL) is None and chain(FALL, huge) is None
    assert without_comments(huge) == huge
