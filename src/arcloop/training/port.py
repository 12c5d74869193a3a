"""What the loop asks of any way of training."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from arcloop.records import Example

__all__ = ["Fit", "Fitting", "Trainer"]


@dataclass(frozen=True)
class Fitting:
    """A training that is asked for."""

    examples: Sequence[Example]
    """The rows to be trained on."""
    start: Path | None
    """Saved adapter to go on from; None = an untrained one."""
    out: Path
    """Where the result is saved."""
    rng: random.Random
    """Decides the order of the rows and what dropout draws."""
    on_step: Callable[[int, int, float], None] = lambda step, steps, loss: None
    """Is told (step, steps in all, loss) after each optimizer step."""


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

    def fit(self, asked: Fitting) -> Fit:
        """Train as asked, and save the result."""
        ...
