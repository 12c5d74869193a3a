"""Connected components of a grid: each as an array of its own, or whether there is exactly one."""

from typing import Any

import numpy as np

from .colors import Color, colors_in_set_order
from .grids import Grid, blanks
from .regions import number_regions, require_connectivity, spread


def find_connected_components(
    grid: Grid, background: Any = Color.BLACK, connectivity: Any = 4, monochromatic: Any = True
) -> list[Grid]:
    """List the connected components of a grid, each as a full-size array.

    grid: (n, m). A component is a maximal connected set of cells of one same non-background colour, or, with
    monochromatic=False, of any non-background colours; connectivity 4 or 8. Each result is a new (n, m) array
    with the component's cells in their colours and ``background`` elsewhere; the grid is not changed.
    Order: by first cell in row-major order; with monochromatic=True colour by colour, the colours in the
    iteration order of a set filled row by row.
    ValueError: connectivity is neither 4 nor 8. TypeError: background is None and there is a component.
    """
    diagonal = require_connectivity(connectivity)
    n, m = grid.shape
    mask = grid != background
    cells, labels, firsts = number_regions(grid if monochromatic else mask, mask, diagonal)
    if len(firsts) == 0:
        return []
    flat = grid.ravel()
    if monochromatic:
        of_color: dict[Any, list[int]] = {color: [] for color in colors_in_set_order(grid, background)}
        for label, color in enumerate(flat[firsts].tolist()):
            of_color[color].append(label)
        place = np.empty(len(firsts), dtype=np.intp)
        place[[label for group in of_color.values() for label in group]] = np.arange(len(firsts))
        labels = place[labels]
    canvases = blanks(len(firsts), grid, background)
    canvases.reshape(-1, n * m)[labels, cells] = flat[cells]
    return list(canvases)


def is_contiguous(bitmask: Grid, background: Any = Color.BLACK, connectivity: Any = 4) -> bool:
    """Tell whether the non-background cells form exactly one connected component.

    bitmask: (n, m), colours or bools. False when every cell is background.
    ValueError: connectivity is neither 4 nor 8.
    """
    diagonal = require_connectivity(connectivity)
    _n, m = bitmask.shape
    mask = bitmask != background
    cells = mask.ravel().nonzero()[0]
    if len(cells) == 0:
        return False
    x, y = divmod(int(cells[0]), m)
    return int(np.count_nonzero(spread(mask, x, y, diagonal))) == len(cells)
