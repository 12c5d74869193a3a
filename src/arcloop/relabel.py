"""Program + what it really gave → the task that this program does solve, as a training example.

Pure. The task stays in the frame that the program was written in: its train inputs with the
program's outputs as their pairs, and a test input. That a program failed its task does not matter
here; in hindsight it is the right answer to another one.
"""

import random

from arcloop.augment import apply_task
from arcloop.prompts import PromptFormat
from arcloop.records import Candidate, Example, Pair, Task

__all__ = ["relabel", "relabeled_task"]


def relabeled_task(candidate: Candidate, task: Task) -> Task | None:
    """The task that the program solves, made from ``task`` as it was asked; None unless every output is a grid."""
    asked = apply_task(candidate.augmentation, task)
    outputs = [grid for grid in candidate.execution.outputs if grid is not None]
    if len(outputs) != len(candidate.execution.outputs):
        return None
    pairs = tuple(Pair(pair.input, output) for pair, output in zip(asked.train, outputs, strict=False))
    return Task(task.id, pairs, asked.test_inputs)


def relabel(candidate: Candidate, task: Task, prompt_format: PromptFormat, rng: random.Random) -> Example | None:
    """The example that teaches the program for the task that it solves; the order of its pairs and the test input are drawn anew."""
    solved = relabeled_task(candidate, task)
    if solved is None:
        return None
    pairs = tuple(rng.sample(solved.train, len(solved.train)))
    shown = Task(solved.id, pairs, solved.test_inputs)
    return Example(
        id=candidate.program.completion_id,
        task_id=task.id,
        prompt=prompt_format.prompt_text(shown, rng.randrange(len(shown.test_inputs))),
        completion=prompt_format.answer_text(candidate.program.source),
    )
