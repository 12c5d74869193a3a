"""Productions that turn, cut, repeat and scale the grid as a whole."""

from arcloop.grammar.production import production
from arcloop.grammar.scope import Scope

__all__: list[str] = []

SMALL = ("small", "small", "noise", "single", "picture", "real")


@production("flip", suits=SMALL, weight=4, then=2)
def flip(scope: Scope) -> str:
    """Mirror along an axis. Example: ``grid = np.flip(grid, 0)``."""
    return f"grid = np.flip(grid, {scope.axis()})"


@production("rotate", suits=SMALL, weight=3, then=1.5)
def rotate(scope: Scope) -> str:
    """Turn counter-clockwise by quarters. Example: ``grid = np.rot90(grid, 2)``."""
    return f"grid = np.rot90(grid, {scope.pick('1', '2', '2', '3')})"


@production("transpose", suits=SMALL, weight=2, then=1)
def transpose(scope: Scope) -> str:
    """Mirror along the main diagonal. Example: ``grid = grid.T``."""
    return "grid = grid.T"


@production("half", suits=("small", "halves", "symmetric", "picture", "noise", "repeated"), weight=2, then=1)
def half(scope: Scope) -> str:
    """Keep one half. Example: ``grid = grid[:, :grid.shape[1] // 2]``."""
    if scope.chance(0.5):
        return scope.pick("grid = grid[:len(grid) // 2]", "grid = grid[-(len(grid) // 2):]")
    return scope.pick("grid = grid[:, :grid.shape[1] // 2]", "grid = grid[:, -(grid.shape[1] // 2):]")


@production("part", suits=("repeated", "small", "picture", "cells", "real"), weight=2, then=0.5)
def part(scope: Scope) -> str:
    """Cut a window at fixed coordinates. Example: ``grid = grid[:3, :3]``."""
    h = scope.number(1, min(5, scope.height))
    w = h if scope.chance(0.7) else scope.number(1, min(5, scope.width))
    rows = scope.pick(f":{h}", f":{h}", f"-{h}:")
    if scope.chance(0.25) and scope.height > h:
        x = scope.number(0, scope.height - h)
        rows = f"{x}:{x + h}"
    columns = scope.pick(f":{w}", f":{w}", f"-{w}:")
    if scope.chance(0.25) and scope.width > w:
        y = scope.number(0, scope.width - w)
        columns = f"{y}:{y + w}"
    if scope.chance(0.15):
        return f"grid = grid[{rows}]"
    return f"grid = grid[{rows}, {columns}]"


@production("split part", suits=("repeated", "halves", "small", "noise", "real"), weight=2)
def split_part(scope: Scope) -> str:
    """Keep one of several equal parts. Example: ``grid = np.split(grid, 3)[0]``."""
    parts = 3 if scope.chance(0.7) else 2
    axis = scope.pick("", ", 1")
    return f"grid = np.split(grid, {parts}{axis})[{scope.pick('0', '0', '1', '-1')}]"


@production("choose part", suits=("parts",), weight=2)
def choose_part(scope: Scope) -> str:
    """Keep the fullest or emptiest of equal parts. Example: ``grid = max(np.split(grid, 3), key=np.count_nonzero)``."""
    parts = scope.pick("2", "3", "3")
    axis = scope.pick("", ", 1")
    key = scope.pick(
        "np.count_nonzero", "np.count_nonzero", "lambda p: len(np.unique(p))", "lambda p: np.array_equal(p, p.T)"
    )
    if scope.chance(0.3):
        key = "lambda p: sum(np.array_equal(p > 0, q > 0) for q in parts)"
        split = scope.pick("grid, len(grid) // grid.shape[1]", f"grid, {parts}{axis}")
        return f"parts = np.split({split})\ngrid = {scope.pick('max', 'min')}(parts, key={key})"
    return f"grid = {scope.pick('max', 'min')}(np.split(grid, {parts}{axis}), key={key})"


@production("trim", suits=("single", "small", "bordered", "picture"), weight=1, then=0.5)
def trim(scope: Scope) -> str:
    """Cut off the border. Example: ``grid = grid[1:-1, 1:-1]``."""
    return "grid = grid[1:-1, 1:-1]"


@production("pad", suits=SMALL, weight=1.5, then=1)
def pad(scope: Scope) -> str:
    """Put a border around the grid. Example: ``grid = np.pad(grid, 1, constant_values=Color.RED)``."""
    if scope.chance(0.2):
        return 'grid = np.pad(grid, 1, mode="edge")'
    width = scope.pick("1", "1", "1", "2")
    if scope.chance(0.15):
        return f"grid = np.pad(grid, {width})"
    return f"grid = np.pad(grid, {width}, constant_values={scope.paint()})"


