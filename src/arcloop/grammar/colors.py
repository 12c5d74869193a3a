"""Productions that change colours and leave shapes alone."""

from arcloop.grammar.production import production
from arcloop.grammar.scope import Scope

__all__: list[str] = []

ANY = ("small", "noise", "objects", "picture", "real")


def ranked(scope: Scope) -> str:
    """Source of a colour chosen by its number of cells."""
    pick = scope.pick("max", "max", "min")
    colors = scope.pick("object_colors(grid)", "object_colors(grid)", "np.unique(grid)")
    return f"{pick}({colors}, key=lambda c: np.sum(grid == c))"


@production("recolor", suits=ANY, weight=5, then=4)
def recolor(scope: Scope) -> str:
    """One colour becomes another. Example: ``grid[grid == Color.RED] = Color.BLUE``."""
    count = scope.number(1, 3)
    lines = [f"grid[grid == {scope.color()}] = {scope.paint()}" for _ in range(count if scope.chance(0.4) else 1)]
    return "\n".join(lines)


@production("erase color", suits=("objects", "noise", "noisy", "picture", "walls"), weight=2, then=1.5)
def erase_color(scope: Scope) -> str:
    """One colour disappears. Example: ``grid[grid == Color.RED] = Color.BLACK``."""
    return f"grid[grid == {scope.color()}] = {scope.back}"


@production("keep color", suits=("objects", "noise", "picture", "walls", "noisy"), weight=2, then=1)
def keep_color(scope: Scope) -> str:
    """All but one colour disappear. Example: ``grid[grid != Color.RED] = Color.BLACK``."""
    color = scope.color()
    other = scope.back if scope.chance(0.8) else scope.paint()
    return f"grid[grid != {color}] = {other}"


@production("paint all", suits=("single", "noise", "small", "objects", "multicolor"), weight=2, then=2)
def paint_all(scope: Scope) -> str:
    """Everything gets one colour. Example: ``grid[grid > 0] = Color.RED``."""
    if scope.background:
        return f"grid[grid != {scope.back}] = {scope.paint()}"
    return f"grid[grid > 0] = {scope.paint()}"


@production("fill background", suits=("single", "small", "noise", "objects"), weight=1.5, then=1.5)
def fill_background(scope: Scope) -> str:
    """The background gets a colour. Example: ``grid[grid == Color.BLACK] = Color.RED``."""
    return f"grid[grid == {scope.back}] = {scope.paint()}"


@production("invert", suits=("binary", "small"), weight=1.5, then=1)
def invert(scope: Scope) -> str:
    """Background and foreground change places. Example: ``grid = np.where(grid > 0, Color.BLACK, Color.RED)``."""
    return f"grid = np.where(grid > 0, Color.BLACK, {scope.color() if scope.chance(0.6) else scope.paint()})"


@production("swap colors", suits=("picture", "small", "noise", "two_colors", "real"), weight=2, then=1)
def swap_colors(scope: Scope) -> str:
    """Two colours change places. Example: ``grid = np.where(grid == A, B, np.where(grid == B, A, grid))``."""
    if scope.chance(0.35):
        return "a, b = object_colors(grid)\ngrid = np.where(grid == a, b, np.where(grid == b, a, grid))"
    a, b = scope.color(), scope.color()
    if a == b:
        b = "Color.BLACK"
    return f"grid = np.where(grid == {a}, {b}, np.where(grid == {b}, {a}, grid))"


@production("swap both", suits=("two_colors",), weight=1, then=0.5)
def swap_both(scope: Scope) -> str:
    """The only two values change places. Example: ``a, b = np.unique(grid)``."""
    return "a, b = np.unique(grid)\ngrid = a + b - grid"


