"""Values of tasks → estimates, and how far to trust them. Pure.

The task is the unit: an interval says how much a number would move with other tasks of the same
kind, and a test asks whether two settings differ on tasks as such. Every draw is seeded, so equal
values give equal intervals.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arcloop.seeds import seed_of

__all__ = [
    "LEVEL",
    "NOISE",
    "Difference",
    "bootstrap",
    "holm",
    "paired_difference",
    "pass_at_k",
    "pass_curves",
    "sign_flip",
]

Floats = NDArray[np.float64]

LEVEL = 0.95
"""How often an interval is to hold the true value."""
RESAMPLES = 2000
"""The ends of an interval then move by about 6 % of a standard error from one seed to another."""
_FLIPS = 20_000
_ENUMERATED = 14
_COLUMNS = 256
NOISE = 1e-9
"""Differences as small as this come of adding up the same numbers in another order."""


def pass_at_k(n: int, correct: int, k: int) -> float:
    """Probability that some of k programs drawn without replacement from n, of which ``correct`` are right, is right.

    The unbiased estimator 1 − C(n − c, k) / C(n, k) of Chen et al., 2021 (arXiv:2107.03374).

    Raises:
        ValueError: unless 1 ≤ k ≤ n and 0 ≤ correct ≤ n.
    """
    if not (1 <= k <= n and 0 <= correct <= n):
        raise ValueError(f"pass_at_k(n={n}, correct={correct}, k={k}): expected 1 ≤ k ≤ n and 0 ≤ correct ≤ n")
    return 1.0 - math.comb(n - correct, k) / math.comb(n, k)


def pass_curves(counts: Sequence[tuple[int, int]]) -> Floats:
    """``pass_at_k`` of each task for every k up to the largest n: (tasks, n), from (n, correct) of each task.

    A task with fewer than k programs counts there with all that it has: 1 if one of them is right, else 0. So the last
    column is what was seen, 0 for a task without programs; up to the smallest n every column is unbiased, and beyond it
    the columns are too low where an unsolved task got fewer programs than others.

    Raises:
        ValueError: unless 0 ≤ correct ≤ n.
    """
    most = max((n for n, _ in counts), default=0)
    curves = np.zeros((len(counts), most))
    for row, (n, correct) in zip(curves, counts, strict=True):
        if not 0 <= correct <= n:
            raise ValueError(f"{correct} of {n} programs right; expected 0 ≤ correct ≤ n")
        # C(n - c, k) / C(n, k) as a product over the draws: each is wrong although those before it were.
        drawn = np.arange(n)
        row[:n] = 1 - np.cumprod(np.maximum(n - correct - drawn, 0) / (n - drawn))
        row[n:] = correct > 0
    return curves


def bootstrap(values: ArrayLike, sizes: ArrayLike | None = None, seed: int = 0) -> tuple[Floats, Floats]:
    """Lower and upper ends (M) of 95 % intervals for Σ values / Σ sizes, by drawing tasks with replacement.

    ``values`` is (tasks, M) or (tasks,), each 0 up to the task's size; ``sizes`` (tasks,) is what they are out of, 1
    each by default. The percentile bootstrap (Efron, 1979). It knows no uncertainty where all tasks are alike. Then
    up to 1 − 0.025^(1/tasks) of all there are may be of another kind (Clopper and Pearson, 1934), and are taken to be 0 for
    the lower end, and full for the upper one. One task says nothing about others: 0 to 1.

    Raises:
        ValueError: there is no task.
    """
    columns, whole = _columns(values, sizes)
    if len(whole) == 1:
        return np.zeros(columns.shape[1]), np.ones(columns.shape[1])
    low, high = _percentiles(columns, whole, seed)
    shares = columns / whole[:, None]
    alike, share, unseen = np.ptp(shares, 0) < NOISE, shares[0], _unseen(len(whole))
    return np.where(alike, share * (1 - unseen), low), np.where(alike, share + (1 - share) * unseen, high)


@dataclass(frozen=True)
class Difference:
    """How much more a second setting reaches than a first, on the same tasks."""

    value: float
    """Σ (second − first) / Σ sizes."""
    low: float
    """Lower end of its 95 % interval, from the paired bootstrap over tasks."""
    high: float
    """Upper end."""
    p: float
    """Two-sided p-value of the sign-flip test: how often a difference as large comes about if the settings are alike."""
    differing: int
    """Tasks on which the two differ at all."""
    tasks: int


def paired_difference(first: ArrayLike, second: ArrayLike, sizes: ArrayLike | None = None, seed: int = 0) -> Difference:
    """Compare two settings on the same tasks; all arguments (tasks,), as for ``bootstrap``.

    The test swaps the two settings on every task at random (Fisher, 1935): if they are alike, each difference could as
    well have the other sign. It is exact where all differences have one size (the sign test, McNemar's exact test) and
    for up to 14 differing tasks, else estimated from 20,000 swaps.

    Raises:
        ValueError: there is no task.
    """
    gained = np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)
    columns, whole = _columns(gained, sizes)
    total, tasks = whole.sum(), len(whole)
    differing = gained[np.abs(gained) > NOISE]
    shares = columns[:, 0] / whole
    if tasks == 1:
        low, high = -1.0, 1.0
    elif np.ptp(shares) < NOISE:
        # As in ``bootstrap``, from -1 to 1.
        share, unseen = shares[0], _unseen(tasks)
        low, high = share - (share + 1) * unseen, share + (1 - share) * unseen
    else:
        (low,), (high,) = _percentiles(columns, whole, seed)
    return Difference(
        value=float(gained.sum() / total),
        low=float(low),
        high=float(high),
        p=sign_flip(differing, seed),
        differing=len(differing),
        tasks=tasks,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values after Holm's correction (1979): one below 0.05 among them is a false alarm at most 5 % of the time."""
    adjusted = [0.0] * len(p_values)
    worst = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = worst
    return adjusted


def _columns(values: ArrayLike, sizes: ArrayLike | None) -> tuple[Floats, Floats]:
    columns = np.asarray(values, dtype=np.float64)
    columns = columns[:, None] if columns.ndim == 1 else columns
    if not len(columns):
        raise ValueError("no task; expected at least one")
    whole = np.ones(len(columns)) if sizes is None else np.asarray(sizes, dtype=np.float64)
    return columns, whole


def _unseen(tasks: int) -> float:
    """What none of so many tasks shows may be true of this share of all there are."""
    return float(1 - ((1 - LEVEL) / 2) ** (1 / tasks))


def _percentiles(columns: Floats, whole: Floats, seed: int) -> tuple[Floats, Floats]:
    tasks = len(whole)
    rng = np.random.Generator(np.random.PCG64(seed_of(seed, "bootstrap", tasks)))
    drawn = rng.multinomial(tasks, np.full(tasks, 1 / tasks), size=RESAMPLES).astype(np.float64)
    totals = drawn @ whole
    ends = [
        np.quantile(
            drawn @ columns[:, start : start + _COLUMNS] / totals[:, None], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], 0
        )
        for start in range(0, columns.shape[1], _COLUMNS)
    ]
    low, high = np.concatenate(ends, axis=1) if ends else np.zeros((2, 0))
    return low, high


def sign_flip(differences: Floats, seed: int = 0, flips: int = _FLIPS) -> float:
    """Share of all ways to set the signs in which |Σ differences| is as large as it is; from so many ``flips`` if need be."""
    count, seen = len(differences), abs(float(differences.sum())) - NOISE
    if not count:
        return 1.0
    sizes = np.abs(differences)
    if np.ptp(sizes) < NOISE:
        size = float(sizes[0])
        ways, of_them = 0, 1
        for up in range(count + 1):
            if abs(2 * up - count) * size >= seen:
                ways += of_them
            of_them = of_them * (count - up) // (up + 1)
        return float(ways / 2**count)
    if count <= _ENUMERATED:
        return float((np.abs(_all_signs(count) @ sizes) >= seen).mean())
    rng = np.random.Generator(np.random.PCG64(seed_of(seed, "flips", count)))
    signs = rng.choice((-1.0, 1.0), size=(flips, count))
    # What was seen is one of the ways, so that no p-value is 0.
    return float((1 + (np.abs(signs @ sizes) >= seen).sum()) / (1 + flips))


@cache
def _all_signs(count: int) -> Floats:
    """All ways to set so many signs: (2^count, count)."""
    return np.array(list(product((-1.0, 1.0), repeat=count)))
