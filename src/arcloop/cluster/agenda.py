"""Which groups of a run are still to be worked on, in which order, and which were given up.

The longest come first, so that none is left for the end when all others are done.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Agenda", "Failure"]

_TRIES = 2
"""Failures of a group after which it is given up."""
_LOSSES = 5
"""Failures of any kind after which it is: perhaps it is the group that brings the nodes down."""


@dataclass(frozen=True)
class Failure:
    """Why the work on a group ended before the group was done."""

    reason: str
    trace: str = ""
    node: str | None = None
    """The node that it ran on, where all that is known is that its process is gone; None = it failed by itself."""
    excused: bool = False
    """Was it ended for what others did to its node, such as filling its memory?"""


@dataclass
class Agenda:
    """The groups of a run by their numbers."""

    weights: Mapping[int, float]
    """Group that is to be worked on → how long that takes, in any unit."""
    under_way: set[int] = field(default_factory=set)
    done: set[int] = field(default_factory=set)
    given_up: dict[int, Failure] = field(default_factory=dict)
    """Group → why it failed the last time."""

    def __post_init__(self) -> None:
        self._failures: dict[int, list[Failure]] = {}
        self._waiting = sorted(self.weights, key=lambda index: (self.weights[index], -index))

    @property
    def waiting(self) -> int:
        """How many groups nobody works on yet."""
        return len(self._waiting)

    @property
    def open(self) -> bool:
        """Is anything left to do?"""
        return bool(self._waiting or self.under_way)

    def take(self) -> int | None:
        """The next group to work on; None if there is none."""
        if not self._waiting:
            return None
        index = self._waiting.pop()
        self.under_way.add(index)
        return index

    def finish(self, index: int) -> None:
        """A group is done."""
        self.under_way.discard(index)
        self.done.add(index)

    def put_back(self, index: int) -> None:
        """A group was stopped, through no fault of its own."""
        self.under_way.discard(index)
        self._waiting.append(index)

    def fail(self, index: int, failure: Failure, alive: Callable[[str], bool]) -> bool:
        """A group has failed; is it given up? ``alive``: is a node there? What went with a lost one does not count, nor what is excused."""
        failures = self._failures.setdefault(index, [])
        failures.append(failure)
        self.under_way.discard(index)
        counted = sum(not one.excused and (one.node is None or alive(one.node)) for one in failures)
        if counted >= _TRIES or len(failures) >= _LOSSES:
            self.given_up[index] = failure
            return True
        self._waiting.append(index)
        return False

    def groups(self) -> Iterable[int]:
        """All groups, also those that are done."""
        return self.weights
