"""Grids, tasks and candidates for tests: by hand, and as Hypothesis strategies."""

import random

import numpy as np
from hypothesis import strategies as st

from arcloop.config import AugmentConfig
from arcloop.programs import content_id
from arcloop.records import Augmentation, Candidate, Execution, Grid, Pair, Program, Status, Task
from arcloop.scoring import score_execution
from arcloop.tasks.augment import apply_task, sample_augmentation


def grid(*rows: str) -> Grid:
    """A grid from rows of digits."""
    return np.array([[int(cell) for cell in row] for row in rows], dtype=np.int8)


FLIP = Task(
    "flip",
    (Pair(grid("120", "000"), grid("021", "000")), Pair(grid("34"), grid("43"))),
    (grid("567"), grid("12", "34")),
)
"""Mirror left and right; two train pairs and two test inputs."""


def candidate(
    task: Task,
    outputs: list[Grid | None],
    source: str = "def transform(grid):\n    return grid\n",
    name: str = "r0/task/d00000",
    augmentation: Augmentation | None = None,
) -> Candidate:
    """A program that gave ``outputs`` for the inputs of ``task`` as it was asked in the frame of ``augmentation``."""
    frame = augmentation or Augmentation()
    status = Status.OK if all(output is not None for output in outputs) else Status.ERROR
    execution = Execution(name, status, tuple(outputs), "", 0.0, 0.0)
    return Candidate(
        Program(content_id(source), name, task.id, source),
        frame,
        execution,
        score_execution(execution, apply_task(frame, task)),
    )


@st.composite
def grids(draw: st.DrawFn, most: int = 6) -> Grid:
    """Any small grid."""
    height, width = draw(st.integers(1, most)), draw(st.integers(1, most))
    cells = draw(st.lists(st.integers(0, 9), min_size=height * width, max_size=height * width))
    return np.array(cells, dtype=np.int8).reshape(height, width)


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    """Any small task."""
    pairs = draw(st.lists(st.builds(Pair, grids(), grids()), min_size=1, max_size=4))
    return Task("any", tuple(pairs), tuple(draw(st.lists(grids(), min_size=1, max_size=3))))


@st.composite
def framed_tasks(draw: st.DrawFn) -> tuple[Task, Augmentation]:
    """Any small task with an augmentation for it."""
    task = draw(tasks())
    return task, sample_augmentation(AugmentConfig(), task, random.Random(draw(st.integers(0, 2**32))))


@st.composite
def candidates(draw: st.DrawFn) -> tuple[Task, list[Candidate]]:
    """A task and some candidates, each in a frame of its own, with outputs that often repeat."""
    task = draw(tasks())
    pool = [*(pair.output for pair in task.train), *task.test_inputs, *draw(st.lists(grids(2), max_size=2))]
    made = []
    for number in range(draw(st.integers(0, 6))):
        frame = sample_augmentation(AugmentConfig(), task, random.Random(draw(st.integers(0, 2**32))))
        outputs = [draw(st.sampled_from([*pool, None])) for _ in task.inputs]
        source = f"def transform(grid):\n    return grid  # {'x' * draw(st.integers(0, 3))}\n"
        made.append(candidate(task, outputs, source, f"r0/any/d{number:05}", frame))
    return task, made
