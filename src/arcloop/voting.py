"""Executions + scores → two different attempts per test grid. Pure.

For each test input, equal grids are one group. Groups with train-perfect programs come first, by
the number of those; then by Σ (1 + 1000 · share of correct train grids) over the group's programs;
then the group with the shortest program. A grid that merely repeats its input is no candidate. The
second attempt is always another grid than the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from arcloop.augment import original_outputs
from arcloop.records import Attempt, Candidate, Grid, Task

__all__ = ["Group", "groups_for", "output_for", "vote"]


@dataclass(frozen=True)
class Group:
    """All programs that give one grid for a test input."""

    grid: Grid
    perfect: int
    """How many of them are right on all train pairs."""
    weight: float
    """Σ (1 + 1000 · share of correct train grids)."""
    shortest: int
    """Characters of the shortest of them."""


def vote(candidates: Sequence[Candidate], task: Task) -> list[Attempt]:
    """One ``Attempt`` per test input of the task; where too few grids are known, simple grids stand in."""
    attempts = []
    for index, test_input in enumerate(task.test_inputs):
        groups = groups_for(candidates, task, index)[:2]
        grids = [group.grid for group in groups]
        weights = [group.weight for group in groups]
        for stand_in in (test_input, np.zeros_like(test_input), np.ones_like(test_input)):
            if len(grids) < 2 and not any(np.array_equal(stand_in, grid) for grid in grids):
                grids.append(stand_in)
                weights.append(0.0)
        attempts.append(Attempt(task.id, index, grids[0], grids[1], (weights[0], weights[1])))
    return attempts


def groups_for(candidates: Sequence[Candidate], task: Task, index: int) -> list[Group]:
    """The groups of one test input, best first."""
    groups: dict[tuple[tuple[int, ...], bytes], Group] = {}
    for candidate in candidates:
        grid = output_for(candidate, task, index)
        if grid is None or np.array_equal(grid, task.test_inputs[index]):
            continue
        key = (grid.shape, grid.tobytes())
        known = groups.get(key, Group(grid, 0, 0.0, len(candidate.program.source)))
        groups[key] = Group(
            grid,
            known.perfect + candidate.score.perfect,
            known.weight + 1 + 1000 * candidate.score.correct_share,
            min(known.shortest, len(candidate.program.source)),
        )
    # The grid itself is the last word, so that the order of the candidates has none.
    return sorted(
        groups.values(), key=lambda g: (-g.perfect, -round(g.weight, 6), g.shortest, g.grid.shape, g.grid.tobytes())
    )


def output_for(candidate: Candidate, task: Task, index: int) -> Grid | None:
    """The program's output for a test input, in the task's own frame."""
    outputs = original_outputs(candidate.augmentation, candidate.execution.outputs, len(task.train))
    return outputs[len(task.train) + index]
