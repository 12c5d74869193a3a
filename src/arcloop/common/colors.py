"""The ten colours by name, and which of them an array holds."""

from typing import Any, ClassVar

import numpy as np

from .grids import Grid


class Color:
    """The ten ARC colours as plain ints: ``Color.BLACK`` (0) to ``Color.MAROON`` (9), with aliases and two lists.

    GRAY is GREY, PURPLE is TEAL, BROWN is MAROON; TRANSPARENT and BACKGROUND are BLACK.
    ``ALL_COLORS`` lists 0..9, ``NOT_BLACK`` lists 1..9.
    """

    BLACK = 0
    BLUE = 1
    RED = 2
    GREEN = 3
    YELLOW = 4
    GREY = 5
    GRAY = 5
    PINK = 6
    ORANGE = 7
    TEAL = 8
    PURPLE = 8
    MAROON = 9
    BROWN = 9
    TRANSPARENT = 0
    BACKGROUND = 0
    ALL_COLORS: ClassVar[list[int]] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    NOT_BLACK: ClassVar[list[int]] = [1, 2, 3, 4, 5, 6, 7, 8, 9]


def colors_in_set_order(grid: Grid, background: Any) -> list[Any]:
    """The distinct values other than ``background`` as Python numbers, in the iteration order of a real ``set``.

    The set is filled cell by cell in row-major order and ``{background}`` is then subtracted. Callers return
    lists in this order, which is ascending except that 8 and 9 share slots with 0 and 1; sorting would differ.
    """
    cells = grid.ravel()
    if len(cells) > 1:  # a cell equal to the one before it adds nothing to the set
        cells = np.concatenate((cells[:1], cells[1:][cells[1:] != cells[:-1]]))
    return list(set(cells.tolist()) - {background})


def object_colors(obj: Grid, background: Any = Color.BLACK) -> list[Any]:
    """List the distinct colours of an object, background excluded.

    obj: array of any shape. Returns NumPy scalars of its dtype, in the iteration order of a set filled row by
    row (not sorted); [] when every cell is background.
    """
    return [obj.dtype.type(color) for color in colors_in_set_order(obj, background)]
