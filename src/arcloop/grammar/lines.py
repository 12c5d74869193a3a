"""Productions that draw lines from what is on the grid: rays, crosses, connections, propagation."""

from arcloop.grammar.production import production
from arcloop.grammar.scope import Scope

__all__: list[str] = []

POINTS = ("points", "points", "edges")


def points(scope: Scope, every: float = 0.35) -> tuple[str, str]:
    """Source of the cells that lines start from, and of the lines' colour."""
    if scope.chance(every):
        return "np.argwhere(grid)", "grid[x, y]"
    color = scope.color()
    paint = color if scope.chance(0.65) else scope.paint()
    return f"np.argwhere(grid == {color})", paint


@production("rays", suits=POINTS, weight=4)
def rays(scope: Scope) -> str:
    """Lines from points to the edge. Example: ``draw_line(grid, x, y, direction=(0, 1), color=grid[x, y])``."""
    where, color = points(scope)
    count = scope.rng.choices([1, 2, 4], [5, 3, 1])[0]
    if count == 1:
        directions = [scope.direction()]
    elif count == 2:
        directions = scope.rng.choice(
            [
                ["(1, 0)", "(-1, 0)"],
                ["(0, 1)", "(0, -1)"],
                ["(1, 1)", "(-1, -1)"],
                ["(1, -1)", "(-1, 1)"],
                ["(0, 1)", "(1, 0)"],
            ]
        )
    else:
        step = "[(1, 1), (1, -1), (-1, 1), (-1, -1)]" if scope.chance(0.6) else "[(1, 0), (0, 1), (-1, 0), (0, -1)]"
        return (
            f"for x, y in {where}:\n    for direction in {step}:\n"
            f"        draw_line(grid, x, y, direction=direction, color={color})"
        )
    body = "\n".join(f"    draw_line(grid, x, y, direction={step}, color={color})" for step in directions)
    return f"for x, y in {where}:\n{body}"


@production("rays until", suits=("points", "walls", "points_and_walls", "points_and_walls"), weight=2.5)
def rays_until(scope: Scope) -> str:
    """Lines from points until something of a colour stops them. Example: ``stop_at_color=[Color.GRAY]``."""
    color = scope.color()
    stop = scope.color()
    return (
        f"for x, y in np.argwhere(grid == {color}):\n"
        f"    draw_line(grid, x, y, direction={scope.direction(0.15)}, color={color}, stop_at_color=[{stop}])"
    )


@production("draw row or column", suits=POINTS, weight=3)
def draw_row_or_column(scope: Scope) -> str:
    """Whole rows or columns through points.

    Example: ``for x, y in np.argwhere(grid == Color.RED): grid[x] = Color.RED``.
    """
    where, color = points(scope)
    if scope.chance(0.4):
        first, second = scope.rng.sample(["grid[x]", "grid[:, y]"], 2)
        if color == "grid[x, y]":
            return f"for x, y in {where}:\n    color = grid[x, y]\n    {first} = color\n    {second} = color"
        return f"for x, y in {where}:\n    {first} = {color}\n    {second} = {color}"
    return f"for x, y in {where}:\n    {scope.pick('grid[x]', 'grid[:, y]')} = {color}"


@production("rows and columns", suits=("points", "points"), weight=2)
def rows_and_columns(scope: Scope) -> str:
    """One colour draws columns, another rows. Example: ``grid[:, y] = Color.RED``, then ``grid[x] = Color.BLUE``."""
    a, b = scope.color(), scope.color()
    first, second = scope.rng.choice([("grid[:, y]", "grid[x]"), ("grid[x]", "grid[:, y]")])
    if scope.chance(0.3):
        return (
            f"for x, y in np.argwhere(grid == {a}):\n    {first} = {a}\n"
            f"for x, y in np.argwhere(input_grid):\n    if input_grid[x, y] != {a}:\n"
            f"        {second} = input_grid[x, y]"
        )
    return (
        f"for x, y in np.argwhere(grid == {a}):\n    {first} = {a}\n"
        f"for x, y in np.argwhere(grid == {b}):\n    {second} = {b}"
    )


@production("connect points", suits=("pairs", "pairs", "points"), weight=4)
def connect_points(scope: Scope) -> str:
    """Equal points on one row or column are joined. Example: ``if x == a and y < b: grid[x, y + 1:b] = Color.RED``."""
    every = scope.chance(0.35)
    paint = scope.paint()
    if every:
        source, same = "np.argwhere(grid)", " and grid[x, y] == grid[a, b]"
        paint = "grid[x, y]" if scope.chance(0.6) else paint
    else:
        color = scope.color()
        source, same = f"np.argwhere(grid == {color})", ""
        paint = color if scope.chance(0.4) else paint
    row = f"        if x == a{same}:\n            grid[x, y + 1:b] = {paint}"
    column = f"        if y == b{same}:\n            grid[x + 1:a, y] = {paint}"
    body = scope.rng.choice([row, column, f"{row}\n{column}", f"{row}\n{column}", f"{column}\n{row}"])
    return f"points = {source}\nfor x, y in points:\n    for a, b in points:\n{body}"


