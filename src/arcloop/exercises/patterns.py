"""Kinds of inputs that are patterns all over: noise, stripes, tilings and symmetry."""

import numpy as np

from arcloop.exercises.look import Look, kind
from arcloop.records import Grid

__all__: list[str] = []


@kind
def tiny(look: Look) -> Grid:
    """Noise of two to four a side, mostly three."""
    side = (3, 3, 3, 2, 4, 3)[look.option % 6]
    w = side if look.option % 5 else max(2, side - 1)
    grid = look.noise(side, w, 0.35 + 0.65 * look.density, look.colors)
    if not grid.any():
        grid[look.rng.randrange(side), look.rng.randrange(w)] = look.color()
    return grid


@kind
def small(look: Look) -> Grid:
    """Noise of two to six a side."""
    h, w = look.size(2, 6)
    return look.noise(h, w, 0.3 + 0.7 * look.density, look.colors)


@kind
def noise(look: Look) -> Grid:
    """Sparse to middling noise of any size."""
    h, w = look.size(4)
    return look.noise(h, w, 0.1 + 0.4 * look.density, look.colors)


@kind
def picture(look: Look) -> Grid:
    """Every cell coloured, blocks of several sizes."""
    h, w = look.size(3)
    grid = look.noise(h, w, 1.0, look.palette[: max(2, look.count)])
    for _ in range(look.rng.randint(0, 3)):
        x, y = look.rng.randrange(h), look.rng.randrange(w)
        grid[x : x + look.rng.randint(1, 4), y : y + look.rng.randint(1, 4)] = look.color()
    return grid


@kind
def binary(look: Look) -> Grid:
    """Noise of one colour."""
    h, w = look.size(3)
    return look.noise(h, w, 0.3 + 0.4 * look.density, look.palette[:1])


@kind
def two_colors(look: Look) -> Grid:
    """Exactly two values; which two may change from input to input."""
    h, w = look.size(3, 8)
    a, b = look.palette[:2] if look.option % 2 else look.rng.sample(look.palette, 2)
    if look.option % 3 == 0:
        a = 0
    grid = look.noise(h, w, 1.0, (a, b))
    grid[0, 0], grid[-1, -1] = a, b
    return grid


@kind
def stripes(look: Look) -> Grid:
    """Rows of one colour each."""
    h, w = look.size(3)
    grid = np.zeros((h, w), dtype=np.int8)
    x = 0
    while x < h:
        step = look.rng.randint(1, 3)
        grid[x : x + step] = look.rng.choice(look.palette[: max(3, look.count)])
        x += step
    return look.turn(grid)


@kind
def rows_mixed(look: Look) -> Grid:
    """Some rows of one colour, others mixed."""
    h, w = look.size(3, 8)
    colors = look.palette[: max(2, look.count)]
    grid = look.noise(h, w, 1.0 if look.option % 2 else 0.6, colors)
    for x in look.rng.sample(range(h), look.rng.randint(1, h - 1)):
        grid[x] = look.rng.choice(colors)
    return look.turn(grid)