@production("color map", suits=("small", "picture", "stripes"), weight=2, then=0.7)
def color_map(scope: Scope) -> str:
    """Several colours change at once. Example: ``colors = {Color.RED: Color.BLUE, ...}``."""
    count = min(len(scope.colors), scope.number(2, 5))
    keys = [scope.name(color) for color in scope.rng.sample(scope.colors, count)]
    if scope.chance(0.5) and count > 1:
        values = (
            keys[1:] + keys[:1]
            if count % 2
            else [key for a, b in zip(keys[::2], keys[1::2], strict=True) for key in (b, a)]
        )
    else:
        values = scope.paints(count)
    changes = sorted((key, value) for key, value in zip(keys, values, strict=True) if key != value)
    pairs = ", ".join(f"{key}: {value}" for key, value in changes)
    return f"colors = {{{pairs}}}\ngrid = np.array([[colors.get(c, c) for c in row] for row in grid])"


@production("keep ranked color", suits=("noise", "picture", "objects", "noisy"), weight=2)
def keep_ranked_color(scope: Scope) -> str:
    """Only the commonest or rarest colour stays. Example: ``grid[grid != color] = Color.BLACK``."""
    other = "Color.BLACK" if scope.chance(0.6) else scope.paint()
    return f"color = {ranked(scope)}\ngrid[grid != color] = {other}"


@production("recolor ranked", suits=("noise", "picture", "objects", "noisy"), weight=2)
def recolor_ranked(scope: Scope) -> str:
    """The commonest or rarest colour changes. Example: ``grid[grid == color] = Color.RED``."""
    target = scope.paint() if scope.chance(0.6) else "Color.BLACK"
    return f"color = {ranked(scope)}\ngrid[grid == color] = {target}"


@production("fill with ranked color", suits=("small", "picture", "noise"), weight=2, last=True, plain=True)
def fill_with_ranked_color(scope: Scope) -> str:
    """Everything gets the commonest or rarest colour. Example: ``grid[:] = color``."""
    if scope.chance(0.4):
        return f"color = {ranked(scope)}\ngrid[grid > 0] = color"
    return f"color = {ranked(scope)}\ngrid[:] = color"


@production("denoise to ranked", suits=("noisy", "noisy_regions"), weight=1, then=0.4)
def denoise_to_ranked(scope: Scope) -> str:
    """Each component of anything takes its own commonest or rarest colour.

    Example: ``grid[obj > 0] = max(object_colors(obj), key=lambda c: np.sum(obj == c))``.
    """
    pick = scope.pick("max", "min", "min")
    return (
        "for obj in find_connected_components(grid, monochromatic=False):\n"
        f"    grid[obj > 0] = {pick}(object_colors(obj), key=lambda c: np.sum(obj == c))"
    )


@production("uniform lines", suits=("stripes", "small", "bars", "rows_mixed", "rows_mixed"), weight=1.5)
def uniform_lines(scope: Scope) -> str:
    """Rows (or columns) of one colour are marked, others cleared.

    Example: ``for row in grid: row[:] = Color.GRAY if len(set(row)) == 1 else Color.BLACK``.
    """
    lines = scope.pick("grid", "grid", "grid.T")
    yes, no = (scope.paint(), "Color.BLACK") if scope.chance(0.75) else ("Color.BLACK", scope.paint())
    return f"for row in {lines}:\n    row[:] = {yes} if len(set(row)) == 1 else {no}"


@production("paint lines", suits=("points", "edges", "edges", "rows_mixed"), weight=2.5)
def paint_lines(scope: Scope) -> str:
    """Whole rows (or columns) take the colour of a cell in them. Example: ``row[:] = row.max()``."""
    lines = scope.pick("grid", "grid.T")
    condition, value = scope.rng.choice(
        [
            ("row.any()", "row.max()"),
            ("row[0] > 0", "row[0]"),
            ("row[0] == row[-1]", "row[0]"),
            ("row[-1] > 0", "row[-1]"),
            (f"{scope.color()} in row", scope.paint()),
            (f"{scope.color()} in row", scope.color()),
            ("row.all()", scope.paint()),
            ("not row.any()", scope.paint()),
        ]
    )
    return f"for row in {lines}:\n    if {condition}:\n        row[:] = {value}"


