"""Productions that find objects, choose among them, and crop, keep, recolour or remove the chosen.

The idiom is always the same: ``objects = find_connected_components(grid)``, ``obj = max(objects,
key=...)``, then an action on ``obj``, a full-size array that is black off the object.
"""

from collections.abc import Callable

from arcloop.grammar.production import production
from arcloop.grammar.scope import Scope

__all__ = ["components", "condition", "rank_key"]

OBJECTS = ("objects", "objects", "rects", "frames", "noisy", "real")
MULTI = ("multicolor", "multicolor", "objects")
_SIDES = ("obj[0]", "obj[-1]", "obj[:, 0]", "obj[:, -1]")


def components(scope: Scope, multicolor: float = 0.25) -> str:
    """Source of the list of objects, with the connectivity and colouring that tasks use."""
    arguments = "grid" + scope.back_argument
    if scope.chance(0.3):
        arguments += ", connectivity=8"
    if scope.chance(multicolor):
        arguments += ", monochromatic=False"
    return f"find_connected_components({arguments})"


def rank_key(scope: Scope) -> str:
    """Source of ``key=...`` by which objects are ranked."""
    back = scope.back_argument
    whole, other = (scope.mask(f"crop({name}{back})") for name in ("obj", "o"))
    keys: list[Callable[[], str]] = [
        lambda: scope.by_size,
        lambda: f"lambda obj: crop(obj{back}).size",
        lambda: f"lambda obj: len(object_colors(obj{back}))",
        lambda: f"lambda obj: object_position(obj{back})[0]",
        lambda: f"lambda obj: object_position(obj{back})[1]",
        lambda: f"lambda obj: object_interior(obj{back}).sum() - {scope.size('obj')}",
        lambda: f"lambda obj: sum(np.array_equal(crop(obj{back}), crop(o{back})) for o in objects)",
        lambda: f"lambda obj: sum(np.array_equal({whole}, {other}) for o in objects)",
        lambda: f"lambda obj: np.sum(obj == {scope.color()})",
    ]
    return scope.rng.choices(keys, [8, 1.5, 1.5, 1, 1, 1, 1, 1, 1.5])[0]()


def condition(scope: Scope) -> str:
    """Source of a yes-or-no question about ``obj``."""
    number, size, back = scope.number(1, 6), scope.size("obj"), scope.back_argument
    box = f"crop(obj{back})"
    full = f"({scope.mask(box)}).all()" if back else f"{box}.all()"
    edges = (f"({scope.mask(side)}).any()" if back else f"{side}.any()" for side in _SIDES)
    questions: list[Callable[[], str]] = [
        lambda: f"{size} == {number}",
        lambda: f"{size} < {number + 1}",
        lambda: f"{size} > {number}",
        lambda: f"np.array_equal({box}, np.flip({box}, 1))",
        lambda: f"np.array_equal({box}, np.flip({box}, 0))",
        lambda: f"object_interior(obj{back}).sum() > np.sum({scope.mask('obj')})",
        lambda: full,
        lambda: f"not {full}",
        lambda: " or ".join(edges),
        lambda: f"{box}.shape[0] == {box}.shape[1]",
        lambda: f"{box}.shape[0] > {box}.shape[1]",
        lambda: f"len(object_colors(obj{back})) > 1",
        lambda: f"{scope.color()} in obj",
    ]
    return scope.rng.choices(questions, [3, 2, 2, 0.7, 0.7, 1.5, 1, 1, 1, 0.7, 0.7, 0.7, 0.7])[0]()


def chosen(scope: Scope) -> str:
    """Statements that bind ``obj`` to one object."""
    pick = scope.pick("max", "max", "max", "min")
    return f"objects = {components(scope)}\nobj = {pick}(objects, key={rank_key(scope)})"


def largest(scope: Scope) -> str:
    """As ``chosen``, by the number of cells alone."""
    pick = scope.pick("max", "max", "min")
    return f"objects = {components(scope)}\nobj = {pick}(objects, key={scope.by_size})"


@production("crop", suits=("single", "single", "multicolor", "noise", "real"), weight=4, then=2.5)
def crop(scope: Scope) -> str:
    """Cut out what is not background. Example: ``grid = crop(grid)``."""
    return f"grid = crop(grid{scope.back_argument})"


