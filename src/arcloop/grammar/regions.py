"""Productions that fill, outline and mark regions: holes, interiors, borders, boxes, neighbourhoods."""

from arcloop.grammar.objects import components
from arcloop.grammar.production import production
from arcloop.grammar.scope import Scope

__all__: list[str] = []

CLOSED = ("frames", "frames", "frames", "loops", "loops", "real")


@production("fill enclosed", suits=CLOSED, weight=5, then=1.5)
def fill_enclosed(scope: Scope) -> str:
    """Background cells with a wall around them get a colour.

    Example: ``grid[object_interior(grid) & (grid == 0)] = Color.RED``.
    """
    if scope.chance(0.25):
        color = scope.color()
        mask = f"object_interior(grid == {color})" + (
            " & (grid == 0)" if scope.chance(0.7) else f" & (grid != {color})"
        )
        return f"grid[{mask}] = {scope.paint()}"
    return f"grid[object_interior(grid) & (grid == 0)] = {scope.paint()}"


@production("fill outside", suits=CLOSED, weight=1.5, then=0.5)
def fill_outside(scope: Scope) -> str:
    """Background that reaches the edge gets a colour. Example: ``grid[~object_interior(grid)] = Color.RED``."""
    if scope.chance(0.4):
        return f"flood_fill(grid, 0, 0, {scope.paint()})"
    return f"grid[~object_interior(grid)] = {scope.paint()}"


@production("fill both", suits=CLOSED, weight=1.5)
def fill_both(scope: Scope) -> str:
    """Enclosed and open background get a colour each. Example: ``grid[grid == 0] = ...`` after the enclosed cells."""
    inner, outer = scope.paints(2)
    return f"grid[object_interior(grid) & (grid == 0)] = {inner}\ngrid[grid == 0] = {outer}"


@production("fill holes by size", suits=CLOSED, weight=2)
def fill_holes_by_size(scope: Scope) -> str:
    """Enclosed holes are coloured by their size or shape.

    Example: ``for hole in find_connected_components(object_interior(grid) & (grid == 0)): ...``.
    """
    yes, no = scope.paints(2)
    test = scope.pick(
        f"np.count_nonzero(hole) == {scope.number(1, 4)}",
        f"np.count_nonzero(hole) > {scope.number(1, 6)}",
        "crop(hole).shape[0] == crop(hole).shape[1]",
        "np.count_nonzero(hole) % 2 == 0",
        "len(crop(hole)) % 2 == 0",
    )
    action = f"    grid[hole > 0] = {yes} if {test} else {no}"
    if scope.chance(0.5):
        action = f"    if {test}:\n        grid[hole > 0] = {yes}"
    return f"holes = find_connected_components(object_interior(grid) & (grid == 0))\nfor hole in holes:\n{action}"


@production("fill in own color", suits=("frames", "frames", "loops"), weight=2)
def fill_in_own_color(scope: Scope) -> str:
    """Every closed object is filled with its colour. Example: ``grid[object_interior(obj)] = obj.max()``."""
    color = scope.pick("obj.max()", scope.paint())
    extra = "" if color == "obj.max()" else " & (grid == 0)"
    return f"for obj in {components(scope, 0)}:\n    grid[object_interior(obj){extra}] = {color}"


@production("hollow", suits=("rects", "rects", "blobs"), weight=2.5, then=0.7)
def hollow(scope: Scope) -> str:
    """Inner cells of objects change. Example: ``grid[(grid > 0) & ~object_boundary(grid)] = Color.BLACK``."""
    color = "Color.BLACK" if scope.chance(0.4) else scope.paint()
    if scope.chance(0.25):
        return f"for obj in {components(scope, 0)}:\n    grid[(obj > 0) & ~object_boundary(obj)] = {color}"
    return f"grid[(grid > 0) & ~object_boundary(grid)] = {color}"


@production("boundary", suits=("rects", "blobs", "frames"), weight=2, then=0.7)
def boundary(scope: Scope) -> str:
    """Outer cells of objects change. Example: ``grid[object_boundary(grid)] = Color.RED``."""
    return f"grid[object_boundary(grid)] = {scope.paint()}"


@production("outline", suits=("points", "rects", "objects", "single", "real"), weight=4, then=1)
def outline(scope: Scope) -> str:
    """Background next to objects gets a colour.

    Example: ``grid[object_neighbors(grid, connectivity=8)] = Color.RED``.
    """
    connectivity = ", connectivity=8" if scope.chance(0.7) else ""
    return f"grid[object_neighbors(grid{connectivity})] = {scope.paint()}"


@production("outline color", suits=("points", "points", "objects"), weight=2.5)
def outline_color(scope: Scope) -> str:
    """Cells next to one colour get another, for one or two colours.

    Example: ``grid[object_neighbors(grid == Color.RED, connectivity=8)] = Color.BLUE``.
    """
    count = scope.rng.choice((1, 1, 1, 2, 3))
    connectivity = ", connectivity=8" if scope.chance(0.7) else ""
    return "\n".join(
        f"grid[object_neighbors(grid == {scope.color()}{connectivity})] = {scope.paint()}" for _ in range(count)
    )


