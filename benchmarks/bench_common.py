"""Time every grid-scanning function of ``arcloop.common`` against a plain-Python loop version of it.

    python -m benchmarks.bench_common [--rounds 15] [--only NAME ...]

The plain versions below are what one writes without thinking of speed: loops over ``grid[x, y]``. Each does the whole
job of its function, and both must give equal results before anything is timed. Library and loop run alternately on
30x30 grids in CPU time; a round's ratio is loop time / library time, and the table gives the median ratio with the
lowest and the highest round. The tests use the loop versions as their reference.
"""

import argparse
import contextlib
import io
import itertools
import math
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from arcloop import common

STEPS_4 = [(-1, 0), (1, 0), (0, -1), (0, 1)]
STEPS_8 = [*STEPS_4, (-1, -1), (-1, 1), (1, -1), (1, 1)]


# --- plain-Python loop versions -------------------------------------------------------------------------------------


def steps_of(connectivity):
    if connectivity not in (4, 8):
        raise ValueError(connectivity)
    return STEPS_8 if connectivity == 8 else STEPS_4


def flood_fill(grid, x, y, color, connectivity=4):
    n, m = grid.shape
    old = grid[x, y]
    if old == color:
        return
    grid[x, y] = color
    stack = [(x, y)]
    while stack:
        cx, cy = stack.pop()
        for dx, dy in steps_of(connectivity):
            nx, ny = cx + dx, cy + dy
            if 0 <= nx < n and 0 <= ny < m and grid[nx, ny] == old:
                grid[nx, ny] = color
                stack.append((nx, ny))


def draw_line(grid, x, y, end_x=None, end_y=None, length=None, direction=None, color=None, stop_at_color=()):
    n, m = grid.shape
    assert (end_x is None) == (end_y is None)
    assert x == int(x) and y == int(y)
    x, y = int(x), int(y)
    if end_x is not None:
        direction = end_x - x, end_y - y
        length = max(abs(direction[0]), abs(direction[1])) + 1
    elif length is None:
        length = 2 * max(n, m)
    dx, dy = ((d > 0) - (d < 0) for d in direction)
    last = x, y
    for i in range(length):
        cx, cy = x + i * dx, y + i * dy
        if 0 <= cx < n and 0 <= cy < m:
            if grid[cx, cy] in stop_at_color:
                break
            grid[cx, cy] = color
            last = cx, cy
    return last


def object_colors(obj, background=0):
    colors = set()
    for x in range(obj.shape[0]):
        for y in range(obj.shape[1]):
            colors.add(obj[x, y])
    return list(colors - {background})


def find_connected_components(grid, background=0, connectivity=4, monochromatic=True):
    n, m = grid.shape
    steps = steps_of(connectivity)
    seen = np.zeros((n, m), dtype=bool)
    found = []
    for x in range(n):
        for y in range(m):
            if seen[x, y] or grid[x, y] == background:
                continue
            component = np.full((n, m), background)
            seen[x, y] = True
            stack = [(x, y)]
            while stack:
                cx, cy = stack.pop()
                component[cx, cy] = grid[cx, cy]
                for dx, dy in steps:
                    nx, ny = cx + dx, cy + dy
                    if not (0 <= nx < n and 0 <= ny < m) or seen[nx, ny] or grid[nx, ny] == background:
                        continue
                    if not monochromatic or grid[nx, ny] == grid[x, y]:
                        seen[nx, ny] = True
                        stack.append((nx, ny))
            found.append((grid[x, y], component))
    if monochromatic:
        return [component for color in object_colors(grid, background) for c, component in found if c == color]
    return [component for _, component in found]


def is_contiguous(bitmask, background=0, connectivity=4):
    return len(find_connected_components(bitmask, background, connectivity, monochromatic=False)) == 1


def bounding_box(grid, background=0):
    n, m = grid.shape
    x0, y0, x1, y1 = n, m, -1, -1
    for x in range(n):
        for y in range(m):
            if grid[x, y] != background:
                x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
    return (x0, y0, x1 - x0 + 1, y1 - y0 + 1) if x1 >= 0 else (n, m, -n, -m)


def bounding_box_mask(grid, background=0):
    x0, y0, w, h = bounding_box(grid, background)
    mask = np.zeros(grid.shape, dtype=bool)
    for x in range(x0, x0 + w):
        for y in range(y0, y0 + h):
            mask[x, y] = True
    return mask


