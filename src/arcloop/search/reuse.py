"""A task's earlier programs → new completions without a model: mutants and chains of them. Pure.

They take the place of a share of a round's prompts, and of their draws, so that they count as programs like all others; they
have no tokens. What becomes of a draw follows from its seed and from the earlier rounds, and not from when it is made.
"""

import math
import random
import re
from collections.abc import Iterator

from arcloop.config import Config, SearchConfig
from arcloop.grammar import Scope
from arcloop.grammar.program import choose, write
from arcloop.prompts.format import PromptFormat
from arcloop.records import Candidate, Completion, FinishReason, Origin, Prompt, Task
from arcloop.rewriting.chaining import chain
from arcloop.rewriting.mutation import mutant
from arcloop.sampling import Draw, Request
from arcloop.search.refinement import Pool, part
from arcloop.seeds import generator
from arcloop.tasks.augment import apply_task

__all__ = ["origin_of", "rewritten", "rewritten_prompt"]

_BEST = 8
"""Programs of a task that its chains are made of, besides the parent."""
_TRIES = 4
"""Mutants that are made until one is none of the task's parents."""
_GRID = re.compile(r"\bgrid\b")


def origin_of(number: int, config: SearchConfig) -> tuple[Origin, int]:
    """Who answers prompt ``number`` of a task and round, and how many of its kind there are before it.

    Of the first n prompts n · (mutants + chains) are answered without a model, rounded down, and of these the share of chains
    are chains. Mutants and chains are of one kind here.
    """
    both = config.mutants + config.chains
    before, after = (part(count, both) for count in (number, number + 1))
    if after == before:
        return Origin.MODEL, number - before
    share = config.chains / both
    chained = part(before + 1, share) > part(before, share)
    return (Origin.CHAIN if chained else Origin.MUTANT), before


def rewritten_prompt(task: Task, round_: int, number: int, origin: Origin, parent: Candidate) -> Prompt:
    """The prompt that nobody is asked: it says which program is changed, and in which frame."""
    name = f"r{round_}/{task.id}/p{number}"
    return Prompt(name, task.id, number, parent.augmentation, 0, "", parent.program.id, origin)


def rewritten(request: Request, task: Task, pool: Pool, format_: PromptFormat, config: Config) -> Iterator[Completion]:
    """The completions of a prompt of ``rewritten_prompt``; one of which nothing can be made has no text.

    ``pool``: the task's earlier programs, the prompt's parent among them.
    """
    prompt = request.prompt
    parent = next(c for c in pool.parents if c.program.id == prompt.parent)
    known = {c.program.source for c in pool.parents}
    for draw in request.draws:
        rng = random.Random(draw.seed)
        made = _chained(parent, pool, prompt, draw, config) if prompt.origin is Origin.CHAIN else None
        # A program that cannot be chained can be changed.
        tries = [made] if made is not None else (_mutant(parent, task, rng) for _ in range(_TRIES))
        found = [source for source in tries if source is not None]
        source = next((source for source in found if source not in known), found[0] if found else None)
        text = format_.answer_text(source) if source is not None else ""
        yield Completion(draw.completion_id, prompt.id, task.id, text, 0, FinishReason.STOP, math.nan, draw.temperature)


def _chained(parent: Candidate, pool: Pool, prompt: Prompt, draw: Draw, config: Config) -> str | None:
    """Each draw of a prompt joins other programs, or in the other order, while there are any; the parent with itself comes last.

    Only programs that were written in the same frame understand each other's colours and directions.
    """
    frame = parent.augmentation
    alike = [
        c for c in pool.parents if (c.augmentation.dihedral, c.augmentation.colors) == (frame.dihedral, frame.colors)
    ]
    own = parent.program.source
    others = [c.program.source for c in alike if c.program.id != parent.program.id][:_BEST]
    pairs = [pair for other in others for pair in ((own, other), (other, own))]
    generator(config.seed, "chain", prompt.id).shuffle(pairs)
    pairs.append((own, own))
    number = int(draw.completion_id.rpartition("/d")[2]) - prompt.number * config.sampling.completions_per_prompt
    return chain(*pairs[number % len(pairs)])


def _mutant(parent: Candidate, task: Task, rng: random.Random) -> str | None:
    source = parent.program.source
    shown = apply_task(parent.augmentation, task)
    scope = Scope.of(rng, shown.inputs, [pair.output for pair in shown.train])

    def step() -> str:
        return "\n".join(statement.code for statement in write(choose(rng, {}, follows=True, room=1), scope))

    # The grammar's statements are on ``grid``: where that is no name, there is nothing that they could change.
    made = mutant(source, rng, step if _GRID.search(source) else None)
    return None if made is None else made[0]
