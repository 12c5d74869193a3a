"""Finding the symmetries of a grid: translations, mirrors, quarter turns.

A candidate maps every occupied cell to an image; *same* images have the cell's colour, *clash* images another
colour that is not ignored, *off* images lie outside the canvas. All candidates of a kind are scored together:
each is a shift of the grid against a flipped or turned copy of itself, so counting pairs per shift is enough.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from .colors import Color
from .grids import Grid, Mask
from .symmetry import MirrorSymmetry, RotationalSymmetry, TranslationalSymmetry

Counts = np.ndarray[Any, np.dtype[np.float64]]


def _occupied_and_solid(grid: Grid, ignore_colors: Any, background: Any) -> tuple[Mask, Mask]:
    """The cells whose images are judged, and the cells on which a wrong image is a clash."""
    solid = ~np.isin(grid, ignore_colors)
    return (solid if background is None else solid & (grid != background)), solid


def _sum_diagonals(tables: Counts) -> Counts:
    """(..., p, q) -> (..., p + q): entry p + t is the sum over i of tables[..., i, i + t]; t is -p..q-1."""
    *lead, p, q = tables.shape
    # Writing rows of length p + q - 1 and reading rows of length p + q moves row i left by i cells.
    flat = np.zeros((*lead, p * (p + q)))
    flat[..., p:].reshape(*lead, p, p + q - 1)[..., :q] = tables
    sums: Counts = np.add.reduce(flat.reshape(*lead, p, p + q), axis=-2)
    return sums


def _count_shifts(
    grid: Grid, occupied: Mask, image: Grid, solid: Mask, row_shifts: Iterable[int]
) -> tuple[Counts, Counts, Counts]:
    """Count same, clash and off for shifting ``grid`` (n, m) against ``image`` (k, l), whose clash mask is ``solid``.

    Each result has a row per row shift a and m + l columns: column m + b belongs to the map of (x, y) to
    (x + a, y + b) of the image.
    """
    n, m = grid.shape
    k, width = image.shape
    weight, solid_weight = occupied.astype(np.float64), solid.astype(np.float64)
    tables = []
    for a in row_shifts:
        x0, x1 = max(0, -a), max(0, -a, min(n, k - a))
        here, there = slice(x0, x1), slice(x0 + a, x1 + a)
        # Pairs of columns (y, y'), summed over the rows that overlap.
        equal = (grid[here, :, None] == image[there, None, :]) & occupied[here, :, None]
        inside = np.add.reduce(weight[here], axis=0)
        tables.append(
            (
                np.add.reduce(equal, axis=0, dtype=np.float64),
                weight[here].T @ solid_weight[there],
                np.broadcast_to(inside[:, None], (m, width)),
            )
        )
    counts = _sum_diagonals(np.array(tables, dtype=np.float64))
    same, onto_solid, inside = counts[:, 0], counts[:, 1], counts[:, 2]
    return same, onto_solid - same, np.count_nonzero(occupied) - inside


def _axis_counts(grid: Grid, occupied: Mask, image: Grid, solid: Mask) -> tuple[Counts, Counts, Counts]:
    """The same three counts for shifts along axis 1 alone, each 1-D."""
    same, clash, off = _count_shifts(grid, occupied, image, solid, (0,))
    return same[0], clash[0], off[0]


def _number(twice: int) -> int | float:
    return twice / 2 if twice % 2 else twice // 2


def _best_shift(grid: Grid, occupied: Mask, solid: Mask) -> int | None:
    """The smallest of the best-scored shifts along axis 1, or None when no score is positive."""
    size = grid.shape[1]
    if size < 2:
        return None
    same, clash, off = _axis_counts(grid, occupied, grid, solid)
    score = same - 0.01 * off - 100000 * clash
    score[[0, size]] = -np.inf  # entry size + t is the shift by t; -size and 0 are no candidates
    best = int(score.argmax())
    return best - size if score[best] > 0 else None


def detect_translational_symmetry(
    grid: Grid,
    ignore_colors: Any = [Color.BLACK],  # noqa: B006 - the interface's default; never written to
    background: Any = None,
) -> list[TranslationalSymmetry]:
    """Find the best translation along each axis, or the best diagonal one when neither axis has any.

    grid: (n, m). Cells in ``ignore_colors`` count neither for nor against; cells equal to ``background`` are not
    mapped. The score is same - 0.01 off - 100000 clash and must be positive; among equals the smallest (most
    negative) shift wins. Returns 0, 1 or 2 TranslationalSymmetry: the one along axis 0, then the one along axis 1.
    """
    n, m = grid.shape
    occupied, solid = _occupied_and_solid(grid, ignore_colors, background)
    along_x = _best_shift(grid.T, occupied.T, solid.T)
    along_y = _best_shift(grid, occupied, solid)
    found = [] if along_x is None else [TranslationalSymmetry(along_x, 0)]
    if along_y is not None:
        found.append(TranslationalSymmetry(0, along_y))
    if found or n < 2 or m < 2:
        return found

    same, clash, off = _count_shifts(grid, occupied, grid, solid, range(1, n))
    score = (same - 0.01 * off - 100000 * clash)[:, m + 1 :]
    top = score.max()
    if top <= 0:
        return []
    shifts = [(i + 1, j + 1) for i, j in np.argwhere(score == top).tolist()]
    return [TranslationalSymmetry(*min(shifts, key=sum))]


def detect_mirror_symmetry(
    grid: Grid,
    ignore_colors: Any = [Color.BLACK],  # noqa: B006 - the interface's default; never written to
    background: Any = None,
) -> list[MirrorSymmetry]:
    """Find every best mirror: about a position on axis 0, on axis 1, or on both.

    grid: (n, m). Positions are whole or half cells. Cells in ``ignore_colors`` count neither for nor against;
    cells equal to ``background`` are not mapped. A candidate needs a *same* image and no clash; all that share the
    highest score, same - 0.01 off, are returned: x-only, y-only, then both, in ascending order; [] if none.
    """
    n, m = grid.shape
    occupied, solid = _occupied_and_solid(grid, ignore_colors, background)
    if not occupied.any():
        return []
    # Mirroring about s / 2 sends x to s - x, the row x + (n - 1 - s) of the flipped grid: counts come in falling s.
    x_only = [count[::-1] for count in _axis_counts(grid.T, occupied.T, grid.T[:, ::-1], solid.T[:, ::-1])]
    y_only = [count[::-1] for count in _axis_counts(grid, occupied, grid[:, ::-1], solid[:, ::-1])]
    turned = _count_shifts(grid, occupied, grid[::-1, ::-1], solid[::-1, ::-1], range(n - 1, -n - 1, -1))
    both = [count[:, ::-1] for count in turned]
    # On both axes the positions are either whole or half: (0, 0), (0.5, 0.5), (0, 1), (0.5, 1.5), ...
    paired = [np.stack((count[0::2, 0::2], count[1::2, 1::2]), axis=-1).ravel() for count in both]
    same, clash, off = (np.concatenate(counts) for counts in zip(x_only, y_only, paired, strict=True))

    score = same - 0.01 * off - 10000 * clash
    score[(clash > 0) | (same == 0)] = -np.inf
    top = max(0.0, float(score.max()))
    found = []
    for i in np.flatnonzero(score == top).tolist():
        if i < 2 * n:
            found.append(MirrorSymmetry(_number(i), None))
        elif i < 2 * n + 2 * m:
            found.append(MirrorSymmetry(None, _number(i - 2 * n)))
        else:
            cell, half = divmod(i - 2 * n - 2 * m, 2)
            cx, cy = divmod(cell, m)
            found.append(MirrorSymmetry(_number(2 * cx + half), _number(2 * cy + half)))
    return found


def detect_rotational_symmetry(
    grid: Grid,
    ignore_colors: Any = [Color.BLACK],  # noqa: B006 - the interface's default; never written to
    background: Any = None,
) -> RotationalSymmetry | None:
    """Find the best centre of quarter-turn symmetry, or None.

    grid: (n, m). Centres are whole or half cells. Cells in ``ignore_colors`` count neither for nor against; cells
    equal to ``background`` are not mapped. The score is same - 5 off - 1000 clash and must be positive; the first
    centre in row-major order wins. Returns one object with ``center_x``, ``center_y`` and ``apply``.
    """
    n, m = grid.shape
    occupied, solid = _occupied_and_solid(grid, ignore_colors, background)
    if not occupied.any():
        return None
    # About (cx, cy), (x, y) goes to (y + d, s - x) with d = cx - cy and s = cx + cy: row x + (m - 1 - s) and
    # column y + d of the turned grid below. Row i of the counts is s = i, column m + d is d.
    same, clash, off = _count_shifts(grid, occupied, grid.T[::-1], solid.T[::-1], range(m - 1, -n - 1, -1))
    score = same - 5 * off - 1000 * clash
    cx, cy = np.indices((n, m))
    of_centers = np.stack((score[cx + cy, cx - cy + m], score[cx + cy + 1, cx - cy + m]), axis=-1).ravel()
    best = int(of_centers.argmax())
    if of_centers[best] <= 0:
        return None
    cell, half = divmod(best, 2)
    x, y = divmod(cell, m)
    return RotationalSymmetry(_number(2 * x + half), _number(2 * y + half))
