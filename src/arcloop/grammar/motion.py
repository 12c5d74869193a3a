"""Productions that move things: gravity, movement to a wall, movement by a fixed step."""

from arcloop.grammar.production import production
from arcloop.grammar.scope import Scope

__all__: list[str] = []


@production("gravity", suits=("noise", "points", "small", "bars", "real"), weight=4, then=0.7)
def gravity(scope: Scope) -> str:
    """Cells fall to one side. Example: ``for line in grid.T: line[:] = sorted(line, key=bool)``."""
    lines = scope.pick("grid.T", "grid.T", "grid")
    reverse = scope.pick("", "", ", reverse=True")
    return f"for line in {lines}:\n    line[:] = sorted(line, key=bool{reverse})"


@production("gravity of color", suits=("noise", "points_and_walls", "points"), weight=1.5)
def gravity_of_color(scope: Scope) -> str:
    """Cells of one colour go to one side. Example: ``line[:] = sorted(line, key=lambda c: c == Color.RED)``."""
    color = scope.color()
    lines, test = scope.pick("grid.T", "grid"), scope.pick("==", "!=")
    return f"for line in {lines}:\n    line[:] = sorted(line, key=lambda c: c {test} {color})"


@production("object gravity", suits=("objects", "rects", "blobs"), weight=2)
def object_gravity(scope: Scope) -> str:
    """Whole objects fall until something stops them. Example: ``while not collision(...)`` with a bounded loop."""
    step, reverse = scope.rng.choice(
        [
            ("1, 0", ", reverse=True"),
            ("1, 0", ", reverse=True"),
            ("-1, 0", ""),
            ("0, 1", ", reverse=True"),
            ("0, -1", ""),
        ]
    )
    size = 'sum(object_position(obj, anchor="lower right"))' if reverse else "sum(object_position(obj))"
    return (
        f"objects = sorted(find_connected_components(grid), key=lambda obj: {size}{reverse})\n"
        "grid = np.zeros_like(grid)\nfor obj in objects:\n    for i in range(30):\n"
        f"        moved = translate(obj, {step})\n"
        "        if np.count_nonzero(moved) == np.count_nonzero(obj) and not collision(object1=moved, object2=grid):\n"
        "            obj = moved\n    blit_object(grid, obj)"
    )


@production("move to wall", suits=("walls", "shape_and_marker", "points_and_walls"), weight=2)
def move_to_wall(scope: Scope) -> str:
    """The object of one colour moves until it touches another.

    Example: ``while not contact(...)`` with a bounded loop.
    """
    color = scope.color()
    return (
        f"obj = np.where(grid == {color}, grid, 0)\nrest = grid - obj\nfor i in range(30):\n"
        f"    if not contact(object1=obj, object2=rest):\n        obj = translate(obj, {scope.direction(0.1)[1:-1]})\n"
        "grid = rest + obj"
    )


@production("move color", suits=("objects", "walls", "points", "shape_and_marker"), weight=2, then=0.5)
def move_color(scope: Scope) -> str:
    """What has one colour moves by a fixed step. Example: ``blit_object(grid, translate(obj, 1, 0))``."""
    color = scope.color()
    step = scope.pick("1, 0", "0, 1", "-1, 0", "0, -1", "2, 0", "0, 2", "1, 1")
    return (
        f"obj = np.where(grid == {color}, grid, 0)\ngrid[obj > 0] = Color.BLACK\n"
        f"blit_object(grid, translate(obj, {step}))"
    )


@production("copy object", suits=("single", "objects", "points"), weight=1.5)
def copy_object(scope: Scope) -> str:
    """A moved copy is added. Example: ``blit_object(grid, translate(grid, 0, 3))``."""
    distance = scope.number(1, 4)
    step = scope.pick(
        f"{distance}, 0", f"0, {distance}", f"-{distance}, 0", f"0, -{distance}", f"{distance}, {distance}"
    )
    if scope.chance(0.5):
        return f"grid = np.maximum(grid, translate(grid, {step}))"
    w = scope.pick("w", "w + 1")
    h = scope.pick("h", "h + 1")
    step = scope.pick(f"{w}, 0", f"0, {h}", f"-{w}, 0", f"0, -{h}".replace("-h + 1", "-h - 1")).replace(
        "-w + 1", "-w - 1"
    )
    return f"x, y, w, h = bounding_box(grid)\ngrid = np.maximum(grid, translate(grid, {step}))"


@production("shadow", suits=("single", "points", "objects", "noise"), weight=1.5)
def shadow(scope: Scope) -> str:
    """A moved shadow is put behind everything. Example: ``mask = (translate(grid, 1, 1) > 0) & (grid == 0)``."""
    step = scope.pick("1, 0", "0, 1", "1, 1", "-1, 0", "0, -1", "1, -1")
    return f"mask = (translate(grid, {step}) > 0) & (grid == 0)\ngrid[mask] = {scope.paint()}"


@production("repeat object", suits=("edge_single", "edge_single", "single"), weight=1.5)
def repeat_object(scope: Scope) -> str:
    """The object is repeated to the edge. Example: ``blit_sprite(grid, sprite, x, y + i * h)``."""
    gap = scope.pick("", "", " + 1")
    w, h = (f"(w{gap})", f"(h{gap})") if gap else ("w", "h")
    place = scope.pick(f"x, y + i * {h}", f"x + i * {w}, y", f"x + i * {w}, y + i * {h}")
    return (
        "x, y, w, h = bounding_box(grid)\nsprite = crop(grid).copy()\nfor i in range(15):\n"
        f"    blit_sprite(grid, sprite, {place})"
    )


@production("sort objects aside", suits=("bars", "bars"), weight=1)
def align_objects(scope: Scope) -> str:
    """Every object goes to one edge. Example: ``x, y = object_position(obj)``, ``grid`` gets it at ``0, y``."""
    place = scope.pick("0, y", "x, 0", "len(grid) - w, y", "x, grid.shape[1] - h")
    return (
        "objects = find_connected_components(grid)\ngrid = np.zeros_like(grid)\nfor obj in objects:\n"
        f"    x, y, w, h = bounding_box(obj)\n    blit_sprite(grid, crop(obj), {place})"
    )
