"""Programs that paint points, lines, rectangles and frames with literal coordinates on the input canvas.

Turns a generator and a canvas size into a list of drawing statements in reading order (from the
top left), except where elements overlap: there the order of painting is kept. Promises elements
inside the canvas; does not promise that each is still visible.
"""

import random
from dataclasses import dataclass

from arcloop.grammar.boxes import Box, in_reading_order
from arcloop.grammar.production import production
from arcloop.grammar.scope import COLOR_NAMES, Scope
from arcloop.records import Grid

__all__ = ["Element", "drawing_lines", "sample_drawing", "sample_elements"]


@dataclass(frozen=True, slots=True)
class Element:
    """One thing to paint, and the box that it touches."""

    kind: str
    """``point``, ``row``, ``column``, ``diagonal``, ``rectangle``, ``square`` or ``frame``."""
    x: int
    """First row."""
    y: int
    """First column."""
    h: int
    """Rows covered."""
    w: int
    """Columns covered."""
    color: int
    """1–9."""
    rising: bool = False
    """Of a diagonal: from the lower left to the upper right."""

    @property
    def box(self) -> Box:
        """The rectangle that it touches."""
        return Box(self.x, self.y, self.h, self.w)

    def code(self) -> str:
        """The statement, or the two statements of a frame."""
        color = "Color." + COLOR_NAMES[self.color]
        if self.kind == "diagonal":
            x, step = (self.x + self.h - 1, "(-1, 1)") if self.rising else (self.x, "(1, 1)")
            return f"draw_line(grid, {x}, {self.y}, length={self.h}, direction={step}, color={color})"
        painted = f"grid[{_span(self.x, self.h)}, {_span(self.y, self.w)}] = {color}"
        if self.kind == "frame":
            inner = f"grid[{_span(self.x + 1, self.h - 2)}, {_span(self.y + 1, self.w - 2)}] = Color.BLACK"
            return f"{painted}\n{inner}"
        return painted

    def paint(self, grid: Grid) -> None:
        """Do to the grid, in place, what ``code`` does."""
        if self.kind == "diagonal":
            for i in range(self.h):
                grid[self.x + (self.h - 1 - i if self.rising else i), self.y + i] = self.color
            return
        grid[self.x : self.x + self.h, self.y : self.y + self.w] = self.color
        if self.kind == "frame":
            grid[self.x + 1 : self.x + self.h - 1, self.y + 1 : self.y + self.w - 1] = 0


def _span(start: int, length: int) -> str:
    return str(start) if length == 1 else f"{start}:{start + length}"


KINDS = ("point", "row", "column", "diagonal", "rectangle", "square", "frame")
STYLES = (
    (1, 1, 1, 1, 1, 1, 1),
    (1, 0, 0, 0, 0, 0, 0),
    (0, 1, 0, 0, 0, 0, 0),
    (0, 0, 1, 0, 0, 0, 0),
    (0, 1, 1, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 1, 0),
    (0, 0, 0, 0, 1, 1, 0),
    (0, 0, 0, 0, 0, 0, 1),
    (1, 0, 0, 0, 0, 1, 0),
    (0, 0, 0, 1, 0, 0, 0),
)
STYLE_WEIGHTS = (5, 1.5, 1, 1, 1, 2, 1.5, 1, 1, 0.5)


def sample_elements(
    rng: random.Random, count: int, height: int, width: int, overlap: bool | None = None
) -> list[Element]:
    """``count`` elements (fewer where the canvas has no room) inside a canvas of the given size.

    A picture has a style (all kinds, only squares, only lines, ...) and a palette of one to four
    colours. ``overlap`` says whether elements may cover each other; None draws it.
    """
    weights = rng.choices(STYLES, STYLE_WEIGHTS)[0]
    palette = rng.sample(range(1, 10), rng.choice((1, 2, 3, 4)))
    overlap = rng.random() < 0.3 if overlap is None else overlap
    longest = max(2, int(max(height, width) / max(1.0, count**0.5)))
    elements: list[Element] = []
    for _ in range(count * 4):
        if len(elements) == count:
            break
        element = _element(rng, rng.choices(KINDS, weights)[0], height, width, longest, rng.choice(palette))
        if overlap or not any(element.box.overlaps(other.box) for other in elements):
            elements.append(element)
    return in_reading_order(elements)


