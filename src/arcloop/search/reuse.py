"""A task's earlier programs → new completions without a model: mutants of them. Pure.

They take the place of a share of a round's prompts, and of their draws, so that they count as programs like all others; they
have no tokens. What becomes of a draw follows from its seed and from the earlier rounds, and not from when it is made.
"""

import math
import random
import re
from collections.abc import Iterator

from arcloop.grammar import Scope
from arcloop.grammar.program import choose, write
from arcloop.prompts.format import PromptFormat
from arcloop.records import Candidate, Completion, FinishReason, Origin, Prompt, Task
from arcloop.rewriting.mutation import mutant
from arcloop.sampling import Request
from arcloop.search.refinement import Pool, part
from arcloop.tasks.augment import apply_task

__all__ = ["origin_of", "rewritten", "rewritten_prompt"]

_TRIES = 4
"""Mutants that are made until one is none of the task's parents."""
_GRID = re.compile(r"\bgrid\b")


def origin_of(number: int, mutants: float) -> tuple[Origin, int]:
    """Who answers prompt ``number`` of a task and round, and how many of its kind there are before it.

    ``mutants``: the share of prompts that are answered without a model; of the first n it is n · mutants, rounded down.
    """
    before, after = (part(count, mutants) for count in (number, number + 1))
    return (Origin.MODEL, number - before) if after == before else (Origin.MUTANT, before)


def rewritten_prompt(task: Task, round_: int, number: int, parent: Candidate) -> Prompt:
    """The prompt that nobody is asked: it says which program is changed, and in which frame."""
    name = f"r{round_}/{task.id}/p{number}"
    return Prompt(name, task.id, number, parent.augmentation, 0, "", parent.program.id, Origin.MUTANT)


def rewritten(request: Request, task: Task, pool: Pool, format_: PromptFormat) -> Iterator[Completion]:
    """The completions of a prompt of ``rewritten_prompt``; one of which nothing can be made has no text.

    ``pool``: the task's earlier programs, the prompt's parent among them.
    """
    prompt = request.prompt
    parent = next(c for c in pool.parents if c.program.id == prompt.parent)
    known = {c.program.source for c in pool.parents}
    for draw in request.draws:
        rng = random.Random(draw.seed)
        tries = (_mutant(parent, task, rng) for _ in range(_TRIES))
        found = [source for source in tries if source is not None]
        source = next((source for source in found if source not in known), found[0] if found else None)
        text = format_.answer_text(source) if source is not None else ""
        yield Completion(draw.completion_id, prompt.id, task.id, text, 0, FinishReason.STOP, math.nan, draw.temperature)


def _mutant(parent: Candidate, task: Task, rng: random.Random) -> str | None:
    source = parent.program.source
    shown = apply_task(parent.augmentation, task)
    scope = Scope.of(rng, shown.inputs, [pair.output for pair in shown.train])

    def step() -> str:
        return "\n".join(statement.code for statement in write(choose(rng, {}, follows=True, room=1), scope))

    # The grammar's statements are on ``grid``: where that is no name, there is nothing that they could change.
    made = mutant(source, rng, step if _GRID.search(source) else None)
    return None if made is None else made[0]
