"""A group's search from its first wave to its last: who is sampled, by which adapter, and until when.

A new adapter is on probation for one small wave: if that has far fewer valid outputs than an
earlier round had on the same tasks, the adapter is dropped and the rest is searched with the one
before it. Everything here follows from what was found, so a resumed search takes the same turns.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arcloop.config import Config
from arcloop.progress import Progress
from arcloop.records import Candidate, Task
from arcloop.sampling import Sampler
from arcloop.search.allocation import next_wave, probe_size
from arcloop.search.health import Validity, counts, harmed, validity
from arcloop.search.standing import Standing
from arcloop.search.waves import Search

__all__ = ["Adapters", "Pursuit"]


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

    def numbers(self) -> dict[str, Any]:
        """What was found, counted."""
        found = self._search.candidates()
        return {
            "tasks": len(self._tasks),
            "skipped_prompts": sorted(self._search.skipped),
            **self._search.counts(),
            "solved": sorted({c.program.task_id for c in found if c.score.perfect}),
            "stopped": [task.id for task in self._tasks if self._standing.done(task.id)],
            "discovered": sorted(self._discovered),
            "validity": self._validity(),
            **counts(found, self._tasks),
        }

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
