"""Program → programs that differ from it in colours that they name, and in what they paint where.

A model that writes twenty rectangles in a row learns little about where each of them stands by being
shown its own few programs: many of them agree, and what they all leave out it forgets. A variant has
other colours, and rectangles in other places, runs just as well, and in hindsight is the right answer
to a task of its own.
"""

import ast
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from arcloop.grammar.scope import COLOR_NAMES
from arcloop.rewriting.paintings import numbers_of, runs, turned, without_hidden
from arcloop.rewriting.simplification import parsed, written

__all__ = ["variants"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Bytes of a line that say a colour or where something is."""

    line: int
    """Counted from 0."""
    start: int
    end: int
    text: str
    axis: int = 0
    """Of the index that an assignment writes to: 1 rows, 2 columns; 0 of any other, and of colours."""


def variants(source: str, count: int, rng: random.Random) -> list[str]:
    """Up to ``count`` sources that differ from ``source`` and from each other in some colours and places.

    A colour is a ``Color.NAME``; black counts only where it is assigned, as elsewhere it nearly always is the background.
    Half of them are drawn anew from those that the source names. A place is a slice of two whole numbers such as ``3:5``,
    or a number in what an assignment such as ``grid[2, 3:5] = Color.RED`` writes to. In a third of the variants half of
    them move by one or two, and half of these slices become one longer or shorter. In a third a quarter or a half of them
    are drawn anew from those that the source names for the same axis, and up to a quarter of the paintings
    (``paintings.runs``) are written a second time, at places drawn anew. Then half of the variants have the picture that the
    paintings make turned or mirrored in one of the eight ways, and paintings of which nothing is to be seen are left out.
    What cannot be parsed, or has neither colours nor places to change, has no variants.
    """
    tree = parsed(source)
    if tree is None:
        return []
    found: dict[str, None] = {source: None}
    for _ in range(4 * count):
        if len(found) > count:
            break
        found.setdefault(_variant(source, rng) or source)
    return list(found)[1:]


def _variant(source: str, rng: random.Random) -> str | None:
    kind = rng.choice(("recoloured", "moved", "redrawn"))
    copies: set[int] = set()
    if kind == "redrawn":
        source, copies = _with_copies(source, rng)
    nodes = list(ast.walk(ast.parse(source)))
    colors, places = list(_colors(nodes, source.encode().split(b"\n"))), list(_places(nodes))
    palette = sorted({place.text for place in colors})
    changes = {place: rng.choice(palette) for place in colors if rng.random() < 0.5}
    if kind == "moved":
        changes |= {place: _moved(place.text, rng) for place in places if rng.random() < 0.5}
    if kind == "redrawn":
        named = {axis: sorted({place.text for place in places if place.axis == axis}) for axis in range(3)}
        share = rng.choice((0.25, 0.5))
        redrawn = [place for place in places if place.line in copies or rng.random() < share]
        changes |= {place: rng.choice(named[place.axis]) for place in redrawn}
    # Turned always, pictures are learned later; never, programs come to leave out the same things (LOG.md).
    turns = [rng.random() < 0.5 for _ in range(3)] if rng.random() < 0.5 else [False] * 3
    changed = _with(source, changes)
    # A slice in the place of a number in parentheses is no program.
    return without_hidden(turned(changed, *turns)) if parsed(changed) is not None else None


def _with_copies(source: str, rng: random.Random) -> tuple[str, set[int]]:
    """The source with up to a quarter of its paintings twice, and the lines of the second ones."""
    lines = source.encode().split(b"\n")
    painted = [painting.line for run in runs(ast.parse(source), lines) for painting in run]
    twice = set(rng.sample(painted, rng.randint(0, len(painted) // 4)))
    made: list[bytes] = []
    copies = set()
    for number, line in enumerate(lines):
        made.append(line)
        if number in twice:
            copies.add(len(made))
            made.append(line)
    return b"\n".join(made).decode(), copies


def _moved(place: str, rng: random.Random) -> str:
    """The place one or two further; half of the slices become one longer or shorter besides."""
    first, *end = map(int, place.split(":"))
    step = rng.choice((-2, -1, 1, 2))
    ends = [end[0] + step + (rng.choice((-1, 1)) if rng.random() < 0.5 else 0)] if end else []
    return ":".join(map(str, [first + step, *ends])) if 0 <= first + step < min([*ends, first + step + 1]) else place


def _with(source: str, changes: dict[_Place, str]) -> str:
    lines = source.encode().split(b"\n")
    # Backwards, so that what is before keeps its place.
    for place in sorted(changes, key=lambda place: (place.line, place.start), reverse=True):
        line = lines[place.line]
        lines[place.line] = line[: place.start] + changes[place].encode() + line[place.end :]
    return b"\n".join(lines).decode()


def _colors(nodes: Sequence[ast.AST], lines: Sequence[bytes]) -> Iterator[_Place]:
    painted = {id(node.value) for node in nodes if isinstance(node, ast.Assign)}
    for node in nodes:
        match node:
            case ast.Attribute(value=ast.Name(id="Color"), attr=name, end_lineno=int(line), end_col_offset=int(end)):
                names = COLOR_NAMES[0 if id(node) in painted else 1 :]
                if name in names and written(lines[line - 1], end, name):
                    yield _Place(line - 1, end - len(name), end, name)


def _places(nodes: Sequence[ast.AST]) -> Iterator[_Place]:
    axes: dict[int, int] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Subscript(slice=ast.Tuple(elts=[rows, columns]))]):
                axes |= {id(rows): 1, id(columns): 2}
    for node in nodes:
        if not isinstance(node, ast.expr) or not (isinstance(node, ast.Slice) or id(node) in axes):
            continue
        numbers = numbers_of(node)
        if numbers is None:
            continue
        text = ":".join(map(str, numbers))
        # Written on one line and without spaces, as numbers in base ten: otherwise it stays as it is.
        first, last = node.col_offset, node.end_col_offset or 0
        if node.lineno == node.end_lineno and last - first == len(text):
            yield _Place(node.lineno - 1, first, last, text, axes.get(id(node), 0))