@production("scale", suits=("tiny", "tiny", "small"), weight=3, then=2, grows=2)
def scale(scope: Scope) -> str:
    """Enlarge every cell. Example: ``grid = scale_sprite(grid, 2)``."""
    return f"grid = scale_sprite(grid, {scope.pick('2', '2', '3', '3', '4')})"


@production("scale by count", suits=("tiny", "tiny", "small"), weight=1.5, grows=2)
def scale_by_count(scope: Scope) -> str:
    """Enlarge by a number read from the grid. Example: ``grid = scale_sprite(grid, len(np.unique(grid)))``."""
    factor = scope.pick("len(object_colors(grid))", "len(object_colors(grid))", "len(np.unique(grid))", "len(grid)")
    return f"grid = scale_sprite(grid, {factor})"


@production("shrink", suits=("scaled", "scaled", "noise"), weight=1, then=0.7)
def shrink(scope: Scope) -> str:
    """Keep every k-th row and column. Example: ``grid = grid[::2, ::2]``."""
    k = scope.pick("2", "2", "3")
    if scope.chance(0.2):
        return scope.pick(f"grid = grid[::{k}]", f"grid = grid[:, ::{k}]")
    return f"grid = grid[::{k}, ::{k}]"


@production("tile", suits=("tiny", "tiny", "small"), weight=2, then=1.5, grows=2)
def tile(scope: Scope) -> str:
    """Repeat the grid. Example: ``grid = np.tile(grid, (2, 2))``."""
    rows, columns = scope.number(1, 4), scope.number(1, 4)
    if rows == columns == 1:
        rows, columns = 2, 2
    if scope.chance(0.4):
        rows = columns = scope.number(2, 4)
    return f"grid = np.tile(grid, ({rows}, {columns}))"


@production("append flip", suits=("tiny", "small", "small", "noise"), weight=4, then=1.5, grows=2)
def append_flip(scope: Scope) -> str:
    """Put a mirror image beside the grid. Example: ``grid = np.hstack([grid, np.flip(grid, 1)])``."""
    stack, axis = ("np.hstack", "1") if scope.chance(0.5) else ("np.vstack", "0")
    if scope.chance(0.12):
        axis = scope.axis()
    other = f"np.flip(grid, {axis})"
    if scope.chance(0.15):
        other = "np.rot90(grid, 2)"
    pair = f"grid, {other}" if scope.chance(0.6) else f"{other}, grid"
    return f"grid = {stack}([{pair}])"


@production("mirror tile", suits=("tiny", "small", "small"), weight=3, grows=2)
def mirror_tile(scope: Scope) -> str:
    """Two mirrorings give four copies.

    Example: ``grid = np.hstack([grid, np.flip(grid, 1)])`` and the same downwards.
    """
    side = scope.pick("grid, np.flip(grid, 1)", "np.flip(grid, 1), grid")
    down = scope.pick("grid, np.flip(grid, 0)", "np.flip(grid, 0), grid")
    return f"grid = np.hstack([{side}])\ngrid = np.vstack([{down}])"


@production("tile rows flipped", suits=("tiny", "tiny"), weight=1, grows=3)
def tile_rows_flipped(scope: Scope) -> str:
    """Repeat sideways, mirrored below. Example: ``row = np.tile(grid, (1, 3))``, then a stack with the flipped row."""
    axis = scope.axis()
    return f"row = np.tile(grid, (1, 3))\ngrid = np.vstack([row, np.flip(row, {axis}), row])"


@production("rotate tile", suits=("tiny", "small"), weight=2, grows=2)
def rotate_tile(scope: Scope) -> str:
    """Four turned copies. Example: ``grid = np.block([[grid, np.rot90(grid, 3)], [np.rot90(grid), ...]])``."""
    a, b, c = scope.rng.choice([("3", "1", "2"), ("1", "3", "2"), ("1", "2", "3"), ("3", "2", "1"), ("1", "2", "1")])
    rows = f"[[grid, np.rot90(grid, {a})], [np.rot90(grid, {b}), np.rot90(grid, {c})]]"
    return f"grid = np.block({rows})"


@production("fractal", suits=("tiny",), weight=3, grows=6)
def fractal(scope: Scope) -> str:
    """Replace chosen cells by the whole grid. Example: ``grid = np.kron(grid > 0, grid)``."""
    choice = scope.rng.randrange(5)
    if choice == 0:
        return "grid = np.kron(grid > 0, grid)"
    if choice == 1:
        return f"grid = np.kron(grid == {scope.color()}, grid)"
    if choice == 2:
        return "grid = np.kron(grid == 0, grid)"
    if choice == 3:
        pick = scope.pick("max", "max", "min")
        return f"color = {pick}(np.unique(grid), key=lambda c: np.sum(grid == c))\ngrid = np.kron(grid == color, grid)"
    return "grid = crop(grid)\ngrid = np.kron(grid > 0, grid)"


