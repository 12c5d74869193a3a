"""Kinds of inputs made of parts: halves, quarters, cells between lines, blocks, repeated pieces."""

import numpy as np

from arcloop.exercises.look import Look, kind
from arcloop.records import Grid

__all__: list[str] = []


@kind
def sparse_rows(look: Look) -> Grid:
    """A small pattern spread out by black rows and columns."""
    h, w = look.rng.randint(2, 4), look.rng.randint(2, 4)
    grid = np.zeros((3 * h, 3 * w), dtype=np.int8)
    grid[1::3, 1::3] = look.noise(h, w, 0.8, look.colors)
    if look.option % 2:
        grid[2::3, 1::3] = grid[1::3, 1::3]
    return grid


@kind
def scaled(look: Look) -> Grid:
    """A small pattern with every cell enlarged."""
    k = 2 + look.option % 2
    h, w = look.rng.randint(2, 4), look.rng.randint(2, 4)
    return look.noise(h, w, 0.8, look.colors).repeat(k, 0).repeat(k, 1)


@kind
def blocks(look: Look) -> Grid:
    """Rectangular regions of one colour each, in rows and columns of different widths."""
    h, w = look.rng.randint(2, 3), look.rng.randint(2, 3)
    grid = look.noise(h, w, 1.0, look.palette[: max(3, look.count)])
    heights = [look.rng.randint(1, 4) for _ in range(h)]
    widths = [look.rng.randint(1, 4) for _ in range(w)]
    return grid.repeat(heights, 0).repeat(widths, 1)


@kind
def repeated(look: Look) -> Grid:
    """A small pattern two or three times side by side."""
    h, w = look.rng.randint(2, 4), look.rng.randint(2, 4)
    grid = np.tile(look.noise(h, w, 0.5 + 0.5 * look.density, look.colors), (1, 2 + look.option % 2))
    return look.turn(grid)


@kind
def parts(look: Look) -> Grid:
    """Two or three patterns of one size side by side."""
    side = 2 + look.option % 3
    return look.turn(look.noise(side, side * (2 + look.option // 3 % 2), 0.3 + 0.4 * look.density, look.colors))


def joined(look: Look, count: int) -> Grid:
    """Patterns of one size side by side, perhaps with a line between them."""
    h, w = look.shape or (look.rng.randint(3, 6), look.rng.randint(3, 6))
    h, w = min(h, 6), min(w, 6)
    density = 0.3 + 0.4 * look.density
    separated = look.option % 3 > 0 and count == 2
    patterns: list[Grid] = []
    for index in range(count):
        if index and separated:
            patterns.append(np.full((h, 1), look.palette[8], dtype=np.int8))
        colors = look.palette[:1] if look.option % 5 == 0 else (look.palette[index],)
        if look.option % 7 == 0:
            colors = look.palette[: max(2, look.count)]
        patterns.append(look.noise(h, w, density, colors))
    grid = np.hstack(patterns)
    return grid if look.turned < 4 else grid.T


@kind
def halves(look: Look) -> Grid:
    """Two patterns of one size, mostly with a line between them."""
    return joined(look, 2)


@kind
def thirds(look: Look) -> Grid:
    """Three patterns of one size side by side."""
    return joined(look, 3)


@kind
def quarters(look: Look) -> Grid:
    """Four patterns of one size, perhaps with lines between them."""
    h, w = (min(side, 5) for side in look.size(2))
    line = look.option % 2
    grid = np.full((2 * h + line, 2 * w + line), look.palette[8], dtype=np.int8)
    for index, (rows, columns) in enumerate(
        [
            (slice(h), slice(w)),
            (slice(h), slice(-w, None)),
            (slice(-h, None), slice(w)),
            (slice(-h, None), slice(-w, None)),
        ]
    ):
        grid[rows, columns] = look.noise(h, w, 0.3 + 0.4 * look.density, (look.palette[index],))
    return grid


@kind
def cells(look: Look) -> Grid:
    """A table of cells with lines between them."""
    side = 2 + look.option % 3
    rows, columns = ((2, 2), (3, 3), (3, 3), (1, 3), (1, 4), (3, 1))[look.option // 3 % 6]
    h, w = rows * (side + 1) - 1, columns * (side + 1) - 1
    grid = look.noise(h, w, 0.15 + 0.4 * look.density, look.colors)
    empty = look.rng.random() < 0.3
    for x in range(0, h, side + 1):
        for y in range(0, w, side + 1):
            if empty and look.rng.random() < 0.5:
                grid[x : x + side, y : y + side] = 0
    grid[side :: side + 1] = look.palette[8]
    grid[:, side :: side + 1] = look.palette[8]
    return grid


@kind
def cells_marked(look: Look) -> Grid:
    """A row or table of cells, each with one mark in its middle."""
    rows, columns = ((1, 3), (1, 4), (2, 2), (3, 3))[look.option % 4]
    grid = np.zeros((rows * 4 - 1, columns * 4 - 1), dtype=np.int8)
    grid[1::4, 1::4] = look.noise(rows, columns, 1.0, look.palette[: max(2, look.count)])
    grid[3::4] = look.palette[8]
    grid[:, 3::4] = look.palette[8]
    return grid
