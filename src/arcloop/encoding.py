"""Grid ⇄ text, as the model reads it.

Two forms. *Names*: colour names separated by one space, rows by a newline: the wire format of the
BARC models, in which each cell is one token of the Llama-3 tokenizer. *Runs*: size, then every row's
number and, where the row differs from the one above, the colours at the columns where they begin.
A rectangle's corners stand there as numbers, and most grids take a third of the words: that is what
a small model on a CPU reads.
"""

from collections.abc import Iterator

import numpy as np

from arcloop.records import Grid

__all__ = ["COLOR_NAMES", "decode_grid", "encode_grid", "encode_runs", "run_words"]

COLOR_NAMES = ("Black", "Blue", "Red", "Green", "Yellow", "Gray", "Pink", "Orange", "Purple", "Brown")
"""The word for each colour 0–9."""

_COLOR_OF = {name: color for color, name in enumerate(COLOR_NAMES)}
_LARGEST = 30
"""Rows and columns that a grid of ARC has at the most."""


def encode_grid(grid: Grid) -> str:
    """Rows of colour names, without a final newline."""
    # Lists, because going through an array cell by cell takes three times as long.
    return "\n".join([" ".join([COLOR_NAMES[cell] for cell in row]) for row in grid.tolist()])


def decode_grid(text: str) -> Grid:
    """The inverse of ``encode_grid``.

    Raises:
        ValueError: a word is not a colour name, or the rows differ in length.
    """
    rows = [line.split(" ") for line in text.split("\n")]
    unknown = {word for row in rows for word in row} - _COLOR_OF.keys()
    if unknown:
        raise ValueError(f"unknown colour names {sorted(unknown)}; expected {', '.join(COLOR_NAMES)}")
    if len({len(row) for row in rows}) != 1:
        raise ValueError(f"rows of {sorted({len(row) for row in rows})} cells; expected one length")
    return np.array([[_COLOR_OF[word] for word in row] for row in rows], dtype=np.int8)


def encode_runs(grid: Grid) -> str:
    """Size, rows and runs, without a final newline; the grid can be told from it.

    Example: a black grid of 3 × 4 cells with the second row red from its third cell on::

        Height@3 Width@4
        Row@0 Black@0
        Row@1 Black@0 Red@2
        Row@2 Black@0
    """
    height, width = grid.shape
    lines = [f"Height@{height} Width@{width}"]
    above: list[int] = []
    for x, row in enumerate(grid.tolist()):
        runs = [] if row == above else [y for y in range(width) if not y or row[y] != row[y - 1]]
        lines.append(" ".join([f"Row@{x}", *(f"{COLOR_NAMES[row[y]]}@{y}" for y in runs)]))
        above = row
    return "\n".join(lines)


def run_words() -> Iterator[str]:
    """Every word that ``encode_runs`` can write, for grids of at most 30 × 30."""
    for size in range(1, _LARGEST + 1):
        yield f"Height@{size}"
        yield f"Width@{size}"
        yield f"Row@{size - 1}"
        yield from (f"{name}@{size - 1}" for name in COLOR_NAMES)
