"""Program + what it really gave → the task that this program does solve.

Pure. By default the task stays in the frame that the program was written in: its train inputs with
the program's outputs as their pairs, and a test input. That a program failed its task does not
matter here; in hindsight it is the right answer to another one. Every pair that is shown was given
by the program itself, and so was a grid for the test input that is shown.
"""

import random
from dataclasses import dataclass

from arcloop.config import RelabelConfig
from arcloop.prompts import PromptFormat
from arcloop.records import Candidate, Example, Pair, Task

__all__ = ["Hindsight", "example", "relabel", "relabeled_task"]


@dataclass(frozen=True, slots=True)
class Hindsight:
    """A program with the task that it solves, as it is going to be shown."""

    id: str
    """The id of the example; see ``Example.id``."""
    candidate: Candidate
    """The program, its frame, and what it gave there."""
    task: Task
    """The relabeled task, its pairs in the order in which they are shown."""
    test_index: int
    """Which of its test inputs is shown."""


def relabeled_task(candidate: Candidate, asked: Task, config: RelabelConfig) -> Task | None:
    """The task that the program solves, made from the task ``asked`` in the candidate's frame; None if too little is left.

    With ``config.pairs`` ``all`` every output has to be a grid. With ``valid`` inputs without a grid
    are left out; if that leaves no test input, the last train pair that is left gives its input.
    """
    outputs = candidate.execution.outputs
    count = len(asked.train)
    pairs = [Pair(p.input, o) for p, o in zip(asked.train, outputs[:count], strict=True) if o is not None]
    tests = [i for i, o in zip(asked.test_inputs, outputs[count:], strict=True) if o is not None]
    if len(pairs) + len(tests) < len(outputs) and config.pairs == "all":
        return None
    if not tests and pairs:
        tests = [pairs.pop().input]
    if not tests or len(pairs) < min(config.min_pairs, count):
        return None
    return Task(asked.id, tuple(pairs), tuple(tests))


def relabel(
    candidate: Candidate, asked: Task, config: RelabelConfig, name: str, rng: random.Random
) -> Hindsight | None:
    """The task that the program solves, with a test input and (by ``config.shuffle``) an order of its pairs drawn anew.

    ``asked`` is the task in the candidate's frame, ``name`` the id of what is returned; None as in
    ``relabeled_task``.
    """
    solved = relabeled_task(candidate, asked, config)
    if solved is None:
        return None
    pairs = tuple(rng.sample(solved.train, len(solved.train))) if config.shuffle else solved.train
    shown = Task(solved.id, pairs, solved.test_inputs)
    return Hindsight(name, candidate, shown, rng.randrange(len(shown.test_inputs)))


def example(hindsight: Hindsight, prompt_format: PromptFormat) -> Example:
    """The training row, in the words of ``prompt_format``."""
    return Example(
        id=hindsight.id,
        task_id=hindsight.task.id,
        prompt=prompt_format.prompt_text(hindsight.task, hindsight.test_index),
        completion=prompt_format.answer_text(hindsight.candidate.program.source),
    )
