"""Executions + scores → two different attempts per test grid. Pure.

For each test input by itself, equal grids are one group, and every completion votes with the grid
that its program gave there, whatever it gave elsewhere. Groups with train-perfect programs come
first, by the number of those; then by Σ (1 + 1000 · share of correct train grids) over the group's
programs; of groups that are equal in both, the one with the shorter program. A grid that merely
repeats its input is no candidate. The second attempt is always another grid than the first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from arcloop.records import Attempt, Candidate, Grid, Program, Task
from arcloop.tasks.augment import original_outputs

__all__ = ["Ballot", "Group", "vote"]


@dataclass(frozen=True)
class Group:
    """All programs that give one grid for a test input."""

    grid: Grid
    votes: int
    """How many they are."""
    perfect: int
    """How many of them are right on all train pairs."""
    weight: float
    """Σ (1 + 1000 · share of correct train grids)."""
    leader: Program
    """The shortest of those that are right on most train pairs: it stands for the group."""
    correct: int
    """Train grids that are right, over all its programs."""
    standing: tuple[int, int, str, str]
    """What made the leader: train grids that it missed, characters, source, completion id; the lower, the better."""

    @property
    def rank(self) -> tuple[int, float]:
        """What the votes say: the higher, the better."""
        return self.perfect, self.weight


class Ballot:
    """The votes on one task; programs are counted as they come and need not be kept."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._groups: list[dict[tuple[tuple[int, ...], bytes], Group]] = [{} for _ in task.test_inputs]

    def add(self, candidates: Iterable[Candidate]) -> None:
        """Count programs of the task."""
        for candidate in candidates:
            outputs = original_outputs(candidate.augmentation, candidate.execution.outputs, len(self._task.train))
            for index, groups in enumerate(self._groups):
                grid = outputs[len(self._task.train) + index]
                if grid is not None and not np.array_equal(grid, self._task.test_inputs[index]):
                    key = (grid.shape, grid.tobytes())
                    groups[key] = self._joined(groups.get(key), candidate, grid)

    def groups(self, index: int) -> list[Group]:
        """The groups of one test input, best first."""

        def order(group: Group) -> tuple[object, ...]:
            perfect, weight = group.rank
            # The grid itself is the last word, so that the order of the candidates has none.
            return -perfect, -weight, len(group.leader.source), group.grid.shape, group.grid.tobytes()

        return sorted(self._groups[index].values(), key=order)

    def attempts(self) -> list[Attempt]:
        """One ``Attempt`` per test input; where too few grids are known, simple grids stand in."""
        attempts = []
        for index, test_input in enumerate(self._task.test_inputs):
            groups = self.groups(index)[:2]
            grids = [group.grid for group in groups]
            weights = [group.weight for group in groups]
            # Three grids, at least two of them different: enough, because a group's grid is not the input.
            for stand_in in (test_input, np.zeros_like(test_input), np.ones_like(test_input)):
                if len(grids) < 2 and not any(np.array_equal(stand_in, grid) for grid in grids):
                    grids.append(stand_in)
                    weights.append(0.0)
            attempts.append(Attempt(self._task.id, index, grids[0], grids[1], (weights[0], weights[1])))
        return attempts

    def _joined(self, group: Group | None, candidate: Candidate, grid: Grid) -> Group:
        score, program = candidate.score, candidate.program
        right = sum(score.correct)
        standing = (len(score.correct) - right, len(program.source), program.source, program.completion_id)
        if group is None:
            # A copy, because the grid may be a view of a whole table.
            group = Group(grid.copy(), 0, 0, 0.0, program, 0, standing)
        elif standing < group.standing:
            group = replace(group, leader=program, standing=standing)
        votes, correct = group.votes + 1, group.correct + right
        # From whole numbers, so that no order of the programs changes a bit of it.
        weight = votes + 1000 * correct / len(score.correct)
        return replace(group, votes=votes, perfect=group.perfect + score.perfect, weight=weight, correct=correct)


def vote(candidates: Iterable[Candidate], task: Task) -> list[Attempt]:
    """One ``Attempt`` per test input of the task, from its programs."""
    ballot = Ballot(task)
    ballot.add(candidates)
    return ballot.attempts()
