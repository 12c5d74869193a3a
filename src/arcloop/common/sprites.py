"""Making sprites: enlarging one, making one symmetric, growing a random one.

A random sprite is painted by a random walk. The order of the draws from ``random`` is part of the behaviour:
the same seed gives the same sprite.
"""

import operator
import random
from typing import Any

import numpy as np

from .colors import Color
from .components import is_contiguous
from .drawing import blit
from .grids import Grid
from .regions import require_connectivity

_TRIES = 1000
"""Walks that are tried for a sprite: for some sizes, symmetries and densities there is none."""


def scale_sprite(sprite: Grid, factor: Any) -> Grid:
    """Enlarge a sprite, each cell becoming a factor x factor block.

    sprite: (w, h), not changed. Returns (w * factor, h * factor) of the same dtype; (0, 0) for factor 0.
    TypeError: the factor is not an integer. ValueError: it is negative, or the sprite is not 2-D.
    """
    times = operator.index(factor)
    if times < 0:
        raise ValueError(f"factor is {factor!r}; it must be 0 or more")
    _w, _h = sprite.shape
    return sprite.repeat(times, axis=0).repeat(times, axis=1)


def scale_pattern(pattern: Grid, scale_factor: Any) -> Grid:
    """Enlarge a pattern, each cell becoming a block; the old name of ``scale_sprite``.

    pattern: (w, h), not changed. Returns (w * scale_factor, h * scale_factor). Errors as for ``scale_sprite``.
    """
    return scale_sprite(pattern, scale_factor)


