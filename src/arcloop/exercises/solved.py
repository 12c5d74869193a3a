"""Programs that solve training tasks → exercises around them: on other inputs, in other colours, nearly the same.

``solutions/`` holds hand-written solutions of ARC-AGI-1 *training* tasks, one file each. Run on inputs of its own task, turned
and recoloured, on those of other training tasks and on generated ones, such a program, or a mutant of it, is the answer to
another task each time.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from arcloop.exercises.inputs import INPUT_KINDS, REAL, SHARED, sample_inputs
from arcloop.grammar.scope import COLOR_NAMES
from arcloop.records import Grid
from arcloop.tasks.sets import load_tasks

__all__ = ["Solution", "sample_solved", "solutions"]

_COLOR = re.compile(r"\bColor\.(" + "|".join(COLOR_NAMES) + r")\b")


@dataclass(frozen=True, slots=True)
class Solution:
    """A program and the training task that it solves."""

    task_id: str
    source: str
    inputs: tuple[Grid, ...]
    """Inputs of the task's train and test pairs."""


@cache
def solutions() -> tuple[Solution, ...]:
    """All solutions in the order of their tasks; tasks that share an input with the evaluation set are left out."""
    folder = resources.files("arcloop.exercises").joinpath("solutions")
    inputs = {task.id: task.inputs for task in load_tasks("arc1-train")}
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".py")), key=lambda file: file.name)
    found = ((file.name.removesuffix(".py"), file.read_text()) for file in files)
    return tuple(Solution(task_id, source, inputs[task_id]) for task_id, source in found if task_id not in SHARED)


def sample_solved(rng: random.Random, cells: int, own: bool) -> tuple[str, tuple[Grid, ...], str]:
    """A solution, half of the time in other colours, and up to five inputs, of its ``own`` task or any: source, inputs, their kind."""
    solution = rng.choice(solutions())
    source, grids, kind = solution.source, list(solution.inputs), "solved"
    if not own:
        kind = rng.choice((REAL, *INPUT_KINDS))
        grids = list(sample_inputs(rng, kind, 5, cells // 4))
    elif rng.random() < 0.5:
        turns, flip = rng.randrange(4), rng.random() < 0.5
        grids = [np.ascontiguousarray(np.rot90(grid[::-1] if flip else grid, turns)) for grid in grids]
    if rng.random() < 0.5:
        # Black is mostly what there is nothing on.
        colors = list(range(rng.random() < 0.9, 10))
        table = [*range(10 - len(colors)), *rng.sample(colors, len(colors))]
        source, grids = _recolored(source, table), [np.array(table, np.int8)[grid] for grid in grids]
    rng.shuffle(grids)
    grids = [grid for grid in grids if grid.size <= cells // 2][:5]
    return source, tuple(grids), kind


def _recolored(source: str, table: Sequence[int]) -> str:
    """The source with the names of colours replaced: color c by ``table[c]``."""
    return _COLOR.sub(lambda found: f"Color.{COLOR_NAMES[table[COLOR_NAMES.index(found[1])]]}", source)
