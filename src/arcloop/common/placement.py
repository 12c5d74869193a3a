"""Random places: for a sprite on a canvas, for points on a grid, for indices along a line.

The order of the draws is part of the behaviour: the same seed gives the same places.
"""

import random
from typing import Any

import numpy as np

from .colors import Color
from .grids import Grid
from .regions import grow, require_connectivity


def random_free_location_for_sprite(
    grid: Grid,
    sprite: Grid,
    background: Any = Color.BLACK,
    border_size: Any = 0,
    padding: Any = 0,
    padding_connectivity: Any = 8,
) -> tuple[int, int]:
    """Pick a random position (x, y) at which a sprite overlaps nothing.

    grid: (n, m); sprite: (w, h); neither is changed. The sprite stays ``border_size`` cells from the canvas edge and
    its non-background cells more than ``padding`` steps (4- or 8-neighbourhood) from non-background cells.
    ValueError: no such position; padding_connectivity neither 4 nor 8 while padding > 0.
    """
    n, m = grid.shape
    w, h = sprite.shape
    blocked = grid != background
    if padding > 0:
        diagonal = require_connectivity(padding_connectivity)
        for _ in range(padding):
            blocked = grow(blocked, diagonal)[1:-1, 1:-1]
    xs = range(border_size, n - border_size - w + 1)
    ys = range(border_size, m - border_size - h + 1)
    # A negative border reaches off the canvas, where sprite cells may not be: those cells are blocked as well.
    margin = max(0, -border_size)
    closed = np.ones((n + 2 * margin, m + 2 * margin), dtype=np.bool_)
    closed[margin : margin + n, margin : margin + m] = blocked
    free = np.ones((len(xs), len(ys)), dtype=np.bool_)
    if free.size:
        for i, j in np.argwhere(sprite != background).tolist():
            x, y = xs.start + margin + i, ys.start + margin + j
            free &= ~closed[x : x + len(xs), y : y + len(ys)]
    places = free.ravel().nonzero()[0]
    if len(places) == 0:
        raise ValueError(f"no free location for a {w}x{h} sprite on a {n}x{m} grid")
    i, j = divmod(random.choice(places.tolist()), len(ys))
    return xs[i], ys[j]


def random_free_location_for_object(*args: Any, **kwargs: Any) -> tuple[int, int]:
    """Pick a random position (x, y) at which an object overlaps nothing; see random_free_location_for_sprite.

    The older name of ``random_free_location_for_sprite``: same arguments, result and errors.
    """
    return random_free_location_for_sprite(*args, **kwargs)


def randomly_scatter_points(grid: Grid, color: Any, density: Any = 0.5, background: Any = Color.BLACK) -> Grid:
    """Paint random background cells in one colour, in place, until a share of the canvas is painted.

    grid: (n, m), changed and returned. Paints ``density`` * n * m cells (rounded up), drawn from ``np.random``.
    Never ends when there are fewer background cells than that.
    """
    n, m = grid.shape
    randint = np.random.randint
    free = (grid == background).tolist()
    painted = 0
    while painted < density * n * m:
        x, y = randint(0, n), randint(0, m)
        if free[x][y]:
            grid[x, y] = color
            free[x][y] = color == background
            painted += 1
    return grid


def randomly_spaced_indices(max_len: int, n_indices: int, border_size: int = 1, padding: int = 1) -> Grid:
    """Pick random indices that keep a distance from each other, sorted.

    Returns a 1-D int array of ``n_indices`` indices in border_size..max_len - 3 (in 0..max_len - 1 for
    border_size 0), any two more than ``padding`` apart. IndexError: no index is left to pick. TypeError: a float
    max_len.
    """
    if border_size > 0:
        inner: Grid = randomly_spaced_indices(max_len - border_size - 2, n_indices, 0, padding)
        return inner + border_size
    left = list(range(max_len))
    chosen: list[int] = []
    for _ in range(n_indices):
        index = random.choice(left)
        chosen.append(index)
        left = [i for i in left if abs(i - index) > padding]
    return np.array(sorted(chosen), dtype=int)
