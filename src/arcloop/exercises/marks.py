"""Kinds of inputs with marks: single cells, lines, walls, bars, corners; and the blank canvas."""

import numpy as np

from arcloop.exercises.look import Look, kind, place, sprite
from arcloop.records import Grid

__all__ = ["scatter"]


def scatter(look: Look, grid: Grid, count: int, colors: tuple[int, ...], gap: int = 0) -> None:
    """Put single cells of the colours on black cells; the first colours come first, so all occur."""
    for index in range(count):
        color = colors[index] if index < len(colors) else look.rng.choice(colors)
        place(look, grid, np.full((1, 1), color, dtype=np.int8), gap)


@kind
def points(look: Look) -> Grid:
    """Sparse single cells."""
    grid = look.canvas(5)
    scatter(
        look,
        grid,
        look.rng.randint(1, max(2, grid.size // 25)) + min(look.count, 3) - 1,
        look.palette[: min(look.count, 3)],
        look.option % 3,
    )
    return grid


@kind
def two_points(look: Look) -> Grid:
    """Exactly two cells, of one colour or two."""
    grid = look.canvas(4)
    scatter(look, grid, 2, (look.palette[0], look.palette[0 if look.option % 2 else 1]))
    return grid


@kind
def pairs(look: Look) -> Grid:
    """Pairs of equal cells on a common row or column."""
    grid = look.canvas(5)
    n, m = grid.shape
    for _ in range(look.rng.randint(1, 3)):
        x, y, color = look.rng.randrange(n), look.rng.randrange(m), look.color()
        grid[x, y] = color
        if look.option % 3 == 0 or (look.option % 3 == 1 and look.rng.random() < 0.5):
            grid[look.rng.randrange(n), y] = color
        else:
            grid[x, look.rng.randrange(m)] = color
    return grid


@kind
def edges(look: Look) -> Grid:
    """Marks on one edge or on two opposite ones."""
    grid = look.canvas(4)
    both = look.option % 2
    for x in look.rng.sample(range(len(grid)), look.rng.randint(1, max(1, len(grid) // 2))):
        grid[x, 0] = look.color()
        if both:
            grid[x, -1] = grid[x, 0] if look.rng.random() < 0.5 else look.color()
    return look.turn(grid)


@kind
def top_row(look: Look) -> Grid:
    """Colours along one edge, the rest black."""
    grid = look.canvas(3)
    n, m = grid.shape
    grid[0] = look.noise(1, m, 0.4 + 0.6 * look.density, look.colors)[0]
    if look.option % 3 == 0 and n > 3:
        grid[1] = look.noise(1, m, 0.8, look.colors)[0]
    return look.turn(grid)


@kind
def corners(look: Look) -> Grid:
    """Four corner points of rectangles."""
    grid = look.canvas(6)
    for index in range(look.rng.randint(1, 2)):
        part = np.zeros((look.rng.randint(3, 6), look.rng.randint(3, 6)), dtype=np.int8)
        part[[0, 0, -1, -1], [0, -1, 0, -1]] = look.palette[index % look.count]
        place(look, grid, part)
    return grid


@kind
def bars(look: Look) -> Grid:
    """Bars of different lengths standing on one edge."""
    grid = look.canvas(4)
    n, m = grid.shape
    gap = 1 + look.option % 2
    for y in range(look.option % 3 % 2, m, gap):
        grid[n - look.rng.randint(0 if look.option % 5 == 0 else 1, n) :, y] = look.color()
    return look.turn(grid)


@kind
def walls(look: Look) -> Grid:
    """A full line of one colour, an object of another."""
    grid = look.canvas(7)
    n, _ = grid.shape
    grid[n - 1 if look.option % 2 else look.rng.randint(n // 2, n - 1)] = look.palette[0]
    for _ in range(look.rng.randint(1, 2)):
        shape = look.rng.choice(("rect", "blob", "cross"))
        place(
            look,
            grid,
            sprite(
                look,
                look.rng.randint(1, 3),
                look.rng.randint(1, 3),
                shape,
                look.palette[1 + look.option % 3 % look.count],
            ),
        )
    return look.turn(grid)


@kind
def points_and_walls(look: Look) -> Grid:
    """Points at one side and blocks or lines of another colour that may stop their rays."""
    grid = look.canvas(6)
    n, m = grid.shape
    for _ in range(look.rng.randint(2, 5)):
        grid[look.rng.randint(n // 2, n - 1), look.rng.randrange(m)] = look.palette[0]
    if look.option % 2:
        grid[look.rng.randint(n // 2, n - 1)] = look.palette[0]
    for y in look.rng.sample(range(m), look.rng.randint(1, m // 2)):
        grid[look.rng.randint(0, max(0, n // 2 - 1)), y] = look.palette[1]
    return look.turn(grid)


@kind
def rooms(look: Look) -> Grid:
    """Walls of one colour that cut the grid into rooms."""
    grid = look.canvas(7)
    n, m = grid.shape
    color = look.palette[0]
    for x in look.rng.sample(range(1, n - 1), 1 + (n > 9) + look.option % 2):
        grid[x] = color
    tops = [x for x in range(n) if (grid[x] != color).any()]
    for y in look.rng.sample(range(1, m - 1), 1 + (m > 9)):
        if look.option % 3:
            grid[:, y] = color
        else:
            grid[look.rng.choice(tops) :, y] = color
    return grid


@kind
def blank(look: Look) -> Grid:
    """A black canvas."""
    return look.canvas(3)


@kind
def edge_blocks(look: Look) -> Grid:
    """Coloured marks along one edge and objects of one colour off it."""
    grid = look.canvas(7)
    n, m = grid.shape
    y = look.rng.randint(0, 1)
    while y < m - 1:
        w = look.rng.randint(1, 3)
        color = look.palette[1 + look.rng.randrange(4)]
        grid[0, y + w // 2 if look.option % 2 else slice(y, y + w)] = color
        x = look.rng.randint(2, n - 2)
        grid[x : x + look.rng.randint(1, 4), y : y + w] = look.palette[0]
        y += w + look.rng.randint(1, 2)
    return look.turn(grid)


@kind
def two_edges(look: Look) -> Grid:
    """Two opposite edges in two colours, points of a third between them."""
    grid = look.canvas(6)
    grid[:, 0], grid[:, -1] = look.palette[1], look.palette[2]
    scatter(look, grid, look.rng.randint(2, 6), look.palette[:1])
    return look.turn(grid) if look.turned in (0, 4) else grid
