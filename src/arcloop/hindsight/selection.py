"""Which of a task's programs to learn from: one policy each, behind one signature. Pure.

A policy gets programs that the filters let through, worst first, none of them twice, and returns
some of them in that order. What is drawn at random depends on the seed and on the program's own
id, so neither order nor other programs' fate change a program's lot.
"""

import math
from collections.abc import Callable, Iterable, Sequence

from arcloop.config import SelectionConfig
from arcloop.records import Candidate
from arcloop.scoring import ranked
from arcloop.seeds import generator

__all__ = ["POLICIES", "select"]

Policy = Callable[[Sequence[Candidate], int, int], list[Candidate]]
"""Ranked candidates, how many to take, seed → those taken, ranked."""


def select(candidates: Iterable[Candidate], config: SelectionConfig, seed: int) -> list[Candidate]:
    """The programs of one task to learn from, worst first and best last; ``seed`` decides what a policy draws.

    ``candidates`` are what ``filters.sift`` let through; at most ``config.k`` of them are returned,
    under ``all`` every one.
    """
    return POLICIES[config.policy](ranked(candidates), config.k, seed)


def _all(programs: Sequence[Candidate], k: int, seed: int) -> list[Candidate]:
    return list(programs)


def _best_k(programs: Sequence[Candidate], k: int, seed: int) -> list[Candidate]:
    return list(programs[-k:])


def _correct_only(programs: Sequence[Candidate], k: int, seed: int) -> list[Candidate]:
    return [program for program in programs if program.score.perfect][-k:]


def _greedy_diverse(programs: Sequence[Candidate], k: int, seed: int) -> list[Candidate]:
    """Half of the k are the best, the other half those with the fewest correct grids."""
    if len(programs) <= k:
        return list(programs)
    worst = k // 2
    return [*programs[:worst], *programs[len(programs) - (k - worst) :]]


def _uniform(programs: Sequence[Candidate], k: int, seed: int) -> list[Candidate]:
    return _drawn(programs, k, seed, lambda program: 1.0)


def _prioritized(programs: Sequence[Candidate], k: int, seed: int) -> list[Candidate]:
    """Replay: drawn anew in each round from the programs of all rounds, the more correct grids the likelier."""
    # One grid more than there are, so that a program with none right has a chance too.
    return _drawn(programs, k, seed, lambda p: (1 + sum(p.score.correct)) / (1 + len(p.score.correct)))


def _drawn(programs: Sequence[Candidate], k: int, seed: int, weight: Callable[[Candidate], float]) -> list[Candidate]:
    """Draw k programs without replacement by weight: the first of exponential clocks (Efraimidis and Spirakis, 2006)."""

    def clock(program: Candidate) -> float:
        return -math.log(1.0 - generator(seed, program.program.completion_id).random()) / weight(program)

    drawn = {program.program.completion_id for program in sorted(programs, key=clock)[:k]}
    return [program for program in programs if program.program.completion_id in drawn]


POLICIES: dict[str, Policy] = {
    "all": _all,
    "best-k": _best_k,
    "correct-only": _correct_only,
    "greedy-diverse": _greedy_diverse,
    "prioritized": _prioritized,
    "uniform": _uniform,
}
"""Name in the configuration → policy."""
