"""Measured rates → how long a run takes on so many devices, which budget fits, and what holds up the rest first.

Pure. The time is that of a small simulation: every device does its share of the groups, round after round; what all have in
common, the run's submission, is written by one at a time. Searches are taken to be as long as those that were measured, in
proportion to their programs and, as far as that was seen, to the length of their prompts: a model that ends tasks earlier
makes another time of it.
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import nnls

__all__ = [
    "Limit",
    "Plan",
    "Rates",
    "Searched",
    "Work",
    "groups_of",
    "limits",
    "plan",
    "programs_that_fit",
    "search_rates",
]

_DIFFER = 1.25
"""Prompts are of different lengths from this ratio on."""
_STORED_EVERY = 60.0
"""Seconds between two storings of one search (``search.group``)."""


@dataclass(frozen=True)
class Rates:
    """What one device was measured to need; times in seconds."""

    start: float
    """From the start of the process to its first search."""
    completion: float
    """Of a search, for each completion that is planned for it."""
    learning: float | None
    """Of a learning, for each task; None = none was seen."""
    rest: float
    """Of each round of a group, beside its search and its learning: storing, choosing an adapter, checking files."""
    outcome: float
    """Of voting, counting and the report at the end, for each completion."""
    submission: float
    """Of one writing of the submission."""
    cpu: float
    """CPU time of programs, for each completion."""
    files: float
    """Files that each round of a group writes."""
    bytes: float
    """Bytes of these, for each completion."""
    file: float
    """Of writing one small file through to the disk, on the file system of the run."""
    token: float = 0.0
    """Of a search, for each completion that is planned for it and each token of its task's prompt, besides."""
    length: float = 0.0
    """Tokens of the prompts of the tasks that were learned, on average; 0 = not known."""


@dataclass(frozen=True)
class Work:
    """What is to be done."""

    groups: tuple[int, ...]
    """Tasks of each group."""
    rounds: int
    programs: int
    """For each task and round."""
    lengths: tuple[float, ...] = ()
    """Tokens of the prompts of each group's tasks, added up; empty = not known."""

    @property
    def completions(self) -> int:
        """All that are planned."""
        return sum(self.groups) * self.rounds * self.programs


@dataclass(frozen=True)
class Plan:
    """How long it takes, in seconds."""

    total: float
    """From the start to the table."""
    devices: int
    """Devices with something to do."""
    busy: float
    """Share of their time in which they search and learn, 0–1."""
    waiting: float
    """Of all devices together, for the submission."""


@dataclass(frozen=True)
class Limit:
    """Something that all devices have in common."""

    name: str
    devices: float
    """Devices at which it has no time left."""
    need: str
    """How much of it the devices that were asked for use, in words."""


def plan(work: Work, rates: Rates, devices: int) -> Plan:
    """Simulate ``devices`` processes, each with its share of the groups (``runs.shares``)."""
    groups = range(len(work.groups))
    own = [groups[number::devices] for number in range(min(devices, len(groups)))]
    # (time, number, place): the moment at which a search has ended and the submission is to be written.
    places = [[(round_, index) for round_ in range(work.rounds) for index in indices] for indices in own]
    events = [(rates.start + _search(work, rates, places[number][0][1]), number, 0) for number in range(len(own))]
    heapq.heapify(events)
    free, waiting, busy, ends = 0.0, 0.0, 0.0, [0.0] * len(own)
    while events:
        now, number, place = heapq.heappop(events)
        round_, index = places[number][place]
        begin = max(now, free)
        free = begin + rates.submission
        waiting += begin - now
        learns = _learning(work, rates, index) if round_ + 1 < work.rounds else 0.0
        busy += _search(work, rates, index) + learns
        ends[number] = free + learns + rates.rest
        if place + 1 < len(places[number]):
            heapq.heappush(
                events, (ends[number] + _search(work, rates, places[number][place + 1][1]), number, place + 1)
            )
    last = max(ends, default=0.0)
    return Plan(last + rates.outcome * work.completions, len(own), busy / (last * len(own)) if last else 0.0, waiting)


