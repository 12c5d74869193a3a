"""Program → programs that differ from it in colours that they name, and in where they paint.

A model that writes twenty rectangles in a row learns little about where each of them stands by being
shown its own few programs: many of them agree. A variant has other colours and moved rectangles, runs
just as well, and in hindsight is the right answer to a task of its own.
"""

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass

from arcloop.grammar.scope import COLOR_NAMES
from arcloop.simplification import parsed

__all__ = ["variants"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Bytes of a line that say a colour or a span."""

    line: int
    """Counted from 0."""
    start: int
    end: int
    text: str


def variants(source: str, count: int, rng: random.Random) -> list[str]:
    """Up to ``count`` sources that differ from ``source`` and from each other in some colours and spans.

    A colour is a ``Color.NAME`` but black, which nearly always is the background; half of them are drawn anew from those
    that the source names. A span is a slice of two whole numbers such as ``3:5``; in every other variant half of them
    move by one or two, and a quarter become one longer or shorter. What cannot be parsed, or has neither, has no variants.
    """
    tree = parsed(source)
    nodes = list(ast.walk(tree)) if tree is not None else []
    colors, spans = list(_colors(nodes)), list(_spans(nodes))
    palette = sorted({place.text for place in colors})
    found: dict[str, None] = {source: None}
    for _ in range(4 * count if spans or len(palette) > 1 else 0):
        if len(found) > count:
            break
        changes = {place: rng.choice(palette) for place in colors if rng.random() < 0.5}
        if rng.random() < 0.5:
            changes |= {place: _moved(place.text, rng) for place in spans}
        found.setdefault(_with(source, changes))
    return list(found)[1:]


def _moved(span: str, rng: random.Random) -> str:
    start, end = map(int, span.split(":"))
    if rng.random() < 0.5:
        step = rng.choice((-2, -1, 1, 2))
        start, end = start + step, end + step
    if rng.random() < 0.25:
        end += rng.choice((-1, 1))
    return f"{start}:{end}" if 0 <= start < end else span


def _with(source: str, changes: dict[_Place, str]) -> str:
    lines = source.encode().split(b"\n")
    # Backwards, so that what is before keeps its place.
    for place in sorted(changes, key=lambda place: (place.line, place.start), reverse=True):
        line = lines[place.line]
        lines[place.line] = line[: place.start] + changes[place].encode() + line[place.end :]
    return b"\n".join(lines).decode()


def _colors(nodes: list[ast.AST]) -> Iterator[_Place]:
    for node in nodes:
        match node:
            case ast.Attribute(value=ast.Name(id="Color"), attr=name, end_lineno=int(line), end_col_offset=int(end)):
                if name in COLOR_NAMES[1:]:
                    yield _Place(line - 1, end - len(name), end, name)


def _spans(nodes: list[ast.AST]) -> Iterator[_Place]:
    for node in nodes:
        match node:
            case ast.Slice(lower=ast.Constant(value=int(start)), upper=ast.Constant(value=int(end)), step=None):
                first, last = node.col_offset, node.end_col_offset or 0
                text = f"{start}:{end}"
                # Written on one line and without spaces, as numbers in base ten: otherwise it stays as it is.
                if node.lineno == node.end_lineno and last - first == len(text):
                    yield _Place(node.lineno - 1, first, last, text)
