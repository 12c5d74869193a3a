"""What one group may spend of a run's budget, wherever it is searched.

One purse for the run, split as ``Budget`` splits it where every group spends all that it may. So a group's part does not
depend on when others are searched, nor on how many at a time. What a group leaves goes to its own later rounds, and not to
the other groups, which may be searched already.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from arcloop.config import BudgetConfig
from arcloop.search.budget import Budget, Part

__all__ = ["Purse"]


class Purse(Budget):
    """One group's ``Budget``, which can also be told that time is over."""

    def __init__(
        self,
        config: BudgetConfig,
        sizes: Sequence[int],
        rounds: int,
        index: int,
        deadline: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``sizes``: tasks of each group of the run; ``index``: number of this group."""
        super().__init__(config, deadline, clock)
        self._over = threading.Event()
        ahead = rounds * sum(sizes)
        places = []
        for _ in range(rounds):
            for number, tasks in enumerate(sizes):
                places.append((ahead, tasks, number == index))
                ahead -= tasks
        self._left_at = _left_at(config, [(ahead, tasks) for ahead, tasks, _ in places])
        self._own = [(ahead, tasks) for ahead, tasks, own in places if own]

    def end(self) -> None:
        """Time is over: the search or the learning under way ends as at a deadline."""
        self._over.set()

    @property
    def late(self) -> bool:
        """See ``Budget``."""
        return self._over.is_set() or super().late

    def part(self, tasks: int, ahead: int, learns: bool) -> Part:
        """See ``Budget``; of the others it is taken that they spend all they may."""
        now = self._due(tasks, ahead)
        before = [self._due(size, at) for at, size in self._own if at > ahead]
        rounds = max(1, sum(at <= ahead for at, _ in self._own))
        seconds = None
        if now.seconds is not None:
            seconds = now.seconds + (sum(part.seconds or 0.0 for part in before) - self._seconds) / rounds
            seconds -= min(self._learning, seconds / 2) if learns else 0.0
        programs, tokens = now.programs, now.tokens
        if programs is not None:
            programs += (sum(part.programs or 0 for part in before) - self._programs) // rounds
        if tokens is not None:
            tokens += (sum(part.tokens or 0 for part in before) - self._tokens) // rounds
        return Part(programs, tokens, seconds)

    def _due(self, tasks: int, ahead: int) -> Part:
        """What the place at which ``ahead`` tasks × rounds are to be searched may spend if all before it spent their part."""
        left = self._left_at[ahead]
        return Part(
            None if left.programs is None else left.programs * tasks // ahead,
            None if left.tokens is None else left.tokens * tasks // ahead,
            None if left.seconds is None else left.seconds * tasks / ahead,
        )


def _left_at(config: BudgetConfig, places: Sequence[tuple[int, int]]) -> Mapping[int, Part]:
    """Tasks × rounds ahead at a place → what is left of the purse there; ``places``: that number, and tasks, of all."""
    left, total = {}, places[0][0]
    programs, tokens = config.programs, config.tokens
    for ahead, tasks in places:
        seconds = None if config.seconds is None else config.seconds * ahead / total
        left[ahead] = Part(programs, tokens, seconds)
        programs = None if programs is None else programs - programs * tasks // ahead
        tokens = None if tokens is None else tokens - tokens * tasks // ahead
    return left
