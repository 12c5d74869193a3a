"""Confirming: what depends on anything but the inputs is found out; what does not comes back unchanged."""

from collections.abc import Iterator

import numpy as np
import pytest

from arcloop.config import ExecutionConfig
from arcloop.execution import Sandbox
from arcloop.execution.confirm import compare
from arcloop.records import Execution, Grid, Job, Status

A: Grid = np.array([[1, 2], [3, 4]], np.int8)
B: Grid = np.array([[5, 6, 7]], np.int8)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(ExecutionConfig(workers=2)) as sandbox:
        yield sandbox


def confirmed(sandbox: Sandbox, source: str) -> tuple[Execution, Execution]:
    job = Job("a", source, (A, B))
    (earlier,) = sandbox.execute([job])
    (verdict,) = sandbox.confirm([(job, earlier)])
    return earlier, verdict


@pytest.mark.parametrize(
    "source",
    [
        "def transform(g):\n    return g.T\n",
        "import random\ndef transform(g):\n    return g * 0 + random.randrange(10)\n",
        "def transform(g):\n    return g * 0 + min({'a': 1, 'b': 2}.values())\n",
        "def transform(g):\n    return g if len(g) == 1 else 1 / 0\n",
        "def transform(g):\n    raise ValueError(id(g))\n",
        "import os\ndef transform(g):\n    os.getpid()\n    return g\n",
    ],
)
def test_what_depends_on_the_inputs_alone_is_returned_as_it_was(sandbox: Sandbox, source: str) -> None:
    earlier, verdict = confirmed(sandbox, source)
    assert verdict is earlier


@pytest.mark.parametrize(
    "source",
    [
        "def transform(g):\n    return np.array([[hash(str(k)) % 10 for k in range(9)]])\n",
        "import os\ndef transform(g):\n    return g * 0 + os.getpid() % 2\n",
        "import os\ndef transform(g):\n    return g * 0 + os.getppid() % 10\n",
        "seen = []\ndef transform(g):\n    seen.append(1)\n    return g * 0 + len(seen)\n",
        "def transform(g):\n    return np.empty((2, 2), dtype=int)\n",
        "def transform(g):\n    return np.empty_like(g)\n",
        "import os\ndef transform(g):\n    return np.frombuffer(os.urandom(30), np.uint8).reshape(5, 6) % 10\n",
        "import secrets\ndef transform(g):\n    return [[secrets.randbelow(10) for _ in range(30)]]\n",
        "import uuid\ndef transform(g):\n    return [[int(c, 16) % 10 for c in uuid.uuid4().hex[:30]]]\n",
        "last = None\ndef transform(g):\n    global last\n    last, old = g, last\n    return g if old is None else old\n",
    ],
)
def test_what_depends_on_more_is_nondeterministic(sandbox: Sandbox, source: str) -> None:
    earlier, verdict = confirmed(sandbox, source)
    assert earlier.status is Status.OK
    assert verdict.status is Status.NONDETERMINISTIC
    assert verdict.id == "a"
    assert "differs" in verdict.error


def test_outputs_that_agree_are_kept(sandbox: Sandbox) -> None:
    _, verdict = confirmed(
        sandbox, "import os\ndef transform(g):\n    return g if len(g) == 1 else g * 0 + os.getpid() % 2\n"
    )
    assert verdict.status is Status.NONDETERMINISTIC
    assert verdict.outputs[0] is None
    assert np.array_equal(verdict.outputs[1], B)  # type: ignore[arg-type]  # asserted by the program


def test_order_of_pairs_and_one_verdict_per_pair() -> None:
    turn, count = (
        "def transform(g):\n    return g.T\n",
        "n = 0\ndef transform(g):\n    global n\n    n += 1\n    return g * 0 + n\n",
    )
    jobs = [Job("same", turn if index % 3 else count, (A, B)) for index in range(20)]
    with Sandbox(ExecutionConfig(workers=2)) as sandbox:
        pairs = [(job, execution) for job in jobs for execution in sandbox.execute([job])]
        verdicts = list(sandbox.confirm(pairs))
    assert [v.status for v in verdicts] == [Status.OK if i % 3 else Status.NONDETERMINISTIC for i in range(20)]


def execution(*outputs: Grid | None) -> Execution:
    return Execution("a", Status.OK, outputs, "", 0.0, 0.0)


def test_compare_by_shape_value_and_presence() -> None:
    assert compare(execution(A, None), execution(A.copy(), None)).status is Status.OK
    for other in (execution(A.T, None), execution(A, A), execution(None, None), execution(A[:1], None)):
        assert compare(execution(A, None), other).status is Status.NONDETERMINISTIC
    with pytest.raises(ValueError, match="zip"):
        compare(execution(A), execution(A, A))


@pytest.mark.parametrize("draw", ["np.random.randint(10)", "random.randrange(10)", "int(np.random.normal() > 0)"])
def test_what_draws_random_numbers_is_found_out_with_others(sandbox: Sandbox, draw: str) -> None:
    job = Job(
        "a",
        f"import random\ndef transform(g):\n    return g * 0 + sum({draw} for _ in range(9)) % 10\n",
        (np.ones((3, 3), np.int8), np.zeros((2, 4), np.int8)),
    )
    (earlier,) = sandbox.execute([job])
    assert earlier.status is Status.OK
    assert [e.status for e in sandbox.confirm([(job, earlier)])] == [Status.OK]
    assert [e.status for e in sandbox.confirm([(job, earlier)], reseed=True)] == [Status.NONDETERMINISTIC]
    seeded = Job(
        "b",
        job.source.replace("    return", "    random.seed(5); np.random.seed(5)\n    return"),
        (np.ones((3, 3), np.int8), np.zeros((2, 4), np.int8)),
    )
    (earlier,) = sandbox.execute([seeded])
    assert [e.status for e in sandbox.confirm([(seeded, earlier)], reseed=True)] == [Status.OK]
