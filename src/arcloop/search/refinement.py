"""A task's earlier programs → those that prompts show to have them bettered. Pure.

A parent is shown in the frame that it was written in, with what it gave there on the train inputs.
What it gave on test inputs is never shown.
"""

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np

from arcloop.config import RefineConfig
from arcloop.records import Candidate, Grid, Parent, Prompt, Status, Task
from arcloop.scoring import effect, ranked, worth

__all__ = ["Pool", "as_parent", "parent_for", "parents", "part"]

_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_PLACE = re.compile(r"^input \d+: ")
_ROUNDING = 1e-9
"""100 · 0.29 is a little less than 29."""


def parents(candidates: Iterable[Candidate], task: Task) -> list[Candidate]:
    """Those of the candidates of ``task`` that a prompt may show, best first, as ``scoring.ranked`` has it.

    Not those that are right on all train pairs, nor those known to be random; of one program, and of programs with
    equal outputs, only the best. Does not depend on the order of the candidates.
    """
    kept: dict[bytes, Candidate] = {}
    seen: set[str] = set()
    for candidate in reversed(ranked(c for c in candidates if c.program.task_id == task.id)):
        open_ = not candidate.score.perfect and candidate.execution.status is not Status.NONDETERMINISTIC
        if open_ and candidate.program.id not in seen:
            seen.add(candidate.program.id)
            kept.setdefault(effect(candidate, task), candidate)
    return list(kept.values())


class Pool:
    """The parents of a task in one round, in the order in which its prompts show them.

    Each next one is the one with the highest Q + c · scale · P · √(1 + T) / (1 + n): PUCT as in arXiv:2601.16175. Q is the
    worth of its best child so far, or its own if it has none; n how many prompts have shown it, and T how many have shown
    any; P falls evenly with its rank, and sums to 1; scale is the span of the worths. Programs with equal outputs are one.
    A round's own prompts count as soon as they are made, and what comes of them in the next round: so a parent depends on
    the number of its prompt alone, and not on when something was found.
    """

    def __init__(
        self, candidates: Iterable[Candidate], prompts: Iterable[Prompt], task: Task, exploration: float
    ) -> None:
        """``candidates`` and ``prompts`` of the task's earlier rounds; those of other tasks do no harm."""
        own = [c for c in candidates if c.program.task_id == task.id]
        self.parents = parents(own, task)
        """What there is to choose from, the best first."""
        # One source in two frames is two programs.
        effects = {(c.program.id, c.augmentation): effect(c, task) for c in own}
        place = {effect(c, task): i for i, c in enumerate(self.parents)}
        worths = np.array([worth(c.score) for c in self.parents])
        self._best = worths.copy()
        reached: dict[int, float] = {}
        for child in own:
            known = effects.get((child.parent or "", child.augmentation), b"")
            if (index := place.get(known)) is not None:
                reached[index] = max(reached.get(index, 0.0), worth(child.score))
        for index, most in reached.items():
            self._best[index] = most
        asked = [p for p in prompts if p.task_id == task.id and p.parent is not None]
        shown = Counter(effects.get((p.parent or "", p.augmentation), b"") for p in asked)
        self._visits = np.array([shown[effect(c, task)] for c in self.parents], dtype=np.float64)
        count = len(self.parents)
        prior = np.arange(count, 0, -1) / max(1, count * (count + 1) / 2)
        self._urge = exploration * (float(np.ptp(worths)) if count else 0.0) * prior
        self._order: list[int] = []

    def nth(self, number: int) -> Candidate | None:
        """The parent of the round's prompt ``number`` of those that show one; None if there is none to show."""
        if not self.parents:
            return None
        while len(self._order) <= number:
            bonus = self._urge * np.sqrt(1 + self._visits.sum()) / (1 + self._visits)
            chosen = int(np.argmax(self._best + bonus))
            self._order.append(chosen)
            self._visits[chosen] += 1
        return self.parents[self._order[number]]


def parent_for(number: int, pool: Pool | None, config: RefineConfig) -> Candidate | None:
    """The parent that prompt ``number`` of a task and round shows; None if it shows none.

    Of the first n prompts n · share show one, rounded down: the first of these the first of the pool, and so on.
    """
    before, after = (part(count, config.share) for count in (number, number + 1))
    return pool.nth(before) if pool is not None and after > before else None


def part(count: int, share: float) -> int:
    """How many of so many prompts are of a kind that has this share: rounded down, so that the first of a round is a plain one.

    By the answers to plain prompts a new adapter is judged. Only a share of 1 leaves none.
    """
    return int(count * share + _ROUNDING)


def as_parent(candidate: Candidate, task: Task) -> Parent:
    """The program as a prompt in its frame shows it."""
    outputs, execution = candidate.execution.outputs, candidate.execution
    # Neither an address, which differs from process to process, nor the input's number, whose place it is in.
    error = _ADDRESS.sub("0x", _PLACE.sub("", " ".join(execution.error.split()))) or execution.status.value
    first = next((i for i, output in enumerate(outputs) if output is None), None)

    def gave(index: int) -> Grid | str:
        output = outputs[index]
        if output is not None:
            return output
        # The error is that of the first failure; of further ones no more is known.
        return error if index == first else "failed too"

    program = candidate.program
    return Parent(program.id, program.source, tuple(gave(i) for i in range(len(task.train))))
