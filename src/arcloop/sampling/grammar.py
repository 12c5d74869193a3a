"""Random programs in place of a model's: what search finds with no weights at all.

A draw is a random well-typed program of ``grammar``. It is told what anyone sees at a glance, the
colours and sizes of the task's grids in the prompt's frame, and nothing of what the task does. Where
every input is of one colour there is nothing to transform: such tasks (the drawing tasks) get
programs that paint one to five elements of random places, sizes and colours.
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from arcloop.grammar import DRAWING, PRODUCTIONS, Scope, sample_draft
from arcloop.prompts.format import PromptFormat
from arcloop.records import Completion, FinishReason, Message, Task
from arcloop.sampling.port import Request, UnderWay, untold
from arcloop.tasks.augment import apply_task

__all__ = ["GrammarSampler"]


class GrammarSampler:
    """A ``Sampler`` without a model; each completion follows from its task, frame and draw's seed alone."""

    def __init__(self, tasks: Sequence[Task], template: str = "compact") -> None:
        """``tasks``: those that prompts may be of; ``template``: how prompts and answers are written down."""
        self._tasks: Mapping[str, Task] = {task.id: task for task in tasks}
        self._format = PromptFormat(template, _lines)

    @property
    def format(self) -> PromptFormat:
        """See ``Sampler``."""
        return self._format

    def length(self, text: str) -> int:
        """See ``Sampler``: nobody reads the prompts, so none is too long."""
        return 0

    def use_adapter(self, folder: Path | None) -> None:
        """See ``Sampler``: there are no weights to adapt, and the loop trains none."""

    def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        """See ``Sampler``. No tokens are sampled, so ``tokens`` is 0 and ``logprob`` nan."""
        for request in requests:
            prompt = request.prompt
            task = apply_task(prompt.augmentation, self._tasks[prompt.task_id])
            for draw in request.draws:
                text = self._format.answer_text(random_program(task, random.Random(draw.seed)))
                yield Completion(draw.completion_id, prompt.id, prompt.task_id, text, 0, FinishReason.STOP, math.nan)


def random_program(task: Task, rng: random.Random) -> str:
    """Source of a random program for a task, as the module describes it."""
    scope = Scope.of(rng, task.inputs, [pair.output for pair in task.train])
    blank = all((grid == grid[0, 0]).all() for grid in task.inputs)
    return sample_draft(scope, first=PRODUCTIONS[DRAWING] if blank else None).source


def _lines(messages: Sequence[Message]) -> str:
    return "".join(message.content + "\n" for message in messages)
