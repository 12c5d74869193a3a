"""Painting on a grid: filling a region, drawing a line, copying a sprite, moving a picture.

All of them but ``translate`` change the grid they are given. What falls outside the canvas is dropped silently.
"""

import operator
from itertools import repeat
from typing import Any

import numpy as np

from .colors import Color
from .grids import Grid, whole
from .regions import spread

FEW_CELLS = 12
"""Up to this many cells, copying them one by one is faster than setting up an array operation."""


def flood_fill(grid: Grid, x: Any, y: Any, color: Any, connectivity: Any = 4) -> None:
    """Recolour, in place, the region of equal cells around a start cell.

    grid: (n, m), changed. The region is the maximal set of cells of the start cell's colour connected to it
    (connectivity 4 or 8). Returns None. Nothing happens when the start cell already has ``color``.
    IndexError: the start lies outside the grid. AssertionError: connectivity is neither 4 nor 8.
    """
    start_color = grid[x, y]
    if connectivity not in (4, 8):
        raise AssertionError(f"connectivity is {connectivity!r}; it must be 4 or 8")
    if start_color == color:
        return
    diagonal = connectivity == 8
    if x < 0 or y < 0:
        _fill_from_negative(grid, x, y, color, diagonal)
    else:
        grid[spread(grid == start_color, whole(x), whole(y), diagonal)] = color


