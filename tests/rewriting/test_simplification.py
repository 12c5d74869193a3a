"""Simplification: fewer statements, the same outputs, the layout kept."""

import ast
import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.config import ExecutionConfig
from arcloop.execution import Sandbox
from arcloop.records import Grid, Job
from arcloop.rewriting.simplification import Trial, deletions, simplify, without, without_comments
from tests import ROOT
from tests.arc_grids import FLIP

WASTEFUL = '''from common import *
import math
import numpy as np

# how far
STEP = 1

def idle(grid):
    return grid

def turned(grid):
    """Mirror."""
    size = grid.shape
    # sides are swapped here
    sides = size[::-1]

    print(size)
    return np.flip(grid, 1)  # left and right

# concepts: mirror
def transform(input_grid):
    # look first
    assert input_grid.ndim == 2
    spare = input_grid.copy()
    other = spare + STEP
    for row in input_grid:
        print(row)
        assert len(row) > 0
    grid = turned(input_grid)
    # give it back
    return grid
    grid = 3
'''
LEAN = '''from common import *
import numpy as np

def turned(grid):
    """Mirror."""

    return np.flip(grid, 1)  # left and right

# concepts: mirror
def transform(input_grid):
    # look first
    grid = turned(input_grid)
    # give it back
    return grid
'''


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(ExecutionConfig(workers=1)) as box:
        yield box


def outputs(sandbox: Sandbox, source: str) -> tuple[Grid | None, ...]:
    (execution,) = sandbox.execute([Job("", source, FLIP.inputs)])
    return execution.outputs


def simplified(sandbox: Sandbox, *sources: str) -> list[str]:
    return simplify([Trial(source, FLIP.inputs, outputs(sandbox, source)) for source in sources], sandbox)


def test_what_makes_no_difference_goes_and_the_rest_stays_as_it_was(sandbox: Sandbox) -> None:
    assert simplified(sandbox, WASTEFUL, LEAN) == [LEAN, LEAN]


def test_the_documents_example_is_what_comes_out(sandbox: Sandbox) -> None:
    text = (ROOT / "docs" / "relabeling.md").read_text()
    before, after = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert simplified(sandbox, before) == [after]


def test_failures_are_kept_too(sandbox: Sandbox) -> None:
    source = "def transform(grid):\n    idle = 1\n    assert grid.shape[0] > 1\n    return grid.T\n"
    (shorter,) = simplified(sandbox, source)
    assert shorter == "def transform(grid):\n    assert grid.shape[0] > 1\n    return grid.T\n"
    assert [o is None for o in outputs(sandbox, shorter)] == [False, True, True, False]


def test_of_statements_that_only_stand_in_for_each_other_one_stays(sandbox: Sandbox) -> None:
    source = "def transform(grid):\n    out = grid.T\n    out = grid.T\n    return out\n"
    assert simplified(sandbox, source) == ["def transform(grid):\n    out = grid.T\n    return out\n"]


def test_seeds_star_imports_and_imports_in_use_are_no_question() -> None:
    source = "from common import *\nimport random\nrandom.seed(3)\ndef transform(g):\n    return random\n"
    assert deletions(source) == [(4, 4)]


@pytest.mark.parametrize(
    "source",
    [
        "def transform(g:\n",
        "def transform(g): return g; x = 1\n",
        "x = 1\r\n",
        "-" * 19_000 + "1",
        "(" * 19_000,
        "x\0",
    ],
)
def test_what_cannot_be_taken_apart_stays_as_it_is(source: str) -> None:
    assert not [span for span in deletions(source) if "transform" not in source]
    if "transform" not in source:
        assert without_comments(source) == source


def test_a_source_that_nests_too_deeply_to_be_compared_stays_as_it_is() -> None:
    source = "x = " + "lambda: " * 2_400 + "1  # deep\n"
    assert without_comments(source) == source


def test_comments_go_and_nothing_else_does() -> None:
    assert without_comments(LEAN) == (
        "from common import *\nimport numpy as np\n\ndef turned(grid):\n    return np.flip(grid, 1)\n\n"
        "def transform(input_grid):\n    grid = turned(input_grid)\n    return grid\n"
    )
    tricky = 'def transform(g):\n    s = "# no comment"\n    t = """\n    # nor this\n    """\n    return g\n'
    assert without_comments(tricky) == tricky
    alone = 'def transform(g):\n    """All there is."""\n'
    assert without_comments(alone) == alone


LINES = (
    "x = 1",
    "# a remark",
    "",
    "assert x",
    "print(x)",
    'y = """a\n  # b\n"""',
    "y = [\n        1,\n    ]  # c",
    "y = lambda: 1  # c",
    "def f(): return 1  # c",
)


@given(st.lists(st.sampled_from(LINES), max_size=8))
def test_leaving_out_any_statement_leaves_all_others(lines: list[str]) -> None:
    source = "def transform(g):\n" + "".join(f"    {line}\n" for line in lines) + "    return g\n"
    body = ast.parse(source).body[0].body  # type: ignore[attr-defined]
    spans = deletions(source)
    assert len(spans) == len(body)
    for number, span in enumerate(spans):
        rest = without(source, [span])
        left = [ast.dump(statement) for index, statement in enumerate(body) if index != number]
        assert [ast.dump(s) for s in ast.parse(rest + "    pass\n").body[0].body[:-1]] == left  # type: ignore[attr-defined]


@given(st.lists(st.sampled_from(LINES), max_size=8))
def test_without_comments_the_same_statements_are_left(lines: list[str]) -> None:
    source = "def transform(g):\n" + "".join(f"    {line}\n" for line in lines) + "    return g\n"
    assert ast.dump(ast.parse(without_comments(source))) == ast.dump(ast.parse(source))


def test_grids_of_other_kinds_are_compared_cell_by_cell(sandbox: Sandbox) -> None:
    source = "def transform(grid):\n    grid = grid.astype(bool)\n    return grid * 1\n"
    (shorter,) = simplified(sandbox, source)
    assert all(np.array_equal(a, b) for a, b in zip(outputs(sandbox, source), outputs(sandbox, shorter), strict=True))  # type: ignore[arg-type]
    assert shorter == source
