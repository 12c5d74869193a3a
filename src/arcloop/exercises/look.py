"""What the inputs of one task share: palette, sizes and a source of random numbers.

Turns a ``random.Random`` into a ``Look`` and small drawing helpers on arrays. Promises that all
draws follow from the generator that made it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arcloop.records import Grid

__all__ = ["KINDS", "Look", "kind", "make_look", "place", "sprite"]

Mask = NDArray[np.bool_]

SIZES = ((3, 6), (5, 10), (8, 13), (12, 20))
SIZE_WEIGHTS = (0.25, 0.45, 0.24, 0.06)


@dataclass(frozen=True, slots=True)
class Look:
    """The latent properties that all inputs of a task have in common."""

    rng: random.Random
    numbers: np.random.Generator
    """Derived from ``rng``; for whole arrays."""
    palette: tuple[int, ...]
    """All nine colours in a random order; kinds use the first few, so their roles recur."""
    count: int
    """How many colours the task uses, 1–5."""
    low: int
    """Smallest side."""
    high: int
    """Largest side."""
    shape: tuple[int, int] | None
    """The size of every input, or None: each input has its own."""
    turned: int
    """0–7: the orientation of kinds that have one."""
    density: float
    """How full the inputs are, 0–1."""
    option: int
    """A number that a kind may read to fix its own variants, 0–999."""

    @property
    def colors(self) -> tuple[int, ...]:
        """The colours that the task uses."""
        return self.palette[: self.count]

    def size(self, low: int | None = None, high: int | None = None) -> tuple[int, int]:
        """Height and width of the next input, within the given bounds."""
        if self.shape is not None:
            h, w = self.shape
        else:
            h, w = self.rng.randint(self.low, self.high), self.rng.randint(self.low, self.high)
        if low is not None:
            h, w = max(h, low), max(w, low)
        if high is not None:
            h, w = min(h, high), min(w, high)
        return h, w

    def canvas(self, low: int | None = None, high: int | None = None) -> Grid:
        """A black grid of the next size."""
        return np.zeros(self.size(low, high), dtype=np.int8)

    def color(self) -> int:
        """One of the task's colours."""
        return self.rng.choice(self.colors)

    def turn(self, grid: Grid) -> Grid:
        """The grid in the task's orientation."""
        if self.turned >= 4:
            grid = grid.T
        return np.rot90(grid, self.turned % 4)

    def noise(self, h: int, w: int, density: float, colors: tuple[int, ...]) -> Grid:
        """Independent cells: coloured with the given probability, else black."""
        drawn = self.numbers.integers(0, len(colors), (h, w))
        return np.where(self.numbers.random((h, w)) < density, np.array(colors, dtype=np.int8)[drawn], 0).astype(
            np.int8
        )


Kind = Callable[[Look], Grid]

KINDS: dict[str, Kind] = {}
"""Name → a function that draws one input of this kind."""


def kind(function: Kind) -> Kind:
    """Register a kind of inputs under the function's name."""
    KINDS[function.__name__] = function
    return function


def make_look(rng: random.Random) -> Look:
    """A random look."""
    low, high = rng.choices(SIZES, SIZE_WEIGHTS)[0]
    shape: tuple[int, int] | None = None
    if rng.random() < 0.6:
        side = rng.randint(low, high)
        shape = (side, side) if rng.random() < 0.7 else (side, rng.randint(low, high))
    palette = list(range(1, 10))
    rng.shuffle(palette)
    return Look(
        rng,
        np.random.Generator(np.random.PCG64(rng.getrandbits(64))),
        tuple(palette),
        rng.choices((1, 2, 3, 4, 5), (3, 4, 3, 1.5, 0.7))[0],
        low,
        high,
        shape,
        rng.randrange(8),
        rng.random(),
        rng.randrange(1000),
    )


def place(look: Look, grid: Grid, part: Grid, gap: int = 1) -> bool:
    """Put ``part`` where it keeps ``gap`` cells from what is there; False if ten tries find no room."""
    h, w = part.shape
    n, m = grid.shape
    if h > n or w > m:
        return False
    for _ in range(10):
        x, y = look.rng.randint(0, n - h), look.rng.randint(0, m - w)
        if not grid[max(x - gap, 0) : x + h + gap, max(y - gap, 0) : y + w + gap].any():
            grid[x : x + h, y : y + w] = part
            return True
    return False


def sprite(look: Look, h: int, w: int, shape: str, color: int) -> Grid:
    """A small connected shape: ``rect``, ``frame``, ``line``, ``blob``, ``loop`` or ``cross``."""
    part = np.zeros((h, w), dtype=np.int8)
    if shape == "rect":
        part[:] = color
    elif shape == "frame":
        part[:] = color
        part[1:-1, 1:-1] = 0
    elif shape == "line":
        return np.full((1, w) if look.rng.random() < 0.5 else (h, 1), color, dtype=np.int8)
    elif shape == "cross":
        part[h // 2] = color
        part[:, w // 2] = color
    elif shape == "loop":
        part[:] = color
        part[1:-1, 1:-1] = 0
        if min(h, w) > 3 and look.rng.random() < 0.5:
            corner = look.rng.randrange(4)
            part = np.rot90(part, corner).copy()
            part[0, 0] = 0
            part[1, 1] = color
            part = np.rot90(part, -corner)
        elif min(h, w) > 4:
            part[h // 2] = color
    else:
        part[:] = _blob(look, h, w) * color
    return part


def _blob(look: Look, h: int, w: int) -> Mask:
    """A 4-connected random shape, grown cell by cell."""
    mask = np.zeros((h, w), dtype=bool)
    x, y = look.rng.randrange(h), look.rng.randrange(w)
    cells = [(x, y)]
    mask[x, y] = True
    target = max(2, round(h * w * (0.4 + 0.4 * look.rng.random())))
    for _ in range(6 * target):
        if len(cells) >= target:
            break
        x, y = look.rng.choice(cells)
        dx, dy = look.rng.choice(((0, 1), (1, 0), (0, -1), (-1, 0)))
        x, y = x + dx, y + dy
        if 0 <= x < h and 0 <= y < w and not mask[x, y]:
            mask[x, y] = True
            cells.append((x, y))
    return mask
