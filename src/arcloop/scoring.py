"""What a program is worth on its task, and how two programs compare. Pure; sees train pairs only."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np

from arcloop.records import Candidate, Execution, Grid, Score, Task
from arcloop.tasks.augment import original_outputs

__all__ = ["effect", "hard_coded", "length", "pixel_similarity", "ranked", "score_execution", "worth"]

_LONG_LINE = 200
_WRITTEN_DOWN = 9


def score_execution(execution: Execution, task: Task) -> Score:
    """What the execution is worth on the task, whose frame and pair order must be those that it was run in."""
    outputs = execution.outputs[: len(task.train)]
    expected = [pair.output for pair in task.train]
    correct = tuple(o is not None and np.array_equal(o, e) for o, e in zip(outputs, expected, strict=True))
    pixels = [pixel_similarity(o, e) for o, e in zip(outputs, expected, strict=True)]
    return Score(execution.id, correct, sum(pixels) / len(pixels))


def pixel_similarity(output: Grid | None, expected: Grid) -> float:
    """Share of equal cells, 0–1; 0 where the shapes differ or there is no output."""
    if output is None or output.shape != expected.shape:
        return 0.0
    return float((output == expected).mean())


def worth(score: Score) -> float:
    """A score as one number, 0–1: a right train grid counts more than all pixels together, 1 is right on all train pairs."""
    return (sum(score.correct) + score.pixels) / (len(score.correct) + 1)


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Worst first, best last: by correct train grids, then by pixels, then the shorter program, then the earlier draw."""
    by_length = sorted(candidates, key=length, reverse=True)
    return sorted(by_length, key=lambda c: (c.score.correct_share, c.score.pixels))


def length(candidate: Candidate) -> tuple[int, str]:
    """Sorts shorter programs first, and of equally long ones the earlier draw."""
    return len(candidate.program.source), candidate.program.completion_id


def effect(candidate: Candidate, task: Task) -> bytes:
    """16 bytes, equal for programs that give the same grids, whatever frame each was asked in."""
    outputs = original_outputs(candidate.augmentation, candidate.execution.outputs, len(task.train))
    content = b"".join(b"-" if grid is None else bytes(grid.shape) + grid.tobytes() for grid in outputs)
    return hashlib.sha256(content).digest()[:16]


def hard_coded(source: str, outputs: Sequence[Grid]) -> bool:
    """Does the source hold an output's cells, or a line of over 200 characters?"""
    if any(len(line) > _LONG_LINE for line in source.splitlines()):
        return True
    digits = "".join(c for c in source if c.isdigit())
    # A grid of a few cells occurs in any source by chance; from 9 cells on it is written down.
    return any(grid.size >= _WRITTEN_DOWN and "".join(map(str, grid.ravel().tolist())) in digits for grid in outputs)
