"""Connected regions of a mask: numbering them all, spreading from one cell, growing by one ring.

Everything is exact for any 2-D mask. Work per cell is done by NumPy or by byte searches; Python loops only
over runs (maximal stretches along axis 1), of which a grid has few.
"""

from typing import Any

import numpy as np

from .grids import Grid, Mask

Indices = np.ndarray[Any, np.dtype[np.intp]]


def require_connectivity(connectivity: Any) -> bool:
    """Whether diagonal neighbours count: False for 4, True for 8 (by equality); ValueError for anything else."""
    if connectivity == 4:
        return False
    if connectivity == 8:
        return True
    raise ValueError(f"connectivity is {connectivity!r}; it must be 4 or 8")


def number_regions(key: Grid, mask: Mask, diagonal: bool) -> tuple[Indices, Indices, Indices]:
    """Number the connected regions of ``mask`` within which ``key`` is constant.

    key: the mask itself, or an array whose value decides whether a cell is in the mask.
    Returns (cells, labels, firsts): the flat positions of the mask's cells in ascending order, the number 0, 1, ...
    of the region of each, and the flat position of each region's first cell. Regions are numbered by that cell.
    """
    n, m = mask.shape
    flat_key, flat_mask = key.ravel(), mask.ravel()
    cells = flat_mask.nonzero()[0]
    if len(cells) == 0:
        return cells, cells, cells
    begins = np.empty(n * m, dtype=np.bool_)
    begins[1:] = flat_key[1:] != flat_key[:-1]
    begins[::m] = True
    begins &= flat_mask
    run_starts = begins.nonzero()[0]
    run = begins.cumsum()
    run -= 1

    # One link per pair of touching runs: where their overlap begins, or where they meet at a corner only.
    down = (flat_key[m:] == flat_key[:-m]) & flat_mask[m:] & (begins[m:] | begins[:-m])
    above = down.nonzero()[0]
    links = [(above, above + m)]
    if diagonal:
        # separate[q]: the cells q and q - 1 are in one row but not in one run.
        separate = flat_mask == begins
        separate[::m] = False
        separate = separate[m:] & separate[:-m]
        falling = (flat_key[m + 1 :] == flat_key[: -m - 1]) & flat_mask[m + 1 :] & separate[1:]
        upper_left = falling.nonzero()[0]
        links.append((upper_left, upper_left + m + 1))
        rising = (flat_key[m - 1 : -1] == flat_key[:-m]) & flat_mask[:-m] & separate
        upper_right = rising.nonzero()[0]
        links.append((upper_right, upper_right + m - 1))

    parent = list(range(len(run_starts)))
    for uppers, lowers in links:
        for a, b in zip(run[uppers].tolist(), run[lowers].tolist(), strict=True):
            while parent[a] != a:
                parent[a] = a = parent[parent[a]]
            while parent[b] != b:
                parent[b] = b = parent[parent[b]]
            if a < b:
                parent[b] = a
            elif b < a:
                parent[a] = b

    # A parent never has a larger number than its child, so one ascending pass settles every run.
    label: list[int] = []
    roots: list[int] = []
    for i, p in enumerate(parent):
        if p == i:
            label.append(len(roots))
            roots.append(i)
        else:
            label.append(label[p])
    return cells, np.array(label)[run[cells]], run_starts[roots]


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
