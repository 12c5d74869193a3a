"""Executions + scores → two different attempts per test grid. Pure.

For each test input, equal grids are one group. Groups with train-perfect programs come first, by
the number of those; then by Σ (1 + 1000 · share of correct train grids) over the group's programs;
then the group with the shortest program. A grid that merely repeats its input is no candidate. The
second attempt is always another grid than the first.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from arcloop.augment import original_outputs
from arcloop.records import Attempt, Candidate, Grid, Task

__all__ = ["Ballot", "Group", "groups_for", "output_for", "vote"]


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


class Ballot:
    """The votes on one task; programs are counted as they come and need not be kept."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._groups: list[dict[tuple[tuple[int, ...], bytes], Group]] = [{} for _ in task.test_inputs]

    def add(self, candidates: Iterable[Candidate]) -> None:
        """Count programs of the task."""
        for candidate in candidates:
            for index, groups in enumerate(self._groups):
                grid = output_for(candidate, self._task, index)
                if grid is None or np.array_equal(grid, self._task.test_inputs[index]):
                    continue
                key = (grid.shape, grid.tobytes())
                known = groups.get(key, Group(grid.copy(), 0, 0.0, len(candidate.program.source)))
                groups[key] = Group(
                    known.grid,
                    known.perfect + candidate.score.perfect,
                    known.weight + 1 + 1000 * candidate.score.correct_share,
                    min(known.shortest, len(candidate.program.source)),
                )

    def groups(self, index: int) -> list[Group]:
        """The groups of one test input, best first."""
        # The grid itself is the last word, so that the order of the candidates has none.
        return sorted(
            self._groups[index].values(),
            key=lambda g: (-g.perfect, -round(g.weight, 6), g.shortest, g.grid.shape, g.grid.tobytes()),
        )

    def attempts(self) -> list[Attempt]:
        """One ``Attempt`` per test input; where too few grids are known, simple grids stand in."""
        attempts = []
        for index, test_input in enumerate(self._task.test_inputs):
            groups = self.groups(index)[:2]
            grids = [group.grid for group in groups]
            weights = [group.weight for group in groups]
            for stand_in in (test_input, np.zeros_like(test_input), np.ones_like(test_input)):
                if len(grids) < 2 and not any(np.array_equal(stand_in, grid) for grid in grids):
                    grids.append(stand_in)
                    weights.append(0.0)
            attempts.append(Attempt(self._task.id, index, grids[0], grids[1], (weights[0], weights[1])))
        return attempts


def vote(candidates: Iterable[Candidate], task: Task) -> list[Attempt]:
    """One ``Attempt`` per test input of the task, from its programs."""
    ballot = Ballot(task)
    ballot.add(candidates)
    return ballot.attempts()


def groups_for(candidates: Iterable[Candidate], task: Task, index: int) -> list[Group]:
    """The groups of one test input, best first."""
    ballot = Ballot(task)
    ballot.add(candidates)
    return ballot.groups(index)


def output_for(candidate: Candidate, task: Task, index: int) -> Grid | None:
    """The program's output for a test input, in the task's own frame."""
    outputs = original_outputs(candidate.augmentation, candidate.execution.outputs, len(task.train))
    return outputs[len(task.train) + index]
