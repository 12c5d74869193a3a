"""Verdicts and outputs depend on program and inputs: not on order, worker count, mode or neighbours."""

import random

import numpy as np
import psutil
import pytest

from arcloop.config import ExecutionConfig
from arcloop.execution import Sandbox
from arcloop.execution.library import flavour_of
from arcloop.records import Execution, Job, Status
from tests.execution.realistic import BODIES, HEAD, jobs, made_up_tasks

WEIRD = (
    "import os\nos._exit(1)\n",
    "def transform(g):\n    Color.RED = 7\n    return g\n",
    "def transform(g):\n    np.unique = None\n    return g\n",
    "def transform(g):\n    np.random.seed(7)\n    return g * 0 + np.random.randint(10)\n",
    "import scipy.ndimage as nd\ndef transform(g):\n    return nd.label(g > 0)[0] % 10\n",
    "def transform(g):\n    return np.ones((9000, 9000))\n",
    "def transform(g):\n    return np.empty((2, 2), int)\n",
    "class A:\n    def __eq__(self, o):\n        return True\ndef transform(g):\n    return g\n",
)


def outcome(execution: Execution) -> tuple[object, ...]:
    return (
        execution.status,
        execution.error,
        tuple(g if g is None else (g.shape, g.tobytes()) for g in execution.outputs),
    )


def outcomes(sandbox: Sandbox, work: list[Job]) -> dict[str, tuple[object, ...]]:
    return {execution.id: outcome(execution) for execution in sandbox.execute(work)}


