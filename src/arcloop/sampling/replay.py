"""The completions of an earlier run in place of a model's: its programs again, under the same or other settings.

A prompt has the frame and the test input that the earlier run has asked with. It is that run's if it
then shows the same grids and the same earlier program, if any, and has its text, whatever model's chat
template made it. Completions are looked up by their ids. A prompt that the earlier run did not ask has no
text and counts as too long, so it is skipped and recorded with those that do not fit; a completion that it
does not have is recorded as failed. So nothing is missing in silence.
"""

import hashlib
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from arcloop.prompts.format import PromptFormat
from arcloop.records import Augmentation, Completion, FinishReason, Message, Origin, Parent, Prompt, Task
from arcloop.sampling.port import Draw, Request, UnderWay, untold
from arcloop.tasks.augment import apply_task

__all__ = ["Load", "ReplaySampler"]

Load = Callable[[int], tuple[list[Prompt], list[Completion]]]
"""Index of a group → all its stored prompts and completions."""


@dataclass(frozen=True)
class _StoredFormat(PromptFormat):
    """A format whose prompts are looked up, not rendered."""

    find: Callable[[Task, int, str], str] = lambda task, test_index, parent: ""
    stored: Callable[[str, str], Prompt | None] = lambda prompt_id, task_id: None

    def asked(self, prompt_id: str, task: Task, parent: str | None) -> tuple[Augmentation, int] | None:
        """As it was stored, however the seeds were made then; None where the task has no such test input."""
        prompt = self.stored(prompt_id, task.id)
        if prompt is None or prompt.parent != parent or prompt.test_index >= len(task.test_inputs):
            return None
        return prompt.augmentation, prompt.test_index

    def prompt_text(self, task: Task, test_index: int, parent: Parent | None = None) -> str:
        """The stored text; empty if there is none."""
        return self.find(task, test_index, "" if parent is None else parent.program_id)


class ReplaySampler:
    """A ``Sampler`` that holds one group of the earlier run at a time."""

    def __init__(self, name: str, template: str, groups: Sequence[Sequence[Task]], load: Load) -> None:
        """Give the completions of a run again.

        Args:
            name: What to call it where a completion is missing.
            template: Its prompt template, whose prefix begins each answer.
            groups: Its tasks, in its groups.
            load: Reads what it stored of a group.
        """
        self._name = name
        self._format = _StoredFormat(template, _unrendered, find=self._text, stored=self._prompt)
        self._group_of = {task.id: index for index, tasks in enumerate(groups) for task in tasks}
        self._tasks = {task.id: task for tasks in groups for task in tasks}
        self._load = load
        self._open: int | None = None
        self._texts: dict[bytes, str] = {}
        self._prompts: dict[str, Prompt] = {}
        self._completions: dict[str, Completion] = {}

    @property
    def format(self) -> PromptFormat:
        """See ``Sampler``."""
        return self._format

    def length(self, text: str) -> int:
        """See ``Sampler``: what was asked had been found to fit, and what was not asked never fits."""
        return 0 if text else sys.maxsize

    def use_adapter(self, folder: Path | None) -> None:
        """See ``Sampler``: the completions have been sampled, each with the adapter of its round."""

    def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        """See ``Sampler``."""
        for request in requests:
            self._turn_to(request.prompt.task_id)
            for draw in request.draws:
                yield self._completion(request.prompt, draw)

    def _completion(self, prompt: Prompt, draw: Draw) -> Completion:
        stored, asked = self._completions.get(draw.completion_id), self._prompts.get(prompt.id)
        if stored is not None and asked is not None and stored.prompt_id == asked.id and asked.text == prompt.text:
            return stored
        missing = f"not in the run {self._name}"
        return Completion(draw.completion_id, prompt.id, prompt.task_id, missing, 0, FinishReason.ERROR, math.nan)

    def _text(self, task: Task, test_index: int, parent: str) -> str:
        self._turn_to(task.id)
        return self._texts.get(_shown(task, test_index, parent), "")

    def _prompt(self, prompt_id: str, task_id: str) -> Prompt | None:
        self._turn_to(task_id)
        return self._prompts.get(prompt_id)

    def _turn_to(self, task_id: str) -> None:
        """Hold the group of this task from now on."""
        index = self._group_of.get(task_id)
        if index is None or index == self._open:
            return
        prompts, completions = self._load(index)
        self._open = index
        self._prompts = {prompt.id: prompt for prompt in prompts}
        self._completions = {completion.id: completion for completion in completions}
        self._texts = {
            _shown(apply_task(p.augmentation, self._tasks[p.task_id]), p.test_index, p.parent or ""): p.text
            for p in prompts
            if p.origin is Origin.MODEL
        }


def _shown(task: Task, test_index: int, parent: str) -> bytes:
    """A digest of what decides on a prompt's text: the task's id and grids, the test input and the program that are shown."""
    digest = hashlib.sha256(f"{task.id}\x1f{test_index}\x1f{parent}".encode())
    for grid in (*(grid for pair in task.train for grid in (pair.input, pair.output)), *task.test_inputs):
        digest.update(f"\x1f{grid.shape}".encode())
        digest.update(grid.tobytes())
    return digest.digest()


def _unrendered(messages: Sequence[Message]) -> str:
    raise NotImplementedError("a replay renders no prompts")
