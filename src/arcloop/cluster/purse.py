"""What one group may spend of a run's budget, by a worker that can be told that time is over."""

import threading
import time
from collections.abc import Callable

from arcloop.config import BudgetConfig
from arcloop.search.budget import Budget

__all__ = ["Purse"]


class Purse(Budget):
    """One group's ``Budget``. Its programs and tokens are as everywhere, its seconds are its tasks' share of the run's."""

    def __init__(
        self,
        config: BudgetConfig,
        share: float,
        deadline: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``share``: of the run's tasks, 0–1."""
        super().__init__(config, deadline, clock, share)
        self._over = threading.Event()

    def end(self) -> None:
        """Time is over: the search or the learning under way ends as at a deadline."""
        self._over.set()

    @property
    def late(self) -> bool:
        """See ``Budget``."""
        return self._over.is_set() or super().late
