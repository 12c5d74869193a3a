"""A run as whoever works on one group of it sees it: the group's tasks and places, and no submission of its own.

What is found goes into the group's folders, in the run's folder or in a copy of it. The submission is the run's, so the
group's part of it is handed on.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arcloop.records import Task
from arcloop.runs.rundir import Place, RunDir

__all__ = ["Portion"]


@dataclass(frozen=True)
class Portion(RunDir):
    """One group of a run, for the loop to work on."""

    cut: Sequence[Sequence[Task]] = ()
    """The groups of the run, as ``RunDir.groups`` gives them."""
    index: int = 0
    """Number of the group."""
    on_search: Callable[[str], None] = field(default=lambda submission: None, repr=False, compare=False)
    """Is given the group's part of the submission, as JSON, whenever records of a search are stored."""
    on_place: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)
    """Called after each round that is over for the group."""

    def tasks(self) -> list[Task]:
        """The tasks of the group."""
        return list(self.cut[self.index])

    def groups(self) -> list[list[Task]]:
        """All groups of the run."""
        return [list(tasks) for tasks in self.cut]

    def places(self) -> Iterator[Place]:
        """The rounds of the group; what is ahead of them is counted over the whole run."""
        rounds = self.config().rounds
        total = sum(map(len, self.cut))
        before = sum(len(tasks) for tasks in self.cut[: self.index])
        for round_ in range(rounds):
            ahead = (rounds - round_) * total - before
            group = self.group(round_, self.index)
            yield Place(round_, self.index, self.tasks(), group, ahead, round_ + 1 == rounds)
            self.on_place()

    def unasked(self) -> dict[str, int]:
        """None: they are the run's."""
        return {}

    def write(self, name: str, content: str) -> Path:
        """Hand on the group's part of the submission; nothing is written."""
        self.on_search(content)
        return self.path / name
