"""Several processes on one run directory: each takes a share of the groups, and nobody coordinates them.

Which groups are in a share follows from its number alone. A process holds a lock on each group of its share, so two that
take one by mistake are told so before anything is written. What all have in common is the submission: each puts
the attempts at its own tasks into it, under a lock that is held for milliseconds. The loop sees a share as a run of
fewer tasks (``SharedRun``).
"""

import contextlib
import re
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from arcloop.errors import ConfigError, RunError
from arcloop.records import Task
from arcloop.runs.lock import LOCK, Locks, Tell, held_elsewhere
from arcloop.runs.rundir import Place, RunDir
from arcloop.submission.kaggle import Submission

__all__ = ["Share", "SharedRun", "alone", "outcome_locked", "sharing"]

_OUTCOME = "submission.lock"
_PATIENCE = 600.0
"""Seconds that the lock of the submission is waited for: as long as an evaluation of a large run may take."""
_BRIEFLY = 2.0
"""Seconds after which a group, or the run, that is taken counts as taken: one who only looks holds it for a moment too."""
_AGAIN = 0.05
"""Seconds until it is looked again."""


@dataclass(frozen=True)
class Share:
    """One of several equal parts of a run's groups."""

    number: int
    """Counted from 1."""
    of: int
    """How many shares there are."""

    @classmethod
    def parse(cls, text: str) -> "Share":
        """``3/8``: the third of eight.

        Raises:
            ConfigError: it is none.
        """
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise ConfigError(f"--share {text[:40]!r}: no share; expected such as 3/8, the third of eight — see --help")
        return cls(int(found[1]), int(found[2]))

    def groups(self, run: RunDir) -> tuple[int, ...]:
        """The numbers of its groups: every ``of``-th, so that shares are of one size, and none if there are fewer groups."""
        return tuple(range(self.number - 1, len(run.groups()), self.of))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


@contextlib.contextmanager
def sharing(run: RunDir, share: Share, tell: Tell = lambda line: None) -> Iterator["SharedRun"]:
    """Hold the groups of a share while the block lasts; gives the run as the loop is to see it.

    ``tell`` is given a line where that means to wait.

    Raises:
        RunError: another process holds one of them, or the whole run.
    """
    with Locks(tell) as locks:
        for index in share.groups(run):
            locks.take(run.path / f"group_{index:03}.lock", _BRIEFLY)
        # Who begins the run holds it for a moment, and so does each share that comes while it is begun.
        patience = time.monotonic() + _BRIEFLY
        while (holder := held_elsewhere(run.path / LOCK)) is not None:
            if time.monotonic() < patience:
                time.sleep(_AGAIN)
                continue
            raise RunError(
                f"{run.path}: {holder} goes on with all of it; expected nobody, or shares — wait for it, or end it"
            )
        yield SharedRun(run.path, share.groups(run), locks.check)


@dataclass(frozen=True)
class SharedRun(RunDir):
    """A run as a process that does a share of it sees it: some of its groups and their tasks."""

    indices: tuple[int, ...] = ()
    """Numbers of the groups."""
    guard: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)
    """Called before each group and whenever records of a search are stored; raises if they are no longer this process's."""

    def tasks(self) -> list[Task]:
        """The tasks of the share."""
        groups = self.groups()
        return [task for index in self.indices for task in groups[index]]

    def groups(self) -> list[list[Task]]:
        """All groups of the run."""
        return self._whole.groups()

    def places(self, indices: Collection[int] | None = None) -> Iterator[Place]:
        """Those of the share."""
        for place in super().places(self.indices if indices is None else indices):
            self.guard()
            yield place

    def unasked(self) -> dict[str, int]:
        """None: they are the whole run's."""
        return {}

    def check_held(self) -> None:
        """Raise where it is no longer this process's."""
        self.guard()

    def submit(self, own: Submission) -> None:
        """Put what was found into the run's submission, beside what others have put there."""
        self.guard()
        with outcome_locked(self):
            self._whole.submit(own)

    @cached_property
    def _whole(self) -> RunDir:
        return RunDir(self.path)


def alone(run: RunDir) -> bool:
    """Does no process hold a group of the run?"""
    return all(held_elsewhere(path) is None for path in run.path.glob("group_*.lock"))


@contextlib.contextmanager
def outcome_locked(run: RunDir) -> Iterator[None]:
    """Hold the run's submission while the block lasts; who else writes it waits.

    Raises:
        RunError: another process has held it for ten minutes, or the folder cannot be written.
    """
    with Locks() as locks:
        locks.take(run.path / _OUTCOME, _PATIENCE)
        yield
