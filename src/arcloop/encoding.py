"""Grid ⇄ text, as the model reads it.

Colour names separated by one space, rows by a newline: the wire format of the BARC models, in
which each cell is one token of the Llama-3 tokenizer (and of the embedded one).
"""

import numpy as np

from arcloop.records import Grid

__all__ = ["COLOR_NAMES", "decode_grid", "encode_grid"]

COLOR_NAMES = ("Black", "Blue", "Red", "Green", "Yellow", "Gray", "Pink", "Orange", "Purple", "Brown")
"""The word for each colour 0–9."""

_COLOR_OF = {name: color for color, name in enumerate(COLOR_NAMES)}


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
