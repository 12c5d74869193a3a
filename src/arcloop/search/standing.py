"""The best so far of every task, kept up as programs are found.

Counts programs into votes and forgets them, so that a submission of the best so far costs the same
after the first group as after the last, and no run has to be read again for it.
"""

import json
from collections.abc import Iterable, Sequence

from arcloop.config import StoppingConfig
from arcloop.records import Attempt, Candidate, Task
from arcloop.runs.rundir import RunDir
from arcloop.search.allocation import Agreement
from arcloop.submission.kaggle import submission_json
from arcloop.submission.voting import Ballot

__all__ = ["Standing"]


class Standing:
    """What is known of each task of a run."""

    def __init__(self, tasks: Sequence[Task], stopping: StoppingConfig) -> None:
        self._stopping = stopping
        self._ballots = {task.id: Ballot(task) for task in tasks}
        self._agreements = {task.id: Agreement(task) for task in tasks}
        self._levels = {task.id: 0.0 for task in tasks}
        self._attempts: dict[str, list[Attempt]] = {}
        self._changed: set[str] = set()

    def add(self, candidates: Iterable[Candidate]) -> list[str]:
        """Count programs; returns the tasks whose best share of right train grids rose, in their order."""
        before = dict(self._levels)
        for candidate in candidates:
            task_id = candidate.program.task_id
            self._ballots[task_id].add([candidate])
            self._agreements[task_id].add(candidate)
            self._levels[task_id] = max(self._levels[task_id], candidate.score.correct_share)
            self._changed.add(task_id)
        return [task_id for task_id, level in self._levels.items() if level > before[task_id]]

    def done(self, task_id: str) -> bool:
        """Is the task to be sampled no more?"""
        return self._agreements[task_id].done(self._stopping)

    @property
    def solved(self) -> int:
        """Tasks with a program that is right on all train pairs."""
        return sum(level == 1 for level in self._levels.values())

    def write(self, run: RunDir) -> None:
        """Put the attempts at all tasks of which something was counted into the run's submission."""
        for task_id in self._changed:
            self._attempts[task_id] = self._ballots[task_id].attempts()
        self._changed.clear()
        run.submit(json.loads(submission_json([a for attempts in self._attempts.values() for a in attempts])))
