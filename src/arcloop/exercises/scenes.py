"""Kinds of inputs with objects on a background: rectangles, frames, irregular shapes, patterns."""

import numpy as np

from arcloop.exercises.look import Look, kind, place, sprite
from arcloop.exercises.marks import scatter
from arcloop.records import Grid

__all__: list[str] = []


def fill_scene(look: Look, grid: Grid, shapes: tuple[str, ...], colors: tuple[int, ...], low: int, high: int) -> None:
    """Put several objects with gaps between them."""
    n, m = grid.shape
    top = max(low, min(high, (min(n, m) + 1) // 2))
    for index in range(look.rng.randint(2, max(3, n * m // 20))):
        h, w = look.rng.randint(low, top), look.rng.randint(low, top)
        color = colors[index] if index < len(colors) else look.rng.choice(colors)
        place(look, grid, sprite(look, h, w, look.rng.choice(shapes), color))


@kind
def single(look: Look) -> Grid:
    """One object."""
    grid = look.canvas(4)
    n, m = grid.shape
    h, w = look.rng.randint(2, max(2, n * 2 // 3)), look.rng.randint(2, max(2, m * 2 // 3))
    part = sprite(look, h, w, look.rng.choice(("blob", "blob", "rect", "cross", "frame")), look.color())
    if look.option % 2:
        recolor(look, part, look.colors)
    place(look, grid, part)
    return grid


def recolor(look: Look, part: Grid, colors: tuple[int, ...]) -> None:
    """Give each cell of a shape its own colour."""
    drawn = look.numbers.choice(np.array(colors, dtype=np.int8), part.shape)
    part[part > 0] = drawn[part > 0]


@kind
def multicolor_single(look: Look) -> Grid:
    """One object of several colours, in the middle of free space."""
    grid = look.canvas(6)
    part = sprite(look, look.rng.randint(2, 4), look.rng.randint(2, 4), "blob", 1)
    recolor(look, part, look.palette[: max(2, look.count)])
    place(look, grid[1:-1, 1:-1], part)
    return grid


@kind
def edge_single(look: Look) -> Grid:
    """One small object near a corner or edge."""
    grid = look.canvas(7)
    part = sprite(look, look.rng.randint(1, 3), look.rng.randint(1, 3), look.rng.choice(("rect", "blob", "cross")), 1)
    recolor(look, part, look.colors)
    grid[: part.shape[0], : part.shape[1]] = part
    return grid


@kind
def objects(look: Look) -> Grid:
    """Several objects of different shapes and colours."""
    grid = look.canvas(6)
    fill_scene(look, grid, ("rect", "blob", "blob", "frame", "line", "cross"), look.colors, 2, 5)
    return grid


@kind
def rects(look: Look) -> Grid:
    """Several filled rectangles."""
    grid = look.canvas(6)
    fill_scene(look, grid, ("rect",), look.colors, 2 if look.option % 2 else 3, 6)
    return grid


@kind
def blobs(look: Look) -> Grid:
    """Several irregular shapes."""
    grid = look.canvas(6)
    fill_scene(look, grid, ("blob",), look.colors, 3, 6)
    return grid


@kind
def binary_objects(look: Look) -> Grid:
    """Several objects of one colour and of different sizes."""
    grid = look.canvas(7)
    fill_scene(look, grid, ("rect", "blob", "line", "blob", "cross"), look.palette[:1], 1, 4)
    return grid


@kind
def frames(look: Look) -> Grid:
    """Hollow rectangles, some with gaps."""
    grid = look.canvas(7)
    fill_scene(
        look,
        grid,
        ("frame", "frame", "loop", "rect") if look.option % 2 else ("frame", "frame", "loop"),
        look.colors[:2],
        3,
        7,
    )
    if look.option % 3 == 0:
        scatter(look, grid, 3, look.palette[:1])
    return grid


@kind
def loops(look: Look) -> Grid:
    """Closed and open outlines of one colour, noise beside them."""
    grid = look.canvas(7)
    fill_scene(look, grid, ("loop", "frame", "blob"), look.palette[:1], 3, 6)
    for x, y in np.argwhere(grid)[:: look.rng.randint(6, 15)]:
        if look.rng.random() < 0.3:
            grid[x, y] = 0
    return grid


@kind
def inside(look: Look) -> Grid:
    """Hollow rectangles with a point inside."""
    grid = look.canvas(8)
    for _ in range(look.rng.randint(1, 4)):
        h, w = look.rng.randint(3, 6), look.rng.randint(3, 6)
        part = sprite(look, h, w, "frame", look.palette[0])
        part[look.rng.randint(1, h - 2), look.rng.randint(1, w - 2)] = look.palette[
            1 + look.rng.randrange(min(look.count, 2))
        ]
        place(look, grid, part)
    return grid


@kind
def same_size(look: Look) -> Grid:
    """Shapes with boxes of one size."""
    grid = look.canvas(8)
    side = 3 if look.option % 3 else 2
    for index in range(look.rng.randint(2, 4)):
        part = look.noise(side, side, 0.6, (look.palette[index % max(2, look.count)],))
        part[range(side), range(side)] = look.palette[index % max(2, look.count)]
        place(look, grid, part)
    return grid


@kind
def multicolor(look: Look) -> Grid:
    """Objects of several colours each."""
    grid = look.canvas(8)
    colors = look.palette[: max(2, look.count)]
    for _ in range(look.rng.randint(2, 4)):
        part = sprite(look, look.rng.randint(2, 4), look.rng.randint(2, 4), look.rng.choice(("rect", "blob")), 1)
        recolor(look, part, tuple(look.rng.sample(colors, look.rng.randint(1, len(colors)))))
        place(look, grid, part)
    return grid


@kind
def marked(look: Look) -> Grid:
    """Objects of one colour with one cell of another."""
    grid = look.canvas(7)
    for _ in range(look.rng.randint(1, 4)):
        part = sprite(
            look, look.rng.randint(2, 4), look.rng.randint(2, 4), look.rng.choice(("rect", "blob")), look.palette[0]
        )
        x, y = look.rng.choice(np.argwhere(part).tolist())
        part[x, y] = look.palette[1 + look.rng.randrange(max(1, look.count))]
        place(look, grid, part)
    return grid


@kind
def symmetric_objects(look: Look) -> Grid:
    """Small patterns, one of which is mirror-symmetric (or is not)."""
    grid = look.canvas(9)
    odd = look.rng.randrange(3)
    for index in range(3):
        part = look.noise(3, 3, 0.6, look.colors)
        part[1] = look.color()
        if (index == odd) == (look.option % 2 == 0):
            part = np.where(np.arange(3) > 1, np.flip(part, 1), part)
        place(look, grid, part if look.turned < 4 else part.T)
    return grid


@kind
def shape_and_marker(look: Look) -> Grid:
    """One shape and one lone cell of another colour."""
    grid = look.canvas(6)
    same = look.option % 2
    shape, marker = look.palette[:2] if same else look.rng.sample(look.palette[:4], 2)
    part = sprite(
        look, look.rng.randint(2, 4), look.rng.randint(2, 4), look.rng.choice(("blob", "rect", "cross")), shape
    )
    place(look, grid, part)
    place(look, grid, np.full((1, 1 + look.option % 3 // 2), marker, dtype=np.int8))
    return grid


@kind
def noisy(look: Look) -> Grid:
    """Big objects and single cells of noise."""
    grid = look.canvas(8)
    fill_scene(look, grid, ("rect", "rect", "frame"), look.colors[:2], 3, 7)
    same = look.colors[0] if look.option % 2 else look.palette[look.count]
    scatter(look, grid, look.rng.randint(2, 3 + grid.size // 15), (same,), look.option % 3 % 2)
    return grid


@kind
def noisy_regions(look: Look) -> Grid:
    """Rectangles with cells of other colours in them."""
    grid = look.canvas(7)
    for index in range(look.rng.randint(1, 3)):
        h, w = look.rng.randint(3, 6), look.rng.randint(3, 6)
        part = np.full((h, w), look.palette[index % look.count], dtype=np.int8)
        part[look.numbers.random((h, w)) < 0.15] = look.palette[5]
        place(look, grid, part)
    return grid


@kind
def pattern_and_places(look: Look) -> Grid:
    """One pattern of several colours and blocks of one colour and the same size (or single cells)."""
    grid = look.canvas(8)
    h, w = look.rng.randint(2, 3), look.rng.randint(2, 3)
    part = sprite(look, h, w, "rect", 1)
    recolor(look, part, look.palette[1 : 2 + max(2, look.count)])
    place(look, grid, part)
    if look.option % 3 == 0:
        h = w = 1
    for _ in range(look.rng.randint(1, 3)):
        place(look, grid, np.full((h, w), look.palette[0], dtype=np.int8))
    return grid
