"""A sampler that takes its time and computes nothing, as a device does from where its processor is."""

import time
from collections.abc import Iterator, Sequence

from arcloop.records import Completion
from arcloop.sampling import Request, UnderWay, untold
from tests.fakes import FakeSampler

__all__ = ["SleepingSampler"]


class SleepingSampler(FakeSampler):
    """The fake, so many seconds later."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        """See ``Sampler``."""
        time.sleep(self._seconds)
        yield from super().sample(requests, under_way)
