"""Productions on grids made of parts: halves, quarters, cells between separators, and their combination."""

from arcloop.grammar.production import production
from arcloop.grammar.scope import Scope

__all__: list[str] = []

OPERATIONS = ("a & b", "a & b", "a | b", "a ^ b", "a ^ b", "~(a | b)", "~(a | b)", "a & ~b", "b & ~a", "~(a ^ b)")

SPLIT_COLUMNS = "n = grid.shape[1] // 2\n"
SPLIT_ROWS = "n = len(grid) // 2\n"


def halves(scope: Scope) -> tuple[str, str, str]:
    """Source that binds ``n``, and of the two halves; a middle line, if any, belongs to neither."""
    if scope.chance(0.5):
        return SPLIT_COLUMNS, "grid[:, :n]", "grid[:, -n:]"
    return SPLIT_ROWS, "grid[:n]", "grid[-n:]"


@production("combine halves", suits=("halves", "halves", "halves", "halves", "real"), weight=7)
def combine_halves(scope: Scope) -> str:
    """Two halves under a boolean operation.

    Example: ``a, b = grid[:n] > 0, grid[-n:] > 0``, ``grid = (a & b) * Color.RED``.
    """
    split, first, second = halves(scope)
    return f"{split}a, b = {first} > 0, {second} > 0\ngrid = ({scope.pick(*OPERATIONS)}) * {scope.paint()}"


@production("overlay halves", suits=("halves", "halves", "halves"), weight=2.5)
def overlay_halves(scope: Scope) -> str:
    """One half laid over the other. Example: ``grid = np.where(a > 0, a, b)``."""
    split, first, second = halves(scope)
    top, bottom = ("a", "b") if scope.chance(0.5) else ("b", "a")
    return f"{split}a, b = {first}, {second}\ngrid = np.where({top} > 0, {top}, {bottom})"


@production("compare halves", suits=("halves", "halves"), weight=1)
def compare_halves(scope: Scope) -> str:
    """Cells that agree stay or are marked. Example: ``grid = np.where(a == b, a, Color.BLACK)``."""
    split, first, second = halves(scope)
    expression = scope.pick(
        "np.where(a == b, a, Color.BLACK)", f"(a == b) * {scope.paint()}", f"np.where(a > 0, {scope.paint()}, b)"
    )
    return f"{split}a, b = {first}, {second}\ngrid = {expression}"


@production("combine thirds", suits=("thirds", "thirds"), weight=1.5)
def combine_thirds(scope: Scope) -> str:
    """Three equal parts laid over each other. Example: ``a, b, c = np.split(grid, 3)``."""
    split = scope.pick(
        "a, b, c = np.split(grid, 3)",
        "a, b, c = np.split(grid, 3, 1)",
        "n = len(grid) // 3\na, b, c = grid[:n], grid[n + 1:-n - 1], grid[-n:]",
        "n = grid.shape[1] // 3\na, b, c = grid[:, :n], grid[:, n + 1:-n - 1], grid[:, -n:]",
    )
    if scope.chance(0.3):
        operation = scope.pick("(a > 0) & (b > 0) & (c > 0)", "(a > 0) | (b > 0) | (c > 0)")
        return f"{split}\ngrid = ({operation}) * {scope.paint()}"
    x, y, z = scope.rng.sample(["a", "b", "c"], 3)
    return f"{split}\ngrid = np.where({x} > 0, {x}, np.where({y} > 0, {y}, {z}))"


@production("overlay quarters", suits=("quarters", "quarters", "quarters"), weight=2)
def overlay_quarters(scope: Scope) -> str:
    """Four quarters laid over each other in an order.

    Example: ``for part in [d, c, b, a]: blit_sprite(grid, part, 0, 0)``.
    """
    parts = ["grid[:n, :m]", "grid[:n, -m:]", "grid[-n:, :m]", "grid[-n:, -m:]"]
    scope.rng.shuffle(parts)
    return (
        "n, m = len(grid) // 2, grid.shape[1] // 2\n"
        f"parts = [{', '.join(parts)}]\ngrid = np.zeros_like(parts[0])\n"
        "for part in parts:\n    blit_sprite(grid, part, 0, 0)"
    )


@production("choose quarter", suits=("quarters", "cells"), weight=1)
def choose_quarter(scope: Scope) -> str:
    """One of four quarters by what is in it. Example: ``grid = max(parts, key=np.count_nonzero)``."""
    key = scope.pick(
        "np.count_nonzero", "np.count_nonzero", "lambda p: len(np.unique(p))", f"lambda p: np.sum(p == {scope.color()})"
    )
    return (
        "n, m = len(grid) // 2, grid.shape[1] // 2\n"
        "parts = [grid[:n, :m], grid[:n, -m:], grid[-n:, :m], grid[-n:, -m:]]\n"
        f"grid = {scope.pick('max', 'min')}(parts, key={key})"
    )


def cells(scope: Scope) -> str:
    """Statement that binds ``cells`` to what lies between lines of a colour."""
    line, found = scope.color(), ""
    if scope.chance(0.3):
        line, found = "line", "line = next(row[0] for row in grid if len(set(row)) == 1)\n"
    return (
        f"{found}objects = find_connected_components(grid, background={line}, monochromatic=False)\n"
        f"cells = [crop(obj, background={line}) for obj in objects]\n"
    )


