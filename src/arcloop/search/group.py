"""A group's search of one round, from its first wave to its last: who is sampled, by which adapter, and until when.

A new adapter is on probation for one small wave: if that has far fewer valid outputs than an
earlier round had on the same tasks, the adapter is dropped and the rest is searched with the one
before it. Everything here follows from what was found, so a resumed search takes the same turns.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from arcloop.config import Config
from arcloop.execution.port import Executor
from arcloop.progress import Progress
from arcloop.records import Candidate, Task
from arcloop.runs.groupdir import GroupDir
from arcloop.runs.numbers import SearchNumbers, Validity
from arcloop.runs.rundir import Place, RunDir
from arcloop.runs.seals import Seals
from arcloop.sampling import Sampler
from arcloop.search.allocation import next_wave, probe_size
from arcloop.search.budget import Budget, DeadlineError
from arcloop.search.health import counts, harmed, validity
from arcloop.search.heat import heats
from arcloop.search.refinement import Pool
from arcloop.search.standing import Standing
from arcloop.search.waves import Search

__all__ = ["Adapters", "Pursuit", "SearchContext", "Searched", "search_group", "stored_search", "take_over"]

_STORED_EVERY = 60.0
"""Seconds after which a search under way is stored, so that little is lost when the machine dies."""


@dataclass(frozen=True)
class Adapters:
    """What a round's search may be done with."""

    untested: Path | None
    """Adapter that the round before has trained; None if it has not."""
    kept: Path | None
    """Adapter that the round before was searched with in the end; None = the base model."""
    earlier: tuple[Validity, ...]
    """Valid outputs of the earlier rounds."""


