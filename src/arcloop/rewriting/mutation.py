"""Program → one that differs from it in a single place.

What is changed is a number, a truth value or a colour, or a statement of ``transform`` that is left out, changes places
with the next, or comes from elsewhere. A mutant of a program that is nearly right may be right; a mutant of one that is
right is a program to be repaired. Whether it runs, and what it gives, is for the caller to find out; but what reads a
name too early, as far as its text tells, is no mutant.
"""

import ast
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from arcloop.grammar.scope import COLOR_NAMES
from arcloop.rewriting.binding import bound, unbound
from arcloop.rewriting.simplification import Span, lines_of, parsed, written

__all__ = ["Change", "mutant"]

_LARGEST = 30
"""Numbers beyond the side of a grid are no places, sizes or colours."""


class Change(StrEnum):
    """What a mutant is different in."""

    NUMBER = "number"
    """A whole number is one or two more or less; 0 and 1, which often name an axis, also become each other."""
    TRUTH = "truth"
    """``True`` is ``False``, or the other way round."""
    COLOR = "color"
    """A ``Color.NAME`` is another one."""
    DROPPED = "dropped"
    """A statement is left out."""
    SWAPPED = "swapped"
    """A statement comes before the one that it came after."""
    INSERTED = "inserted"
    """There is a statement more."""
    REPLACED = "replaced"
    """There is another statement in the place of one."""


@dataclass(frozen=True, slots=True)
class _Text:
    """Bytes of a line that are replaced."""

    line: int
    """Counted from 0."""
    start: int
    end: int
    text: str


def mutant(
    source: str,
    rng: random.Random,
    fresh: Callable[[], str] | None = None,
    changes: Sequence[Change] = tuple(Change),
) -> tuple[str, Change] | None:
    """A source that differs from ``source`` in one place, and in what; None if nothing of that kind can be changed.

    ``fresh``: writes statements on ``grid``, without an indent, for ``INSERTED`` and ``REPLACED``, which need it.
    ``changes``: one of these is tried after the other, in an order that ``rng`` draws. Only a ``transform`` at the top
    level, with statements on lines of their own, has its statements changed.
    """
    tree = parsed(source)
    if tree is None:
        return None
    lines = source.split("\n")
    for change in rng.sample(list(changes), len(changes)):
        made = _changed(change, tree, lines, rng, fresh)
        changed = None if made is None or made == source else parsed(made)
        if made is not None and changed is not None and _in_order(tree, changed):
            return made, change
    return None


def _in_order(before: ast.Module, after: ast.Module) -> bool:
    """Does the changed ``transform`` read no name too early that it did not read so before?"""
    old, new = _transform(before), _transform(after)
    if old is None or new is None:
        return True
    # New statements are on ``grid``, which nothing else could have bound, and dropped ones leave names without a value.
    try:
        names = {"grid"} | bound(old)
        return unbound(new, names) <= unbound(old, names)
    except RecursionError:  # nested too deeply to be read
        return False


def _transform(tree: ast.Module) -> ast.FunctionDef | None:
    return next((node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "transform"), None)


def _changed(
    change: Change, tree: ast.Module, lines: list[str], rng: random.Random, fresh: Callable[[], str] | None
) -> str | None:
    match change:
        case Change.NUMBER | Change.TRUTH | Change.COLOR:
            texts = list(_words(change, tree, lines, rng))
            return _with(lines, rng.choice(texts)) if texts else None
        case Change.DROPPED:
            spans = _statements(tree, lines)
            # Of a single statement nothing would be left.
            return _spliced(lines, rng.choice(spans), []) if len(spans) > 1 else None
        case Change.SWAPPED:
            spans = _statements(tree, lines)
            pairs = [(a, b) for a, b in pairwise(spans) if a[1] + 1 == b[0]]
            if not pairs:
                return None
            (first, last), (begin, end) = rng.choice(pairs)
            return _spliced(lines, (first, end), [*lines[begin : end + 1], *lines[first : last + 1]])
        case Change.INSERTED | Change.REPLACED:
            spans = _statements(tree, lines)
            if not spans or fresh is None:
                return None
            first, last = rng.choice(spans)
            indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
            new = [indent + line for line in fresh().split("\n")]
            kept = lines[first : last + 1] if change is Change.INSERTED else []
            return _spliced(lines, (first, last), [*kept, *new])
    return None


def _words(change: Change, tree: ast.Module, lines: list[str], rng: random.Random) -> Iterator[_Text]:
    """Every word that can be changed, with what comes in its place."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="Color"), attr=name) if change is Change.COLOR and name in COLOR_NAMES:
                other = rng.choice([color for color in COLOR_NAMES if color != name])
                line, end = (node.end_lineno or 1) - 1, node.end_col_offset or 0
                if written(lines[line].encode(), end, name):
                    yield _Text(line, end - len(name), end, other)
            case ast.Constant(value=bool(value)) if change is Change.TRUTH:
                yield _Text(node.lineno - 1, node.col_offset, node.end_col_offset or 0, str(not value))
            case ast.Constant(value=int(value)) if (
                change is Change.NUMBER and type(value) is int and 0 <= value <= _LARGEST
            ):
                steps = [value + step for step in (-2, -1, 1, 2) if value + step >= 0]
                number = rng.choice([*steps, *[1 - value] * (2 * (value < 2))])
                yield _Text(node.lineno - 1, node.col_offset, node.end_col_offset or 0, str(number))


def _statements(tree: ast.Module, lines: list[str]) -> list[Span]:
    """Lines of the statements of ``transform`` that stand alone on theirs, but the last, which returns."""
    raw = [line.encode() for line in lines]
    function = _transform(tree)
    body = function.body[:-1] if function is not None else []
    return [span for statement in body if (span := lines_of(statement, raw)) is not None]


def _spliced(lines: list[str], span: Span, new: Sequence[str]) -> str:
    first, last = span
    return "\n".join([*lines[:first], *new, *lines[last + 1 :]])


def _with(lines: list[str], text: _Text) -> str:
    line = lines[text.line].encode()
    changed = (line[: text.start] + text.text.encode() + line[text.end :]).decode()
    return "\n".join([*lines[: text.line], changed, *lines[text.line + 1 :]])