def mixed(count: int) -> list[Job]:
    work = jobs(count, made_up_tasks(count // 20))
    for index in range(0, count, 10):
        source = WEIRD[index // 10 % len(WEIRD)]
        work[index] = Job(work[index].id, f"{source}# {index}\n", work[index].inputs)
    return work


@pytest.fixture(scope="module")
def reference() -> tuple[list[Job], dict[str, tuple[object, ...]]]:
    work = mixed(400)
    with Sandbox(ExecutionConfig(workers=2, mode="strict")) as sandbox:
        return work, outcomes(sandbox, work)


@pytest.mark.parametrize(("workers", "shuffle", "size"), [(1, 1, 64), (2, 2, 64), (2, 3, 5), (1, 4, 1)])
def test_outcomes_are_the_same_in_batch_mode_and_any_order(
    reference: tuple[list[Job], dict[str, tuple[object, ...]]], workers: int, shuffle: int, size: int
) -> None:
    work, expected = reference
    shuffled = random.Random(shuffle).sample(work, len(work))
    with Sandbox(ExecutionConfig(workers=workers, batch_size=size)) as sandbox:
        assert outcomes(sandbox, shuffled) == expected


def test_the_programs_are_worth_comparing(reference: tuple[list[Job], dict[str, tuple[object, ...]]]) -> None:
    statuses = [status for status, *_ in reference[1].values()]
    assert len(statuses) == 400
    assert 200 < statuses.count(Status.OK) < 380
    assert set(statuses) >= {Status.ERROR, Status.SYNTAX_ERROR, Status.INVALID_OUTPUT, Status.CRASH, Status.MEMORY}


KEPT = """
from typing import List
def late():
    try:
        yield 0
    finally:
        np.random.seed(7)
        random.seed(7)
held = [late() for i in range(300)]
for one in held:
    next(one)
    List[one]
def transform(g):
    return g
"""
"""Leaves 128 of its generators in a cache of ``typing``; the end of each would come in the middle of a later program."""
THROWS_OUT = """
from typing import List, Tuple
def transform(g):
    def cells(g) -> List[Tuple[int, float]]:
        return g
    return g * 0 + np.random.randint(0, 9) + random.randint(0, 1)
"""
DEPTH = """
def transform(g):
    def depth(n):
        try:
            return depth(n + 1)
        except RecursionError:
            return n
    n = depth(0)
    return np.array([[int(digit) for digit in str(n)]])
"""
"""How deep it comes before the interpreter stops it."""
MASKED = """
def transform(g):
    return np.add(g, 0, where=np.zeros(g.shape, bool)) % 10
"""
"""Shows memory as it was."""


CACHED = """
from typing import List
List[1.0]
def transform(g):
    return g
"""
ASKS = """
from typing import List
def transform(g):
    return np.array([[len(str(List[1])) % 10]])
"""
PINS = """
from typing import List
from functools import partial
for n in [400, 100, 50, 25, 12, 6, 3, 2, 1, 1, 1, 1]:
    try:
        List[partial(max, np.zeros(n * 131000))]
    except Exception:
        pass
def transform(g):
    return g
"""
LARGE = """
def transform(g):
    return g + np.zeros((4000, 4000), int)[:2, :2]
"""


@pytest.mark.parametrize(
    ("left", "source"),
    [(KEPT, THROWS_OUT), ("def transform(g):\n    return g * 7\n", MASKED), (CACHED, ASKS), (PINS, LARGE)],
    ids=["code in a cache", "memory as it was", "a cache's answer", "address space"],
)
def test_nothing_of_a_program_is_there_for_the_next(left: str, source: str) -> None:
    grids = (np.array([[1, 2], [3, 4]], np.int8),)
    with Sandbox(ExecutionConfig(workers=1)) as sandbox:
        # With a class in it, it has a process of its own.
        alone = outcomes(sandbox, [Job("alone", f"{source}class Alone:\n    pass\n", grids)])["alone"]
        work = [
            job
            for i in range(4)
            for job in (Job(f"left {i}", f"{left}# {i}", grids), Job(f"{i}", f"{source}# {i}", grids))
        ]
        after = outcomes(sandbox, work)
    assert {after[str(i)] for i in range(4)} == {alone}


def test_a_program_has_the_same_room_for_recursion_in_both_modes() -> None:
    grids = (np.array([[1, 2], [3, 4]], np.int8),)
    found = []
    for mode in ("batch", "strict"):
        with Sandbox(ExecutionConfig(workers=1, mode=mode)) as sandbox:
            found.append(outcomes(sandbox, [Job("depth", DEPTH, grids)]))
    assert found[0] == found[1] and found[0]["depth"][0] is Status.OK


def test_plain_programs_share_a_process_and_dirty_ones_end_it() -> None:
    def child_of(sandbox: Sandbox, source: str) -> int:
        list(sandbox.execute([Job("a", source, (np.ones((2, 2), np.int8),))]))
        (worker,) = [w for t in psutil.Process().children() for w in t.children()]
        return next((process.pid for process in worker.children()), 0)

    with Sandbox(ExecutionConfig(workers=1)) as sandbox:
        bodies = [HEAD + body.replace("@A@", "RED").replace("@B@", "BLUE") for body in BODIES]
        served = {child_of(sandbox, body) for body in bodies}
        assert len(served) == 1
        assert served != {0}
        kept = child_of(sandbox, "import os\ndef transform(g):\n    return g\n")
        assert served == {kept}
        child_of(sandbox, "def transform(g):\n    waste = np.ones(2**24)\n    return g\n")
        assert child_of(sandbox, HEAD + BODIES[0]) != kept


@pytest.mark.parametrize(
    ("source", "flavour"),
    [
        ("import numpy", "numpy"),
        ("import scipy.ndimage", "ndimage"),
        ("import scipy.ndimage as nd\nfrom scipy.ndimage import label", "ndimage"),
        ("from scipy import ndimage", "ndimage"),
        ("from scipy import ndimage, signal", "scipy"),
        ("import scipy", "scipy"),
        ("from scipy.signal import convolve2d\nimport scipy.ndimage", "scipy"),
    ],
)
def test_libraries_are_recognised(source: str, flavour: str) -> None:
    assert flavour_of(source) == flavour
