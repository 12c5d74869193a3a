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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from arcloop.augment import original_outputs
from arcloop.records import Attempt, Candidate, Grid, Task

__all__ = ["Group", "contested", "groups_for", "output_for", "vote"]

Evidence = Mapping[str, float]
"""Completion id → log-probability of its program, in nats, for the programs that were rescored."""


@dataclass(frozen=True)
class Group:
    """All programs that give one grid for a test input."""

    grid: Grid
    perfect: int
    """How many of them are right on all train pairs."""
    weight: float
    """Σ (1 + 1000 · share of correct train grids)."""
    leader: Candidate
    """The shortest of those that are right on most train pairs: it stands for the group."""
    evidence: float = -math.inf
    """Log-probability of the leader; −∞ if it was not rescored."""

    @property
    def rank(self) -> tuple[int, float]:
        """What the votes say: the higher, the better."""
        # Shares are thirds and sevenths: equal sums may differ in their last bits.
        return self.perfect, round(self.weight, 6)


def vote(candidates: Sequence[Candidate], task: Task, evidence: Evidence | None = None) -> list[Attempt]:
    """One ``Attempt`` per test input of the task; where too few grids are known, simple grids stand in."""
    attempts = []
    for index, test_input in enumerate(task.test_inputs):
        groups = groups_for(candidates, task, index, evidence)[:2]
        grids = [group.grid for group in groups]
        weights = [group.weight for group in groups]
        # Three different grids, or two if the input is of one colour: enough, because a group's grid is not the input.
        for stand_in in (test_input, np.zeros_like(test_input), np.ones_like(test_input)):
            if len(grids) < 2 and not any(np.array_equal(stand_in, grid) for grid in grids):
                grids.append(stand_in)
                weights.append(0.0)
        attempts.append(Attempt(task.id, index, grids[0], grids[1], (weights[0], weights[1])))
    return attempts


def groups_for(
    candidates: Sequence[Candidate], task: Task, index: int, evidence: Evidence | None = None
) -> list[Group]:
    """The groups of one test input, best first."""
    voters: dict[tuple[tuple[int, ...], bytes], list[Candidate]] = {}
    for candidate in candidates:
        grid = output_for(candidate, task, index)
        if grid is not None and not np.array_equal(grid, task.test_inputs[index]):
            voters.setdefault((grid.shape, grid.tobytes()), []).append(candidate)
    known = evidence or {}
    groups = []
    for (shape, cells), group in voters.items():
        leader = min(group, key=_leading)
        groups.append(
            Group(
                grid=np.frombuffer(cells, dtype=np.int8).reshape(shape),
                perfect=sum(c.score.perfect for c in group),
                weight=math.fsum(1 + 1000 * c.score.correct_share for c in group),
                leader=leader,
                evidence=known.get(leader.program.completion_id, -math.inf),
            )
        )
    return sorted(groups, key=_order)


def contested(candidates: Sequence[Candidate], task: Task, most: int) -> list[Candidate]:
    """The programs on which an attempt hangs: leaders of groups that tie for it, at most ``most`` for a test input.

    Where no more groups tie than there are attempts left, nothing is contested: all of them are submitted.
    """
    leaders: dict[str, Candidate] = {}
    for index in range(len(task.test_inputs)):
        places = 2
        for _, tied in groupby(groups_for(candidates, task, index), key=lambda group: group.rank):
            equals = list(tied)
            if len(equals) > places:
                leaders |= {group.leader.program.completion_id: group.leader for group in equals[:most]}
            places -= len(equals)
            if places <= 0:
                break
    return list(leaders.values())


def output_for(candidate: Candidate, task: Task, index: int) -> Grid | None:
    """The program's output for a test input, in the task's own frame."""
    outputs = original_outputs(candidate.augmentation, candidate.execution.outputs, len(task.train))
    return outputs[len(task.train) + index]


def _order(group: Group) -> tuple[object, ...]:
    perfect, weight = group.rank
    # Evidence to a thousandth of a nat, which is what arithmetic in another order may change. The grid itself is the
    # last word, so that the order of the candidates has none.
    evidence = round(group.evidence, 3) if math.isfinite(group.evidence) else group.evidence
    return -perfect, -weight, -evidence, len(group.leader.program.source), group.grid.shape, group.grid.tobytes()


def _leading(candidate: Candidate) -> tuple[object, ...]:
    program = candidate.program
    return -candidate.score.correct_share, len(program.source), program.source, program.completion_id