@production("crop object", suits=(*OBJECTS, *MULTI), weight=6, then=0.7)
def crop_object(scope: Scope) -> str:
    """Cut out one object. Example: ``grid = crop(max(objects, key=np.count_nonzero))``."""
    return f"{chosen(scope)}\ngrid = crop(obj{scope.back_argument})"


@production("keep object", suits=(*OBJECTS, *MULTI), weight=3, then=0.5)
def keep_object(scope: Scope) -> str:
    """Only one object stays. Example: ``grid = obj``."""
    return f"{largest(scope)}\ngrid = obj"


@production("recolor object", suits=(*OBJECTS, *MULTI), weight=4, then=0.7)
def recolor_object(scope: Scope) -> str:
    """One object changes colour. Example: ``grid[obj > 0] = Color.RED``."""
    rest = f"grid[{scope.mask('grid')}] = {scope.paint()}\n" if scope.chance(0.15) else ""
    choice = largest(scope) if scope.chance(0.7) else chosen(scope)
    return f"{choice}\n{rest}grid[{scope.mask('obj')}] = {scope.paint()}"


@production("remove object", suits=OBJECTS, weight=1.5, then=0.5)
def remove_object(scope: Scope) -> str:
    """One object disappears. Example: ``grid[obj > 0] = Color.BLACK``."""
    return f"{largest(scope)}\ngrid[{scope.mask('obj')}] = {scope.back}"


@production("crop window", suits=(*OBJECTS, "noisy", "inside", "covered"), weight=3)
def crop_window(scope: Scope) -> str:
    """Cut out the box of a colour or object, with all that is in it. Example: ``grid = grid[x:x + w, y:y + h]``."""
    inside = "x + 1:x + w - 1, y + 1:y + h - 1" if scope.chance(0.25) else "x:x + w, y:y + h"
    if scope.chance(0.55):
        return f"x, y, w, h = bounding_box(grid == {scope.color()})\ngrid = grid[{inside}]"
    key = scope.pick(scope.by_size, scope.by_size, f"lambda obj: crop(obj{scope.back_argument}).size")
    obj = f"{scope.pick('max', 'max', 'min')}({components(scope)}, key={key})"
    return f"obj = {obj}\nx, y, w, h = bounding_box(obj{scope.back_argument})\ngrid = grid[{inside}]"


@production("crop color", suits=("objects", "walls", "noisy", "multicolor"), weight=2, then=0.5)
def crop_color(scope: Scope) -> str:
    """Cut out the cells of one colour. Example: ``grid = crop(np.where(grid == Color.RED, grid, 0))``."""
    if scope.chance(0.4):
        pick = scope.pick("max", "min", "min")
        return (
            f"color = {pick}(object_colors(grid{scope.back_argument}), key=lambda c: np.sum(grid == c))\n"
            "grid = crop(np.where(grid == color, grid, 0))"
        )
    return f"grid = crop(np.where(grid == {scope.color()}, grid, 0))"


@production("recolor by size", suits=("binary_objects", "binary_objects", "objects"), weight=4)
def recolor_by_size(scope: Scope) -> str:
    """Objects of one size get a colour. Example: ``if np.count_nonzero(obj) > 3: grid[obj > 0] = Color.RED``."""
    test = f"{scope.size('obj')} {scope.pick('>', '==', '<')} {scope.number(1, 6)}"
    lines = f"for obj in {components(scope, 0.1)}:\n"
    if scope.chance(0.5):
        return f"{lines}    if {test}:\n        grid[{scope.mask('obj')}] = {scope.paint()}"
    yes, no = scope.paints(2)
    return f"{lines}    grid[{scope.mask('obj')}] = {yes} if {test} else {no}"


@production("recolor by condition", suits=("binary_objects", "frames", "objects", "rects"), weight=3)
def recolor_by_condition(scope: Scope) -> str:
    """Objects that answer a question with yes get a colour.

    Example: ``if crop(obj).all(): grid[obj > 0] = Color.RED``.
    """
    lines = f"for obj in {components(scope)}:\n"
    test = condition(scope)
    if scope.chance(0.6):
        return f"{lines}    if {test}:\n        grid[{scope.mask('obj')}] = {scope.paint()}"
    yes, no = scope.paints(2)
    return f"{lines}    grid[{scope.mask('obj')}] = {yes} if {test} else {no}"