class Pursuit:
    """Waves of a ``Search``, until programs, budget or open tasks run out."""

    def __init__(
        self,
        config: Config,
        search: Search,
        sampler: Sampler,
        standing: Standing,
        progress: Progress,
        tasks: Sequence[Task],
        adapters: Adapters,
        left: int,
    ) -> None:
        """``left``: programs that the group may have."""
        self._config = config
        self._search = search
        self._sampler = sampler
        self._standing = standing
        self._progress = progress
        self._tasks = tasks
        self._adapters = adapters
        self._left = left
        self._discovered: set[str] = set()
        self._judged: list[Candidate] = []
        self._asked: Counter[str] = Counter()
        self.adapter = adapters.untested or adapters.kept
        """Adapter that is sampled with; None = the base model."""
        self.rolled_back: Path | None = None
        """Adapter that was dropped."""

    def go(self, between: Callable[[], None] = lambda: None) -> None:
        """Search until the end; ``between`` is called between waves."""
        self._sampler.use_adapter(self.adapter)
        if self._on_probation:
            self._probe()
            share = self._config.health.rollback
            if harmed(self._validity(), self._adapters.earlier, share):
                self.rolled_back, self.adapter = self.adapter, self._adapters.kept
                self._sampler.use_adapter(self.adapter)
                self._judged, self._asked = [], Counter()
                self._progress.fact("adapter", "rolled back")
        # If no task is ever done, nothing is to be looked at between waves.
        size = self._config.stopping.every if self._config.stopping.perfect else max(1, self._left)
        while self._wave(size, self._config.sampling.completions_per_prompt, self._open()):
            between()

    def numbers(
        self, whole: bool, name: Callable[[Path | None], str | None], seconds: float, files: Seals
    ) -> SearchNumbers:
        """What was found, counted; ``name`` gives an adapter's name in the run, ``seconds`` is how long it took."""
        found = self._search.candidates()
        return SearchNumbers(
            whole=whole,
            tasks=len(self._tasks),
            skipped_prompts=tuple(sorted(self._search.skipped)),
            **self._search.counts(),
            solved=tuple(sorted({c.program.task_id for c in found if c.score.perfect})),
            stopped=tuple(task.id for task in self._tasks if self._standing.done(task.id)),
            discovered=tuple(sorted(self._discovered)),
            validity=self._validity(),
            **counts(found, self._tasks),
            adapter=name(self.adapter),
            rolled_back=name(self.rolled_back),
            heat=self._search.heat,
            search_seconds=seconds,
            lost=self._search.lost(),
            files=files,
        )

    @property
    def _on_probation(self) -> bool:
        return self._adapters.untested is not None and self._config.health.rollback > 0 and bool(self._open())

    def _open(self) -> list[str]:
        return [task.id for task in self._tasks if not self._standing.done(task.id)]

    def _validity(self) -> Validity:
        """Of what the adapter in use has written for prompts without a parent."""
        return validity(self._judged, self._asked, self._tasks)

    def _probe(self) -> None:
        """A wave of whole prompts, if need be for some of the tasks only: no prompt is read twice for it."""
        step, open_tasks = self._config.sampling.completions_per_prompt, self._open()
        size = probe_size(len(open_tasks), self._config.programs)
        tasks = open_tasks[: -(-size // step)]
        self._wave(step * len(tasks) if len(tasks) < len(open_tasks) else size, step, tasks)

    def _wave(self, size: int, step: int, asked: Sequence[str]) -> bool:
        """One wave of about ``size`` programs for some open tasks; False if there was none, or it was cut short."""
        config, search = self._config, self._search
        # Those who are not asked yet keep their part.
        left = -(-self._left * len(asked) // max(1, len(self._open())))
        counts_ = next_wave(left, search.taken, asked, config.programs, config.stopping.move, size, step)
        if not counts_ or search.cut:
            return False
        self._left -= sum(counts_.values())
        before = search.completions_per_task()
        found = search.wave(counts_)
        self._asked += search.completions_per_task() - before
        # Prompts with a parent are of another kind than the first round's: they would say nothing of the adapter.
        self._judged += [candidate for candidate in found if candidate.parent is None]
        self._discovered.update(self._standing.add(found))
        self._progress.fact("solved", f"{self._standing.solved} tasks")
        now = self._validity().values()
        if grids := sum(pair[1] for pair in now):
            self._progress.fact("valid", f"{100 * sum(pair[0] for pair in now) / grids:.0f} %")
        return not search.cut


@dataclass(frozen=True)
class SearchContext:
    """What all searches of a run have in common."""

    run: RunDir
    config: Config
    sampler: Sampler
    executor: Executor
    progress: Progress
    standing: Standing
    budget: Budget
    check: Callable[[], None]
    """Called between waves; raises what has gone wrong elsewhere, so that the search ends."""


@dataclass(frozen=True)
class Searched:
    """What a search found."""

    numbers: SearchNumbers
    candidates: Sequence[Candidate]
    """Every program, in the order of the draws."""


def search_group(context: SearchContext, place: Place) -> Searched:
    """Prompt, sample, extract, execute and score, and store the records; what an interrupted search stored is taken up.

    Raises:
        DeadlineError: the deadline came first; what was found until then is stored.
    """
    before = place.group.search_numbers() if place.group.searched else None
    if before is None or not before.whole:
        return _Sitting(context, place, before).search()
    found = stored_search(place)
    take_over(context, place, found)
    return found


def stored_search(place: Place) -> Searched:
    """What a whole search of a group has stored."""
    return Searched(place.group.search_numbers(), place.group.candidates())


def take_over(context: SearchContext, place: Place, found: Searched) -> None:
    """Count a search that an earlier call has done."""
    numbers = found.numbers
    context.standing.add(found.candidates)
    context.budget.spend(place.index, numbers.completions, numbers.tokens, numbers.search_seconds)
    context.progress.advance(len(place.tasks) * context.config.programs, found=True)


class _Sitting:
    """One call's part of a group's search."""

    def __init__(self, context: SearchContext, place: Place, before: SearchNumbers | None) -> None:
        """``before``: what an interrupted search stored, to be taken up."""
        self._context = context
        self._place = place
        self._start = time.monotonic()
        self._seconds_before = before.search_seconds if before else 0.0
        config, run, tasks = context.config, context.run, place.tasks
        self._part = context.budget.part(place, learns=not place.last)
        self._search = Search(
            config,
            context.sampler,
            context.executor,
            context.progress,
            place.round,
            tasks,
            self._over,
            _pools(config, run.before(place), tasks),
            _heat(config, run.before(place)),
        )
        if before is None:
            place.group.clear()
        else:
            self._search.take_up(place.group)
        self._planned = len(tasks) * config.programs
        part = self._part
        left = 0 if part.empty else self._planned if part.programs is None else min(self._planned, part.programs)
        adapters = _adapters(config, run, place)
        self._pursuit = Pursuit(
            config, self._search, context.sampler, context.standing, context.progress, tasks, adapters, left
        )
        self._due = self._start + _STORED_EVERY

    def search(self) -> Searched:
        """Search, and store what was found, also if it is cut short."""
        context, whole = self._context, False
        try:
            self._pursuit.go(self._between_waves)
            whole = not (self._search.cut and context.budget.late)
        finally:
            numbers = self._keep(whole)
        if numbers is None or not whole:
            raise DeadlineError
        context.budget.spend(self._place.index, numbers.completions, numbers.tokens, numbers.search_seconds)
        context.progress.advance(max(0, self._planned - self._search.taken.total()), found=True)
        return Searched(numbers, self._search.candidates())

    def _seconds(self) -> float:
        return round(time.monotonic() - self._start + self._seconds_before, 3)

    def _over(self, tokens: int) -> bool:
        """Does sampling end after so many tokens?"""
        return self._part.spent(tokens, self._seconds()) or self._context.budget.late

    def _keep(self, whole: bool) -> SearchNumbers | None:
        """Store what was found, unless an interrupted search has stored more, which was not come to yet."""
        return self._store(whole) if whole or not self._search.behind else None

    def _store(self, whole: bool) -> SearchNumbers:
        self._context.run.check_held()
        files = self._search.write(self._place.group)
        numbers = self._pursuit.numbers(whole, self._context.run.name, self._seconds(), files)
        self._place.group.write_numbers(numbers)
        self._context.standing.write(self._context.run)
        return numbers

    def _between_waves(self) -> None:
        self._context.check()
        if (now := time.monotonic()) >= self._due:
            self._keep(False)
            # What takes long to store is stored less often.
            self._due = time.monotonic() + max(_STORED_EVERY, 20 * (time.monotonic() - now))


def _pools(config: Config, before: Sequence[GroupDir], tasks: Sequence[Task]) -> dict[str, Pool]:
    """Task id → the programs of earlier rounds that its prompts show, or that new ones are made of."""
    if not (config.refine.share or config.search.mutants):
        return {}
    found = [candidate for group in before for candidate in group.candidates()]
    asked = [prompt for group in before for prompt in group.prompts()]
    return {task.id: Pool(found, asked, task, config.refine.exploration) for task in tasks}


def _heat(config: Config, before: Sequence[GroupDir]) -> dict[str, float]:
    """Task id → what its temperatures are multiplied by in a round, where that is more than 1."""
    if not before or not config.sampling.diversity:
        return {}
    return heats(before[-1].search_numbers().heat, before[-1].candidates(), config.sampling.diversity)


def _adapters(config: Config, run: RunDir, place: Place) -> Adapters:
    """What the rounds before have left for the search of this one."""
    before = run.before(place)
    if not before:
        return Adapters(None, Path(config.adapter) if config.adapter else None, ())
    numbers = before[-1].numbers()
    kept = None if numbers.search.adapter is None else run.path / numbers.search.adapter
    untested = before[-1].adapter if numbers.learned else None
    for group in before:
        if group.adapter in (kept, untested):
            group.check_adapter()
    return Adapters(untested, kept, tuple(group.search_numbers().validity for group in before))
