"""Finding objects by what they are: connected, of a given size, of given colours, accepted by a predicate."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .boxes import bounding_box, crop
from .colors import Color
from .components import find_connected_components
from .disjoint import choose_disjoint
from .grids import Grid, Mask, blanks


def detect_objects(
    grid: Grid,
    _: Any = None,
    predicate: Callable[[Grid], Any] | None = None,
    background: Any = Color.BLACK,
    monochromatic: Any = False,
    connectivity: Any = None,
    allowed_dimensions: Any = None,
    colors: Any = None,
    can_overlap: Any = False,
) -> list[Grid]:
    """List the objects of a grid that satisfy all given conditions, each as a full-size array.

    grid: (n, m), not changed; the second parameter is ignored. Candidates are the connected components, if
    ``connectivity`` (4 or 8) is given, and the windows of each (w, h) in ``allowed_dimensions``, if given; without
    either there are none. With both, only components whose full array has an allowed shape stay.
    ``colors`` limits the colours, ``predicate`` is asked about the cropped component or the window.
    can_overlap=False chooses disjoint objects that cover as much as possible, large ones first.
    ValueError: connectivity is neither 4 nor 8.
    """
    components: list[Grid] = []
    if connectivity:
        components = find_connected_components(grid, background, connectivity, monochromatic)
        if colors:
            components = [c for c in components if _only_colors(c, background, colors)]
        if predicate:
            components = [c for c in components if predicate(crop(c, background))]
    windows: list[Grid] = []
    if allowed_dimensions:
        components = [c for c in components if c.shape in allowed_dimensions]
        windows = _windows(grid, predicate, background, allowed_dimensions, colors)
        windows = [w for w in windows if not any(np.array_equal(w, c) for c in components)]
    found = components + windows
    return found if can_overlap else _disjoint(found, background)


def _only_colors(grid: Grid, background: Any, colors: Any) -> bool:
    return all(color == background or color in colors for color in set(grid.ravel().tolist()))


def _windows(
    grid: Grid, predicate: Callable[[Grid], Any] | None, background: Any, dimensions: Any, colors: Any
) -> list[Grid]:
    """Every acceptable window of every size, pasted at its place on an empty canvas."""
    mask = grid != background
    forbidden = np.zeros_like(mask)
    if colors is not None and mask.any():
        present = set(grid[mask].tolist())
        forbidden = mask & np.isin(grid, [color for color in present if color not in colors])
    occupied_before, forbidden_before = _counts_before(mask), _counts_before(forbidden)
    found: list[Grid] = []
    for w, h in dimensions:
        w, h = operator.index(w), operator.index(h)
        if w < 1 or h < 1 or w > grid.shape[0] or h > grid.shape[1]:
            continue
        fits = (_counts_within(occupied_before, w, h) > 0) & (_counts_within(forbidden_before, w, h) == 0)
        corners: list[tuple[int, int]] = [(x, y) for x, y in np.argwhere(fits).tolist()]
        if predicate:
            corners = [(x, y) for x, y in corners if predicate(grid[x : x + w, y : y + h])]
        for (x, y), canvas in zip(corners, blanks(len(corners), grid, background), strict=True):
            canvas[x : x + w, y : y + h] = grid[x : x + w, y : y + h]
            found.append(canvas)
    return found


def _counts_before(mask: Mask) -> Grid:
    """(n + 1, m + 1): entry (x, y) counts the true cells of ``mask[:x, :y]``."""
    counts = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), dtype=np.int64)
    counts[1:, 1:] = mask.cumsum(axis=0).cumsum(axis=1)
    return counts


def _counts_within(before: Grid, w: int, h: int) -> Grid:
    """How many true cells each window of w x h holds, by its corner."""
    counts: Grid = before[w:, h:] - before[:-w, h:] - before[w:, :-h] + before[:-w, :-h]
    return counts


def _disjoint(objects: list[Grid], background: Any) -> list[Grid]:
    """Sort by size; keep what overlaps nothing, then the best disjoint choice among the rest."""
    masks = [obj != background for obj in objects]

    def size(i: int) -> tuple[int, int]:
        _, _, w, h = bounding_box(masks[i], False)
        return w * h, int(np.count_nonzero(masks[i]))

    order = sorted(range(len(objects)), key=size, reverse=True)
    if not order:
        return []
    shared = np.add.reduce(masks, axis=0, dtype=np.int64) > 1
    rivals = [i for i in order if (masks[i] & shared).any()]
    alone = set(order).difference(rivals)
    bits = [int.from_bytes(np.packbits(masks[i]).tobytes(), "big") for i in rivals]
    return [objects[i] for i in order if i in alone] + [objects[rivals[k]] for k in choose_disjoint(bits)]
