"""Program → programs that differ from it in the colours that they name.

A model that writes twenty colours in a row learns little about where each comes from by being shown
its own few programs: many of them agree. A variant has other colours at the same places, runs just
as well, and in hindsight is the right answer to a task of its own.
"""

import ast
import random

from arcloop.grammar.scope import COLOR_NAMES
from arcloop.simplification import parsed

__all__ = ["variants"]


def variants(source: str, count: int, rng: random.Random) -> list[str]:
    """Up to ``count`` sources that differ from ``source``, and from each other, in some of its ``Color.NAME``.

    Black, which nearly always is the background, stays. Every other colour is, half of the time, drawn anew
    from those that the source names. Sources that cannot be parsed or name fewer than two have no variants.
    """
    places = _colors(source)
    palette = sorted({name for _, _, name in places})
    found: dict[str, None] = {source: None}
    for _ in range(4 * count if len(palette) > 1 else 0):
        if len(found) > count:
            break
        found.setdefault(_redrawn(source, places, palette, rng))
    return list(found)[1:]


def _redrawn(source: str, places: list[tuple[int, int, str]], palette: list[str], rng: random.Random) -> str:
    lines = source.encode().split(b"\n")
    for line, column, name in reversed(places):
        if rng.random() < 0.5:
            end = column + len(name)
            lines[line] = lines[line][:column] + rng.choice(palette).encode() + lines[line][end:]
    return b"\n".join(lines).decode()


def _colors(source: str) -> list[tuple[int, int, str]]:
    """Line, first byte and name of every colour but black, in the order of the text."""
    tree = parsed(source)
    nodes = ast.walk(tree) if tree is not None else ()
    return sorted(
        (node.end_lineno - 1, node.end_col_offset - len(node.attr), node.attr)
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Color"
        and node.attr in COLOR_NAMES[1:]
        and node.end_lineno is not None
        and node.end_col_offset is not None
    )