@production("alternate colors", suits=("stripes", "single", "binary", "symmetric", "points"), weight=1, then=0.7)
def alternate_colors(scope: Scope) -> str:
    """Every second row or column of the picture changes colour. Example: ``part[part == Color.RED] = Color.BLUE``."""
    k = scope.pick("2", "2", "2", "3")
    start = scope.pick("", "1")
    if scope.chance(0.25):
        start, k = scope.pick("", "-1", "-2"), "-2"
    part = scope.pick(f"grid[{start}::{k}]", f"grid[:, {start}::{k}]")
    if scope.chance(0.5):
        return f"part = {part}\npart[part == {scope.color()}] = {scope.paint()}"
    return f"part = {part}\npart[part > 0] = {scope.paint()}"


@production("mask to color", suits=("two_colors", "shape_and_marker", "marked", "single"), weight=1.2, then=0.3)
def mask_to_color(scope: Scope) -> str:
    """One colour becomes the other colour that is there, the rest is cleared or stays.

    Example: ``color = max(object_colors(grid, background=Color.GRAY))``.
    """
    color = scope.color()
    other = scope.pick("Color.BLACK", "grid")
    return (
        f"color = max(c for c in object_colors(grid) if c != {color})\ngrid = np.where(grid == {color}, color, {other})"
    )


@production("place to color", suits=("row_marks", "row_marks"), weight=1)
def place_to_color(scope: Scope) -> str:
    """Each row (or column) takes a colour by where its mark is.

    Example: ``row[:] = [Color.RED, ...][row.argmax()]``.
    """
    colors = ", ".join(scope.paints(scope.rng.choice((2, 3, 3, 3))))
    return f"for row in {scope.pick('grid', 'grid', 'grid.T')}:\n    row[:] = [{colors}][row.argmax()]"


@production("paint with edge color", suits=("edge_blocks", "edge_blocks", "edges"), weight=1.2)
def paint_with_edge_color(scope: Scope) -> str:
    """Cells of one colour take the colour at the start of their row. Example: ``row[row == Color.GRAY] = row[0]``."""
    cells = f"row == {scope.color()}" if scope.chance(0.7) else "row > 0"
    return f"for row in {scope.pick('grid', 'grid.T')}:\n    row[{cells}] = row[{scope.pick('0', '0', '-1')}]"


@production("color from edge", suits=("edge_blocks", "edge_blocks"), weight=1.2)
def color_from_edge(scope: Scope) -> str:
    """Objects of one colour take the colour of the mark above or beside them.

    Example: ``grid[obj > 0] = grid[0, obj.any(0)].max()``.
    """
    mark = scope.pick("grid[0, obj.any(0)]", "grid[obj.any(1), 0]", "grid[-1, obj.any(0)]", "grid[obj.any(1), -1]")
    return f"for obj in find_connected_components(grid == {scope.color()}):\n    grid[obj > 0] = {mark}.max()"


@production("recolor in halves", suits=("two_edges", "two_edges"), weight=0.8)
def recolor_in_halves(scope: Scope) -> str:
    """Cells of one colour take the colour of the nearer edge. Example: ``a[a == Color.RED] = a[0, 0]``."""
    color = scope.color()
    parts = scope.pick(
        "n = grid.shape[1] // 2\na, b = grid[:, :n], grid[:, n:]", "n = len(grid) // 2\na, b = grid[:n], grid[n:]"
    )
    return f"{parts}\na[a == {color}] = a[0, 0]\nb[b == {color}] = b[-1, -1]"


@production("reverse rings", suits=("rings", "rings"), weight=0.8)
def reverse_rings(scope: Scope) -> str:
    """Colours of nested rings are reversed or moved on. Example: ``table = dict(zip(colors, colors[::-1]))``."""
    if scope.chance(0.6):
        return (
            "colors = grid.diagonal()[:len(grid) // 2]\ntable = dict(zip(colors, colors[::-1]))\n"
            "grid = np.array([[table[c] for c in row] for row in grid])"
        )
    return (
        "colors = list(dict.fromkeys(grid.diagonal()))\ntable = dict(zip(colors, colors[-1:] + colors[:-1]))\n"
        "grid = np.array([[table[c] for c in row] for row in grid])"
    )