@production("connect neighbors", suits=("pairs", "noise"), weight=2)
def connect_neighbors(scope: Scope) -> str:
    """A gap of one cell between two of a colour is closed.

    Example: ``mask = (grid[:, :-2] == c) & (grid[:, 2:] == c) & (grid[:, 1:-1] == 0)``.
    """
    color = scope.color()
    paint = scope.paint()
    across = (
        f"mask = (grid[:, :-2] == {color}) & (grid[:, 2:] == {color}) & (grid[:, 1:-1] == 0)\n"
        f"grid[:, 1:-1][mask] = {paint}"
    )
    down = f"mask = (grid[:-2] == {color}) & (grid[2:] == {color}) & (grid[1:-1] == 0)\ngrid[1:-1][mask] = {paint}"
    return scope.rng.choice([across, down, f"{across}\n{down}"])


@production("connect two", suits=("two_points",), weight=1.5)
def connect_two(scope: Scope) -> str:
    """Two points are joined by a straight or bent line.

    Example: ``draw_line(grid, x, y, end_x=a, end_y=b, color=Color.RED)``.
    """
    color = scope.paint()
    if scope.chance(0.4):
        body = f"draw_line(line, x, y, end_x=a, end_y=b, color={color})"
    else:
        corner = scope.pick("x, b", "a, y").split(", ")
        ends = f"end_x={corner[0]}, end_y={corner[1]}, color={color})"
        body = f"draw_line(line, x, y, {ends}\ndraw_line(line, a, b, {ends}"
    points = "(x, y), (a, b) = np.argwhere(grid)\n"
    if scope.chance(0.5):
        return points + body.replace("(line", "(grid")
    return f"{points}line = np.zeros_like(grid)\n{body}\ngrid = np.where(grid > 0, grid, line)"


@production("alternating ray", suits=("points", "edges"), weight=1)
def alternating_ray(scope: Scope) -> str:
    """Every second cell of a row or column from a point on. Example: ``grid[x, y::2] = grid[x, y]``."""
    where, color = points(scope, 0.5)
    part = scope.pick(
        "grid[x, y::2]", "grid[x, y::2]", "grid[x::2, y]", "grid[x:, y::2]", "grid[x::2, y:]", "grid[:, y::2]"
    )
    if part in ("grid[x:, y::2]", "grid[x::2, y:]", "grid[:, y::2]") and color == "grid[x, y]":
        where, color = f"np.argwhere(grid == {scope.color()})", scope.paint()
    between = ""
    if part in ("grid[x, y::2]", "grid[x::2, y]") and scope.chance(0.4):
        between = f"\n    {part.replace('y::', 'y + 1::').replace('x::', 'x + 1::')} = {scope.paint()}"
    return f"for x, y in {where}:\n    {part} = {color}{between}"


@production("ray to edge of object", suits=("shape_and_marker", "single", "points_and_walls"), weight=1)
def ray_to_edge(scope: Scope) -> str:
    """The background of every row and column through an object's box is painted. Example: ``grid[x:x + w] = ...``."""
    color, paint = scope.color(), scope.paint()
    band = scope.pick("grid[x:x + w]", "grid[:, y:y + h]")
    lines = f"x, y, w, h = bounding_box(grid == {color})\npart = {band}\npart[part == 0] = {paint}"
    if scope.chance(0.5):
        other = "grid[:, y:y + h]" if band == "grid[x:x + w]" else "grid[x:x + w]"
        lines += f"\npart = {other}\npart[part == 0] = {paint}"
    return lines


@production("fill between marks", suits=("edges", "pairs"), weight=2)
def fill_between_marks(scope: Scope) -> str:
    """A row (or column) whose ends carry marks is filled.

    Example: ``if row[0] and row[-1]: row[row == 0] = Color.RED``.
    """
    lines = scope.pick("grid", "grid.T")
    kind = scope.rng.randrange(3)
    if kind == 0:
        paint = scope.pick("row[0]", scope.paint())
        return f"for row in {lines}:\n    if row[0] and row[0] == row[-1]:\n        row[1:-1] = {paint}"
    if kind == 1:
        middle = scope.paint()
        return (
            f"n = grid.shape[{'1' if lines == 'grid' else '0'}] // 2\nfor row in {lines}:\n    if row.any():\n"
            f"        row[:n], row[n:] = row[0], row[-1]\n        row[n] = {middle}"
        )
    return f"for row in {lines}:\n    if row[0] and row[-1]:\n        row[row == 0] = {scope.paint()}"


