"""Grid → text, as the model reads it.

Two forms. *Names*: colour names separated by one space, rows by a newline: the wire format of the
BARC models, in which each cell is one token of the Llama-3 tokenizer. *Boxes*: size, background and the
rectangles of one colour that cover everything else. Their corners stand there as the numbers that a
program needs, and most grids take a fifth of the words: that is what a small model on a CPU reads.
"""

from collections.abc import Iterator

import numpy as np

from arcloop.records import Grid

__all__ = ["COLOR_NAMES", "box_words", "encode_boxes", "encode_grid"]

COLOR_NAMES = ("Black", "Blue", "Red", "Green", "Yellow", "Gray", "Pink", "Orange", "Purple", "Brown")
"""The word for each colour 0–9."""

_LARGEST = 30
"""Rows and columns that a grid of ARC has at the most."""
_TAKEN = -1
"""A cell that belongs to a box already."""


def encode_grid(grid: Grid) -> str:
    """Rows of colour names, without a final newline."""
    # Lists, because going through an array cell by cell takes three times as long.
    return "\n".join([" ".join([COLOR_NAMES[cell] for cell in row]) for row in grid.tolist()])


def encode_boxes(grid: Grid) -> str:
    """Size, background (the most common colour, the lowest of several) and boxes; the grid can be told from it.

    A box is a rectangle of one colour. It begins at the first cell, row by row, that neither is background
    nor belongs to a box yet, and reaches as far to the right as it can, then as far down. Ends are those of
    a slice: the first row or column behind. Boxes of one cell have none.

    Example: a black grid of 5 × 6 cells with ``grid[1:4, 2:4]`` red and ``grid[1, 5]`` blue::

        Height@5 Width@6 Back@Black
        Row@1 Red@2 Right@4 Down@4 Blue@5
    """
    height, width = grid.shape
    cells: list[list[int]] = grid.tolist()
    back = int(np.bincount(grid.ravel()).argmax())
    lines = [f"Height@{height} Width@{width} Back@{COLOR_NAMES[back]}"]
    for x, row in enumerate(cells):
        words = []
        for y in range(width):
            color = row[y]
            if color in (back, _TAKEN):
                continue
            right = next((end for end in range(y + 1, width) if row[end] != color), width)
            box = [color] * (right - y)
            down = next((end for end in range(x + 1, height) if cells[end][y:right] != box), height)
            for taken in cells[x:down]:
                taken[y:right] = [_TAKEN] * len(box)
            words.append(f"{COLOR_NAMES[color]}@{y}")
            if right > y + 1:
                words.append(f"Right@{right}")
            if down > x + 1:
                words.append(f"Down@{down}")
        if words:
            lines.append(" ".join([f"Row@{x}", *words]))
    return "\n".join(lines)


def box_words() -> Iterator[str]:
    """Every word that ``encode_boxes`` can write, for grids of at most 30 × 30."""
    yield from (f"Back@{name}" for name in COLOR_NAMES)
    for size in range(1, _LARGEST + 1):
        yield f"Height@{size}"
        yield f"Width@{size}"
        yield f"Row@{size - 1}"
        yield from (f"{name}@{size - 1}" for name in COLOR_NAMES)
        if size > 1:
            yield f"Right@{size}"
            yield f"Down@{size}"