def sample_raster(rng: random.Random, count: int, height: int, width: int) -> list[Element]:
    """Up to ``count`` elements of one kind on places of a raster, so that many share their rows or columns.

    Squares have one size, and so have half of the others; else sizes differ, up to what the raster has room for.
    """
    palette = rng.sample(range(1, 10), rng.choice((1, 2, 3, 4, 9)))
    side = max(2, int(max(height, width) / (1 + count**0.5)))
    kind = rng.choices(KINDS, (2, 1, 1, 0, 2, 3, 0))[0]
    largest = _element(rng, kind, height, width, side, 0)
    step_x, step_y = largest.h + rng.choice((0, 1, 1, 2)), largest.w + rng.choice((0, 1, 1, 2))
    rows, columns = range(rng.randrange(step_x), height, step_x), range(rng.randrange(step_y), width, step_y)
    places = [(x, y) for x in rows for y in columns if x + largest.h <= height and y + largest.w <= width]
    first = rng.randint(0, max(0, len(places) - count))
    kept = places[first : first + count] if rng.random() < 0.5 else rng.sample(places, min(count, len(places)))
    varied = kind != "square" and rng.random() < 0.5
    elements = []
    for x, y in sorted(kept):
        h, w = (rng.randint(1, largest.h), rng.randint(1, largest.w)) if varied else (largest.h, largest.w)
        x, y = x + rng.randint(0, largest.h - h), y + rng.randint(0, largest.w - w)
        elements.append(Element(kind, x, y, h, w, rng.choice(palette)))
    return in_reading_order(elements)


def _element(rng: random.Random, kind: str, height: int, width: int, longest: int, color: int) -> Element:
    def length(low: int, limit: int) -> int:
        return min(limit, rng.randint(low, max(low, longest)))

    h = w = 1
    if kind == "row":
        w = width if rng.random() < 0.2 else length(2, width)
    elif kind == "column":
        h = height if rng.random() < 0.2 else length(2, height)
    elif kind in ("square", "diagonal"):
        h = w = length(2, min(height, width))
    elif kind == "rectangle":
        h, w = length(2, height), length(2, width)
    elif kind == "frame":
        h, w = length(3, height), length(3, width)
        if min(h, w) < 3:
            kind = "rectangle"
    x, y = rng.randint(0, height - h), rng.randint(0, width - w)
    return Element(kind, x, y, h, w, color, kind == "diagonal" and rng.random() < 0.5)


def drawing_lines(elements: list[Element]) -> str:
    """The statements that paint the elements in their order."""
    return "\n".join(element.code() for element in elements)


def sample_drawing(rng: random.Random, count: int, height: int, width: int) -> str:
    """Statements on ``grid`` that paint ``count`` random elements, a third of the time on a raster."""
    elements = sample_raster(rng, count, height, width) if rng.random() < 1 / 3 else []
    return drawing_lines(elements or sample_elements(rng, count, height, width))


@production("draw", suits=("blank",), weight=0)
def draw(scope: Scope) -> str:
    """Paint one to five elements at fixed places. Example: ``grid[3:6, 2:5] = Color.RED``."""
    return sample_drawing(scope.rng, scope.number(1, 5), scope.height, scope.width)


@production("draw stripes", suits=("blank", "small"), weight=0.7, then=0.3)
def draw_stripes(scope: Scope) -> str:
    """Every k-th row or column, or a raster. Example: ``grid[::2] = Color.RED``."""
    k = scope.pick("2", "2", "3")
    start = scope.pick("", "", "1")
    part = scope.pick(f"{start}::{k}", f":, {start}::{k}", f"{start}::{k}, {start}::{k}")
    return f"grid[{part}] = {scope.paint()}"