def apply_symmetry(sprite: Grid, symmetry_type: Any, background: Any = Color.BLACK) -> Grid:
    """Make a sprite mirror-symmetric, in place, by merging its two halves.

    sprite: (w, h), changed and returned. 'horizontal' mirrors along axis 0, 'vertical' along axis 1. Both cells of a
    pair get the colour of the first half, or of the second half where the first is background.
    ValueError: any other symmetry type.
    """
    w, h = sprite.shape
    if symmetry_type == "horizontal":
        first, second = sprite[: w // 2], sprite[::-1][: w // 2]
    elif symmetry_type == "vertical":
        first, second = sprite[:, : h // 2], sprite[:, ::-1][:, : h // 2]
    else:
        raise ValueError(f"symmetry type is {symmetry_type!r}; use 'horizontal' or 'vertical'")
    merged = np.where(first != background, first, second)
    first[...] = merged
    second[...] = merged
    return sprite


def apply_diagonal_symmetry(sprite: Grid, background: Any = Color.BLACK) -> Grid:
    """Make a square sprite symmetric about its main diagonal, in place.

    sprite: (n, n), changed and returned. For x < y the cells (x, y) and (y, x) both get the colour at (x, y), or
    the one at (y, x) where that is background. ValueError: the sprite is not square.
    """
    w, h = sprite.shape
    if w != h:
        raise ValueError(f"the sprite is {w}x{h}; diagonal symmetry needs a square")
    above = np.tri(w, k=-1, dtype=np.bool_).T
    merged = np.where(sprite != background, sprite, sprite.T)
    sprite[...] = np.where(above, merged, np.where(above.T, merged.T, sprite))
    return sprite


def _walk(
    canvas: Grid,
    start: tuple[int, int],
    walkable: tuple[int, int],
    fill_percentage: Any,
    palette: Any,
    diagonal: bool,
    background: Any,
) -> None:
    """Paint along a random walk inside the first ``walkable`` cells until enough of them are painted."""
    n, m = walkable
    x, y = start
    moves = [(0, 1), (0, -1), (1, 0), (-1, 0)]
    if diagonal:
        moves += [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    cells = canvas.tolist()
    color_index = painted = 0
    while painted < fill_percentage * n * m:
        color = palette[color_index]
        painted += int(color != background) - int(cells[x][y] != background)
        cells[x][y] = color
        if random.random() < 0.33:
            color_index = random.choice(range(len(palette)))
        dx, dy = random.choice(moves)
        if 0 <= x + dx < n and 0 <= y + dy < m:
            x, y = x + dx, y + dy
    canvas[...] = cells


def generate_sprite(
    n: int,
    m: int,
    symmetry_type: Any,
    fill_percentage: Any = 0.5,
    max_colors: Any = 9,
    color_palate: Any = None,
    connectivity: Any = 4,
    background: Any = Color.BLACK,
) -> Grid:
    """Grow a random sprite of an exact size and symmetry by a random walk.

    Returns a new (n, m) array. symmetry_type: 'not_symmetric', 'horizontal' (mirror along axis 0), 'vertical' (along
    axis 1), 'mirror' (both), 'diagonal' or 'radial' (square only). The walk paints ``fill_percentage`` of what
    it may walk on, with ``color_palate`` or, without one, a random choice of at most ``max_colors`` colours.
    ValueError: unknown symmetry type, connectivity neither 4 nor 8. AssertionError: radial and not square.
    RecursionError: none was found in 1,000 tries, as for some small mirrored ones.
    """
    palette = color_palate
    if palette is None:
        count = 1
        while count < max_colors and random.random() < 0.3:
            count += 1
        palette = random.sample([color for color in Color.ALL_COLORS if color != background], count)

    for _ in range(_TRIES):
        width, height = n, m
        main_diagonal = False
        if symmetry_type == "not_symmetric":
            start = random.randint(0, n - 1), random.randint(0, m - 1)
        elif symmetry_type == "horizontal":
            start = random.randint(0, n - 1), m // 2
        elif symmetry_type == "vertical":
            start = n // 2, random.randint(0, m - 1)
        elif symmetry_type == "diagonal":
            main_diagonal = random.choice([True, False])
            x = random.randint(0, n - 1)
            start = x, (x if main_diagonal else n - 1 - x)
        elif symmetry_type == "mirror":
            width, height = (n + 1) // 2, (m + 1) // 2
            start = random.randint(0, width - 1), random.randint(0, height - 1)
        elif symmetry_type == "radial":
            if n != m:
                raise AssertionError(f"the sprite is {n}x{m}; radial symmetry needs a square")
            width, height = (n + 1) // 2, (m + 1) // 2
            start = width - 1, height - 1
        else:
            raise ValueError(f"unknown symmetry type {symmetry_type!r}")
        diagonal = require_connectivity(connectivity)
        sprite = np.full((width, height) if symmetry_type == "mirror" else (n, m), background)
        _walk(sprite, start, (width, height), fill_percentage, palette, diagonal, background)

        if symmetry_type in ("horizontal", "vertical"):
            return apply_symmetry(sprite, symmetry_type, background)
        if symmetry_type == "diagonal":
            apply_diagonal_symmetry(sprite[::-1] if main_diagonal else sprite, background)
            return sprite
        if symmetry_type == "radial":
            turned = blit(np.full((n, m), background), sprite, background=background)
            for _ in range(3):
                blit(turned, np.rot90(turned), background=background)
            return turned
        if symmetry_type == "not_symmetric":
            return sprite
        rows, columns = np.arange(n), np.arange(m)
        whole: Grid = sprite[np.ix_(np.minimum(rows, n - 1 - rows), np.minimum(columns, m - 1 - columns))]
        if is_contiguous(whole, background, connectivity):
            return whole
    raise RecursionError(
        f"no walk on {n}x{m} cells came out in one piece in {_TRIES:,} tries; take another size or density"
    )


def random_sprite(
    n: Any,
    m: Any,
    density: Any = 0.5,
    symmetry: Any = None,
    color_palette: Any = None,
    connectivity: Any = 4,
    background: Any = Color.BLACK,
) -> Grid:
    """Make a random sprite: one connected piece that reaches all four sides.

    n, m: an int, or a list or range to pick from. Returns a new (n, m) array. symmetry: 'horizontal', 'vertical',
    'mirror', 'diagonal', 'radial', 'not_symmetric', or None for a random one (the square ones only if some n
    equals some m). Colours come from ``color_palette`` if given.
    ValueError: unknown symmetry, connectivity neither 4 nor 8. IndexError: diagonal or radial without a square.
    AssertionError: the walk and its mirror image happened to stay apart. RecursionError: none was found in 1,000 tries, as for
    a mirrored one of 3x3 cells.
    """
    widths, heights = _choices(n), _choices(m)
    squares = [(w, h) for w in widths for h in heights if w == h]
    kinds = ["horizontal", "vertical", "not_symmetric", "mirror"] + (["diagonal", "radial"] if squares else [])
    for _ in range(_TRIES):
        kind = symmetry or random.choice(kinds)
        if kind in ("diagonal", "radial"):
            w, h = random.choice(squares)
        else:
            w, h = random.choice(widths), random.choice(heights)
        sprite = generate_sprite(
            w,
            h,
            kind,
            fill_percentage=_fill(w, h, density),
            color_palate=color_palette,
            connectivity=connectivity,
            background=background,
        )
        if not is_contiguous(sprite, background, connectivity):
            raise AssertionError("the sprite fell into pieces; draw again")
        painted = sprite != background
        if painted[0].any() and painted[-1].any() and painted[:, 0].any() and painted[:, -1].any():
            return sprite
    raise RecursionError(
        f"no sprite reached all four sides in {_TRIES:,} tries; take another size, symmetry or density"
    )


def _choices(size: Any) -> list[Any]:
    return [size] if isinstance(size, (int, np.integer)) else list(size)


def _fill(w: int, h: int, density: Any) -> Any:
    """The share of cells to paint: all of a line, more of a narrow sprite, otherwise near ``density``."""
    if 1 in (w, h):
        return 1
    if 2 in (w, h):
        return max(density, 0.6)
    if 3 in (w, h):
        return max(density, 0.5)
    if density == 1:
        return density
    return max(0.4, min(0.95, random.gauss(density, 0.1)))
