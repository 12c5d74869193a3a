"""Source → its statements that paint a fixed rectangle, such as ``grid[1:3, 4:6] = Color.RED``.

What these do can be told without running them, which is what reading order and variants rest on.
Only assignments on a line of their own count, to an array by name, at literal places counted from
the front, of a constant or a colour.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from arcloop.grammar.drawing import Element
from arcloop.simplification import lines_of

__all__ = ["Painting", "runs"]

_LARGEST = 30
"""Side of the largest grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Painting(Element):
    """A statement that paints a fixed rectangle; in what colour does not matter here."""

    line: int
    """Counted from 0."""
    array: str
    sliced: bool
    """Are both places slices? Beyond the edge of the array these paint nothing, where a number is an error."""

    def cells(self) -> set[tuple[int, int]]:
        """What it paints of the largest grid, as rows and columns."""
        rows, columns = (
            range(first, min(first + size, _LARGEST)) for first, size in ((self.x, self.h), (self.y, self.w))
        )
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


def _painting(statement: ast.stmt, lines: list[bytes]) -> Painting | None:
    match statement:
        case ast.Assign(
            targets=[ast.Subscript(value=ast.Name(id=array), slice=ast.Tuple(elts=[rows, columns]))],
            value=ast.Constant() | ast.Attribute(value=ast.Name(id="Color")),
        ):
            place, spans = lines_of(statement, lines), (_span(rows), _span(columns))
            if place is not None and place[0] == place[1] and spans[0] is not None and spans[1] is not None:
                (x, below), (y, right) = spans[0], spans[1]
                sliced = isinstance(rows, ast.Slice) and isinstance(columns, ast.Slice)
                box = (x, y, below - x, right - y)
                return Painting("rectangle", *box, color=0, line=place[0], array=array, sliced=sliced)
    return None


def _span(index: ast.expr) -> tuple[int, int] | None:
    """First and end of a literal index or slice counted from the front; None for any other."""
    match index:
        case ast.Constant(value=int(start)) if not isinstance(start, bool):
            return start, start + 1
        case ast.Slice(lower=ast.Constant(value=int(start)), upper=ast.Constant(value=int(end)), step=None):
            return start, end
    return None