def crop(grid, background=0):
    x, y, w, h = bounding_box(grid, background)
    return grid[x : x + w, y : y + h]


def object_position(obj, background=0, anchor="upper left"):
    x, y, w, h = bounding_box(obj, background)
    name = anchor.lower().replace(" ", "").replace("top", "upper").replace("bottom", "lower")
    along_x = {"left": 0, "center": (w - 1) / 2, "right": w - 1}
    along_y = {"upper": 0, "center": (h - 1) / 2, "lower": h - 1}
    for vertical, horizontal in itertools.product(along_y, along_x):
        names = {vertical + horizontal} if vertical != "center" else {horizontal + vertical}
        if vertical == horizontal == "center":
            names = {"center"}
        if name in names:
            px, py = x + along_x[horizontal], y + along_y[vertical]
            return tuple(int(v) if v == int(v) else v for v in (px, py))
    raise AssertionError(anchor)


def blit(grid, sprite, x=0, y=0, background=None):
    x, y = int(x), int(y)
    for i in range(sprite.shape[0]):
        for j in range(sprite.shape[1]):
            if background is not None and sprite[i, j] == background:
                continue
            if 0 <= x + i < grid.shape[0] and 0 <= y + j < grid.shape[1]:
                grid[x + i, y + j] = sprite[i, j]
    return grid


def blit_sprite(grid, sprite, x, y, background=0):
    return blit(grid, sprite, x, y, background)


def blit_object(grid, obj, background=0):
    return blit(grid, obj, 0, 0, background)


def translate(obj, x, y, background=0):
    n, m = obj.shape
    moved = np.full_like(obj, background)
    for i in range(n):
        for j in range(m):
            if 0 <= i + x < n and 0 <= j + y < m:
                moved[i + x, j + y] = obj[i, j]
    return moved


def contact(object1, object2, x1=0, y1=0, x2=0, y2=0, background=0, connectivity=4):
    return _meet(object1, object2, int(x2 - x1), int(y2 - y1), background, [(0, 0), *steps_of(connectivity)])


def collision(object1, object2, x1=0, y1=0, x2=0, y2=0, background=0):
    return _meet(object1, object2, int(x2 - x1), int(y2 - y1), background, [(0, 0)])


def _meet(object1, object2, dx, dy, background, steps):
    n, m = object2.shape
    for x in range(object1.shape[0]):
        for y in range(object1.shape[1]):
            if object1[x, y] == background:
                continue
            for sx, sy in steps:
                ox, oy = x + sx - dx, y + sy - dy
                if 0 <= ox < n and 0 <= oy < m and object2[ox, oy] != background:
                    return True
    return False


def object_interior(grid, background=0):
    n, m = grid.shape
    interior = np.ones((n, m), dtype=bool)
    stack = [(x, y) for x in range(n) for y in range(m) if x in (0, n - 1) or y in (0, m - 1)]
    while stack:
        x, y = stack.pop()
        if 0 <= x < n and 0 <= y < m and interior[x, y] and grid[x, y] == background:
            interior[x, y] = False
            stack += [(x + dx, y + dy) for dx, dy in STEPS_4]
    return interior


def object_boundary(grid, background=0):
    n, m = grid.shape
    interior = object_interior(grid, background)
    boundary = np.zeros((n, m), dtype=bool)
    for x in range(n):
        for y in range(m):
            if grid[x, y] != background:
                for dx, dy in STEPS_4:
                    nx, ny = x + dx, y + dy
                    if not (0 <= nx < n and 0 <= ny < m) or not interior[nx, ny]:
                        boundary[x, y] = True
    return boundary


def object_neighbors(grid, background=0, connectivity=4):
    n, m = grid.shape
    boundary = object_boundary(grid, background)
    neighbors = np.zeros((n, m), dtype=bool)
    for x in range(n):
        for y in range(m):
            if grid[x, y] == background:
                for dx, dy in steps_of(connectivity):
                    nx, ny = x + dx, y + dy
                    if 0 <= nx < n and 0 <= ny < m and boundary[nx, ny]:
                        neighbors[x, y] = True
    return neighbors


