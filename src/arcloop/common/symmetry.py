"""Symmetries as objects that map coordinates, and the orbit of a cell under several of them."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .grids import Grid


def _on_cells(coordinate: Any) -> Any:
    """Arrays cast to int, floats rounded to an int; ints as they are."""
    if isinstance(coordinate, np.ndarray):
        return coordinate.astype(int)
    if isinstance(coordinate, (float, np.floating)):
        return round(float(coordinate))
    return coordinate


class Symmetry:
    """Base class of symmetries: ``apply(x, y, iters)`` maps coordinates, here to None."""

    def apply(self, x: Any, y: Any, iters: Any = 1) -> Any:
        """Apply the symmetry ``iters`` times to a cell, or to equal-shaped arrays of coordinates."""
        return None


class TranslationalSymmetry(Symmetry):
    """Symmetry under a shift by (translate_x, translate_y), repeated in either direction."""

    def __init__(self, translate_x: Any, translate_y: Any) -> None:
        self.translate_x = translate_x
        self.translate_y = translate_y

    def apply(self, x: Any, y: Any, iters: Any = 1) -> tuple[Any, Any]:
        """Shift (x, y), numbers or arrays, by ``iters`` times the translation; negative iters go backwards."""
        return _on_cells(x + iters * self.translate_x), _on_cells(y + iters * self.translate_y)

    def _iter_range(self, grid_shape: tuple[int, ...]) -> tuple[int, int]:
        """Enough repetitions either way to cross the canvas, as a half-open range."""
        n, m = grid_shape
        crossings = [
            math.ceil(size / abs(shift)) for size, shift in ((n, self.translate_x), (m, self.translate_y)) if shift != 0
        ]
        most = max(crossings, default=0)
        return -most, most + 1

    def __repr__(self) -> str:
        return f"TranslationalSymmetry(translate_x={self.translate_x!s}, translate_y={self.translate_y!s})"


class MirrorSymmetry(Symmetry):
    """Symmetry under reflection about x = mirror_x and y = mirror_y; None leaves that axis alone.

    Positions are integers or half-integers.
    """

    def __init__(self, mirror_x: Any, mirror_y: Any) -> None:
        self.mirror_x = mirror_x
        self.mirror_y = mirror_y

    def apply(self, x: Any, y: Any, iters: Any = 1) -> tuple[Any, Any]:
        """Reflect (x, y), numbers or arrays, if ``iters`` is odd; return them untouched if it is even."""
        if iters % 2 == 0:
            return x, y
        if self.mirror_x is not None:
            x = 2 * self.mirror_x - x
        if self.mirror_y is not None:
            y = 2 * self.mirror_y - y
        return _on_cells(x), _on_cells(y)

    def _iter_range(self, grid_shape: tuple[int, ...]) -> tuple[int, int]:
        return 0, 2

    def __repr__(self) -> str:
        return f"MirrorSymmetry(mirror_x={self.mirror_x!s}, mirror_y={self.mirror_y!s})"


class RotationalSymmetry(Symmetry):
    """Symmetry under quarter turns about (center_x, center_y), both integral or both half-integral."""

    def __init__(self, center_x: Any, center_y: Any) -> None:
        self.center_x = center_x
        self.center_y = center_y

    def apply(self, x: Any, y: Any, iters: Any = 1) -> tuple[Any, Any]:
        """Turn (x, y), numbers or arrays, ``iters`` times; a negative number of times is none."""
        for _ in range(iters):
            x, y = self.center_x + (y - self.center_y), self.center_y - (x - self.center_x)
        return _on_cells(x), _on_cells(y)

    def _iter_range(self, grid_shape: tuple[int, ...]) -> tuple[int, int]:
        return 0, 4


def orbit(grid: Grid, x: Any, y: Any, symmetries: Iterable[Any]) -> list[tuple[Any, Any]]:
    """List the cells that a cell is mapped to by every combination of symmetries.

    grid: (n, m), only its shape is used. The symmetries are applied in list order, each a number of times from
    its own range; a combination that leaves the canvas on the way is dropped. Returns distinct (x, y) tuples in
    the iteration order of a set; [(x, y)] without symmetries. TypeError: symmetries is not iterable.
    """
    n, m = grid.shape
    # One symmetry after another extends every point so far: the order of a product with the last one fastest.
    # A repeated point would only repeat its images later, so first occurrences and with them the set stay the same.
    points: list[tuple[Any, Any]] = [(x, y)]
    for symmetry in symmetries:
        times = range(*symmetry._iter_range(grid.shape))
        images = (symmetry.apply(px, py, k) for px, py in points for k in times)
        points = list(dict.fromkeys((px, py) for px, py in images if 0 <= px < n and 0 <= py < m))
    return list(set(points))
