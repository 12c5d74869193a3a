"""Productions whose output is a count, a comparison or a list of what the grid holds."""

from arcloop.grammar.objects import components
from arcloop.grammar.production import production
from arcloop.grammar.scope import Scope

__all__: list[str] = []

COUNTED = ("points", "objects", "binary_objects", "rects")


def number_of(scope: Scope) -> str:
    """Source of a number read from the grid."""
    of_color = f"find_connected_components(grid == {scope.color()})"
    return scope.rng.choices(
        [
            f"len(find_connected_components(grid{scope.pick('', ', connectivity=8')}))",
            f"len({of_color})",
            f"np.sum(grid == {scope.color()})",
            "np.count_nonzero(grid)",
            "len(object_colors(grid))",
            f"sum(np.count_nonzero(obj) == {scope.number(1, 4)} for obj in {of_color})",
        ],
        [3, 1.5, 2, 2, 1.5, 0.7],
    )[0]


@production("count to row", suits=COUNTED, weight=2, last=True, plain=True)
def count_to_row(scope: Scope) -> str:
    """As many cells as there are things. Example: ``grid = np.full((1, n), Color.RED)``."""
    shape = scope.pick("(1, n)", "(1, n)", "(n, 1)", "(n, n)")
    return f"n = {number_of(scope)}\ngrid = np.full({shape}, {scope.paint()})"


@production("count to bar", suits=COUNTED, weight=2, last=True)
def count_to_bar(scope: Scope) -> str:
    """The first cells of a fixed row are painted.

    Example: ``grid = np.zeros((1, 5), dtype=int)``, ``grid[0, :n] = Color.RED``.
    """
    size = scope.number(3, 9)
    body = scope.pick(
        f"grid = np.zeros((1, {size}), dtype=int)\ngrid[0, :n]", f"grid = np.zeros(({size}, 1), dtype=int)\ngrid[:n, 0]"
    )
    if scope.chance(0.4):
        side = scope.pick("2", "3", "3")
        body = f"grid = np.zeros(({side}, {side}), dtype=int)\ngrid.flat[{scope.pick(':n', ':n', ':2 * n:2')}]"
    return f"n = {number_of(scope)}\n{body} = {scope.paint()}"


@production("count to diagonal", suits=COUNTED, weight=1, last=True)
def count_to_diagonal(scope: Scope) -> str:
    """A diagonal as long as there are things. Example: ``grid = np.eye(n, dtype=int) * Color.RED``."""
    return f"n = {number_of(scope)}\ngrid = np.eye(n, dtype=int) * {scope.paint()}"


@production("listed cells", suits=("points", "points", "small"), weight=1.5, last=True, plain=True)
def listed_cells(scope: Scope) -> str:
    """All cells with a colour in reading order, as one row. Example: ``grid = grid[grid > 0][None]``."""
    cells = scope.pick("grid[grid > 0]", "grid[grid > 0]", "grid.T[grid.T > 0]")
    end = scope.pick("[None]", "[None]", "[:, None]")
    return f"grid = {cells}{end}"


@production("ranked colors", suits=("noise", "objects", "picture", "binary_objects"), weight=2, last=True)
def ranked_colors(scope: Scope) -> str:
    """Colours in order of their number of cells. Example: ``colors = sorted(object_colors(grid), key=...)``."""
    sign = scope.pick("-", "-", "")
    end = scope.pick("grid = np.array([colors]).T", "grid = np.array([colors])", "grid = np.array([colors[:1]])")
    return f"colors = sorted(object_colors(grid), key=lambda c: {sign}np.sum(grid == c))\n{end}"


@production("colors in order", suits=("stripes", "stripes", "rects", "objects"), weight=1.5, last=True)
def colors_in_order(scope: Scope) -> str:
    """The colours of objects from left to right or top to bottom.

    Example: ``grid = np.array([[obj.max() for obj in objects]])``.
    """
    axis = scope.axis()
    end = "" if axis == "1" else ".T"
    if scope.chance(0.3):
        return (
            f"objects = sorted({components(scope, 0)}, key={scope.by_size}{scope.pick('', ', reverse=True')})\n"
            f"grid = np.array([[{scope.color_of('obj')} for obj in objects]]){scope.pick('', '.T')}"
        )
    place = f"lambda obj: object_position(obj{scope.back_argument})[{axis}]"
    return (
        f"objects = sorted({components(scope, 0)}, key={place})\n"
        f"grid = np.array([[{scope.color_of('obj')} for obj in objects]]){end}"
    )


@production("histogram", suits=("noise", "points", "picture"), weight=1, last=True)
def histogram(scope: Scope) -> str:
    """One bar per colour, the longest first. Example: ``for i, c in enumerate(colors): grid[:sizes[i], i] = c``."""
    bar = scope.pick("bars[:n, i]", "bars[i, :n]", "bars[-n:, i]")
    shape = "(k, len(colors))" if bar != "bars[i, :n]" else "(len(colors), k)"
    return (
        "colors = sorted(object_colors(grid), key=lambda c: -np.sum(grid == c))\nk = np.sum(grid == colors[0])\n"
        f"bars = np.zeros({shape}, dtype=int)\nfor i, c in enumerate(colors):\n    n = np.sum(grid == c)\n"
        f"    {bar} = c\ngrid = bars"
    )


@production("answer color", suits=("objects", "noise", "picture", "points", "real"), weight=2, last=True, plain=True)
def answer_color(scope: Scope) -> str:
    """One cell with the colour asked for. Example: ``grid = np.array([[max(object_colors(grid), key=...)]])``."""
    if scope.chance(0.5):
        pick = scope.pick("max", "min")
        return f"color = {pick}(object_colors(grid), key=lambda c: np.sum(grid == c))\ngrid = np.array([[color]])"
    key = scope.pick(
        scope.by_size,
        f"lambda obj: crop(obj{scope.back_argument}).size",
        f"lambda obj: object_interior(obj{scope.back_argument}).sum() - {scope.size('obj')}",
    )
    pick, color = scope.pick("max", "max", "min"), scope.color_of("obj")
    shape = scope.pick(f"[[{color}]]", f"[[{color}]]", f"[[{color}] * 3] * 3", f"[[{color}] * 2] * 2")
    return f"obj = {pick}({components(scope, 0)}, key={key})\ngrid = np.array({shape})"


@production("compare counts", suits=("two_colors", "noise", "points", "objects"), weight=1, last=True, plain=True)
def compare_counts(scope: Scope) -> str:
    """One cell says which colour has more cells. Example: ``np.sum(grid == a) > np.sum(grid == b)``."""
    a, b = scope.color(), scope.color()
    test = f"np.sum(grid == {a}) > np.sum(grid == {b})"
    if a == b or scope.chance(0.4):
        a, b = scope.paints(2)
        test = f"{number_of(scope)} > {scope.number(1, 6)}"
    return f"grid = np.array([[{a} if {test} else {b}]])"


@production("canvas of object", suits=("rects", "objects", "inside"), weight=1, last=True, plain=True)
def canvas_of_object(scope: Scope) -> str:
    """A plain canvas with the object's size. Example: ``grid = np.full(crop(obj).shape, Color.RED)``."""
    if scope.chance(0.5):
        color = scope.color()
        return f"grid = np.full(crop(grid == {color}).shape, {color if scope.chance(0.6) else scope.paint()})"
    obj = f"{scope.pick('max', 'min')}({components(scope, 0)}, key={scope.by_size})"
    return f"obj = {obj}\ngrid = np.full(crop(obj{scope.back_argument}).shape, {scope.color_of('obj')})"