def _fill_from_negative(grid: Grid, x: Any, y: Any, color: Any, diagonal: bool) -> None:
    """Fill from a start counted from the end of an axis.

    A coordinate below 0 stays so: it steps up only, until it reaches 0 and goes on from the canvas's other side.
    """
    n, m = grid.shape
    start_color = grid[x, y]
    steps = [(-1, 0), (1, 0), (0, -1), (0, 1)]
    if diagonal:
        steps += [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    pending = [(x, y)]
    while pending:
        x, y = pending.pop()
        if grid[x, y] != start_color:
            continue
        grid[x, y] = color
        for dx, dy in reversed(steps):
            low_enough = (dx < 1 or x < n - 1) and (dy < 1 or y < m - 1)
            high_enough = (dx > -1 or x > 0) and (dy > -1 or y > 0)
            if low_enough and high_enough:
                pending.append((x + dx, y + dy))


def draw_line(
    grid: Grid,
    x: Any,
    y: Any,
    end_x: Any = None,
    end_y: Any = None,
    length: Any = None,
    direction: Any = None,
    color: Any = None,
    stop_at_color: Any = [],  # noqa: B006 - the interface's default; never written to
) -> tuple[int, int]:
    """Draw a horizontal, vertical or 45-degree line, in place; return the last painted cell.

    grid: (n, m), changed. From (x, y) either to (end_x, end_y), or ``length`` cells (default: across the whole
    canvas) along ``direction``. Directions are reduced to signs: a line to an end point that is not on a row,
    column or diagonal runs diagonally and beyond it on the shorter axis. Steps off the canvas are skipped; the line
    stops before a cell whose colour is in ``stop_at_color``. Returns (x, y) of the last painted cell, or the
    start when nothing was painted.
    AssertionError: only one of end_x, end_y is given, or x or y is not integral. TypeError: neither end nor
    direction, no colour, a fractional length or end. IndexError: a float in the direction.
    """
    if (end_x is None) != (end_y is None):
        raise AssertionError("give both end_x and end_y, or neither")
    start_x, start_y = whole(x), whole(y)
    if start_x != x or start_y != y:
        raise AssertionError(f"the line starts at ({x!r}, {y!r}); both must be whole numbers")
    n, m = grid.shape
    if end_x is not None:
        if _is_float(end_x) or _is_float(end_y):
            raise TypeError(f"the line ends at ({end_x!r}, {end_y!r}); both must be integers")
        direction = end_x - start_x, end_y - start_y
        length = max(abs(direction[0]), abs(direction[1])) + 1
    elif length is None:
        length = 2 * max(n, m)
    along_x, along_y = direction
    dx, dy = _sign(along_x), _sign(along_y)
    low, high = _steps_inside(start_x, dx, n, 0, operator.index(length))
    low, high = _steps_inside(start_y, dy, m, low, high)
    if low >= high:
        return start_x, start_y
    if _is_float(along_x) or _is_float(along_y):
        raise IndexError(f"direction is {direction!r}; its components must be integers")
    if not dx and not dy:
        high = low + 1
    xs = range(start_x + low * dx, start_x + high * dx, dx) if dx else repeat(start_x, high - low)
    ys = range(start_y + low * dy, start_y + high * dy, dy) if dy else repeat(start_y, high - low)
    last = start_x, start_y
    for cell in zip(xs, ys, strict=True):
        if grid[cell] in stop_at_color:
            break
        grid[cell] = color
        last = cell
    return last


def _is_float(value: Any) -> bool:
    return isinstance(value, (float, np.floating))


def _sign(value: Any) -> int:
    return 1 if value > 0 else -1 if value < 0 else 0


def _steps_inside(start: int, step: int, size: int, low: int, high: int) -> tuple[int, int]:
    """The part of the steps low..high-1 at which start + i * step is in 0..size - 1, again as a half-open range."""
    if step > 0:
        return max(low, -start), min(high, size - start)
    if step < 0:
        return max(low, start - size + 1), min(high, start + 1)
    return (low, high) if 0 <= start < size else (0, 0)


def blit(grid: Grid, sprite: Grid, x: Any = 0, y: Any = 0, background: Any = None) -> Grid:
    """Copy a sprite onto a grid, in place, with its corner at (x, y); by default every cell, zeros too.

    grid: (n, m), changed and returned. sprite: (w, h). Cells equal to ``background`` are left out when one is
    given. Offsets are truncated to ints and may be negative; cells off the canvas are dropped.
    A sprite that is a view of the grid is copied cell by cell in row-major order, later reads seeing earlier
    writes. IndexError: a 1-D array. TypeError, ValueError: an offset that ``int`` refuses.
    """
    x, y = whole(x), whole(y)
    w, h = sprite.shape[0], sprite.shape[1]
    x0, x1 = max(0, x), min(grid.shape[0], x + w)
    y0, y1 = max(0, y), min(grid.shape[1], y + h)
    if x0 >= x1 or y0 >= y1:
        return grid
    target = grid[x0:x1, y0:y1]
    source = sprite[x0 - x : x1 - x, y0 - y : y1 - y]
    if source.size <= FEW_CELLS or np.may_share_memory(target, source):
        for i in range(x1 - x0):
            for j in range(y1 - y0):
                color = source[i, j]
                if background is None or color != background:
                    target[i, j] = color
    elif background is None:
        target[...] = source
    else:
        np.copyto(target, source, casting="unsafe", where=source != background)
    return grid


def blit_sprite(grid: Grid, sprite: Grid, x: Any, y: Any, background: Any = Color.BLACK) -> Grid:
    """Copy a sprite onto a grid, in place, with its corner at (x, y); background cells are transparent.

    grid: (n, m), changed and returned. sprite: (w, h). As ``blit``, but ``background`` is black by default;
    background=None copies every cell.
    """
    return blit(grid, sprite, x, y, background)


def blit_object(grid: Grid, obj: Grid, background: Any = Color.BLACK) -> Grid:
    """Copy an object onto a grid, in place, at its own position; background cells are transparent.

    grid: (n, m), changed and returned. obj: usually (n, m); what exceeds the canvas is dropped.
    background=None copies every cell.
    """
    return blit(grid, obj, 0, 0, background)


def translate(obj: Grid, x: Any, y: Any, background: Any = Color.BLACK) -> Grid:
    """Move a picture by (x, y) on its canvas, into a new array.

    obj: (n, m), not changed. Returns (n, m) of the same dtype: all cells moved, background and others alike;
    what leaves the canvas is lost and ``background`` fills the rest.
    IndexError: x or y is a float and something would remain on the canvas.
    """
    n, m = obj.shape
    moved = np.full_like(obj, background)
    if not (-n < x < n and -m < y < m):
        return moved
    if _is_float(x) or _is_float(y):
        if -(n - 1) <= x and -(m - 1) <= y:
            raise IndexError(f"cannot translate by ({x!r}, {y!r}); both must be integers")
        return moved
    x, y = whole(x), whole(y)
    moved[max(0, x) : n + min(0, x), max(0, y) : m + min(0, y)] = obj[
        max(0, -x) : n - max(0, x), max(0, -y) : m - max(0, y)
    ]
    return moved
