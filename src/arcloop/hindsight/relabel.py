"""Program + what it really gave → the task that this program does solve.

Pure. By default the task stays in the frame that the program was written in: its train inputs with
the program's outputs as their pairs, and a test input. That a program failed its task does not
matter here; in hindsight it is the right answer to another one. Every pair that is shown was given
by the program itself, and so was a grid for the test input that is shown.
"""

import random
from dataclasses import dataclass, replace

import numpy as np

from arcloop.config import RelabelConfig
from arcloop.prompts.format import PromptFormat
from arcloop.records import Candidate, Example, Pair, Parent, Task

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
    parent: Parent | None = None
    """Earlier program that is shown, with what it gave for the inputs of these pairs; it is wrong on one of them at least."""


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
    candidate: Candidate,
    asked: Task,
    config: RelabelConfig,
    name: str,
    rng: random.Random,
    parent: Parent | None = None,
) -> Hindsight | None:
    """The task that the program solves, with a test input and (by ``config.shuffle``) an order of its pairs drawn anew.

    ``asked`` is the task in the candidate's frame, ``name`` the id of what is returned; None as in
    ``relabeled_task``. A ``parent``, with what it gave for the train inputs of ``asked``, is shown beside it unless
    it is the program itself or gave the same grids: there is nothing to refine then.
    """
    solved = relabeled_task(candidate, asked, config)
    if solved is None:
        return None
    places = list(range(len(solved.train)))
    if config.shuffle:
        places = rng.sample(places, len(places))
    shown = Task(solved.id, tuple(solved.train[place] for place in places), solved.test_inputs)
    test_index = rng.randrange(len(shown.test_inputs))
    if parent is not None:
        outputs = candidate.execution.outputs[: len(asked.train)]
        gave = [there for there, output in zip(parent.gave, outputs, strict=True) if output is not None]
        parent = replace(parent, gave=tuple(gave[place] for place in places))
        if parent.program_id == candidate.program.id or _right(parent, shown):
            parent = None
    return Hindsight(name, candidate, shown, test_index, parent)


def _right(parent: Parent, task: Task) -> bool:
    pairs = zip(parent.gave, task.train, strict=True)
    return all(not isinstance(gave, str) and np.array_equal(gave, pair.output) for gave, pair in pairs)


def example(hindsight: Hindsight, prompt_format: PromptFormat) -> Example:
    """The training row, in the words of ``prompt_format``."""
    return Example(
        id=hindsight.id,
        task_id=hindsight.task.id,
        prompt=prompt_format.prompt_text(hindsight.task, hindsight.test_index, hindsight.parent),
        completion=prompt_format.answer_text(hindsight.candidate.program.source),
    )
