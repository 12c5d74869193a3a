"""What a production may know when it writes code: the random generator and the looks of the task.

Turns input (and output) grids into a ``Scope``; promises that every draw depends on the generator
alone; does not look at what a task does, only at its colours and sizes.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from arcloop.records import Grid

__all__ = ["COLOR_NAMES", "Scope"]

COLOR_NAMES = ("BLACK", "BLUE", "RED", "GREEN", "YELLOW", "GRAY", "PINK", "ORANGE", "PURPLE", "BROWN")
"""Names of the colours 0–9 as models write them after ``Color.``."""

DOMINANT = 0.4
"""Share of an input's cells from which its commonest colour counts as background."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The draws that productions make."""

    rng: random.Random
    colors: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8, 9)
    """Colours other than the background that occur in the inputs; at least one."""
    fresh: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8, 9)
    """Colours that outputs may bring in; at least one."""
    height: int = 10
    """Height of the smallest input."""
    width: int = 10
    """Width of the smallest input."""
    background: int = 0
    """The colour that dominates every input; 0 when there is none."""
    used: list[int] = field(default_factory=list)
    """Colours drawn so far by ``color``, so that later ones are others while there are any."""

    @classmethod
    def of(cls, rng: random.Random, inputs: Sequence[Grid], outputs: Sequence[Grid] = ()) -> "Scope":
        """The scope of a task: literals come from colours that really occur.

        Colours common to all inputs are preferred (a program can name only what recurs); with
        ``outputs`` given, fresh colours are those of the outputs.
        """
        seen = [set(np.unique(grid).tolist()) for grid in inputs]
        background = _background(inputs)
        common = set.intersection(*seen) - {background}
        union = set.union(*seen) - {background}
        colors = common if common and (not union or rng.random() < 0.85) else union
        fresh = set().union(*(np.unique(grid).tolist() for grid in outputs)) - {0} if outputs else set(range(1, 10))
        return cls(
            rng,
            tuple(sorted(colors)) or (1,),
            tuple(sorted(fresh)) or tuple(range(1, 10)),
            min(grid.shape[0] for grid in inputs),
            min(grid.shape[1] for grid in inputs),
            background,
        )

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.rng.random() < probability

    def pick(self, *options: str) -> str:
        """One of the options, all equally likely."""
        return options[int(self.rng.random() * len(options))]

    def number(self, low: int, high: int) -> int:
        """An integer from ``low`` to ``high``, both included; small ones are likelier."""
        high = max(low, high)
        return low + int((high - low + 1) * self.rng.random() ** 1.5)

    def color(self) -> str:
        """Source of a colour that occurs in the inputs, e.g. ``Color.RED``; not drawn before while others are left."""
        new = [color for color in self.colors if color not in self.used] or list(self.colors)
        color = self.rng.choice(new)
        self.used.append(color)
        return self.name(color)

    def paint(self) -> str:
        """Source of a colour for new content, of the inputs' or a fresh one; not one that ``color`` has drawn while others are left."""
        pool = self.colors if self.chance(0.35) else self.fresh
        color = self.rng.choice([color for color in pool if color not in self.used] or list(pool))
        return self.name(color)

    def paints(self, count: int) -> list[str]:
        """Sources of ``count`` different colours for new content, as far as there are enough."""
        pool = list(self.fresh)
        self.rng.shuffle(pool)
        return [self.name(pool[index % len(pool)]) for index in range(count)]

    def axis(self) -> str:
        """``0`` or ``1``."""
        return self.pick("0", "1")

    def direction(self, diagonal: float = 0.2) -> str:
        """Source of a step such as ``(0, 1)``; diagonal with the given probability."""
        if self.chance(diagonal):
            return self.pick("(1, 1)", "(1, -1)", "(-1, 1)", "(-1, -1)")
        return self.pick("(1, 0)", "(0, 1)", "(-1, 0)", "(0, -1)")

    def mask(self, name: str) -> str:
        """Source of the cells of an array that are not background, e.g. ``obj > 0``."""
        return f"{name} != {self.back}" if self.background else f"{name} > 0"

    def size(self, name: str) -> str:
        """Source of how many cells of an array are not background, e.g. ``np.count_nonzero(obj)``."""
        return f"np.sum({self.mask(name)})" if self.background else f"np.count_nonzero({name})"

    def color_of(self, name: str) -> str:
        """Source of the colour of an object, e.g. ``obj.max()``."""
        return f"object_colors({name}{self.back_argument})[0]" if self.background else f"{name}.max()"

    @property
    def by_size(self) -> str:
        """Source of the key that ranks objects by their cells, e.g. ``np.count_nonzero``."""
        return f"lambda obj: {self.size('obj')}" if self.background else "np.count_nonzero"

    def name(self, color: int) -> str:
        """``Color.RED`` for 2."""
        return "Color." + COLOR_NAMES[color]

    @property
    def back(self) -> str:
        """Source of the background colour."""
        return self.name(self.background)

    @property
    def back_argument(self) -> str:
        """``, background=Color.X`` where the background is not black, else nothing."""
        return f", background={self.back}" if self.background else ""


def _background(inputs: Sequence[Grid]) -> int:
    """The colour that is the commonest of every input with at least ``DOMINANT`` of its cells, else 0."""
    common: int | None = None
    for grid in inputs:
        counts = np.bincount(grid.ravel(), minlength=10)
        color = int(counts.argmax())
        if counts[color] < DOMINANT * grid.size or common not in (None, color):
            return 0
        common = color
    return common or 0