@production("roll", suits=("small", "noise", "picture"), weight=1.5, then=0.7)
def roll(scope: Scope) -> str:
    """Shift with wrap-around. Example: ``grid = np.roll(grid, 1, 0)``."""
    return f"grid = np.roll(grid, {scope.pick('1', '1', '-1', '2', '-2')}, {scope.axis()})"


@production("shift", suits=("single", "objects", "noise", "small"), weight=2, then=1)
def shift(scope: Scope) -> str:
    """Move everything, what leaves is lost. Example: ``grid = translate(grid, 1, 0)``."""
    step = scope.pick("1, 0", "0, 1", "-1, 0", "0, -1", "1, 0", "0, 1", "1, 1", "2, 0", "0, 2", "-2, 0", "0, -2")
    return f"grid = translate(grid, {step})"


@production("compact", suits=("sparse_rows", "sparse_rows", "cells"), weight=1, then=0.3)
def compact(scope: Scope) -> str:
    """Drop empty rows and columns. Example: ``grid = grid[grid.any(1)][:, grid.any(0)]``."""
    return "grid = grid[grid.any(1)][:, grid.any(0)]"


@production("collapse", suits=("scaled", "stripes", "blocks"), weight=1.5, then=0.3)
def collapse(scope: Scope) -> str:
    """Merge equal neighbouring rows and columns.

    Example: ``grid = grid[[x == 0 or (grid[x] != grid[x - 1]).any() ...]]``.
    """
    rows = "grid = grid[[x == 0 or (grid[x] != grid[x - 1]).any() for x in range(len(grid))]]"
    if scope.chance(0.3):
        return rows
    return f"{rows}\ngrid = grid.T\n{rows}\ngrid = grid.T"


@production("unique rows", suits=("repeated", "stripes"), weight=0.7)
def unique_rows(scope: Scope) -> str:
    """Keep the first of equal rows. Example: ``_, index = np.unique(grid, axis=0, return_index=True)``."""
    axis = scope.axis()
    index = "np.sort(index)" if axis == "0" else ":, np.sort(index)"
    return f"_, index = np.unique(grid, axis={axis}, return_index=True)\ngrid = grid[{index}]"


@production("sort rows", suits=("noise", "bars", "bars", "small"), weight=1.2, then=0.3)
def sort_rows(scope: Scope) -> str:
    """Order rows or columns by how full they are. Example: ``grid = np.array(sorted(grid, key=np.count_nonzero))``."""
    reverse = scope.pick("", ", reverse=True")
    if scope.chance(0.5):
        return f"grid = np.array(sorted(grid, key=np.count_nonzero{reverse}))"
    return f"grid = np.array(sorted(grid.T, key=np.count_nonzero{reverse})).T"


@production("extend", suits=("small", "stripes", "tiled"), weight=1)
def extend(scope: Scope) -> str:
    """Go on with the pattern downwards or sideways. Example: ``grid = np.vstack([grid, grid[:3]])``."""
    if scope.chance(0.5):
        more = scope.pick(
            f"grid[:{scope.number(1, min(4, scope.height))}]", "grid[::-1]", "grid[:len(grid) // 2]", "grid[-2::-1]"
        )
        return f"grid = np.vstack([grid, {more}])"
    more = scope.pick(
        f"grid[:, :{scope.number(1, min(4, scope.width))}]",
        "grid[:, ::-1]",
        "grid[:, :grid.shape[1] // 2]",
        "grid[:, -2::-1]",
    )
    return f"grid = np.hstack([grid, {more}])"


@production("clear corners", suits=("picture", "bordered", "small"), weight=0.5, then=0.5)
def clear_corners(scope: Scope) -> str:
    """The four corner cells get a colour. Example: ``grid[[0, 0, -1, -1], [0, -1, 0, -1]] = Color.BLACK``."""
    return f"grid[[0, 0, -1, -1], [0, -1, 0, -1]] = {'Color.BLACK' if scope.chance(0.5) else scope.paint()}"


@production("keep middle", suits=("small", "noise", "picture", "symmetric"), weight=0.7, then=0.3)
def keep_middle(scope: Scope) -> str:
    """Only the middle row or column stays. Example: ``grid[:, :n] = 0``, ``grid[:, n + 1:] = 0``."""
    if scope.chance(0.5):
        return "n = grid.shape[1] // 2\ngrid[:, :n] = Color.BLACK\ngrid[:, n + 1:] = Color.BLACK"
    return "n = len(grid) // 2\ngrid[:n] = Color.BLACK\ngrid[n + 1:] = Color.BLACK"


@production("interleave", suits=("stripes", "small", "symmetric"), weight=0.7)
def interleave(scope: Scope) -> str:
    """Every second row or column is mirrored. Example: ``grid[:, 1::2] = np.flip(grid[:, 1::2], 0)``."""
    part = scope.pick("grid[:, 1::2]", "grid[:, ::2]", "grid[1::2]", "grid[::2]")
    return f"{part} = np.flip({part}, {'0' if ':, ' in part else '1'})"
