"""Productions that complete, repair or test symmetric and periodic pictures."""

from arcloop.grammar.production import production
from arcloop.grammar.scope import Scope

__all__: list[str] = []


@production("mirror complete", suits=("half_symmetric", "half_symmetric", "single", "real"), weight=3, then=1.5)
def mirror_complete(scope: Scope) -> str:
    """The picture is joined with its mirror image. Example: ``grid = np.maximum(grid, np.flip(grid, 0))``."""
    other = scope.pick("np.flip(grid, 0)", "np.flip(grid, 1)", "grid.T", "np.rot90(grid, 2)", "np.rot90(grid)")
    return f"grid = np.maximum(grid, {other})"


@production("mirror all ways", suits=("half_symmetric", "holes"), weight=1.5, then=0.5)
def mirror_all_ways(scope: Scope) -> str:
    """Joined with several mirror images.

    Example: ``grid = np.maximum(grid, np.flip(grid, 0))`` and a second such line.
    """
    others = scope.rng.choice(
        [
            ("np.flip(grid, 0)", "np.flip(grid, 1)"),
            ("np.rot90(grid)", "np.rot90(grid, 2)"),
            ("np.flip(grid, 0)", "grid.T"),
            ("np.flip(grid, 1)", "grid.T"),
        ]
    )
    return "\n".join(f"grid = np.maximum(grid, {other})" for other in others)


@production("mirror object", suits=("single", "multicolor_single", "half_symmetric"), weight=2)
def mirror_object(scope: Scope) -> str:
    """The cut-out object gets its mirror image. Example: ``grid[x:x + w, y:y + h] = np.maximum(sprite, ...)``."""
    turn = scope.pick("np.flip(sprite, 0)", "np.flip(sprite, 1)", "np.rot90(sprite, 2)")
    box = "x, y, w, h = bounding_box(grid)\nsprite = crop(grid)\n"
    if scope.chance(0.4):
        return f"{box}grid[x:x + w, y:y + h] = np.maximum(sprite, {turn})"
    place = scope.pick("x + w, y", "x - w, y", "x, y + h", "x, y - h")
    return f"{box}blit_sprite(grid, {turn}, {place})"


@production("fill by period", suits=("tiled_holes", "tiled_holes", "tiled_holes"), weight=2.5)
def fill_by_period(scope: Scope) -> str:
    """Gaps in a repeating pattern are filled. Example: ``orbit(grid, x, y, detect_translational_symmetry(grid))``."""
    return _repair(scope, "detect_translational_symmetry")


@production("fill by mirror", suits=("holes", "holes", "holes"), weight=2.5)
def fill_by_mirror(scope: Scope) -> str:
    """Gaps in a mirrored pattern are filled. Example: ``orbit(grid, x, y, detect_mirror_symmetry(grid))``."""
    return _repair(scope, "detect_mirror_symmetry")


def _repair(scope: Scope, detect: str) -> str:
    color = scope.color() if scope.chance(0.3) else "Color.BLACK"
    crop = scope.chance(0.2)
    x, y = ("i", "j") if crop else ("x", "y")
    code = (
        f"symmetries = {detect}(grid, ignore_colors=[{color}])\n"
        f"for {x}, {y} in np.argwhere(grid == {color}):\n    for a, b in orbit(grid, {x}, {y}, symmetries):\n"
        f"        if grid[a, b] != {color}:\n            grid[{x}, {y}] = grid[a, b]"
    )
    if crop:
        return f"x, y, w, h = bounding_box(grid == {color})\n{code}\ngrid = grid[x:x + w, y:y + h]"
    return code


