"""Kinds of inputs with things on a background: points, objects, walls, marks."""

import numpy as np

from arcloop.pretraining.look import Look, kind, place, sprite
from arcloop.records import Grid

__all__: list[str] = []


def scatter(look: Look, grid: Grid, count: int, colors: tuple[int, ...], gap: int = 0) -> None:
    """Put single cells of the colours on black cells; the first colours come first, so all occur."""
    for index in range(count):
        color = colors[index] if index < len(colors) else look.rng.choice(colors)
        place(look, grid, np.full((1, 1), color, dtype=np.int8), gap)


def fill_scene(look: Look, grid: Grid, shapes: tuple[str, ...], colors: tuple[int, ...], low: int, high: int) -> None:
    """Put several objects with gaps between them."""
    n, m = grid.shape
    top = max(low, min(high, (min(n, m) + 1) // 2))
    for index in range(look.rng.randint(2, max(3, n * m // 20))):
        h, w = look.rng.randint(low, top), look.rng.randint(low, top)
        color = colors[index] if index < len(colors) else look.rng.choice(colors)
        place(look, grid, sprite(look, h, w, look.rng.choice(shapes), color))


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
