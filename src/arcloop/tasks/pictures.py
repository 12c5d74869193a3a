"""The drawing suite: pictures to be painted on a blank canvas.

Turns fixed pictures and seeds into tasks: each train pair shows a black canvas and the picture,
the test input is the canvas again, and the answer is the picture. A program with one statement
per element solves it, so the number of elements says how far a task is from programs of a few
statements. Promises the same suite everywhere; named tasks first, then generated ones by size.
"""

import random

import numpy as np

from arcloop.grammar.elements import Element, sample_elements
from arcloop.records import Answers, Grid, Pair, Task

__all__ = ["NAMED", "drawing_suite", "generated_picture", "task_of"]

MOST_ELEMENTS = 30
"""Generated tasks have 1 to this many elements."""

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


def vertical_lines() -> Grid:
    """Nine vertical lines of different colours, places and lengths."""
    grid: Grid = np.zeros((10, 19), dtype=np.int8)
    spans = ((0, 7), (2, 10), (1, 5), (0, 10), (4, 9), (3, 6), (0, 4), (5, 10), (2, 8))
    for index, (start, stop) in enumerate(spans):
        grid[start:stop, 2 * index + 1] = index + 1
    return grid


def squares(rows: int, columns: int) -> Grid:
    """A table of 2 × 2 squares with one cell between them."""
    grid: Grid = np.zeros((3 * rows + 1, 3 * columns + 1), dtype=np.int8)
    for index in range(rows * columns):
        x, y = 3 * (index // columns) + 1, 3 * (index % columns) + 1
        grid[x : x + 2, y : y + 2] = int(SQUARE_COLORS[index])
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
    "drawing-lines-9": vertical_lines,
    "drawing-squares-12": lambda: squares(3, 4),
    "drawing-squares-16": lambda: squares(4, 4),
    "drawing-squares-20": lambda: squares(4, 5),
    "drawing-squares-25": lambda: squares(5, 5),
    "drawing-squares-overlapping": overlapping_squares,
    "drawing-chick": chick,
}
"""Task id → the function that paints its picture."""


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
    """All drawing tasks: the seven named ones, then one of each number of elements from 1 to 30."""
    pictures = {task_id: paint() for task_id, paint in NAMED.items()}
    for count in range(1, MOST_ELEMENTS + 1):
        pictures[f"drawing-random-{count:02d}"] = generated_picture(seed, count)[0]
    tasks = [task_of(task_id, picture) for task_id, picture in pictures.items()]
    return tasks, {task_id: (picture,) for task_id, picture in pictures.items()}
