"""Source → its statements that paint a fixed rectangle, such as ``grid[1:3, 4:6] = Color.RED``.

What these do can be told without running them, which is what reading order and variants rest on.
Only assignments on a line of their own count, to an array by name, at literal places counted from
the front, of a constant or a colour.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from arcloop.grammar import boxes
from arcloop.grammar.boxes import Box
from arcloop.rewriting.simplification import lines_of, parsed

__all__ = ["Painting", "in_reading_order", "numbers_of", "runs", "turned", "without_hidden"]

_LARGEST = 30
"""Side of the largest grid."""
_FAR = 1_000
"""No program that paints a grid counts so far; Python refuses to write numbers of thousands of digits."""


@dataclass(frozen=True, slots=True)
class Index:
    """Where a line says which rows, or which columns."""

    start: int
    """In bytes."""
    end: int
    sliced: bool
    """``2:3`` rather than ``2``."""

    def text(self, first: int, size: int) -> bytes:
        """The same kind of index for another place."""
        return b"%d:%d" % (first, first + size) if self.sliced else b"%d" % first


@dataclass(frozen=True, slots=True)
class Painting:
    """A statement that paints a fixed rectangle; in what colour does not matter here."""

    box: Box
    line: int
    """Counted from 0."""
    array: str
    rows: Index
    columns: Index

    @property
    def sliced(self) -> bool:
        """Are both indices slices? Beyond the edge of the array these paint nothing, where a number is an error."""
        return self.rows.sliced and self.columns.sliced

    def cells(self) -> set[tuple[int, int]]:
        """What it paints of the largest grid, as rows and columns."""
        box = self.box
        rows, columns = (range(a, min(a + size, _LARGEST)) for a, size in ((box.x, box.h), (box.y, box.w)))
        return {(row, column) for row in rows for column in columns}


def runs(tree: ast.Module, lines: list[bytes]) -> Iterator[list[Painting]]:
    """The longest stretches of paintings on the same array, line after line; ``lines`` are those of the tree's source."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        run: list[Painting] = []
        for statement in body if isinstance(body, list) else []:
            painting = _painting(statement, lines)
            if run and (painting is None or (run[-1].line + 1, run[-1].array) != (painting.line, painting.array)):
                yield run
                run = []
            if painting is not None:
                run.append(painting)
        if run:
            yield run


def in_reading_order(source: str) -> str:
    """The source, its painted rectangles from the upper left to the lower right as far as none is painted over another.

    Where a model has to tell the next of twenty rectangles, it learns faster from programs that go through the picture in
    one order. Only neighbouring paintings change places, and only if they share no cell: what the program gives stays the
    same. What cannot be parsed comes back as it is.
    """
    tree = parsed(source)
    if tree is None:
        return source
    lines = source.encode().split(b"\n")
    texts = list(lines)
    for run in runs(tree, lines):
        # Without any slice it may be a dictionary that is filled, whose order counts.
        if not any(painting.rows.sliced or painting.columns.sliced for painting in run):
            continue
        for place, painting in enumerate(boxes.in_reading_order(run)):
            texts[run[0].line + place] = lines[painting.line]
    return b"\n".join(texts).decode()


def without_hidden(source: str) -> str:
    """The source, which can be parsed, without paintings of which later ones of their run leave nothing to be seen."""
    lines = source.encode().split(b"\n")
    hidden = set()
    for run in runs(ast.parse(source), lines):
        seen: set[tuple[int, int]] = set()
        for painting in reversed(run):
            cells = painting.cells()
            if cells <= seen and painting.sliced:
                hidden.add(painting.line)
            seen |= cells
    return b"\n".join(line for number, line in enumerate(lines) if number not in hidden).decode()


def turned(source: str, transposed: bool, upended: bool, mirrored: bool) -> str:
    """The source, which can be parsed, with the picture that its paintings make transposed, then upside down, then mirrored.

    The picture keeps its distance from the upper and the left edge.
    """
    lines = source.encode().split(b"\n")
    painted = [painting for run in runs(ast.parse(source), lines) for painting in run]
    if transposed:
        painted = [
            replace(p, box=Box(p.box.y, p.box.x, p.box.w, p.box.h), rows=p.columns, columns=p.rows) for p in painted
        ]
    # First and last, counted from the other side.
    below = min((p.box.x for p in painted), default=0) + max((p.box.x + p.box.h for p in painted), default=0)
    right = min((p.box.y for p in painted), default=0) + max((p.box.y + p.box.w for p in painted), default=0)
    for p in painted:
        rows = p.rows.text(below - p.box.x - p.box.h if upended else p.box.x, p.box.h)
        columns = p.columns.text(right - p.box.y - p.box.w if mirrored else p.box.y, p.box.w)
        first, second = sorted((p.rows, p.columns), key=lambda index: index.start)
        line = lines[p.line]
        lines[p.line] = line[: first.start] + rows + line[first.end : second.start] + columns + line[second.end :]
    return b"\n".join(lines).decode()


def _painting(statement: ast.stmt, lines: list[bytes]) -> Painting | None:
    match statement:
        case ast.Assign(
            targets=[ast.Subscript(value=ast.Name(id=array), slice=ast.Tuple(elts=[rows, columns]))],
            value=ast.Constant() | ast.Attribute(value=ast.Name(id="Color")),
        ):
            place, in_rows, in_columns = lines_of(statement, lines), numbers_of(rows), numbers_of(columns)
            if place is None or place[0] != place[1] or in_rows is None or in_columns is None:
                return None
            above, left = _index(rows), _index(columns)
            line = lines[place[0]]
            # A number in parentheses could not become a slice.
            if line[above.end :].lstrip().startswith(b",") and line[left.end :].lstrip().startswith(b"]"):
                box = Box(in_rows[0], in_columns[0], _size(in_rows), _size(in_columns))
                return Painting(box, line=place[0], array=array, rows=above, columns=left)
    return None


def _index(node: ast.expr) -> Index:
    return Index(node.col_offset, node.end_col_offset or 0, isinstance(node, ast.Slice))


def _size(numbers: tuple[int, ...]) -> int:
    return 1 if len(numbers) == 1 else max(0, numbers[1] - numbers[0])


def numbers_of(index: ast.expr) -> tuple[int, ...] | None:
    """The number, or the two of a slice, of a literal index counted from the front; None for any other."""
    match index:
        case ast.Constant(value=int(start)):
            numbers: tuple[int, ...] = (start,)
        case ast.Slice(lower=ast.Constant(value=int(start)), upper=ast.Constant(value=int(end)), step=None):
            numbers = (start, end)
        case _:
            return None
    # Not True, which is an int too.
    return numbers if all(type(number) is int and number < _FAR for number in numbers) else None
