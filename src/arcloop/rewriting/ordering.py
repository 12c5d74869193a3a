"""Program → the same program with what it paints at fixed places in reading order.

Where a model has to tell the next of twenty rectangles, it learns faster from programs that go
through the picture in one order than from those that jump about. Only neighbouring paintings
(``painting.runs``) change places, and only if they share no cell: what the program gives stays
the same.
"""

from arcloop.grammar.elements import in_order
from arcloop.rewriting.boxes import runs
from arcloop.rewriting.simplification import parsed

__all__ = ["in_reading_order"]


def in_reading_order(source: str) -> str:
    """The source, its painted rectangles from the upper left to the lower right as far as none is painted over another.

    What cannot be parsed comes back as it is.
    """
    tree = parsed(source)
    if tree is None:
        return source
    lines = source.encode().split(b"\n")
    texts = list(lines)
    for run in runs(tree, lines):
        for place, painting in enumerate(in_order(run)):
            texts[run[0].line + place] = lines[painting.line]
    return b"\n".join(texts).decode()
