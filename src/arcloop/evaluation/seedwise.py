"""Differences of paired runs, one for each seed → what other seeds would give on these very tasks. Pure.

Elsewhere the task is the unit: whether other tasks of the kind would show the same. Where a task set is
run whole, one may also ask about it as it is; then only the seeds are left to chance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from arcloop.evaluation.estimates import LEVEL, NOISE, holm
from arcloop.evaluation.power import MARGIN

__all__ = ["LEAST_SEEDS", "OverSeeds", "corrected", "over_seeds"]

LEAST_SEEDS = 3
"""With two the interval is thirteen standard errors wide."""


@dataclass(frozen=True)
class OverSeeds:
    """How much more a second setting reaches than a first on these tasks, over their seeds."""

    value: float
    """Mean of the differences."""
    low: float
    """Lower end of its 95 % interval, by Student's t over seeds."""
    high: float
    """Upper end."""
    p: float
    """Two-sided p-value of Student's t-test on the differences."""
    equivalence: float
    """p-value of "the effect is no larger than one point, up or down", from two one-sided t-tests (Schuirmann, 1987)."""
    seeds: int

    @property
    def finding(self) -> str:
        """``better``, ``worse``, ``no effect larger than 1 point`` or ``cannot be told``."""
        if self.p < 1 - LEVEL:
            return "better" if self.value > 0 else "worse"
        return "no effect larger than 1 point" if self.equivalence < 1 - LEVEL else "cannot be told"


def over_seeds(gains: Sequence[float], step: float = 0.0) -> OverSeeds | None:
    """The estimate from the differences in a share of tasks, one for each seed; None of fewer than ``LEAST_SEEDS``.

    ``step``: the least by which two shares can differ, 1 / tasks where tasks are counted. Few seeds of few tasks may differ
    alike by chance, so their standard deviation is taken to be no less than a step, and where a step is larger than a point
    nothing says that there is no effect of one.
    """
    count = len(gains)
    if count < LEAST_SEEDS:
        return None
    from scipy.stats import t as student  # here, because it takes a second

    value, error = float(np.mean(gains)), max(float(np.std(gains, ddof=1)), step, NOISE) / math.sqrt(count)
    freedom = count - 1
    half = float(student.ppf((1 + LEVEL) / 2, freedom)) * error
    p = float(2 * student.sf(abs(value) / error, freedom))
    none = float(student.sf((MARGIN - abs(value)) / error, freedom)) if step <= MARGIN else 1.0
    return OverSeeds(value, max(value - half, -1.0), min(value + half, 1.0), p, none, count)


def corrected(found: Sequence[OverSeeds | None]) -> list[OverSeeds | None]:
    """The same with p-values after Holm's correction for so many settings that are compared with one."""
    known = [one for one in found if one is not None]
    p_values, none = iter(holm([one.p for one in known])), iter(holm([one.equivalence for one in known]))
    return [one and replace(one, p=next(p_values), equivalence=next(none)) for one in found]
