"""What a run may still spend, and until when.

A budget is over the whole run and is spread evenly: each group of tasks has its part of the
programs and tokens, and each of its rounds a part of what is left of that, so none goes without
because others came first, and a group may have equally many whoever else is searched, before it or
beside it. Of the seconds, whose use depends on the machine anyway, what one group leaves goes to
those after it in the same process. A deadline is a moment of this call alone.
"""

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from arcloop.config import BudgetConfig
from arcloop.errors import ConfigError
from arcloop.runs.rundir import Place

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
        self,
        config: BudgetConfig,
        deadline: float | None = None,
        clock: Callable[[], float] = time.time,
        share: float = 1.0,
    ) -> None:
        """``deadline``: a moment of ``clock``, as ``moment`` gives it; None = never. ``share``: of the run's tasks, 0–1."""
        self._budget = config
        self._deadline = deadline
        self._clock = clock
        self._share = share
        self._programs: Counter[int] = Counter()
        self._tokens: Counter[int] = Counter()
        self._seconds = self._learning = 0.0
        self._put_off = 0

    def spend(self, index: int, programs: int, tokens: int, seconds: float) -> None:
        """A search of the group with this number, of so many completions and sampled tokens, took so long."""
        self._programs[index] += programs
        self._tokens[index] += tokens
        self._seconds += seconds

    def put_off_learning(self) -> None:
        """A group will learn after further searches, for which time is kept: as much as the longest learning so far took."""
        self._put_off += 1

    def spend_learning(self, seconds: float) -> None:
        """A learning took so long."""
        self._put_off = max(0, self._put_off - 1)
        self._seconds += seconds
        self._learning = max(self._learning, seconds)

    def part(self, place: Place, learns: bool) -> Part:
        """What a group's search of a round may spend.

        ``learns``: it will learn after its search, for which time is kept: as much as the longest learning so far took.
        """
        budget = self._budget
        seconds = None
        if budget.seconds is not None:
            gone = self._seconds + self._put_off * self._learning
            seconds = (budget.seconds * self._share - gone) * len(place.tasks) / place.ahead
            if learns:
                seconds -= min(self._learning, seconds / 2)
        return Part(
            _of_group(budget.programs, self._programs[place.index], place),
            _of_group(budget.tokens, self._tokens[place.index], place),
            seconds,
        )

    def over(self, place: Place) -> bool:
        """Is nothing left to search the group with after this round?"""
        before, to, tasks = place.part
        counted = ((self._budget.programs, self._programs), (self._budget.tokens, self._tokens))
        return any(
            budget is not None and spent[place.index] >= budget * to // tasks - budget * before // tasks
            for budget, spent in counted
        ) or (self._budget.seconds is not None and self._seconds >= self._budget.seconds * self._share)

    @property
    def late(self) -> bool:
        """Is the deadline over?"""
        return self._deadline is not None and self._clock() >= self._deadline

    def check(self) -> None:
        """Raise ``DeadlineError`` if the deadline is over."""
        if self.late:
            raise DeadlineError


def _of_group(budget: int | None, spent: int, place: Place) -> int | None:
    """A group's part for a round; those of all groups and rounds are together what there is."""
    if budget is None:
        return None
    before, to, tasks = place.part
    return (budget * to // tasks - budget * before // tasks - spent) // place.rounds


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
