"""Programs that tie for an attempt → how likely the model finds each, over several views of the task.

A program is asked about as the answer to the *real* task. Its text answers the task in the frame
that it was written in: mirrored or recoloured, the task would need another text, so a view in
another frame would ask for the probability of a wrong answer. What may change without changing the
answer is the order of the train pairs and which test input is shown, and views differ in these
alone. A task with two pairs and one test input has no more than two.

Not promised: that log-probabilities of programs in different frames measure the same thing. They
are each the model's own odds, given what it was shown, that it writes this program; longer programs
have lower ones, as they should. The base model is asked, because an adapter has learned some of the
candidates by heart.
"""

import dataclasses
import math
import random
from collections.abc import Sequence
from typing import Protocol

from arcloop.config import VotingConfig
from arcloop.prompts.format import PromptFormat
from arcloop.records import Task
from arcloop.seeds import generator
from arcloop.submission.voting import Ballot
from arcloop.tasks.augment import apply_task

__all__ = ["Scorer", "rescored", "views"]


class Scorer(Protocol):
    """Prompts and completions → how likely a model finds each."""

    @property
    def format(self) -> PromptFormat:
        """How its model is shown tasks and writes programs."""
        ...

    def logprobs(self, prompts: Sequence[str], completions: Sequence[str]) -> list[float]:
        """For each pair, Σ log-probability in nats of the completion's tokens and the end token after the prompt."""
        ...


def rescored(ballot: Ballot, task: Task, scorer: Scorer, config: VotingConfig, seed: int) -> dict[str, float]:
    """Completion id → mean log-probability of its program over the views, in nats; for leaders of contested groups.

    All programs of a task are shown the same pair orders and test inputs, each in its own frame.
    """
    chosen = ballot.contested(config.candidates)
    shown = views(task, config.views, generator(seed, "rescore", task.id))
    prompts, completions = [], []
    for group in chosen:
        answer = scorer.format.answer_text(group.leader.source)
        for order, test_index in shown:
            frame = dataclasses.replace(group.frame, order=order)
            prompts.append(scorer.format.prompt_text(apply_task(frame, task), test_index))
            completions.append(answer)
    found = scorer.logprobs(prompts, completions) if chosen else []
    count = len(shown)
    return {
        group.leader.completion_id: math.fsum(found[i * count : (i + 1) * count]) / count
        for i, group in enumerate(chosen)
    }


def views(task: Task, count: int, rng: random.Random) -> list[tuple[tuple[int, ...], int]]:
    """Up to ``count`` different (order of the train pairs, test input), drawn at random; fewer where there are no more."""
    pairs, tests = len(task.train), len(task.test_inputs)
    found: dict[tuple[tuple[int, ...], int], None] = {}
    while len(found) < min(count, math.factorial(pairs) * tests):
        found[tuple(rng.sample(range(pairs), pairs)), rng.randrange(tests)] = None
    return list(found)