@production("uncover", suits=("covered", "covered", "holes"), weight=2)
def uncover(scope: Scope) -> str:
    """What a patch hides in a symmetric picture is shown. Example: ``grid = np.flip(grid, 1)[x:x + w, y:y + h]``."""
    color = scope.color() if scope.chance(0.6) else "Color.BLACK"
    box = f"x, y, w, h = bounding_box(grid == {color})\n"
    turn = scope.pick("np.flip(grid, 0)", "np.flip(grid, 1)", "grid.T", "np.rot90(grid, 2)")
    if scope.chance(0.75):
        return f"{box}grid = {turn}[x:x + w, y:y + h]"
    return f"{box}grid[x:x + w, y:y + h] = {turn}[x:x + w, y:y + h]"


@production("copy half", suits=("half_symmetric", "small", "symmetric_noisy"), weight=1.5, then=0.5)
def copy_half(scope: Scope) -> str:
    """One half is mirrored onto the other. Example: ``grid[-n:] = np.flip(grid[:n], 0)``."""
    turn = scope.chance(0.8)
    if scope.chance(0.5):
        target, source = scope.rng.choice([("grid[-n:]", "grid[:n]"), ("grid[:n]", "grid[-n:]")])
        return f"n = len(grid) // 2\n{target} = " + (f"np.flip({source}, 0)" if turn else source)
    target, source = scope.rng.choice([("grid[:, -n:]", "grid[:, :n]"), ("grid[:, :n]", "grid[:, -n:]")])
    return f"n = grid.shape[1] // 2\n{target} = " + (f"np.flip({source}, 1)" if turn else source)


@production("is symmetric", suits=("maybe_symmetric", "maybe_symmetric"), weight=1.5, last=True, plain=True)
def is_symmetric(scope: Scope) -> str:
    """One cell says whether the picture is symmetric.

    Example: ``grid = np.array([[Color.BLUE if ... else Color.RED]])``.
    """
    turn = scope.pick("np.flip(grid, 1)", "np.flip(grid, 0)", "grid.T")
    yes, no = scope.paints(2)
    return f"grid = np.array([[{yes} if np.array_equal(grid, {turn}) else {no}]])"


@production("symmetric object", suits=("symmetric_objects", "symmetric_objects"), weight=1.5)
def symmetric_object(scope: Scope) -> str:
    """The object that is (not) its own mirror image is cut out. Example: ``if (crop == flipped).all()``."""
    axis = scope.axis()
    word = scope.pick("", "", "not ")
    components = f"find_connected_components(grid, connectivity={scope.pick('4', '8')}, monochromatic=False)"
    return (
        f"for obj in {components}:\n    sprite = crop(obj)\n"
        f"    if {word}np.array_equal(sprite, np.flip(sprite, {axis})):\n        grid = sprite"
    )


@production("diagonal stripes", suits=("corner_points", "tiled_diagonal"), weight=1)
def diagonal_stripes(scope: Scope) -> str:
    """Cells repeat along the diagonals. Example: ``colors[(x + y) % 3] = grid[x, y]`` and back."""
    sign = scope.pick("+", "+", "-")
    n = scope.pick("2", "3", "3", "4")
    return (
        f"colors = {{(x {sign} y) % {n}: grid[x, y] for x, y in np.argwhere(grid)}}\n"
        f"for x, y in np.argwhere(grid == 0):\n    grid[x, y] = colors[(x {sign} y) % {n}]"
    )


@production("fold", suits=("symmetric_noisy", "half_symmetric", "noise"), weight=0.8)
def fold(scope: Scope) -> str:
    """One half is folded onto the other. Example: ``grid = np.maximum(grid[:, :n], np.flip(grid[:, -n:], 1))``."""
    if scope.chance(0.5):
        parts = scope.pick("grid[:, :n], np.flip(grid[:, -n:], 1)", "grid[:, -n:], np.flip(grid[:, :n], 1)")
        return f"n = grid.shape[1] // 2\ngrid = np.maximum({parts})"
    parts = scope.pick("grid[:n], np.flip(grid[-n:], 0)", "grid[-n:], np.flip(grid[:n], 0)")
    return f"n = len(grid) // 2\ngrid = np.maximum({parts})"