CELL_KEYS = (
    "np.count_nonzero",
    "np.count_nonzero",
    "np.count_nonzero",
    "lambda cell: len(np.unique(cell))",
    "lambda cell: sum(np.array_equal(cell, c) for c in cells)",
)


@production("choose cell", suits=("cells", "cells", "cells"), weight=3)
def choose_cell(scope: Scope) -> str:
    """The fullest, emptiest or odd cell between separators. Example: ``grid = max(cells, key=np.count_nonzero)``."""
    return f"{cells(scope)}grid = {scope.pick('max', 'max', 'min')}(cells, key={scope.pick(*CELL_KEYS)})"


@production("overlay cells", suits=("cells", "cells"), weight=1.5)
def overlay_cells(scope: Scope) -> str:
    """All cells between separators over each other. Example: ``for cell in cells: blit_sprite(grid, cell, 0, 0)``."""
    return f"{cells(scope)}grid = np.max(cells, axis=0)"


@production("stack cells", suits=("cells", "cells"), weight=0.7)
def stack_cells(scope: Scope) -> str:
    """Separators are taken out of a row of cells. Example: ``grid = np.hstack(cells)``."""
    return f"{cells(scope)}grid = {scope.pick('np.hstack', 'np.vstack')}(cells)"


@production("fill fullest cell", suits=("cells", "cells"), weight=1.5)
def fill_fullest_cell(scope: Scope) -> str:
    """The fullest cell is painted, the others are cleared or left. Example: ``grid[obj != line] = Color.RED``."""
    line = scope.color()
    key = f"lambda obj: np.sum((obj > 0) & (obj != {line}))"
    pick = scope.pick("max", "max", "min")
    if scope.chance(0.5):
        return (
            f"objects = find_connected_components(grid, background={line}, monochromatic=False)\n"
            f"obj = {pick}(objects, key={key})\ngrid[obj != {line}] = {scope.paint()}"
        )
    return (
        f"for obj in find_connected_components(grid, background={line}, monochromatic=False):\n"
        f"    if np.sum((obj > 0) & (obj != {line})) {scope.pick('==', '>', '<')} {scope.number(1, 4)}:\n"
        f"        grid[obj != {line}] = {scope.paint()}"
    )


@production("cell to pixel", suits=("cells", "cells"), weight=1.2)
def cell_to_pixel(scope: Scope) -> str:
    """Each cell of a square of cells becomes one pixel.

    Example: ``grid = np.array([cell.max() for cell in cells]).reshape(3, 3)``.
    """
    side = scope.pick("2", "3", "3")
    value = scope.pick(
        "cell.max()",
        f"{scope.paint()} * (np.count_nonzero(cell) > {scope.number(1, 4)})",
        "cell[0, 0]",
        f"{scope.paint()} * cell.all()",
    )
    return f"{cells(scope)}grid = np.array([{value} for cell in cells]).reshape({side}, {side})"


@production("remove lines", suits=("cells", "cells", "walls"), weight=1, then=0.5)
def remove_lines(scope: Scope) -> str:
    """Rows and columns all of one colour are taken out.

    Example: ``grid = grid[(grid != c).any(1)][:, (grid != c).any(0)]``.
    """
    line = scope.color()
    return f"grid = grid[(grid != {line}).any(1)][:, (grid != {line}).any(0)]"


@production("part where", suits=("halves", "quarters"), weight=0.7)
def paint_difference(scope: Scope) -> str:
    """Cells of one half that the other lacks are painted there. Example: ``a[(a == 0) & (b > 0)] = Color.RED``."""
    split, first, second = halves(scope)
    return f"{split}a, b = {first}, {second}\na[(a == 0) & (b > 0)] = {scope.paint()}\ngrid = a"


@production("fill cell in own color", suits=("cells_marked", "cells_marked", "cells"), weight=1.2, then=0.3)
def fill_cell_in_own_color(scope: Scope) -> str:
    """Every cell between separators is filled with the colour in it. Example: ``grid[obj != line] = obj.max()``."""
    line = scope.color()
    return (
        f"for obj in find_connected_components(grid, background={line}, monochromatic=False):\n"
        f"    grid[obj != {line}] = max(object_colors(obj, background={line}))"
    )


@production("only fullest cells", suits=("cells", "cells"), weight=1)
def only_fullest_cells(scope: Scope) -> str:
    """The cells that hold most of a colour are filled with it, the others cleared.

    Example: ``best = max(np.sum(obj == Color.RED) for obj in objects)``.
    """
    line, color = scope.color(), scope.color()
    pick = scope.pick("max", "max", "min")
    return (
        f"objects = find_connected_components(grid, background={line}, monochromatic=False)\n"
        f"best = {pick}(np.sum(obj == {color}) for obj in objects)\nfor obj in objects:\n"
        f"    grid[obj != {line}] = {color} if np.sum(obj == {color}) == best else Color.BLACK"
    )
