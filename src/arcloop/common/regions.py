"""Connected regions of a mask: numbering them all, spreading from one cell, growing by one ring.

Everything is exact for any 2-D mask. Work per cell is done by NumPy or by byte searches; Python loops only
over runs (maximal stretches along axis 1), of which a grid has few.
"""

from typing import Any

import numpy as np

from .grids import Grid, Mask


def require_connectivity(connectivity: Any) -> bool:
    """Whether diagonal neighbours count: False for 4, True for 8 (by equality); ValueError for anything else."""
    if connectivity == 4:
        return False
    if connectivity == 8:
        return True
    raise ValueError(f"connectivity is {connectivity!r}; it must be 4 or 8")


def number_regions(key: Grid, mask: Mask, diagonal: bool) -> tuple[Grid, Grid]:
    """Number the connected regions of ``mask`` within which ``key`` is constant.

    key: the mask itself, or an array whose value decides whether a cell is in the mask.
    Returns (labels, firsts): labels (n, m) has 0 outside the mask and 1, 2, ... inside, numbered by each
    region's first cell in row-major order; ``firsts[i]`` is the flat position of that cell for label i + 1.
    """
    n, m = mask.shape
    # joined[x, y]: the cells (x, y) and (x, y + 1) lie in one run.
    joined = (key[:, 1:] == key[:, :-1]) & mask[:, 1:]
    start = mask.copy()
    start[:, 1:] &= ~joined
    run_starts = start.ravel().nonzero()[0]
    if len(run_starts) == 0:
        return np.zeros((n, m), dtype=np.int64), run_starts
    run = start.ravel().cumsum().reshape(n, m)
    run -= 1

    # One link per pair of touching runs: where their overlap begins, or where they meet at a corner only.
    down = (key[1:] == key[:-1]) & mask[1:] & (start[1:] | start[:-1])
    links = [(run[:-1][down], run[1:][down])]
    if diagonal:
        apart = ~(joined[1:] | joined[:-1])
        falling = (key[1:, 1:] == key[:-1, :-1]) & mask[1:, 1:] & apart
        rising = (key[1:, :-1] == key[:-1, 1:]) & mask[1:, :-1] & apart
        links.append((run[:-1, :-1][falling], run[1:, 1:][falling]))
        links.append((run[:-1, 1:][rising], run[1:, :-1][rising]))

    parent = list(range(len(run_starts)))
    for above, below in links:
        for a, b in zip(above.tolist(), below.tolist(), strict=True):
            while parent[a] != a:
                parent[a] = a = parent[parent[a]]
            while parent[b] != b:
                parent[b] = b = parent[parent[b]]
            if a < b:
                parent[b] = a
            elif b < a:
                parent[a] = b

    # A parent never has a larger number than its child, so one ascending pass settles every run.
    label = [0] * len(parent)
    roots = []
    for i, p in enumerate(parent):
        if p == i:
            roots.append(i)
            label[i] = len(roots)
        else:
            label[i] = label[p]
    return np.array(label)[run] * mask, run_starts[roots]


def spread(mask: Mask, x: int, y: int, diagonal: bool) -> Mask:
    """The connected region of ``mask`` that holds the cell (x, y), as a mask; (x, y) must be in the mask."""
    n, m = mask.shape
    width = m + 1
    # A false cell before each row and false rows around let neighbour searches run off the edge harmlessly.
    framed = np.zeros((n + 2, width), dtype=np.bool_)
    framed[1:-1, 1:] = mask
    cells = bytearray(framed.tobytes())
    reach = 1 if diagonal else 0
    pending = [(x + 1) * width + y + 1]
    while pending:
        cell = pending.pop()
        if not cells[cell]:
            continue
        left = cells.rfind(0, 0, cell) + 1
        right = cells.find(0, cell)
        cells[left:right] = bytes(right - left)
        for offset in (-width, width):
            low, high = left + offset - reach, right + offset + reach
            found = cells.find(1, low, high)
            while found >= 0:
                pending.append(found)
                gap = cells.find(0, found, high)
                found = cells.find(1, gap, high) if gap >= 0 else -1
    framed ^= np.frombuffer(cells, dtype=np.bool_).reshape(n + 2, width)
    return framed[1:-1, 1:]


def grow(mask: Mask, diagonal: bool) -> Mask:
    """The cells of ``mask`` and their 4- or 8-neighbours, as a new mask of shape (n + 2, m + 2).

    Cell (x, y) of the mask is cell (x + 1, y + 1) of the result.
    """
    n, m = mask.shape
    grown = np.zeros((n + 2, m + 2), dtype=np.bool_)
    grown[1:-1, 1:-1] = mask
    if diagonal:
        grown[1:-1, :-2] |= mask
        grown[1:-1, 2:] |= mask
        middle = grown[1:-1].copy()
        grown[:-2] |= middle
        grown[2:] |= middle
    else:
        for x, y in ((0, 1), (2, 1), (1, 0), (1, 2)):
            grown[x : x + n, y : y + m] |= mask
    return grown
