"""Executions + scores → two different attempts per test grid. Pure.

For each test input by itself, equal grids are one group, and every completion votes with the grid
that its program gave there, whatever it gave elsewhere. Groups with train-perfect programs come
first, by the number of those; then by Σ (1 + 1000 · share of correct train grids) over the group's
programs. Groups that are equal in both are ordered by the model's log-probability of their programs
where that was asked for (``rescoring``), then the group with the shorter program comes first. A grid
that merely repeats its input is no candidate. The second attempt is always another grid than the
first.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from arcloop.records import Attempt, Augmentation, Candidate, Grid, Program, Task
from arcloop.tasks.augment import original_outputs

__all__ = ["Ballot", "Evidence", "Group", "groups_for", "output_for", "vote"]

Evidence = Mapping[str, float]
"""Completion id → log-probability of its program, in nats, for the programs that were rescored."""


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
    frame: Augmentation
    """The frame that the leader was written in."""
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

    def groups(self, index: int, evidence: Evidence | None = None) -> list[Group]:
        """The groups of one test input, best first."""
        known = evidence or {}

        def order(group: Group) -> tuple[object, ...]:
            perfect, weight = group.rank
            # To a thousandth of a nat, which arithmetic in another order may change. The grid itself is the last word,
            # so that the order of the candidates has none.
            asked = round(known.get(group.leader.completion_id, -math.inf), 3)
            return -perfect, -weight, -asked, len(group.leader.source), group.grid.shape, group.grid.tobytes()

        return sorted(self._groups[index].values(), key=order)

    def attempts(self, evidence: Evidence | None = None) -> list[Attempt]:
        """One ``Attempt`` per test input; where too few grids are known, simple grids stand in."""
        attempts = []
        for index, test_input in enumerate(self._task.test_inputs):
            groups = self.groups(index, evidence)[:2]
            grids = [group.grid for group in groups]
            weights = [group.weight for group in groups]
            # Three grids, at least two of them different: enough, because a group's grid is not the input.
            for stand_in in (test_input, np.zeros_like(test_input), np.ones_like(test_input)):
                if len(grids) < 2 and not any(np.array_equal(stand_in, grid) for grid in grids):
                    grids.append(stand_in)
                    weights.append(0.0)
            attempts.append(Attempt(self._task.id, index, grids[0], grids[1], (weights[0], weights[1])))
        return attempts

    def contested(self, most: int) -> list[Group]:
        """The groups that tie for an attempt, at most ``most`` for a test input, each leader once.

        Where no more groups tie than there are attempts left, nothing is contested: all of them are submitted.
        """
        found: dict[str, Group] = {}
        for index in range(len(self._groups)):
            places = 2
            for _, tied in groupby(self.groups(index), key=lambda group: group.rank):
                equals = list(tied)
                if len(equals) > places:
                    found |= {group.leader.completion_id: group for group in equals[:most]}
                places -= len(equals)
                if places <= 0:
                    break
        return list(found.values())

    def _joined(self, group: Group | None, candidate: Candidate, grid: Grid) -> Group:
        score, program = candidate.score, candidate.program
        right = sum(score.correct)
        standing = (len(score.correct) - right, len(program.source), program.source, program.completion_id)
        if group is None:
            # A copy, because the grid may be a view of a whole table.
            group = Group(grid.copy(), 0, 0, 0.0, program, candidate.augmentation, 0, standing)
        elif standing < group.standing:
            group = replace(group, leader=program, frame=candidate.augmentation, standing=standing)
        votes, correct = group.votes + 1, group.correct + right
        # From whole numbers, so that no order of the programs changes a bit of it.
        weight = votes + 1000 * correct / len(score.correct)
        return replace(group, votes=votes, perfect=group.perfect + score.perfect, weight=weight, correct=correct)


def vote(candidates: Iterable[Candidate], task: Task, evidence: Evidence | None = None) -> list[Attempt]:
    """One ``Attempt`` per test input of the task, from its programs."""
    ballot = Ballot(task)
    ballot.add(candidates)
    return ballot.attempts(evidence)


def groups_for(candidates: Iterable[Candidate], task: Task, index: int) -> list[Group]:
    """The groups of one test input, best first."""
    ballot = Ballot(task)
    ballot.add(candidates)
    return ballot.groups(index)


def output_for(candidate: Candidate, task: Task, index: int) -> Grid | None:
    """The program's output for a test input, in the task's own frame."""
    outputs = original_outputs(candidate.augmentation, candidate.execution.outputs, len(task.train))
    return outputs[len(task.train) + index]
