"""Which programs to learn from. Pure.

First the filters drop what would teach nothing or harm: programs with an output that is no grid,
that change nothing, that always give the same grid, or that have the outputs written down in their
source. Then, of programs with equal outputs in one frame, the shortest stays. Then a policy picks.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from arcloop.augment import apply_task, original_outputs
from arcloop.config import SelectionConfig
from arcloop.records import Candidate, Grid, Status, Task

__all__ = ["Drop", "effect", "rejected", "select"]

_LONG_LINE = 200


class Drop(StrEnum):
    """Why a program is not learned from."""

    FAILED = "failed"
    """Some output is not a grid."""
    IDENTITY = "identity"
    """More outputs equal their inputs than in the true task, and more than 30 %."""
    CONSTANT = "constant"
    """All outputs are one grid although the inputs differ."""
    HARD_CODED = "hard_coded"
    """The source holds an output's cells, or a line of over 200 characters."""
    DUPLICATE = "duplicate"
    """Another program, shorter or first, gives the same outputs."""


def rejected(candidate: Candidate, task: Task) -> Drop | None:
    """The first filter that drops the program, or None if it may be learned from."""
    if candidate.execution.status is not Status.OK:
        return Drop.FAILED
    asked = apply_task(candidate.augmentation, task)
    outputs = [grid for grid in candidate.execution.outputs if grid is not None]
    unchanged = _share(outputs, asked.inputs)
    if unchanged > max(0.3, _share([p.output for p in asked.train], [p.input for p in asked.train])):
        return Drop.IDENTITY
    if _alike(outputs) and not _alike(asked.inputs):
        return Drop.CONSTANT
    if _hard_coded(candidate.program.source, outputs):
        return Drop.HARD_CODED
    return None


def select(
    candidates: Sequence[Candidate], task: Task, config: SelectionConfig
) -> tuple[list[Candidate], Counter[Drop]]:
    """The task's programs to learn from, worst first and best last, and how many each filter dropped."""
    dropped: Counter[Drop] = Counter()
    kept: dict[bytes, Candidate] = {}
    for candidate in sorted(candidates, key=lambda c: (len(c.program.source), c.program.completion_id)):
        reason = rejected(candidate, task)
        key = effect(candidate, task) if reason is None else b""
        if reason is None and key in kept:
            reason = Drop.DUPLICATE
        if reason is None:
            kept[key] = candidate
        else:
            dropped[reason] += 1
    # Stable: among equal scores the shorter program, which came first above, ends nearer to the best.
    ranked = sorted(reversed(kept.values()), key=lambda c: (c.score.correct_share, c.score.pixels))
    return (ranked[-config.k :] if config.policy == "best-k" else ranked), dropped


def _share(outputs: Sequence[Grid], inputs: Sequence[Grid]) -> float:
    return sum(np.array_equal(o, i) for o, i in zip(outputs, inputs, strict=True)) / len(inputs)


def _alike(grids: Sequence[Grid]) -> bool:
    return all(np.array_equal(grid, grids[0]) for grid in grids)


def _hard_coded(source: str, outputs: Sequence[Grid]) -> bool:
    if any(len(line) > _LONG_LINE for line in source.splitlines()):
        return True
    digits = "".join(c for c in source if c.isdigit())
    # A grid of a few cells occurs in any source by chance; from 9 cells on it is written down.
    return any(grid.size >= 9 and "".join(map(str, grid.ravel().tolist())) in digits for grid in outputs)


def effect(candidate: Candidate, task: Task) -> bytes:
    """16 bytes, equal for programs that give the same grids, whatever frame each was asked in."""
    outputs = original_outputs(candidate.augmentation, candidate.execution.outputs, len(task.train))
    content = b"".join(b"-" if grid is None else bytes(grid.shape) + grid.tobytes() for grid in outputs)
    return hashlib.sha256(content).digest()[:16]