@production("size to color", suits=("binary_objects",), weight=1.5)
def size_to_color(scope: Scope) -> str:
    """A table says which size has which colour. Example: ``colors = {1: Color.RED, 2: Color.BLUE}``."""
    count = scope.number(2, 3)
    start = scope.number(1, 4)
    paints = scope.paints(count)
    table = ", ".join(f"{start + index}: {paint}" for index, paint in enumerate(paints))
    return (
        f"colors = {{{table}}}\nfor obj in {components(scope, 0.1)}:\n"
        f"    grid[{scope.mask('obj')}] = colors.get({scope.size('obj')}, {scope.color_of('obj')})"
    )


@production("recolor by rank", suits=("binary_objects", "bars", "rects"), weight=2.5)
def recolor_by_rank(scope: Scope) -> str:
    """Objects in order of size get a row of colours.

    Example: ``for obj, color in zip(objects, [Color.RED, Color.BLUE])``.
    """
    colors = ", ".join(scope.paints(scope.number(2, 4)))
    place = f"lambda obj: object_position(obj{scope.back_argument})[{scope.axis()}]"
    key = scope.by_size if scope.chance(0.7) else place
    reverse = scope.pick("", ", reverse=True")
    return (
        f"objects = sorted({components(scope, 0)}, key={key}{reverse})\n"
        f"for obj, color in zip(objects, [{colors}]):\n    grid[{scope.mask('obj')}] = color"
    )


@production("recolor extremes", suits=("binary_objects", "bars", "rects"), weight=1.5)
def recolor_extremes(scope: Scope) -> str:
    """The largest and the smallest get a colour each, others may vanish.

    Example: ``grid[objects[0] > 0] = Color.RED``.
    """
    first, last = scope.paints(2)
    lines = [f"objects = sorted({components(scope, 0)}, key={scope.by_size})"]
    if scope.chance(0.4):
        lines.append(f"grid[:] = {scope.back}")
    ends = ((scope.mask(f"objects[{place}]"), color) for place, color in ((0, first), (-1, last)))
    return "\n".join([*lines, *(f"grid[{cells}] = {color}" for cells, color in ends)])


@production("denoise", suits=("noisy", "noisy", "binary_objects"), weight=3, then=1.5)
def denoise(scope: Scope) -> str:
    """Small objects disappear. Example: ``if np.count_nonzero(obj) < 3: grid[obj > 0] = Color.BLACK``."""
    source = f"find_connected_components(grid{scope.back_argument}{scope.pick('', ', connectivity=8')})"
    test = f"{scope.size('obj')} < {scope.number(2, 4)}"
    return f"for obj in {source}:\n    if {test}:\n        grid[{scope.mask('obj')}] = {scope.back}"


@production("remove by condition", suits=("objects", "frames", "binary_objects", "noisy"), weight=2)
def remove_by_condition(scope: Scope) -> str:
    """Objects that answer a question with yes disappear.

    Example: ``if crop(obj).all(): grid[obj > 0] = Color.BLACK``.
    """
    return (
        f"for obj in {components(scope)}:\n    if {condition(scope)}:\n        grid[{scope.mask('obj')}] = {scope.back}"
    )


@production("crop by condition", suits=("objects", "frames", "multicolor"), weight=2)
def crop_by_condition(scope: Scope) -> str:
    """The object that answers a question with yes is cut out. Example: ``objects = [obj for obj in ... if ...]``."""
    return f"objects = [obj for obj in {components(scope, 0.4)} if {condition(scope)}]\ngrid = crop(objects[0]{scope.back_argument})"


@production("color of other", suits=("marked", "multicolor"), weight=2)
def color_of_other(scope: Scope) -> str:
    """Each object takes the colour of its rarest cell. Example: ``color = min(object_colors(obj), key=...)``."""
    pick = scope.pick("min", "min", "max")
    code = (
        f"for obj in find_connected_components(grid, connectivity={scope.pick('4', '8')}, monochromatic=False):\n"
        f"    color = {pick}(object_colors(obj), key=lambda c: np.sum(obj == c))\n"
    )
    action = scope.pick("obj > 0", "obj > 0", "bounding_box_mask(obj)", "(obj > 0) & (obj != color)")
    return f"{code}    grid[{action}] = {'color' if 'color)' not in action else 'Color.BLACK'}"


