"""What every other file here says about arrays: the type names, and two conversions.

A grid is a 2-D array indexed ``grid[x, y]``: x runs along axis 0, y along axis 1. Nothing here transposes.
"""

from typing import Any

import numpy as np

Grid = np.ndarray[Any, np.dtype[Any]]
"""2-D array (n, m) of colours; any memory order, any view."""

Mask = np.ndarray[Any, np.dtype[np.bool_]]
"""2-D bool array (n, m)."""

Point = tuple[int, int]


def whole(value: Any) -> int:
    """``int(value)``, which also accepts an array of exactly one element, whatever its rank."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    return int(value)


def blanks(count: int, grid: Grid, background: Any) -> Grid:
    """``count`` new canvases of the grid's shape, filled with ``background``: one array (count, n, m).

    int64 when grid and background are integers (or bools), so that a background such as -1 or 300 fits
    whatever the grid's own type; otherwise the common type of the two. TypeError when ``background`` is None.
    """
    if background is None:
        raise TypeError("background must be a colour here, not None")
    fill = np.asarray(background)
    integral = grid.dtype.kind in "iub" and fill.dtype.kind in "iub"
    dtype = np.dtype(np.int64) if integral else np.result_type(grid.dtype, fill.dtype)
    if not fill:
        return np.zeros((count, *grid.shape), dtype=dtype)
    return np.full((count, *grid.shape), fill, dtype=dtype)
