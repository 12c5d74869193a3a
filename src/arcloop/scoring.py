"""Execution × task → score. Pure; sees train pairs only."""

import numpy as np

from arcloop.records import Execution, Grid, Score, Task

__all__ = ["pixel_similarity", "score_execution"]


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
