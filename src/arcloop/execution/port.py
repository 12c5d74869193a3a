"""What the loop asks of any way of running programs."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from arcloop.records import Execution, Job

__all__ = ["Executor"]


class Executor(Protocol):
    """Programs → executions."""

    def execute(self, jobs: Iterable[Job]) -> Iterator[Execution]:
        """One execution per job, by id, in any order; never raises because of a program."""
        ...

    def confirm(self, pairs: Iterable[tuple[Job, Execution]], reseed: bool = False) -> Iterator[Execution]:
        """Execute again, strictly and under other conditions, in the order of the pairs.

        ``reseed``: among them that programs draw other random numbers. Where the outcome differs, the
        status is ``nondeterministic``.
        """
        ...