def programs_that_fit(work: Work, rates: Rates, devices: int, seconds: float) -> int:
    """The most programs for each task and round with which all is done in time; 0 = not even one."""
    low, high = 0, 1
    while high < 1 << 24 and plan(_with(work, high), rates, devices).total <= seconds:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if plan(_with(work, middle), rates, devices).total <= seconds else (low, middle)
    return low


def limits(work: Work, rates: Rates, devices: int, cores: int) -> list[Limit]:
    """What is used up by how many devices, the first one first; ``cores``: that each device has for programs."""
    groups = range(len(work.groups))
    size = sum(work.groups) / len(groups)
    search = sum(_search(work, rates, index) for index in groups) / len(groups)
    learning = sum(_learning(work, rates, index) for index in groups) / len(groups)
    place = search + (work.rounds - 1) / work.rounds * learning + rates.rest + rates.submission
    writings = (1 + search // _STORED_EVERY) / place
    files = writings * rates.files
    programs = rates.cpu * work.programs * size / place
    found = [
        Limit(
            "file system",
            _over(files * rates.file),
            f"{devices * files:.1f} files/s of {1 / max(rates.file, 1e-9):.0f}",
        ),
        Limit(
            "driver (the submission)",
            _over(writings * rates.submission),
            f"{devices * writings * rates.submission:.1%} of the time that it can be written in",
        ),
        # Each device brings its cores along: it is enough for all of them, or for none.
        Limit(
            "executor",
            math.inf if programs <= cores else cores / programs,
            f"{programs:.2f} of {cores} cores of each device",
        ),
    ]
    return sorted(found, key=lambda limit: limit.devices)


def _search(work: Work, rates: Rates, index: int) -> float:
    tokens = work.lengths[index] if work.lengths else 0.0
    return work.programs * (rates.completion * work.groups[index] + rates.token * tokens)


def _learning(work: Work, rates: Rates, index: int) -> float:
    known = bool(work.lengths) and rates.length > 0
    return (rates.learning or 0.0) * (work.lengths[index] / rates.length if known else work.groups[index])


def _with(work: Work, programs: int) -> Work:
    return replace(work, programs=programs)


def _over(used: float) -> float:
    """Devices of which each uses so much of something, until it is used up."""
    return 1 / used if used > 0 else math.inf


@dataclass(frozen=True)
class Searched:
    """A search that was measured."""

    tasks: int
    programs: float
    """Completions for each task."""
    length: float
    """Tokens of its tasks' prompts, added up."""
    seconds: float


def search_rates(searches: Sequence[Searched]) -> tuple[float, float]:
    """Seconds for each completion, and besides for each of them and each token of its prompt, that explain searches best.

    Both are 0 or more; their errors count in proportion to what was measured, and over all searches they cancel out. Searches of one length of prompts say nothing
    of the second, which is 0 then.
    """
    known = [one for one in searches if one.seconds > 0 and one.tasks]
    means = [one.length / one.tasks for one in known]
    if not known or max(means) < _DIFFER * min(means):
        done = sum(one.programs * one.tasks for one in known)
        return (sum(one.seconds for one in known) / done if done else 0.0), 0.0
    rows = [[one.programs * one.tasks / one.seconds, one.programs * one.length / one.seconds] for one in known]
    found = nnls(np.array(rows), np.ones(len(rows)))[0]
    # All together take what they took.
    told = sum(one.seconds * float(np.dot(row, found)) for one, row in zip(known, rows, strict=True))
    completion, token = found * sum(one.seconds for one in known) / told
    return float(completion), float(token)


def groups_of(tasks: int, size: int) -> tuple[int, ...]:
    """Tasks of each group, where ``size`` share an adapter; 0 = all."""
    sizes: Sequence[int] = range(0, tasks, size or max(1, tasks))
    return tuple(min(size or tasks, tasks - start) for start in sizes)
