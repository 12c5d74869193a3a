"""Bounding boxes: where an object lies, cutting it out, and the gap between two of them.

A box is (x, y, w, h): smallest x and y, then the extents along axis 0 and axis 1. The box of nothing in an
(n, m) array is (n, m, -n, -m).
"""

from typing import Any

import numpy as np

from .colors import Color
from .grids import Grid, Mask


def bounding_box(grid: Grid, background: Any = Color.BLACK) -> tuple[int, int, int, int]:
    """Find the bounding box (x, y, w, h) of the non-background cells.

    grid: (n, m). Four ints: smallest x, smallest y, extent along axis 0, extent along axis 1.
    (n, m, -n, -m) when every cell is background. ValueError: the array is not 2-D.
    """
    n, m = grid.shape
    mask = grid != background
    # As bytes, the first and last true entry are two C-speed searches.
    rows = np.logical_or.reduce(mask, axis=1).tobytes()
    x = rows.find(1)
    if x < 0:
        return n, m, -n, -m
    columns = np.logical_or.reduce(mask, axis=0).tobytes()
    y = columns.find(1)
    return x, y, rows.rfind(1) + 1 - x, columns.rfind(1) + 1 - y


def bounding_box_mask(grid: Grid, background: Any = Color.BLACK) -> Mask:
    """Mark the cells inside the bounding box of the non-background cells.

    grid: (n, m). Returns a new bool array (n, m), all False when every cell is background.
    """
    x, y, w, h = bounding_box(grid, background)
    mask = np.zeros(grid.shape, dtype=np.bool_)
    if w > 0:
        mask[x : x + w, y : y + h] = True
    return mask


def crop(grid: Grid, background: Any = Color.BLACK) -> Grid:
    """Cut a grid down to the bounding box of its non-background cells.

    grid: (n, m). Returns a view (w, h): writing into it changes the grid. Shape (0, 0) when every cell is
    background.
    """
    x, y, w, h = bounding_box(grid, background)
    return grid[x : x + w, y : y + h]


def object_position(obj: Grid, background: Any = Color.BLACK, anchor: str = "upper left") -> tuple[Any, Any]:
    """Give the position (x, y) of an object's bounding box, at a corner, an edge's middle or the centre.

    obj: (n, m). anchor: "upper left", "upper right", "lower left", "lower right", "center", "upper center",
    "lower center", "left center" or "right center"; "top"/"bottom" for "upper"/"lower", any case and spacing.
    left/right is along axis 0, upper/lower along axis 1. Each coordinate is an int, or a float ending in .5.
    AssertionError: unknown anchor. AttributeError: the anchor is not a string.
    """
    name = anchor.lower().replace(" ", "").replace("top", "upper").replace("bottom", "lower")
    x, y, w, h = bounding_box(obj, background)
    left, middle, right = x, _half(2 * x + w - 1), x + w - 1
    upper, center, lower = y, _half(2 * y + h - 1), y + h - 1
    positions: dict[str, tuple[Any, Any]] = {
        "upperleft": (left, upper),
        "upperright": (right, upper),
        "lowerleft": (left, lower),
        "lowerright": (right, lower),
        "center": (middle, center),
        "uppercenter": (middle, upper),
        "lowercenter": (middle, lower),
        "leftcenter": (left, center),
        "rightcenter": (right, center),
    }
    if name not in positions:
        raise AssertionError(f"anchor is {anchor!r}; use one such as 'upper left', 'center' or 'right center'")
    return positions[name]


def _half(twice: int) -> int | float:
    """Half of an int: an int when it is even, otherwise a float."""
    return twice / 2 if twice % 2 else twice // 2


def check_between_objects(
    obj1: Grid, obj2: Grid, x: Any, y: Any, padding: Any = 0, background: Any = Color.BLACK
) -> bool:
    """Tell whether a point lies in the gap between two objects.

    obj1, obj2: 2-D arrays. True when (x, y) is between the two bounding boxes along one axis and, at least
    ``padding`` cells deep, within the stretch that both boxes share along the other axis. The padding does not
    narrow the gap itself. The order of the objects does not matter.
    """
    x1, y1, w1, h1 = bounding_box(obj1, background)
    x2, y2, w2, h2 = bounding_box(obj2, background)
    gap_x = x1 + w1 <= x < x2 or x2 + w2 <= x < x1
    gap_y = y1 + h1 <= y < y2 or y2 + h2 <= y < y1
    shared_x = x - padding >= max(x1, x2) and x + padding < min(x1 + w1, x2 + w2)
    shared_y = y - padding >= max(y1, y2) and y + padding < min(y1 + h1, y2 + h2)
    return bool((gap_x and shared_y) or (gap_y and shared_x))
