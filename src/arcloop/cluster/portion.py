"""A run as whoever works on one group of it sees it: the group's tasks and places, and no submission of its own.

What is found goes into the group's folders, in the run's folder or in a copy of it. The submission is the run's, so the
group's part of it is handed on.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from arcloop.records import Task
from arcloop.runs.shares import SharedRun
from arcloop.submission.kaggle import Submission

__all__ = ["Portion"]


@dataclass(frozen=True)
class Portion(SharedRun):
    """One group of a run, for the loop to work on."""

    cut: Sequence[Sequence[Task]] = ()
    """The groups of the run, as ``RunDir.groups`` gives them."""
    on_search: Callable[[str], None] = field(default=lambda submission: None, repr=False, compare=False)
    """Is given the group's part of the submission, as JSON, whenever records of a search are stored."""

    def groups(self) -> list[list[Task]]:
        """All groups of the run."""
        return [list(tasks) for tasks in self.cut]

    def submit(self, own: Submission) -> None:
        """Hand on what was found for the group's tasks; nothing is written."""
        self.guard()
        self.on_search(json.dumps(own))
