"""The drawing suite: pictures to be painted on a blank canvas.

Turns fixed pictures and seeds into tasks: each train pair shows a black canvas and the picture,
the test input is the canvas again, and the answer is the picture. A program with one statement
per element solves it, so the number of elements says how far a task is from programs of a few
statements. Promises the same suite everywhere; named tasks first, then generated ones by size, then those of the demo.
"""

import random
from collections.abc import Callable

import numpy as np

from arcloop.grammar.elements import Element, sample_elements
from arcloop.records import Answers, Grid, Pair, Task

__all__ = ["FURTHER_COUNTS", "FURTHER_SEEDS", "NAMED", "SMALLER", "drawing_suite", "generated_picture", "task_of"]

MOST_ELEMENTS = 30
"""Generated tasks have 1 to this many elements."""

FURTHER_SEEDS = (1, 2, 3)
FURTHER_COUNTS = range(7, 13)
"""Under each of these seeds there is one more picture of each of these numbers of elements, which are at the edge of what the
embedded model learns to paint."""

CHICK = (
    "............",
    "....444.....",
    "...44444....",
    "...414444...",
    "..774444....",
    "...44444..4.",
    "..444444444.",
    "..44477744..",
    "..44447744..",
    "...444444...",
    "....7..7....",
    "...77.77....",
)
"""A chick: yellow, with a blue eye and orange beak, wing and feet."""

SQUARE_COLORS = "2413864129735128647918352"
"""Colours of the squares, in reading order; no row or column of a table is of one colour."""


SPANS = ((0, 7), (2, 10), (1, 5), (0, 10), (4, 9), (3, 6), (0, 4), (5, 10), (2, 8))
"""Where each of up to nine lines starts and stops, of ten cells."""


def vertical_lines(count: int) -> Grid:
    """Up to nine vertical lines of different colours, places and lengths."""
    grid: Grid = np.zeros((10, 2 * count + 1), dtype=np.int8)
    for index, (start, stop) in enumerate(SPANS[:count]):
        grid[start:stop, 2 * index + 1] = index + 1
    return grid


def bars(count: int) -> Grid:
    """Up to nine bars, two cells wide, that stand on the lower edge."""
    grid: Grid = np.zeros((10, 3 * count + 1), dtype=np.int8)
    for index, (start, stop) in enumerate(SPANS[:count]):
        grid[start - stop :, 3 * index + 1 : 3 * index + 3] = int(SQUARE_COLORS[index])
    return grid


def tiles(rows: int, columns: int, height: int = 2, width: int = 2) -> Grid:
    """A table of rectangles, all of one size, with one cell between them."""
    grid: Grid = np.zeros(((height + 1) * rows + 1, (width + 1) * columns + 1), dtype=np.int8)
    for index in range(rows * columns):
        x, y = (height + 1) * (index // columns) + 1, (width + 1) * (index % columns) + 1
        grid[x : x + height, y : y + width] = int(SQUARE_COLORS[index])
    return grid


def stairs(count: int) -> Grid:
    """2 × 2 squares from the upper left to the lower right, corner to corner."""
    grid: Grid = np.zeros((2 * count + 2, 2 * count + 2), dtype=np.int8)
    for index in range(count):
        x = 2 * index + 1
        grid[x : x + 2, x : x + 2] = int(SQUARE_COLORS[index])
    return grid


def overlapping_squares() -> Grid:
    """Six squares, each over a part of those before."""
    grid: Grid = np.zeros((14, 14), dtype=np.int8)
    for x, y, side, color in ((0, 1, 6, 1), (3, 4, 6, 2), (1, 8, 5, 3), (7, 0, 6, 4), (8, 7, 6, 8), (5, 10, 4, 6)):
        grid[x : x + side, y : y + side] = color
    return grid


def chick() -> Grid:
    """A small picture of a chick."""
    return np.array([[0 if cell == "." else int(cell) for cell in row] for row in CHICK], dtype=np.int8)


NAMED = {
    "drawing-lines-9": lambda: vertical_lines(9),
    "drawing-squares-12": lambda: tiles(3, 4),
    "drawing-squares-16": lambda: tiles(4, 4),
    "drawing-squares-20": lambda: tiles(4, 5),
    "drawing-squares-25": lambda: tiles(5, 5),
    "drawing-squares-overlapping": overlapping_squares,
    "drawing-chick": chick,
}
"""Task id → the function that paints its picture."""

SMALLER: dict[str, Callable[[], Grid]] = {
    "drawing-bars-6": lambda: bars(6),
    "drawing-bars-7": lambda: bars(7),
    "drawing-lines-7": lambda: vertical_lines(7),
    "drawing-rows-7": lambda: vertical_lines(7).T.copy(),
    "drawing-squares-6": lambda: tiles(2, 3),
    "drawing-squares-8": lambda: tiles(2, 4),
    "drawing-squares-9": lambda: tiles(3, 3),
    "drawing-squares-10": lambda: tiles(2, 5),
    "drawing-squares-tall-8": lambda: tiles(4, 2),
    "drawing-stairs-7": lambda: stairs(7),
    "drawing-tiles-8": lambda: tiles(2, 4, 3, 2),
    "drawing-tiles-tall-8": lambda: tiles(4, 2, 2, 3),
    "drawing-tiles-9": lambda: tiles(3, 3, 2, 3),
}
"""The same for pictures of six to ten elements, which a small model learns to paint in a few minutes: ``make demo`` chooses
among them."""


def generated_picture(seed: int, count: int) -> tuple[Grid, list[Element]]:
    """A picture of exactly ``count`` elements that do not touch each other's cells, and the elements."""
    rng = random.Random(f"drawing {seed} {count}")
    side = max(5, min(30, round(4 * count**0.5)))
    while True:
        elements = sample_elements(rng, count, side, side, overlap=False)
        if len(elements) == count:
            grid: Grid = np.zeros((side, side), dtype=np.int8)
            for element in elements:
                element.paint(grid)
            return grid, elements


def task_of(task_id: str, picture: Grid) -> Task:
    """The task whose answer is the picture."""
    canvas: Grid = np.zeros_like(picture)
    return Task(task_id, (Pair(canvas, picture),), (canvas,))


def drawing_suite(seed: int = 0) -> tuple[list[Task], Answers]:
    """All drawing tasks: the seven named ones, generated ones of 1 to 30 elements, further ones of 7 to 12, and smaller ones."""
    pictures = {task_id: paint() for task_id, paint in NAMED.items()}
    for count in range(1, MOST_ELEMENTS + 1):
        pictures[f"drawing-random-{count:02d}"] = generated_picture(seed, count)[0]
    for other in FURTHER_SEEDS:
        for count in FURTHER_COUNTS:
            pictures[f"drawing-random-{count:02d}-{other}"] = generated_picture(seed + other, count)[0]
    pictures |= {task_id: paint() for task_id, paint in SMALLER.items()}
    tasks = [task_of(task_id, picture) for task_id, picture in pictures.items()]
    return tasks, {task_id: (picture,) for task_id, picture in pictures.items()}
