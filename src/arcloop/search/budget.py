"""What a run may still spend, and until when.

A budget is over the whole run and is spread evenly over what is still to be searched: each group
of tasks of each round gets its part of what is left, so none goes without because others came
first, and what one leaves goes to those after it. A deadline is a moment of this call alone.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from arcloop.config import BudgetConfig
from arcloop.errors import ConfigError

__all__ = ["Budget", "DeadlineError", "Part", "moment"]


class DeadlineError(Exception):
    """The deadline has come; what was found until then is stored."""


@dataclass(frozen=True)
class Part:
    """What one group's search may spend; None = as much as it likes."""

    programs: int | None
    tokens: int | None
    seconds: float | None

    @property
    def empty(self) -> bool:
        """Is there nothing to spend?"""
        return any(part is not None and part <= 0 for part in (self.programs, self.tokens, self.seconds))

    def spent(self, tokens: int, seconds: float) -> bool:
        """Are so many tokens, or so many seconds, all that there was?"""
        return (self.tokens is not None and tokens >= self.tokens) or (
            self.seconds is not None and seconds >= self.seconds
        )


class Budget:
    """Counts what was spent against what may be."""

    def __init__(
        self, config: BudgetConfig, deadline: float | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """``deadline``: a moment of ``clock``, as ``moment`` gives it; None = never."""
        self._budget = config
        self._deadline = deadline
        self._clock = clock
        self._programs = self._tokens = 0
        self._seconds = self._learning = 0.0
        self._put_off = 0

    def spend(self, programs: int, tokens: int, seconds: float) -> None:
        """A search of so many completions and sampled tokens took so long."""
        self._programs += programs
        self._tokens += tokens
        self._seconds += seconds

    def put_off_learning(self) -> None:
        """A group will learn after further searches, for which time is kept: as much as the longest learning so far took."""
        self._put_off += 1

    def spend_learning(self, seconds: float) -> None:
        """A learning took so long."""
        self._put_off = max(0, self._put_off - 1)
        self._seconds += seconds
        self._learning = max(self._learning, seconds)

    def part(self, tasks: int, ahead: int, learns: bool) -> Part:
        """What a group of ``tasks`` may spend, of ``ahead`` tasks × rounds to be searched, this group's among them.

        ``learns``: it will learn after its search, for which time is kept: as much as the longest learning so far took.
        """
        budget, share = self._budget, tasks / ahead
        gone = self._seconds + self._put_off * self._learning
        seconds = None if budget.seconds is None else (budget.seconds - gone) * share
        if seconds is not None and learns:
            seconds -= min(self._learning, seconds / 2)
        return Part(
            None if budget.programs is None else (budget.programs - self._programs) * tasks // ahead,
            None if budget.tokens is None else (budget.tokens - self._tokens) * tasks // ahead,
            seconds,
        )

    @property
    def late(self) -> bool:
        """Is the deadline over?"""
        return self._deadline is not None and self._clock() >= self._deadline

    def check(self) -> None:
        """Raise ``DeadlineError`` if the deadline is over."""
        if self.late:
            raise DeadlineError


def moment(text: str, now: float) -> float:
    """A deadline as it is given: seconds from ``now``, or an ISO 8601 time (local unless it says otherwise).

    Returns seconds since 1970.

    Raises:
        ConfigError: it is neither.
    """
    try:
        seconds = float(text)
        if math.isfinite(seconds):
            return now + seconds
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise ConfigError(
            f"--deadline {text}: neither a number nor a time; expected seconds from now, or such as 2026-05-01T18:30"
            " — see --help"
        ) from None
