"""What surrounds an object and what it touches: interior, boundary, neighbours, collision, contact."""

from typing import Any

import numpy as np

from .colors import Color
from .grids import Grid, Mask, whole
from .regions import grow, require_connectivity, spread


def _framed_exterior(mask: Mask) -> Mask:
    """Cells outside the object, on the canvas framed by one ring of outside: shape (n + 2, m + 2)."""
    n, m = mask.shape
    open_cells = np.ones((n + 2, m + 2), dtype=np.bool_)
    open_cells[1:-1, 1:-1] = ~mask
    return spread(open_cells, 0, 0, diagonal=False)


def _boundary(mask: Mask) -> Mask:
    """Cells of the object that have an exterior cell, or the canvas edge, among their 4-neighbours."""
    outside = _framed_exterior(mask)
    beside = outside[:-2, 1:-1] | outside[2:, 1:-1] | outside[1:-1, :-2] | outside[1:-1, 2:]
    return mask & beside


def object_interior(grid: Grid, background: Any = Color.BLACK) -> Mask:
    """Mark every cell of an object and every background cell that it encloses.

    grid: (n, m). Returns a new bool array (n, m): False exactly on the background cells from which the canvas
    edge can be reached in 4-steps over background. Diagonal gaps do not leak.
    """
    _n, _m = grid.shape
    return ~_framed_exterior(grid != background)[1:-1, 1:-1]


def object_boundary(grid: Grid, background: Any = Color.BLACK) -> Mask:
    """Mark the object's cells that touch the outside.

    grid: (n, m). Returns a new bool array (n, m): non-background cells on the canvas's outermost rows and
    columns or 4-adjacent to a cell outside the object. Touching an enclosed hole does not count.
    """
    _n, _m = grid.shape
    return _boundary(grid != background)


def object_neighbors(grid: Grid, background: Any = Color.BLACK, connectivity: Any = 4) -> Mask:
    """Mark the background cells next to an object's boundary.

    grid: (n, m). Returns a new bool array (n, m): background cells with a boundary cell among their 4- or
    8-neighbours, also those in a hole behind a wall one cell thick.
    ValueError: connectivity is neither 4 nor 8.
    """
    _n, _m = grid.shape
    diagonal = require_connectivity(connectivity)
    mask = grid != background
    neighbors: Mask = grow(_boundary(mask), diagonal)[1:-1, 1:-1] & ~mask
    return neighbors


def _overlap(mask1: Mask, mask2: Mask, dx: int, dy: int) -> bool:
    """Whether mask1 and mask2 displaced by (dx, dy) share a cell."""
    x0, x1 = max(0, dx), min(mask1.shape[0], mask2.shape[0] + dx)
    y0, y1 = max(0, dy), min(mask1.shape[1], mask2.shape[1] + dy)
    if x0 >= x1 or y0 >= y1:
        return False
    return bool((mask1[x0:x1, y0:y1] & mask2[x0 - dx : x1 - dx, y0 - dy : y1 - dy]).any())


def collision(
    _: Any = None,
    object1: Any = None,
    object2: Any = None,
    x1: Any = 0,
    y1: Any = 0,
    x2: Any = 0,
    y2: Any = 0,
    background: Any = Color.BLACK,
) -> bool:
    """Tell whether two objects, placed at (x1, y1) and (x2, y2), share a non-background cell.

    Pass the arrays by keyword: the first parameter is ignored. object1, object2: 2-D, shapes may differ.
    Only the difference of the two positions counts; it is truncated to whole cells.
    AttributeError: an object is missing.
    """
    _n1, _m1 = object1.shape
    _n2, _m2 = object2.shape
    return _overlap(object1 != background, object2 != background, whole(x2 - x1), whole(y2 - y1))


def contact(
    _: Any = None,
    object1: Any = None,
    object2: Any = None,
    x1: Any = 0,
    y1: Any = 0,
    x2: Any = 0,
    y2: Any = 0,
    background: Any = Color.BLACK,
    connectivity: Any = 4,
) -> bool:
    """Tell whether two objects, placed at (x1, y1) and (x2, y2), overlap or are neighbours.

    Pass the arrays by keyword: the first parameter is ignored. object1, object2: 2-D, shapes may differ.
    Neighbours in the sense of connectivity 4 or 8. The difference of the positions is truncated to whole cells.
    AttributeError: an object is missing. ValueError: connectivity is neither 4 nor 8.
    """
    _n1, _m1 = object1.shape
    _n2, _m2 = object2.shape
    diagonal = require_connectivity(connectivity)
    reach = grow(object1 != background, diagonal)
    return _overlap(reach, object2 != background, whole(x2 - x1) + 1, whole(y2 - y1) + 1)