@production("draw diagonals", suits=("blank", "single", "small"), weight=1)
def draw_diagonals(scope: Scope) -> str:
    """The diagonals of the grid are painted. Example: ``draw_line(grid, 0, 0, direction=(1, 1), color=Color.RED)``."""
    color = scope.paint() if scope.chance(0.8) else "Color.BLACK"
    down = f"draw_line(grid, 0, 0, direction=(1, 1), color={color})"
    up = f"draw_line(grid, len(grid) - 1, 0, direction=(-1, 1), color={color})"
    return scope.rng.choice([down, up, f"{down}\n{up}"])


@production("repeat rows", suits=("top_row", "top_row", "edges"), weight=2)
def repeat_rows(scope: Scope) -> str:
    """The first or last row (column) is copied over the grid. Example: ``grid[2::2] = grid[0]``."""
    return scope.pick(
        "grid[:] = grid[0]",
        "grid[:] = grid[-1]",
        "grid[:] = grid[:, :1]",
        "grid[::2] = grid[0]",
        "grid[::2] = grid[-1]",
        "grid[:, ::2] = grid[:, :1]",
        "grid[::3] = grid[0]",
    )


@production("vertical pattern", suits=("top_row", "bars"), weight=1)
def vertical_pattern(scope: Scope) -> str:
    """Columns with something in them get a colour by their place. Example: ``for y in np.flatnonzero(grid.any(0))``."""
    colors = scope.paints(2)
    kind = scope.pick("grid.any(0)", "grid.any(0)", "grid.any(1)")
    target = "grid[:, y]" if kind == "grid.any(0)" else "grid[y]"
    return (
        f"for i, y in enumerate(np.flatnonzero({kind})):\n    line = {target}\n"
        f"    line[line > 0] = {colors[0]} if i % 2 else {colors[1]}"
    )


@production("fill gaps", suits=("pairs", "pairs", "edges", "corners"), weight=2.5)
def fill_gaps(scope: Scope) -> str:
    """Between the first and the last mark of each row (column) the background is painted.

    Example: ``marks = np.flatnonzero(row)``, ``part = row[marks[0]:marks[-1]]``.
    """
    marks = "row" if scope.chance(0.6) else f"row == {scope.color()}"
    paint = scope.paint() if scope.chance(0.65) else "row[marks[0]]"
    body = (
        "for row in {}:\n" + f"    marks = np.flatnonzero({marks})\n    if len(marks):\n"
        f"        part = row[marks[0]:marks[-1]]\n        part[part == 0] = {paint}"
    )
    lines = scope.rng.choice((["grid"], ["grid.T"], ["grid", "grid.T"]))
    return "\n".join(body.format(line) for line in lines)


@production("fill through", suits=("points", "top_row", "single"), weight=1.5)
def fill_through(scope: Scope) -> str:
    """The background of rows (columns) that hold anything is painted.

    Example: ``grid[grid.any(0) & (grid == 0)] = Color.RED``.
    """
    paint = scope.paint()
    tiling = "\ngrid = np.tile(grid, (2, 2))" if scope.chance(0.15) else ""
    if scope.chance(0.25):
        return f"rows, columns = grid.any(1), grid.any(0)\ngrid[rows[:, None] & columns & (grid == 0)] = {paint}"
    mask = scope.pick("grid.any(0)", "grid.any(1)[:, None]")
    return f"grid[{mask} & (grid == 0)] = {paint}{tiling}"


@production("mark middle", suits=("two_points", "pairs", "corners"), weight=0.7)
def mark_middle(scope: Scope) -> str:
    """A small cross between the marks. Example: ``x, y = np.argwhere(grid).mean(0).astype(int)``."""
    paint = scope.paint()
    where = "grid" if scope.chance(0.6) else f"grid == {scope.color()}"
    middle = f"x, y = np.argwhere({where}).mean(0).astype(int)\n"
    return middle + scope.pick(
        f"grid[x - 1:x + 2, y] = {paint}\ngrid[x, y - 1:y + 2] = {paint}", f"grid[x, y] = {paint}"
    )


@production("rays from corners", suits=("rects", "single", "blobs"), weight=1)
def rays_from_corners(scope: Scope) -> str:
    """Diagonal lines from the corners of objects to the edge. Example: ``draw_line(grid, x - 1, y - 1, ...)``."""
    paint = "obj.max()" if scope.chance(0.5) else scope.paint()
    ends = [
        ("x - 1, y - 1", "(-1, -1)"),
        ("x + w, y + h", "(1, 1)"),
        ("x - 1, y + h", "(-1, 1)"),
        ("x + w, y - 1", "(1, -1)"),
    ]
    count = scope.rng.choice((1, 2, 4))
    chosen = ends[:count] if scope.chance(0.6) else scope.rng.sample(ends, count)
    rays = "\n".join(f"    draw_line(grid, {place}, direction={step}, color={paint})" for place, step in chosen)
    return f"for obj in find_connected_components(grid):\n    x, y, w, h = bounding_box(obj)\n{rays}"