@production("outline in own color", suits=("points", "rects"), weight=1)
def outline_in_own_color(scope: Scope) -> str:
    """Each object grows by one cell in its colour. Example: ``grid[object_neighbors(obj)] = obj.max()``."""
    connectivity = ", connectivity=8" if scope.chance(0.6) else ""
    return f"for obj in {components(scope, 0)}:\n    grid[object_neighbors(obj{connectivity})] = obj.max()"


@production("stamp", suits=("points", "points", "points"), weight=4, then=0.5)
def stamp(scope: Scope) -> str:
    """A small sprite around every point. Example: ``blit_sprite(grid, sprite, x - 1, y - 1)``."""
    shape = scope.pick(
        "[0, 1, 0], [1, 0, 1], [0, 1, 0]",
        "[1, 0, 1], [0, 0, 0], [1, 0, 1]",
        "[1, 1, 1], [1, 0, 1], [1, 1, 1]",
        "[1, 1, 1], [1, 1, 1], [1, 1, 1]",
        "[0, 1, 0], [1, 1, 1], [0, 1, 0]",
        "[1, 0, 1], [0, 1, 0], [1, 0, 1]",
    )
    where = "grid" if scope.chance(0.3) else f"grid == {scope.color()}"
    return (
        f"sprite = np.array([{shape}]) * {scope.paint()}\n"
        f"for x, y in np.argwhere({where}):\n    blit_sprite(grid, sprite, x - 1, y - 1)"
    )


@production("stamp in own color", suits=("points", "points"), weight=1.5)
def stamp_in_own_color(scope: Scope) -> str:
    """Every point grows to a square of its colour. Example: ``grid[x - 1:x + 2, y - 1:y + 2] = grid[x, y]``."""
    return "for x, y in np.argwhere(grid):\n    grid[max(x - 1, 0):x + 2, max(y - 1, 0):y + 2] = grid[x, y]"


@production("fill boxes", suits=("blobs", "objects", "loops", "corners"), weight=3)
def fill_boxes(scope: Scope) -> str:
    """The bounding box of every object is filled.

    Example: ``grid[bounding_box_mask(obj) & (grid == 0)] = Color.RED``.
    """
    color = scope.paint() if scope.chance(0.8) else "obj.max()"
    source = f"find_connected_components(grid, connectivity={scope.pick('4', '8', '8')})"
    return f"for obj in {source}:\n    grid[bounding_box_mask(obj) & (grid == 0)] = {color}"


@production("fill box of color", suits=("points", "corners", "corners", "objects"), weight=2)
def fill_box_of_color(scope: Scope) -> str:
    """The box around all cells of one colour is filled. Example: ``grid[x:x + w, y:y + h] = Color.RED``."""
    if scope.chance(0.5):
        paint = scope.paint()
        mask = "bounding_box_mask(grid == color) & (grid == 0)"
        return f"for color in object_colors(grid):\n    grid[{mask}] = {scope.pick('color', paint)}"
    color = scope.color()
    other = "" if scope.chance(0.3) else " & (grid == 0)"
    return f"grid[bounding_box_mask(grid == {color}){other}] = {scope.paint()}"


@production("grow color", suits=("inside", "marked", "frames"), weight=2)
def grow_color(scope: Scope) -> str:
    """Points of one colour flood the background around them.

    Example: ``flood_fill(grid, x, y, Color.RED)`` after blacking.
    """
    color = scope.color()
    return (
        f"for x, y in np.argwhere(grid == {color}):\n"
        f"    grid[x, y] = Color.BLACK\n    flood_fill(grid, x, y, {color if scope.chance(0.7) else scope.paint()})"
    )


@production("fill room", suits=("walls", "rooms", "rooms", "real"), weight=2.5)
def fill_room(scope: Scope) -> str:
    """Rooms between walls are coloured by size.

    Example: ``rooms = find_connected_components(grid, background=Color.GRAY)``.
    """
    wall = scope.color()
    yes, no = scope.paints(2)
    if scope.chance(0.6):
        first = scope.pick("max", "min")
        size = f"np.sum(room != {wall})"
        code = f"rooms = sorted(find_connected_components(grid, background={wall}), key=lambda room: {size})\n"
        lines = f"grid[rooms[{'-1' if first == 'max' else '0'}] != {wall}] = {yes}"
        if scope.chance(0.6):
            lines += f"\ngrid[rooms[{'0' if first == 'max' else '-1'}] != {wall}] = {no}"
        return code + lines
    return (
        f"for room in find_connected_components(grid, background={wall}):\n"
        f"    if np.sum(room != {wall}) {scope.pick('<', '>', '==')} {scope.number(1, 6)}:\n"
        f"        grid[room != {wall}] = {yes}"
    )


