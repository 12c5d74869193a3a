"""A task's programs, round after round → what became of the task, and the programs that tell it.

Told are the best program so far after each round (the film), the best with different outputs, those that they came from,
and one for each way to fail. The others are counted. Everything is in the task's own frame and order of pairs.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest

import numpy as np

from arcloop.records import Candidate, Grid, Status, Task
from arcloop.tasks.augment import original_outputs

__all__ = ["BINS", "Frame", "Story", "Told", "grid_text", "kind_of_error"]

BINS = 50
"""Steps in which the share of right cells is counted."""

_KEPT = 96
_KEPT_OF_ROUND = 8
"""At the least; a run of few rounds has more of each."""
_NAME = 60
_LONGEST = 20_000
"""Characters of a source that are shown."""


@dataclass(frozen=True)
class Told:
    """A program as it is shown."""

    round: int
    """Counted from 0."""
    completion_id: str
    program_id: str
    source: str
    """Cut where it is very long."""
    length: int
    """Characters of the whole source."""
    status: str
    error: str
    outputs: tuple[str | None, ...]
    """For each train pair, then each test input, the grid as ``grid_text`` writes it."""
    correct: tuple[bool, ...]
    """For each train pair."""
    pixels: float
    """Mean share of right cells over the train pairs."""
    dihedral: int
    """Frame that it was written in: see ``records.Augmentation``."""
    colors: tuple[int, ...]
    parent: str | None
    """Id of the program that its prompt showed."""

    @property
    def rank(self) -> tuple[float, float, int]:
        """The higher, the better: right train grids, right cells, the shorter."""
        return sum(self.correct) / len(self.correct), self.pixels, -self.length


@dataclass(frozen=True)
class Frame:
    """The best program so far, from a round on."""

    round: int
    program: Told


class Story:
    """One task over the rounds of a run; rounds are added in their order."""

    def __init__(self, task: Task, rounds: int) -> None:
        """``rounds``: how many there will be."""
        self._task = task
        self._of_round = max(_KEPT_OF_ROUND, _KEPT // rounds)
        self._kept: dict[tuple[str | None, ...], Told] = {}
        self._failed: dict[str, Told] = {}
        self.film: list[Frame] = []
        """Where the best program changed."""
        self.scores: dict[int, Counter[int]] = {}
        """Round → share of right cells in steps of 1/BINS → programs."""
        self.statuses: Counter[str] = Counter()
        """How its programs ended."""
        self.found: int | None = None
        """The first round with a program that is right on all train pairs."""

    def add(self, round_: int, candidates: Sequence[Candidate]) -> None:
        """Count a round's programs, and keep those that tell something."""
        self.scores[round_] = Counter(int(c.score.pixels * BINS) for c in candidates)
        self.statuses.update(c.execution.status.value for c in candidates)
        best = nlargest(self._of_round, candidates, key=_rank)
        for candidate in best:
            told = _told(round_, candidate, self._task)
            there = self._kept.get(told.outputs)
            if there is None or told.rank > there.rank:
                self._kept[told.outputs] = told
        if len(self._kept) > _KEPT:
            self._kept = {told.outputs: told for told in nlargest(_KEPT, self._kept.values(), key=lambda t: t.rank)}
        for candidate in candidates:
            status = candidate.execution.status
            if status is not Status.OK and status.value not in self._failed:
                self._failed[status.value] = _told(round_, candidate, self._task)
        if best:
            first = _told(round_, best[0], self._task)
            if not self.film or first.rank > self.film[-1].program.rank:
                self.film.append(Frame(round_, first))
            if self.found is None and best[0].score.perfect:
                self.found = round_

    @property
    def best(self) -> Told | None:
        """The best program of all rounds so far."""
        return self.film[-1].program if self.film else None

    def programs(self) -> list[Told]:
        """What is told, the most telling first: the film from its end, its ancestors, the best others, the failures."""
        ranked = sorted(self._kept.values(), key=lambda t: t.rank, reverse=True)
        by_id = {told.program_id: told for told in (*self._failed.values(), *ranked)}
        film = [frame.program for frame in reversed(self.film)]
        order = [*film, *_ancestors(film, by_id), *ranked[:8], *self._failed.values(), *ranked[8:]]
        return list({told.completion_id: told for told in order}.values())


def grid_text(grid: Grid) -> str:
    """A grid's rows, a digit per cell, with a stroke between them: ``012/340``."""
    cells = (grid + 48).astype(np.uint8).tobytes().decode("ascii")
    width = grid.shape[1]
    return "/".join(cells[start : start + width] for start in range(0, len(cells), width))


def kind_of_error(status: str, error: str) -> str:
    """What failures are counted by: the name of an exception where there is one, else nothing more than the status."""
    if status != Status.ERROR.value:
        return ""
    # As the sandbox writes it: input 0: NameError: name 'a' is not defined
    name = error.partition(": ")[2].partition(":")[0].strip()
    return name if len(name) <= _NAME and name.isidentifier() else ""


def _rank(candidate: Candidate) -> tuple[float, float, int]:
    return candidate.score.correct_share, candidate.score.pixels, -len(candidate.program.source)


def _told(round_: int, candidate: Candidate, task: Task) -> Told:
    frame, program, score = candidate.augmentation, candidate.program, candidate.score
    outputs = original_outputs(frame, candidate.execution.outputs, len(task.train))
    order = frame.order or tuple(range(len(task.train)))
    return Told(
        round=round_,
        completion_id=program.completion_id,
        program_id=program.id,
        source=program.source[:_LONGEST],
        length=len(program.source),
        status=candidate.execution.status.value,
        error=candidate.execution.error,
        outputs=tuple(None if grid is None else grid_text(grid) for grid in outputs),
        correct=tuple(score.correct[order.index(pair)] for pair in range(len(task.train))),
        pixels=score.pixels,
        dihedral=frame.dihedral,
        colors=frame.colors,
        parent=candidate.parent,
    )


def _ancestors(programs: Iterable[Told], by_id: dict[str, Told]) -> Collection[Told]:
    """Those that the programs' prompts showed, and so on, as far as they are known."""
    found: dict[str, Told] = {}
    for told in programs:
        parent = by_id.get(told.parent or "")
        while parent is not None and parent.program_id not in found:
            found[parent.program_id] = parent
            parent = by_id.get(parent.parent or "")
    return found.values()