@production("shape in marker color", suits=("shape_and_marker", "shape_and_marker", "walls"), weight=2)
def shape_in_marker_color(scope: Scope) -> str:
    """The shape takes the colour of a lone marker, which vanishes.

    Example: ``grid = np.where(grid == colors[0], colors[1], 0)``.
    """
    order = "lambda c: np.sum(grid == c)"
    ending = scope.pick(
        "grid[grid == b] = a\n", "grid = np.where(grid == b, a, 0)", "grid = np.where(grid == b, a, 0)"
    ).strip()
    code = f"a, b = sorted(object_colors(grid), key={order})\n{ending}"
    return code + ("\ngrid = crop(grid)" if scope.chance(0.2) else "")


@production("stack objects", suits=("objects", "same_size"), weight=1.2)
def stack_objects(scope: Scope) -> str:
    """All objects, cut out, side by side. Example: ``grid = np.hstack([crop(obj) for obj in objects])``."""
    stack, axis = ("np.hstack", "1") if scope.chance(0.5) else ("np.vstack", "0")
    back = scope.back_argument
    objects = f"sorted({components(scope)}, key=lambda obj: object_position(obj{back})[{axis}])"
    return f"objects = {objects}\ngrid = {stack}([crop(obj{back}) for obj in objects])"


@production("overlay objects", suits=("same_size", "same_size"), weight=1)
def overlay_objects(scope: Scope) -> str:
    """All objects, cut out, one over the other. Example: ``for obj in objects: blit_sprite(grid, crop(obj), 0, 0)``."""
    back = scope.back_argument
    return (
        f"objects = {components(scope)}\ngrid = crop(objects[0]{back})\n"
        f"for obj in objects:\n    blit_sprite(grid, crop(obj{back}), 0, 0{back})"
    )


@production("flip objects", suits=("multicolor", "multicolor", "noise"), weight=1.5)
def flip_objects(scope: Scope) -> str:
    """Each object is mirrored in its own box.

    Example: ``grid[x:x + w, y:y + h] = np.flip(grid[x:x + w, y:y + h], 0)``.
    """
    turn = scope.pick("np.flip(part, 0)", "np.flip(part, 1)", "np.rot90(part, 2)").replace("part", "crop(obj)")
    return (
        f"for obj in find_connected_components(grid, connectivity={scope.pick('4', '8')}, monochromatic=False):\n"
        "    x, y, w, h = bounding_box(obj)\n"
        f"    grid[x:x + w, y:y + h] = {turn}"
    )


@production("copy pattern", suits=("pattern_and_places", "pattern_and_places"), weight=1.2)
def copy_pattern(scope: Scope) -> str:
    """A pattern is put onto every place of one colour. Example: ``blit_sprite(grid, sprite, x, y)``."""
    color = scope.color()
    place = scope.pick("x, y", "x, y", "x - 1, y - 1")
    clear = f"grid[grid != {color}] = Color.BLACK\n" if scope.chance(0.35) else ""
    return (
        f"sprite = crop(np.where(grid == {color}, 0, grid))\n{clear}"
        f"for obj in find_connected_components(grid == {color}):\n"
        f"    x, y = object_position(obj)\n    blit_sprite(grid, sprite, {place})"
    )


@production("corner marks", suits=("rects", "objects"), weight=0.8)
def corner_marks(scope: Scope) -> str:
    """Cells beside the corners of every object's box are painted. Example: ``grid[x - 1, y - 1] = Color.RED``."""
    a, b, c, d = scope.paints(4) if scope.chance(0.5) else [scope.paint()] * 4
    inner = scope.chance(0.3)
    before, w, h = ("", "w - 1", "h - 1") if inner else (" - 1", "w", "h")
    return (
        f"for obj in {components(scope, 0)}:\n    x, y, w, h = bounding_box(obj)\n"
        f"    grid[x{before}, y{before}] = {a}\n    grid[x{before}, y + {h}] = {b}\n"
        f"    grid[x + {w}, y{before}] = {c}\n    grid[x + {w}, y + {h}] = {d}"
    )
