"""A program, inputs and outputs → is there something to learn from them, and what is the least that says it?"""

from collections.abc import Sequence

import numpy as np

from arcloop.exercises.trusted import Transform, compile_source, run_grid
from arcloop.grammar import Draft
from arcloop.grammar.program import Statement
from arcloop.records import Grid

__all__ = ["fit", "instructive", "simplify"]

PLAIN = (
    ("flip", "np.flip(grid, 0)"),
    ("flip", "np.flip(grid, 1)"),
    ("transpose", "grid.T"),
    ("rotate", "np.rot90(grid, 1)"),
    ("rotate", "np.rot90(grid, 2)"),
    ("rotate", "np.rot90(grid, 3)"),
    ("crop", "crop(grid)"),
    ("half", "grid[:len(grid) // 2]"),
    ("half", "grid[-(len(grid) // 2):]"),
    ("half", "grid[:, :grid.shape[1] // 2]"),
    ("half", "grid[:, -(grid.shape[1] // 2):]"),
    ("scale", "scale_sprite(grid, 2)"),
    ("scale", "scale_sprite(grid, 3)"),
    ("tile", "np.tile(grid, (2, 2))"),
)
"""Concept and expression of programs so short that a longer one of equal effect is replaced by them."""

PLAIN_DRAFTS = tuple(Draft((Statement(concept, f"grid = {code}"),)) for concept, code in PLAIN)
PLAIN_TRANSFORMS = tuple(compile_source(draft.source) for draft in PLAIN_DRAFTS)


def same_effect(transform: Transform, inputs: Sequence[Grid], outputs: Sequence[Grid]) -> bool:
    """Does the program map the first inputs to the outputs, and give a valid grid on the last input?"""
    return (
        all(
            (output := run_grid(transform, grid)) is not None and np.array_equal(output, expected)
            for grid, expected in zip(inputs[:-1], outputs, strict=True)
        )
        and run_grid(transform, inputs[-1]) is not None
    )


def simplify(draft: Draft, inputs: Sequence[Grid], outputs: Sequence[Grid]) -> Draft:
    """The draft without statements that make no difference to the train outputs, or a plain program in its place.

    The last input is the test input: what a statement does there alone, nobody could have known.
    """
    for shorter in draft.shorter():
        if same_effect(compile_source(shorter.source), inputs, outputs):
            return simplify(shorter, inputs, outputs)
    for plain, transform in zip(PLAIN_DRAFTS, PLAIN_TRANSFORMS, strict=True):
        if len(plain.source) < len(draft.source) and same_effect(transform, inputs, outputs):
            return plain
    return draft


def instructive(inputs: Sequence[Grid], outputs: Sequence[Grid], constant: bool, plain: bool) -> bool:
    """Is there something to learn from the pairs?

    Not if most inputs come back unchanged, if all outputs are equal though inputs differ (unless
    ``constant``), or if most outputs have one colour only (unless ``plain``).
    """
    unchanged = sum(np.array_equal(grid, output) for grid, output in zip(inputs, outputs, strict=True))
    if 2 * unchanged >= len(inputs):
        return False
    if not constant and all(np.array_equal(output, outputs[0]) for output in outputs[1:]):
        return False
    one_color = sum(bool((output == output.flat[0]).all()) for output in outputs)
    return plain or 2 * one_color < len(inputs)


def fit(inputs: Sequence[Grid], outputs: Sequence[Grid], cells: int) -> int:
    """How many pairs fit into ``cells`` together with the last input as the test input; the first ones are kept."""
    room = cells - inputs[-1].size
    for index, (grid, output) in enumerate(zip(inputs[:-1], outputs, strict=True)):
        room -= grid.size + output.size
        if room < 0:
            return index
    return len(outputs)
