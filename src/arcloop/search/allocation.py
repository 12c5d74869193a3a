"""Which tasks are sampled next, and how often. Pure.

A group's search goes in waves. Each wave gives every task that is not done yet an equal number of
programs; first up to its own share, then, if programs may move, whatever tasks that are done have
left. What a wave gives follows from what was found before it, so a resumed search that reads its
records makes the same waves.
"""

from collections.abc import Mapping, Sequence

from arcloop.config import StoppingConfig
from arcloop.records import Candidate, Task
from arcloop.tasks.augment import original_outputs

__all__ = ["Agreement", "next_wave", "probe_size"]

_PROBE = 32
"""Completions of a group that tell a harmful adapter from a harmless one: half of 70 % is 4 standard errors away."""


class Agreement:
    """The programs of a task that are right on all train pairs, by what they say about the tests."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._programs: dict[tuple[tuple[tuple[int, ...], bytes], ...], set[str]] = {}

    def add(self, candidate: Candidate) -> None:
        """Count a program of the task; only one that is right on all train pairs and answers every test counts."""
        if not candidate.score.perfect:
            return
        count = len(self._task.train)
        grids = original_outputs(candidate.augmentation, candidate.execution.outputs, count)[count:]
        known = [grid for grid in grids if grid is not None]
        if len(known) == len(grids):
            key = tuple((grid.shape, grid.tobytes()) for grid in known)
            self._programs.setdefault(key, set()).add(candidate.program.id)

    @property
    def size(self) -> int:
        """How many different programs agree, at the most."""
        return max(map(len, self._programs.values()), default=0)

    def done(self, config: StoppingConfig) -> bool:
        """Is the task to be sampled no more?"""
        return 0 < config.perfect <= self.size


def next_wave(
    left: int, taken: Mapping[str, int], open_tasks: Sequence[str], own: int, move: bool, size: int, step: int
) -> dict[str, int]:
    """Task id → how many programs to sample for it next; empty when the search is over.

    Args:
        left: Programs that the group has left.
        taken: How many each task had.
        open_tasks: Tasks that are not done, in their order.
        own: A task's own share, which all get before any gets more.
        move: Whether a task may get more than that.
        size: Programs of a wave, about.
        step: Programs of a prompt; a task gets a multiple of it where it can.
    """
    behind = [task for task in open_tasks if taken[task] < own]
    asked = behind or (list(open_tasks) if move else [])
    if not asked:
        return {}
    each = -(-size // len(asked))
    if each >= step:
        each = -(-each // step) * step
    fair = _leveled(left, [taken[task] for task in asked])
    wave = {
        task: min(each, more, own - taken[task] if behind else more) for task, more in zip(asked, fair, strict=True)
    }
    return {task: count for task, count in wave.items() if count}


def _leveled(left: int, taken: Sequence[int]) -> list[int]:
    """How many more each gets, so that in the end all have had equally many, as far as what is left allows; the first get a rest."""
    order = sorted(range(len(taken)), key=taken.__getitem__)
    spare, count = left, 0
    for place, i in enumerate(order):
        # All who had less are brought to what this one had.
        needed = place * (taken[i] - taken[order[place - 1]])
        if needed > spare:
            break
        spare, count = spare - needed, place + 1
    level, rest = divmod(spare, count)
    level += taken[order[count - 1]]
    lowest = sorted(order[:count])
    more = [0] * len(taken)
    for place, i in enumerate(lowest):
        more[i] = level + (place < rest) - taken[i]
    return more


def probe_size(tasks: int, programs: int) -> int:
    """Programs of a group's wave after which a new adapter is judged: an eighth, and enough to see harm."""
    return max(_PROBE, tasks * (programs // 8))
