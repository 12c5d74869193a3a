"""Differences of tasks → what they could have shown; an earlier run's tasks → what the next experiment needs. Pure.

The task is the unit, as in ``estimates``. Not covered: what all tasks of a group have in common, such as a lucky adapter;
an experiment on one large group sees less than is said here.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arcloop.evaluation.estimates import LEVEL, NOISE, sign_flip
from arcloop.seeds import seed_of

__all__ = [
    "MARGIN",
    "POWER",
    "Design",
    "Need",
    "Population",
    "detectable",
    "equivalence",
    "in_programs",
    "power_of",
    "tasks_needed",
]

Floats = NDArray[np.float64]

MARGIN = 0.01
"""An effect of less is as good as none: one point."""
POWER = 0.8
"""How often an experiment is to find the effect that it was made for."""
_SIMULATIONS = 400
"""The power is then right to 2 points (one standard error)."""
_FLIPS = 1000
_POPULATION = 20_000
_MOST = 100_000
"""Tasks; who needs more needs something else."""
_FACTORS = 1e9


def detectable(
    differences: ArrayLike, sizes: ArrayLike | None = None, level: float = 1 - LEVEL, whole: bool = True
) -> float | None:
    """The smallest effect that a paired test at ``level`` finds with probability ``POWER``; None = there are too few tasks.

    ``differences`` (tasks,) and ``sizes`` are those of ``estimates.paired_difference``. It is the δ at which
    δ √tasks = z(1 − level/2) √v₀ + z(POWER) √v₁, the sample size formula of Connor (1987) for paired shares, turned around;
    v₀ and v₁ are the variances of one task's difference without the effect and with it. What was seen beside the mean is
    noise, v. ``whole``: an effect comes as tasks that are won altogether, so that it makes noise of its own, v₀ = v + δ and
    v₁ = v + δ − δ². Otherwise each task gains a little, and v₀ = v₁ = v: the minimum detectable effect of Bloom (1995).

    It is preferred to the width of the interval, because that is 0 where no task differs, and here 8 tasks have to be won.
    """
    residuals = _residuals(differences, sizes)
    count = len(residuals)
    # Fewer differences cannot have so small a p-value in the sign-flip test.
    if count < math.log2(2 / level):
        return None
    noise = float((residuals**2).mean())
    noise = noise if noise > NOISE**2 else 0.0
    own = 1.0 if whole or not noise else 0.0

    def excess(effect: float) -> float:
        before, after = noise + own * effect, noise + own * (effect - effect**2)
        found = _z(1 - level / 2) * math.sqrt(before) + _z(POWER) * math.sqrt(after)
        return float(effect * math.sqrt(count) - found)

    # Without noise an effect of 0 is a root too.
    return _root(excess, 1e-9, 1.0) if excess(1.0) > 0 else None


def equivalence(differences: ArrayLike, sizes: ArrayLike | None = None, margin: float = MARGIN) -> float:
    """p-value of "the effect is no larger than ``margin``, up or down", from two one-sided tests (Schuirmann, 1987).

    The arguments are those of ``detectable``. Each is a score test: the variance is that of the distribution which fits the
    differences best among those with a mean of ``margin`` and no gain above 1. Where differences are −1, 0 and 1 that is the
    test of Tango (1998), which also holds where few tasks differ, or none; a t-test does not.
    """
    up, down = np.asarray(differences, dtype=np.float64), -np.asarray(differences, dtype=np.float64)
    return max(_below(up, sizes, margin), _below(down, sizes, margin))


def _below(differences: Floats, sizes: ArrayLike | None, margin: float) -> float:
    """p-value of "the mean is below ``margin``"."""
    residuals = _residuals(differences, sizes, margin)
    mean, count = float(residuals.mean()), len(residuals)
    if mean >= 0:
        return 1.0
    most = max(1 - margin, float(residuals.max()))

    def pull(tilt: float) -> float:
        return float((residuals / (1 + tilt * residuals)).mean())

    # Weights 1 / (count (1 + tilt · residual)) with a mean of 0: the empirical likelihood (Owen, 1988). Where what was seen
    # cannot have it, the rest of the weight goes to the largest gain that there may be.
    end = -1 / most
    reached = float(residuals.max()) > most * (1 - 1e-9) or pull(end) > 0
    tilt = _root(pull, end * (1 - 1e-9), 0.0) if reached else end
    weights = 1 / (count * (1 + tilt * residuals))
    variance = float((weights * residuals**2).sum() + max(0.0, 1 - weights.sum()) * most**2)
    return NormalDist().cdf(mean * math.sqrt(count / variance))


def _z(share: float) -> float:
    """Quantile of the normal distribution."""
    return NormalDist().inv_cdf(share)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq  # here, because it takes a second

    return float(brentq(function, low, high, xtol=1e-12))


def _residuals(differences: ArrayLike, sizes: ArrayLike | None, mean: float | None = None) -> Floats:
    """What each task has beside a mean (None: the one that was seen), where a usual task has the size 1."""
    gained = np.asarray(differences, dtype=np.float64)
    if not len(gained):
        raise ValueError("no task; expected at least one")
    whole = np.ones(len(gained)) if sizes is None else np.asarray(sizes, dtype=np.float64)
    mean = float(gained.sum() / whole.sum()) if mean is None else mean
    return np.asarray((gained - mean * whole) / whole.mean())


@dataclass(frozen=True)
class Population:
    """Tasks like those of a run, as far as it says how often a program is right on each.

    A task's rate of right programs is drawn from a beta distribution that fits the run's counts best, after its own counts
    (empirical Bayes): a task without a right program among a few has a small rate, and not none.
    """

    counts: tuple[tuple[int, int], ...]
    """For each task (programs, right ones)."""
    spread: tuple[float, float]
    """The two parameters of the beta distribution."""

    @classmethod
    def of(cls, counts: Sequence[tuple[int, int]]) -> "Population":
        """Fit the distribution, by maximum likelihood.

        Raises:
            ValueError: no program is right, or there is none.
        """
        from scipy.optimize import minimize  # here, because these take a second
        from scipy.special import betaln

        kept = tuple((n, right) for n, right in counts if n)
        if not any(right for _, right in kept):
            raise ValueError("no program is right; expected some that are")
        n, right = np.array(kept, dtype=np.float64).T

        def unlikely(logs: Floats) -> float:
            a, b = np.exp(logs)
            return -float((betaln(a + right, b + n - right) - betaln(a, b)).sum())

        found = minimize(unlikely, np.log([0.1, 3.0]), method="Nelder-Mead", bounds=[(-9, 9)] * 2)
        a, b = np.exp(found.x)
        return cls(kept, (float(a), float(b)))

    def misses(self, shape: tuple[int, ...], seed: int) -> Floats:
        """ln(1 − rate) of tasks that are drawn with replacement, each with a rate that its counts allow."""
        rng = np.random.Generator(np.random.PCG64(seed_of(seed, "population", *shape)))
        drawn = np.array(self.counts, dtype=np.float64)[rng.integers(len(self.counts), size=shape)]
        n, right = np.moveaxis(drawn, -1, 0)
        a, b = self.spread
        # A rate of 1 to the last digit: one program is enough.
        return np.asarray(np.log1p(-np.minimum(rng.beta(a + right, b + n - right), 1 - 1e-12)))


@dataclass(frozen=True)
class Design:
    """How large an experiment is."""

    tasks: int
    programs: int
    """Of each task, in all rounds together."""
    seeds: int
    """Runs of each setting."""


@dataclass(frozen=True)
class Need:
    """What it takes to find a gain."""

    gain: float
    """In pass@n, as a share."""
    solved: float
    """pass@n without it."""
    factor: float | None
    """The gain is what so many times the programs would bring; None = no number of programs would."""
    design: Design | None
    """None: more than 100,000 tasks, or no ``factor``."""
    power: float
    """Of the design: how often it finds the gain."""


def _solved(misses: Floats, programs: float) -> Floats:
    """Probability that one of so many programs is right."""
    return np.asarray(-np.expm1(programs * misses))


def in_programs(population: Population, programs: int, gain: float, seed: int = 0) -> tuple[float, float | None]:
    """pass@n with so many programs; and how many times as many bring so much more, None = no number does."""
    misses = population.misses((_POPULATION,), seed)
    before = float(_solved(misses, programs).mean())

    def excess(log: float) -> float:
        return float(_solved(misses, programs * math.exp(log)).mean()) - before - gain

    longest = math.log(_FACTORS)
    return before, (math.exp(_root(excess, 0.0, longest)) if excess(longest) > 0 else None)


def power_of(population: Population, design: Design, factor: float, level: float = 1 - LEVEL, seed: int = 0) -> float:
    """How often the paired test of ``compare`` has p < ``level`` where the second setting is as good as ``factor`` × the programs.

    Simulated: tasks are drawn, then for each seed and setting whether a task has a right program, then the sign-flip test.
    """
    misses = population.misses((_SIMULATIONS, design.tasks), seed)
    rng = np.random.Generator(np.random.PCG64(seed_of(seed, "power", design.tasks, design.programs, design.seeds)))
    first, second = (
        rng.binomial(design.seeds, _solved(misses, programs)) / design.seeds
        for programs in (design.programs, design.programs * factor)
    )
    # The least p-value of so many flips is 1 / (1 + flips).
    flips = max(_FLIPS, math.ceil(20 / level))
    found = [
        sign_flip(row[np.abs(row) > 0], flips=flips) < level and row.sum() > 0 for row in np.asarray(second - first)
    ]
    return float(np.mean(found))


def tasks_needed(
    population: Population, programs: int, seeds: int, gain: float, level: float = 1 - LEVEL, seed: int = 0
) -> Need:
    """How many tasks it takes to find a gain with probability ``POWER``.

    The gain is a share of tasks, above 0. Begins with Connor's formula (1987), and takes more until a simulation agrees.
    """
    before, factor = in_programs(population, programs, gain, seed)
    if factor is None:
        return Need(gain, before, None, None, 0.0)
    misses = population.misses((_POPULATION,), seed)
    one, other = _solved(misses, programs), _solved(misses, programs * factor)
    square = float(((one * (1 - one) + other * (1 - other)) / seeds + (other - one) ** 2).mean())
    roots = _z(1 - level / 2) * math.sqrt(square) + _z(POWER) * math.sqrt(max(0.0, square - gain**2))
    tasks = max(6, math.ceil((roots / gain) ** 2))
    while tasks <= _MOST:
        design = Design(tasks, programs, seeds)
        power = power_of(population, design, factor, level, seed)
        if power >= POWER:
            return Need(gain, before, factor, design, power)
        tasks = math.ceil(1.05 * tasks)
    return Need(gain, before, factor, None, 0.0)
