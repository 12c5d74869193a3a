"""Choosing disjoint sets that cover the most: the decision behind ``detect_objects(can_overlap=False)``.

Sets are ints used as bit sets. The rule is a depth-first search through the sets in order, *take* before *leave*:
the first choice that covers everything is accepted; if none does, the largest cover, ties preferring *leave*.
Sets that never meet decide independently, so the search runs per group and prunes what cannot matter.
Time is exponential in the worst case.
"""


def choose_disjoint(sets: list[int]) -> list[int]:
    """Choose indices of pairwise disjoint sets, ascending.

    If some choice covers the union of all sets, the one among them that takes the earliest sets (first in
    lexicographic order); otherwise, among the choices covering most, the one that leaves the earliest sets.
    """
    groups = _overlapping_groups(sets)
    chosen: list[int] = []
    for group in groups:
        cover = _first_full_cover(sets, group)
        if cover is None:
            return sorted(i for group in groups for i in _largest_cover(sets, group))
        chosen += cover
    return sorted(chosen)


def _overlapping_groups(sets: list[int]) -> list[list[int]]:
    """Indices split into groups whose unions are disjoint, ascending within each group."""
    groups: list[tuple[int, list[int]]] = []
    for i, cells in enumerate(sets):
        members = [i]
        apart = []
        for union, group in groups:
            if union & cells:
                cells |= union
                members += group
            else:
                apart.append((union, group))
        groups = [*apart, (cells, sorted(members))]
    return [group for _, group in groups]


def _union(sets: list[int], indices: list[int]) -> int:
    total = 0
    for i in indices:
        total |= sets[i]
    return total


def _first_full_cover(sets: list[int], group: list[int]) -> list[int] | None:
    """The exact cover of the group's union that takes the earliest sets, or None."""
    pending: list[tuple[list[int], int, list[int]]] = [(group, _union(sets, group), [])]
    while pending:
        remaining, uncovered, taken = pending.pop()
        if not uncovered:
            return taken
        remaining = [i for i in remaining if not sets[i] & ~uncovered]
        if uncovered & ~_union(sets, remaining):
            continue
        first, rest = remaining[0], remaining[1:]
        pending.append((rest, uncovered, taken))
        pending.append((rest, uncovered & ~sets[first], [*taken, first]))
    return None


def _largest_cover(sets: list[int], group: list[int]) -> list[int]:
    """The disjoint choice that covers most; among equals the one that leaves the earliest sets."""
    best = 0
    pending: list[tuple[list[int], int, list[int]]] = [(group, 0, [])]
    while pending:  # take first: finds the size
        remaining, covered, taken = pending.pop()
        remaining = [i for i in remaining if not sets[i] & covered]
        best = max(best, covered.bit_count())
        if (covered | _union(sets, remaining)).bit_count() > best:
            first, rest = remaining[0], remaining[1:]
            pending.append((rest, covered, taken))
            pending.append((rest, covered | sets[first], taken))
    pending = [(group, 0, [])]
    while pending:  # leave first: the first choice of that size is the answer
        remaining, covered, taken = pending.pop()
        remaining = [i for i in remaining if not sets[i] & covered]
        if (covered | _union(sets, remaining)).bit_count() < best:
            continue
        if not remaining:
            return taken
        first, rest = remaining[0], remaining[1:]
        pending.append((rest, covered | sets[first], [*taken, first]))
        pending.append((rest, covered, taken))
    return []