@production("frame grid", suits=("blank", "single", "small", "noise"), weight=1.5, then=1)
def frame_grid(scope: Scope) -> str:
    """The outermost rows and columns get a colour. Example: ``grid[[0, -1]] = Color.RED``."""
    color = scope.paint()
    return f"grid[[0, -1]] = {color}\ngrid[:, [0, -1]] = {color}"


@production("clear inside", suits=("small", "picture", "noise"), weight=0.7, then=0.3)
def clear_inside(scope: Scope) -> str:
    """All but the outermost cells get a colour. Example: ``grid[1:-1, 1:-1] = Color.BLACK``."""
    return f"grid[1:-1, 1:-1] = {'Color.BLACK' if scope.chance(0.6) else scope.paint()}"


@production("remove isolated", suits=("noisy", "noise"), weight=1, then=0.3)
def remove_isolated(scope: Scope) -> str:
    """Small objects of one colour vanish or are marked.

    Example: ``for obj in find_connected_components(grid == Color.RED): ...``.
    """
    color = scope.color()
    return (
        f"for obj in find_connected_components(grid == {color}, connectivity={scope.pick('4', '8')}):\n"
        f"    if np.count_nonzero(obj) < {scope.number(2, 3)}:\n"
        f"        grid[obj > 0] = {scope.paint() if scope.chance(0.4) else 'Color.BLACK'}"
    )


@production("stamp two colors", suits=("points", "points"), weight=1)
def stamp_two_colors(scope: Scope) -> str:
    """A sprite of two colours around every point. Example: ``sprite = np.array([[a, b, a], [b, 0, b], [a, b, a]])``."""
    color = scope.color()
    a, b = color if scope.chance(0.4) else scope.paint(), scope.paint()
    if scope.chance(0.4):
        a, b = b, a
    return (
        f"a, b = {a}, {b}\nsprite = np.array([[a, b, a], [b, 0, b], [a, b, a]])\n"
        f"for x, y in np.argwhere(grid == {color}):\n    blit_sprite(grid, sprite, x - 1, y - 1)"
    )


@production("fill black regions", suits=("noise", "loops", "rooms", "frames", "binary"), weight=1.5)
def fill_black_regions(scope: Scope) -> str:
    """Regions of background are coloured by size. Example: ``for obj in find_connected_components(grid == 0)``."""
    paint = scope.paint()
    if scope.chance(0.3):
        pick = scope.pick("max", "min")
        return f"obj = {pick}(find_connected_components(grid == 0), key=np.count_nonzero)\ngrid[obj > 0] = {paint}"
    test = f"np.count_nonzero(obj) {scope.pick('>', '==', '<')} {scope.number(1, 6)}"
    return f"for obj in find_connected_components(grid == 0):\n    if {test}:\n        grid[obj > 0] = {paint}"


@production("hole size to color", suits=("frames", "frames"), weight=0.8)
def hole_size_to_color(scope: Scope) -> str:
    """A table says which colour fills which hole. Example: ``colors = {1: Color.RED, 4: Color.BLUE}``."""
    sizes = sorted(scope.rng.sample((1, 2, 3, 4, 6, 9), 2 + int(scope.chance(0.5))))
    if scope.chance(0.5):
        sizes = [1, 4, 9]
    table = ", ".join(f"{size}: {paint}" for size, paint in zip(sizes, scope.paints(len(sizes)), strict=True))
    return (
        f"colors = {{{table}}}\nfor hole in find_connected_components(object_interior(grid) & (grid == 0)):\n"
        "    grid[hole > 0] = colors.get(np.count_nonzero(hole), 0)"
    )


@production("color rooms in order", suits=("rooms", "cells"), weight=1)
def color_rooms_in_order(scope: Scope) -> str:
    """The first, middle and last room get colours. Example: ``grid[rooms[0] != Color.GRAY] = Color.RED``."""
    wall = scope.color()
    a, b, c = scope.paints(3)
    code = f"rooms = find_connected_components(grid, background={wall})\ngrid[rooms[0] != {wall}] = {a}\n"
    if scope.chance(0.6):
        code += f"grid[rooms[len(rooms) // 2] != {wall}] = {b}\n"
    return f"{code}grid[rooms[-1] != {wall}] = {c}"


@production("fill empty lines", suits=("noise", "sparse_rows", "points", "binary"), weight=1)
def fill_empty_lines(scope: Scope) -> str:
    """Rows and columns without anything get a colour. Example: ``grid[~grid.any(1)] = Color.RED``."""
    paint = scope.paint()
    return scope.pick(
        f"rows, columns = ~grid.any(1), ~grid.any(0)\ngrid[rows] = {paint}\ngrid[:, columns] = {paint}",
        f"grid[~grid.any(1)] = {paint}",
        f"grid[:, ~grid.any(0)] = {paint}",
    )
