"""What the loop asks of any way of training."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from arcloop.records import Example

__all__ = ["Fit", "Trainer"]


@dataclass(frozen=True)
class Fit:
    """What a training came to."""

    rows: int
    """Examples trained on."""
    dropped: int
    """Examples that were too long."""
    steps: int
    """Optimizer steps."""
    losses: tuple[float, ...]
    """Mean loss per trained token, in nats, at each step."""
    change: float
    """Euclidean norm of the difference between the adapter's weights after and before."""
    norm: float
    """The same between the adapter and an untrained one."""


class Trainer(Protocol):
    """Examples → adapter."""

    def fit(
        self,
        examples: Sequence[Example],
        start: Path | None,
        out: Path,
        rng: random.Random,
        on_step: Callable[[int, int, float], None] = ...,
    ) -> Fit:
        """Train from the adapter saved in ``start`` (None: an untrained one), save the result in ``out``.

        ``on_step`` is told (step, steps in all, loss) after each optimizer step.
        """
        ...