def scale_sprite(sprite, factor):
    w, h = sprite.shape
    scaled = np.zeros((w * factor, h * factor), dtype=sprite.dtype)
    for x in range(w * factor):
        for y in range(h * factor):
            scaled[x, y] = sprite[x // factor, y // factor]
    return scaled


def check_between_objects(obj1, obj2, x, y, padding=0, background=0):
    boxes = [bounding_box(obj, background) for obj in (obj1, obj2)]
    for (x1, y1, w1, h1), (x2, y2, w2, h2) in itertools.permutations(boxes):
        if x1 + w1 <= x < x2 and max(y1, y2) + padding <= y < min(y1 + h1, y2 + h2) - padding:
            return True
        if y1 + h1 <= y < y2 and max(x1, x2) + padding <= x < min(x1 + w1, x2 + w2) - padding:
            return True
    return False


def detect_objects(
    grid,
    predicate=None,
    background=0,
    monochromatic=False,
    connectivity=None,
    allowed_dimensions=None,
    colors=None,
    can_overlap=False,
):
    n, m = grid.shape
    components = []
    if connectivity:
        components = find_connected_components(grid, background, connectivity, monochromatic)
        if colors:
            components = [c for c in components if all(v == background or v in colors for v in c.flat)]
        if predicate:
            components = [c for c in components if predicate(crop(c, background))]
    windows = []
    if allowed_dimensions:
        components = [c for c in components if c.shape in allowed_dimensions]
        for w, h in allowed_dimensions:
            for x in range(n - w + 1):
                for y in range(m - h + 1):
                    window = grid[x : x + w, y : y + h]
                    if all(v == background for v in window.flat):
                        continue
                    if colors is not None and not all(v == background or v in colors for v in window.flat):
                        continue
                    if predicate and not predicate(window):
                        continue
                    candidate = np.full((n, m), background)
                    candidate[x : x + w, y : y + h] = window
                    if not any((candidate == c).all() for c in components):
                        windows.append(candidate)
    found = components + windows
    if can_overlap:
        return found
    cells = [{(x, y) for x in range(n) for y in range(m) if obj[x, y] != background} for obj in found]
    areas = [math.prod(bounding_box(obj, background)[2:]) for obj in found]
    order = sorted(range(len(found)), key=lambda i: (-areas[i], -len(cells[i])))
    rivals = [i for i in order if any(i != j and cells[i] & cells[j] for j in order)]
    everything = set().union(*(cells[i] for i in rivals))

    def search(k, taken, covered):
        if k == len(rivals):
            return taken, covered
        own = cells[rivals[k]]
        take = None
        if not own & covered:
            take = search(k + 1, [*taken, rivals[k]], covered | own)
            if len(take[1]) == len(everything):
                return take
        leave = search(k + 1, taken, covered)
        return take if take and len(take[1]) > len(leave[1]) else leave

    return [found[i] for i in order if i not in rivals] + [found[i] for i in search(0, [], set())[0]]


def orbit(grid, x, y, symmetries):
    n, m = grid.shape
    points = []
    for times in itertools.product(*(range(*s._iter_range(grid.shape)) for s in symmetries)):
        px, py = x, y
        for symmetry, k in zip(symmetries, times, strict=True):
            px, py = symmetry.apply(px, py, iters=k)
            if not (0 <= px < n and 0 <= py < m):
                break
        else:
            points.append((px, py))
    return list(set(points))


def count_images(grid, symmetry, ignored, background):
    """(same, off, conflict) of a candidate, cell by cell."""
    n, m = grid.shape
    same = off = conflict = 0
    for x in range(n):
        for y in range(m):
            color = grid[x, y]
            if color in ignored or (background is not None and color == background):
                continue
            ix, iy = symmetry(x, y)
            if not (0 <= ix < n and 0 <= iy < m):
                off += 1
            elif grid[ix, iy] == color:
                same += 1
            elif grid[ix, iy] not in ignored:
                conflict += 1
    return same, off, conflict


def detect_translational_symmetry(grid, ignore_colors=(0,), background=None):
    n, m = grid.shape

    def best(shifts):
        top = None
        for tx, ty in shifts:
            same, off, conflict = count_images(
                grid, lambda x, y, tx=tx, ty=ty: (x + tx, y + ty), ignore_colors, background
            )
            score = same - 0.01 * off - 100000 * conflict
            if score > 0 and (top is None or (score, -tx - ty) > top[0]):
                top = (score, -tx - ty), (tx, ty)
        return [] if top is None else [top[1]]

    found = best([(s * k, 0) for s in (1, -1) for k in range(1, n)])
    found += best([(0, s * k) for s in (1, -1) for k in range(1, m)])
    return found or best(itertools.product(range(1, n), range(1, m)))


def detect_mirror_symmetry(grid, ignore_colors=(0,), background=None):
    n, m = grid.shape
    candidates = [(s / 2, None) for s in range(2 * n)] + [(None, s / 2) for s in range(2 * m)]
    for cx, cy in itertools.product(range(n), range(m)):
        candidates += [(cx, cy), (cx + 0.5, cy + 0.5)]
    bar, found = 0, []
    for mx, my in candidates:
        same, off, conflict = count_images(
            grid,
            lambda x, y, mx=mx, my=my: (
                x if mx is None else int(2 * mx - x),
                y if my is None else int(2 * my - y),
            ),
            ignore_colors,
            background,
        )
        score = same - 0.01 * off - 10000 * conflict
        if conflict > 0 or same == 0 or score < bar:
            continue
        if score > bar:
            bar, found = score, []
        found.append((mx, my))
    return found


def detect_rotational_symmetry(grid, ignore_colors=(0,), background=None):
    n, m = grid.shape
    bar, found = 0, None
    for x0, y0 in itertools.product(range(n), range(m)):
        for cx, cy in ((x0, y0), (x0 + 0.5, y0 + 0.5)):
            same, off, conflict = count_images(
                grid,
                lambda x, y, cx=cx, cy=cy: (int(cx + (y - cy)), int(cy - (x - cx))),
                ignore_colors,
                background,
            )
            score = same - 5 * off - 1000 * conflict
            if score > bar:
                bar, found = score, (cx, cy)
    return found


def random_free_location_for_sprite(grid, sprite, background=0, border_size=0, padding=0, padding_connectivity=8):
    n, m = grid.shape
    w, h = sprite.shape
    blocked = {(x, y) for x in range(n) for y in range(m) if grid[x, y] != background}
    for _ in range(padding):
        blocked |= {(x + dx, y + dy) for x, y in blocked for dx, dy in steps_of(padding_connectivity)}
    cells = [(i, j) for i in range(w) for j in range(h) if sprite[i, j] != background]
    places = []
    for x in range(border_size, n - border_size - w + 1):
        for y in range(border_size, m - border_size - h + 1):
            for i, j in cells:
                if not (0 <= x + i < n and 0 <= y + j < m) or (x + i, y + j) in blocked:
                    break
            else:
                places.append((x, y))
    if not places:
        raise ValueError("no free location")
    return random.choice(places)


def randomly_scatter_points(grid, color, density=0.5, background=0):
    n, m = grid.shape
    count = 0
    while count < density * n * m:
        x, y = np.random.randint(0, n), np.random.randint(0, m)
        if grid[x, y] == background:
            grid[x, y] = color
            count += 1
    return grid


def randomly_spaced_indices(max_len, n_indices, border_size=1, padding=1):
    if border_size > 0:
        return border_size + randomly_spaced_indices(max_len - border_size - 2, n_indices, 0, padding)
    chosen = []
    for _ in range(n_indices):
        chosen.append(random.choice([i for i in range(max_len) if all(abs(i - j) > padding for j in chosen)]))
    return np.array(sorted(chosen), dtype=int)


def apply_symmetry(sprite, symmetry_type, background=0):
    w, h = sprite.shape
    for x in range(w // 2 if symmetry_type == "horizontal" else w):
        for y in range(h // 2 if symmetry_type == "vertical" else h):
            other = (w - 1 - x, y) if symmetry_type == "horizontal" else (x, h - 1 - y)
            color = sprite[x, y] if sprite[x, y] != background else sprite[other]
            sprite[x, y] = sprite[other] = color
    return sprite


def apply_diagonal_symmetry(sprite, background=0):
    for x in range(sprite.shape[0]):
        for y in range(x + 1, sprite.shape[1]):
            color = sprite[x, y] if sprite[x, y] != background else sprite[y, x]
            sprite[x, y] = sprite[y, x] = color
    return sprite


def generate_sprite(
    n, m, symmetry_type, fill_percentage=0.5, max_colors=9, color_palate=None, connectivity=4, background=0
):
    palette = color_palate
    if palette is None:
        count = 1
        while count < max_colors and random.random() < 0.3:
            count += 1
        palette = random.sample([c for c in range(10) if c != background], count)
    w, h = n, m
    flip = False
    if symmetry_type == "not_symmetric":
        x, y = random.randint(0, n - 1), random.randint(0, m - 1)
    elif symmetry_type == "horizontal":
        x, y = random.randint(0, n - 1), m // 2
    elif symmetry_type == "vertical":
        x, y = n // 2, random.randint(0, m - 1)
    elif symmetry_type == "diagonal":
        flip = random.choice([True, False])
        x = random.randint(0, n - 1)
        y = x if flip else n - 1 - x
    elif symmetry_type == "mirror":
        w, h = math.ceil(n / 2), math.ceil(m / 2)
        x, y = random.randint(0, w - 1), random.randint(0, h - 1)
    elif symmetry_type == "radial":
        w, h = math.ceil(n / 2), math.ceil(m / 2)
        x, y = w - 1, h - 1
    sprite = np.full((w, h) if symmetry_type == "mirror" else (n, m), background)
    steps = [(0, 1), (0, -1), (1, 0), (-1, 0)] + [(1, 1), (1, -1), (-1, 1), (-1, -1)] * (connectivity == 8)
    index = 0
    while sum(1 for row in sprite for color in row if color != background) < fill_percentage * w * h:
        sprite[x, y] = palette[index]
        if random.random() < 0.33:
            index = random.choice(range(len(palette)))
        dx, dy = random.choice(steps)
        if 0 <= x + dx < w and 0 <= y + dy < h:
            x, y = x + dx, y + dy
    if symmetry_type in ("horizontal", "vertical"):
        return apply_symmetry(sprite, symmetry_type, background)
    if symmetry_type == "diagonal":
        apply_diagonal_symmetry(np.flipud(sprite) if flip else sprite, background)
    if symmetry_type == "radial":
        sprite = blit(np.full((n, m), background), sprite, background=background)
        for _ in range(3):
            blit(sprite, np.rot90(sprite), background=background)
    if symmetry_type == "mirror":
        whole = np.full((n, m), background)
        for i, j in itertools.product(range(w), range(h)):
            for px, py in itertools.product((i, n - 1 - i), (j, m - 1 - j)):
                whole[px, py] = sprite[i, j]
        if not is_contiguous(whole, background, connectivity):
            return generate_sprite(n, m, symmetry_type, fill_percentage, max_colors, palette, connectivity, background)
        return whole
    return sprite


def random_sprite(n, m, density=0.5, symmetry=None, color_palette=None, connectivity=4, background=0):
    widths, heights = ([v] if isinstance(v, int) else list(v) for v in (n, m))
    squares = [(a, b) for a in widths for b in heights if a == b]
    kinds = ["horizontal", "vertical", "not_symmetric", "mirror"] + ["diagonal", "radial"] * bool(squares)
    kind = symmetry or random.choice(kinds)
    if kind in ("diagonal", "radial"):
        w, h = random.choice(squares)
    else:
        w, h = random.choice(widths), random.choice(heights)
    if min(w, h) == 1:
        fill = 1
    elif min(w, h) == 2:
        fill = max(density, 0.6)
    elif min(w, h) == 3:
        fill = max(density, 0.5)
    elif density == 1:
        fill = density
    else:
        fill = min(0.95, max(0.4, random.gauss(density, 0.1)))
    sprite = generate_sprite(w, h, kind, fill, 9, color_palette, connectivity, background)
    assert is_contiguous(sprite, background, connectivity)
    for side in (sprite[0], sprite[-1], sprite[:, 0], sprite[:, -1]):
        if all(color == background for color in side):
            return random_sprite(n, m, density, symmetry, color_palette, connectivity, background)
    return sprite


# --- cases and timing -----------------------------------------------------------------------------------------------


def picture(seed: int, sprites: int = 14) -> Any:
    """A 30x30 picture of the usual kind: coloured sprites of 3 to 8 cells a side on black."""
    rng = np.random.default_rng(seed)
    grid = np.zeros((30, 30), dtype=int)
    for _ in range(sprites):
        w, h = rng.integers(3, 9, 2)
        x, y = rng.integers(0, 31 - w), rng.integers(0, 31 - h)
        cells = rng.random((w, h)) < 0.8
        grid[x : x + w, y : y + h][cells] = rng.integers(1, 10)
    return grid


def patches(seed: int) -> Any:
    """A 30x30 grid without background: 3x3 patches in four colours."""
    return np.random.default_rng(seed).integers(1, 5, (10, 10)).repeat(3, 0).repeat(3, 1)


def noise(seed: int) -> Any:
    """A 30x30 grid of independent cells in all ten colours."""
    return np.random.default_rng(seed).integers(0, 10, (30, 30))


def shape(seed: int) -> Any:
    """One ragged object in the middle of a 30x30 canvas."""
    rng = np.random.default_rng(seed)
    grid = np.zeros((30, 30), dtype=int)
    grid[5:25, 5:25] = (rng.random((20, 20)) < 0.6) * 3
    return grid


def tiling(seed: int) -> Any:
    """A 30x30 tiling of a 5x6 tile, with a black hole."""
    grid = np.tile(np.random.default_rng(seed).integers(1, 10, (5, 6)), (6, 5))
    grid[10:16, 8:15] = 0
    return grid


def folded(seed: int) -> Any:
    """A 30x30 grid symmetric under both mirrors and the quarter turn, with a black hole."""
    quarter = np.random.default_rng(seed).integers(1, 10, (15, 15))
    quarter = np.triu(quarter) + np.triu(quarter, 1).T
    half = np.vstack((quarter, quarter[::-1]))
    grid = np.hstack((half, half[:, ::-1]))
    grid[3:9, 4:12] = 0
    return grid


def plain_value(result: Any) -> Any:
    """A result as comparable plain data; symmetries as tuples."""
    if isinstance(result, np.ndarray):
        return result.tolist()
    if isinstance(result, (list, tuple)):
        return [plain_value(r) for r in result]
    for names in (("translate_x", "translate_y"), ("mirror_x", "mirror_y"), ("center_x", "center_y")):
        if hasattr(result, names[0]):
            return [getattr(result, name) for name in names]
    return result


IN_PLACE = {
    "apply_diagonal_symmetry",
    "apply_symmetry",
    "blit",
    "blit_object",
    "blit_sprite",
    "draw_line",
    "flood_fill",
    "randomly_scatter_points",
}
"""These get a fresh copy of their grid in every call; the copy is part of both times."""

Case = tuple[str, str, Callable[[Any], Any]]
"""Function name, what it runs on, and the call; the argument is the library module or this one."""


def cases() -> list[Case]:
    """The timed calls. The library's collision, contact and detect_objects take their arrays by keyword."""
    grids = {"picture": picture(1), "patches": patches(2), "noise": noise(3)}
    one, two = shape(4), shape(5)
    small = picture(6)[:8, :8].copy()
    lattice = [common.TranslationalSymmetry(5, 0), common.TranslationalSymmetry(0, 6)]
    listed: list[Case] = []

    def add(name: str, on: str, *args: Any, **kwargs: Any) -> None:
        def call(module: Any) -> Any:
            if "random" in name or name == "generate_sprite":
                random.seed(0)
                np.random.seed(0)
            if name not in IN_PLACE:
                return getattr(module, name)(*args, **kwargs)
            grid = args[0].copy()
            result = getattr(module, name)(grid, *args[1:], **kwargs)
            return grid if result is None else result

        listed.append((name, on, call))

    for on, grid in grids.items():
        add("find_connected_components", on, grid)
    add("find_connected_components", "picture, 8, any colour", grids["picture"], connectivity=8, monochromatic=False)
    for name in ("bounding_box", "bounding_box_mask", "crop", "object_position", "object_colors"):
        add(name, "picture", grids["picture"])
    add("bounding_box", "shape", one)
    add("detect_translational_symmetry", "tiling", tiling(7))
    add("detect_translational_symmetry", "noise: no shift", noise(8))
    add("detect_translational_symmetry", "picture", grids["picture"])
    for name in ("detect_mirror_symmetry", "detect_rotational_symmetry"):
        add(name, "folded", folded(9))
        add(name, "picture", grids["picture"])
    add("flood_fill", "empty grid", np.zeros((30, 30), dtype=int), 15, 15, 4)
    add("flood_fill", "patches", grids["patches"], 15, 15, 9)
    add("draw_line", "row", one, 0, 3, end_x=29, end_y=3, color=2)
    add("draw_line", "diagonal, stopped", one, -3, -3, direction=(1, 1), color=2, stop_at_color=[3])
    add("is_contiguous", "shape", one, connectivity=8)
    add("blit", "20x20 sprite", grids["picture"], one[5:25, 5:25], 8, -2)
    add("blit_sprite", "20x20 sprite", grids["picture"], one[5:25, 5:25], 8, -2)
    add("blit_sprite", "3x3 sprite", grids["picture"], one[5:8, 5:8], 8, 9)
    add("blit_object", "shape", grids["picture"], one)
    add("translate", "shape", one, 3, -4)
    add("object_interior", "shape", one)
    add("object_boundary", "shape", one)
    add("object_neighbors", "shape", one, connectivity=8)
    add("scale_sprite", "10x10 by 3", one[5:15, 5:15], 3)
    add("scale_pattern", "10x10 by 3", one[5:15, 5:15], 3)
    add("check_between_objects", "two shapes", one, two, 4, 4)
    add("collision", "apart", object1=one, object2=two, x2=20)
    add("contact", "apart", object1=one, object2=two, x2=22, connectivity=8)
    add("detect_objects", "components", grids["picture"], connectivity=8, can_overlap=True)
    add("detect_objects", "components, disjoint", grids["picture"], connectivity=8)
    add("detect_objects", "4x4 windows", grids["picture"], allowed_dimensions=[(4, 4)], can_overlap=True)
    add("detect_objects", "2x2 windows, 8x8 grid", small, allowed_dimensions=[(2, 2)], predicate=np.all)
    add("orbit", "two translations", one, 2, 3, lattice)
    add("apply_symmetry", "20x20", one[5:25, 5:25], "horizontal")
    add("apply_diagonal_symmetry", "20x20", one[5:25, 5:25])
    add("random_free_location_for_sprite", "3x3, padding 1", picture(10, 3), one[5:8, 5:8], padding=1)
    add("random_free_location_for_object", "3x3", picture(10, 3), one[5:8, 5:8])
    add("randomly_scatter_points", "half of 30x30", np.zeros((30, 30), dtype=int), 4)
    add("randomly_spaced_indices", "6 of 30", 30, 6)
    for kind in ("not_symmetric", "mirror"):
        add("generate_sprite", f"12x12 {kind}", 12, 12, kind)
    add("random_sprite", "12x12 radial", 12, 12, symmetry="radial")
    return listed


class _Plain:
    """The loop versions above under the library's names."""

    def __getattr__(self, name: str) -> Any:
        return globals()["scale_sprite" if name == "scale_pattern" else name.replace("_for_object", "_for_sprite")]


def timed(call: Callable[[Any], Any], module: Any, repeats: int) -> float:
    """CPU seconds for one call, as the mean of ``repeats``."""
    start = time.process_time()
    for _ in range(repeats):
        call(module)
    return (time.process_time() - start) / repeats


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="timed rounds per case")
    parser.add_argument("--only", nargs="*", help="names of functions to time")
    options = parser.parse_args()
    plain = _Plain()
    print(f"{'function':34}{'on':26}{'loop us':>10}{'library us':>12}{'ratio':>8}   (lowest - highest round)")
    for name, on, call in cases():
        if options.only and name not in options.only:
            continue
        with contextlib.redirect_stdout(io.StringIO()):
            same = plain_value(call(common)) == plain_value(call(plain))
        if not same:
            raise SystemExit(f"{name} on {on}: the loop version and the library disagree")
        repeats = [max(1, int(0.005 / max(1e-6, timed(call, module, 3)))) for module in (plain, common)]
        pairs = [(timed(call, plain, repeats[0]), timed(call, common, repeats[1])) for _ in range(options.rounds)]
        ratios = [slow / fast for slow, fast in pairs]
        slow, fast = (statistics.median(column) * 1e6 for column in zip(*pairs, strict=True))
        spread = f"({min(ratios):.1f} - {max(ratios):.1f})"
        print(f"{name:34}{on:26}{slow:10.1f}{fast:12.1f}{statistics.median(ratios):8.1f}   {spread}", flush=True)


if __name__ == "__main__":
    main()