def tiling(look: Look, low: int = 6) -> Grid:
    """A periodic pattern without black."""
    h, w = look.size(low, 14)
    k, n = look.rng.randint(2, 4), look.rng.randint(2, 4)
    tile = look.noise(k, n, 1.0, look.palette[: max(2, look.count)])
    if look.option % 3 == 0:
        x, y = np.indices((h, w))
        diagonal: Grid = tile[0, (x + y) % n]
        return diagonal
    return np.tile(tile, (h // k + 1, w // n + 1))[:h, :w].copy()


@kind
def tiled(look: Look) -> Grid:
    """A periodic pattern."""
    return tiling(look)


def punch(look: Look, grid: Grid, color: int) -> None:
    """Cover some rectangles."""
    h, w = grid.shape
    for _ in range(look.rng.randint(1, 3)):
        x, y = look.rng.randrange(h), look.rng.randrange(w)
        grid[x : x + look.rng.randint(1, max(1, h // 3)), y : y + look.rng.randint(1, max(1, w // 3))] = color


@kind
def tiled_holes(look: Look) -> Grid:
    """A periodic pattern with black (or one colour) over parts of it."""
    grid = tiling(look)
    punch(look, grid, 0 if look.option % 4 else look.palette[7])
    return grid


@kind
def tiled_diagonal(look: Look) -> Grid:
    """Some cells of a pattern that is constant along diagonals."""
    h, w = look.size(4, 10)
    n = 2 + look.option % 3
    x, y = np.indices((h, w))
    grid = np.array(look.palette[:n], dtype=np.int8)[(x + (y if look.turned % 2 else -y)) % n]
    return np.where(look.numbers.random((h, w)) < 0.3, grid, 0).astype(np.int8)


@kind
def corner_points(look: Look) -> Grid:
    """A short diagonal run of colours in a corner."""
    h, w = look.size(5, 10)
    n = 2 + look.option % 3
    x, y = np.indices((h, w))
    grid = np.array(look.palette[:n], dtype=np.int8)[(x + y) % n]
    return np.where(x + y < n, grid, 0).astype(np.int8)


def mirrored(look: Look, density: float) -> Grid:
    """A pattern that is its own mirror image both ways; half of the square ones are so along diagonals too."""
    h, w = look.size(4, 14)
    colors = look.palette[: max(2, look.count)]
    quarter = look.noise((h + 1) // 2, (w + 1) // 2, density, colors)
    if h == w and look.option % 2:
        quarter = np.maximum(quarter, quarter.T)
    top = np.hstack([quarter, np.flip(quarter, 1)[:, w % 2 :]])
    return np.vstack([top, np.flip(top, 0)[h % 2 :]])


@kind
def symmetric(look: Look) -> Grid:
    """A mirror-symmetric pattern."""
    return mirrored(look, 0.4 + 0.6 * look.density)


@kind
def holes(look: Look) -> Grid:
    """A mirror-symmetric pattern with black over parts of it."""
    grid = mirrored(look, 1.0)
    punch(look, grid, 0)
    return grid


@kind
def covered(look: Look) -> Grid:
    """A mirror-symmetric pattern with one patch of a colour that occurs nowhere else."""
    grid = mirrored(look, 1.0)
    h, w = grid.shape
    a, b = look.rng.randint(1, max(1, h // 2)), look.rng.randint(1, max(1, w // 2))
    x, y = look.rng.randint(0, h - a), look.rng.randint(0, w - b)
    grid[x : x + a, y : y + b] = look.palette[8]
    return grid


@kind
def symmetric_noisy(look: Look) -> Grid:
    """A symmetric pattern with some cells changed."""
    grid = mirrored(look, 0.6)
    grid[look.numbers.random(grid.shape) < 0.1] = 0
    return grid


@kind
def half_symmetric(look: Look) -> Grid:
    """A pattern in one half or quarter, the rest black."""
    h, w = look.size(4, 13)
    grid = np.zeros((h, w), dtype=np.int8)
    n, m = (h + 1) // 2, (w + 1) // 2 if look.option % 2 else w
    grid[:n, :m] = look.noise(n, m, 0.25 + 0.5 * look.density, look.colors)
    return look.turn(grid)


@kind
def maybe_symmetric(look: Look) -> Grid:
    """A small pattern that is symmetric half of the time."""
    side = 3 + look.option % 2
    grid = look.noise(side, side, 0.6, look.palette[:1] if look.option % 3 else look.colors)
    if look.rng.random() < 0.5:
        return grid
    return (np.maximum(grid, np.flip(grid, 1)), np.maximum(grid, np.flip(grid, 0)), np.maximum(grid, grid.T))[
        look.option % 3
    ]


@kind
def bordered(look: Look) -> Grid:
    """A pattern in a border of one colour."""
    grid = look.noise(*look.size(4), 0.6, look.colors)
    grid[[0, -1]] = look.palette[8]
    grid[:, [0, -1]] = look.palette[8]
    return grid


@kind
def row_marks(look: Look) -> Grid:
    """Three columns; every row has one mark in one of them."""
    h = look.rng.randint(2, 5) if look.option % 2 else 3
    grid = np.zeros((h, 3), dtype=np.int8)
    grid[range(h), look.numbers.integers(0, 3, h)] = look.palette[0]
    return grid if look.turned < 4 else grid.T


@kind
def rings(look: Look) -> Grid:
    """Nested square rings."""
    n = look.rng.randint(2, 5)
    colors = (
        look.rng.sample(look.palette, n) if look.option % 2 else [look.rng.choice(look.palette[:4]) for _ in range(n)]
    )
    side = 2 * n - look.option // 2 % 2
    grid = np.zeros((side, side), dtype=np.int8)
    for index, color in enumerate(colors):
        grid[index : side - index, index : side - index] = color
    return grid
