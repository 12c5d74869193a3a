"""Keys and values of completions, and the attention of each to its own tokens.

Shapes: R rows (completions), S tokens of the oldest one, K heads of keys and values, G heads of queries to each of them, D width
of a head.

There are two ways to lay rows out, as there are for prompts. ``Level`` holds them all in one tensor for each layer, and a GPU reads
them in one call; but each is read as far as the oldest one goes. In ``Cohorts`` those that entered together, and so are of
one age, lie for themselves, and nothing is read that is not there: on a CPU, where it saves a tenth of the time.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from arcloop.sampling.prefixes import Part, filled, move

__all__ = ["Cohorts", "Level", "Suffixes"]

_GROWTH = 64
"""Completion tokens by which the buffers grow at first."""


class Suffixes(Protocol):
    """Keys and values of rows."""

    @property
    def ages(self) -> Sequence[int]:
        """Tokens that each row has put in."""

    def enter(self, count: int) -> None:
        """So many more rows, behind those there are."""

    def advance(self) -> None:
        """Every layer has attended: each row has one token more."""

    def leave(self, rows: Collection[int]) -> list[int]:
        """Forget these rows; returns for each place that is left which row moved there."""

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Part:
        """The attention of each row, (R, K, G, D) and scaled, to its tokens and to this one, (R, K, 1, D), which is kept."""


class Level:
    """All rows in one tensor for each layer, (R or more, K, S or more, D)."""

    def __init__(self, device: torch.device, longest: int | None) -> None:
        """``longest``: tokens of a completion at the most, beyond which no room is made; None = not known."""
        self.ages: list[int] = []
        """See ``Suffixes``."""
        self._device = device
        self._longest = longest
        self._keys: dict[int, Tensor] = {}
        self._values: dict[int, Tensor] = {}
        self._standing: _Standing | None = None

    def enter(self, count: int) -> None:
        """See ``Suffixes``."""
        self.ages += [0] * count
        self._standing = None

    def advance(self) -> None:
        """See ``Suffixes``."""
        self.ages = [age + 1 for age in self.ages]
        if self._standing is not None:
            self._standing.advance()

    def leave(self, rows: Collection[int]) -> list[int]:
        """See ``Suffixes``: the last take the places of those who leave, so that little is moved."""
        order = filled(len(self.ages), rows)
        for held in (*self._keys.values(), *self._values.values()):
            move(held, order)
        self.ages = [self.ages[row] for row in order]
        self._standing = None
        return order

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Part:
        """See ``Suffixes``."""
        if self._standing is None:
            self._standing = _Standing(self.ages, self._device)
        keys, values = (
            self._put(store, layer, token, self._standing)
            for store, token in ((self._keys, key), (self._values, value))
        )
        return Part.of(query @ keys.transpose(2, 3), values, self._standing.unborn)

    def _put(self, store: dict[int, Tensor], layer: int, token: Tensor, standing: "_Standing") -> Tensor:
        rows, heads, _, width = token.shape
        held = store.get(layer)
        if held is None:
            held = token.new_zeros(rows, heads, min(_GROWTH, self._longest or _GROWTH), width)
        more = (max(rows - held.shape[0], 0), _growth(held.shape[2], standing.oldest, self._longest))
        store[layer] = held = pad(held, (0, 0, 0, more[1], 0, 0, 0, more[0])) if any(more) else held
        held[standing.rows, :, standing.ages] = token[:, :, 0]
        return held[:rows, :, : standing.oldest + 1]


class _Standing:
    """Where each row stands, as tensors; made anew when rows come or go."""

    def __init__(self, ages: Sequence[int], device: torch.device) -> None:
        self.rows = torch.arange(len(ages), device=device)
        self.ages = torch.tensor(ages, device=device)
        self.oldest = max(ages)
        self._mask()

    def advance(self) -> None:
        self.ages = self.ages + 1
        self.oldest += 1
        self._mask()

    def _mask(self) -> None:
        unborn = torch.arange(self.oldest + 1, device=self.ages.device)[None, :] > self.ages[:, None]
        none = torch.zeros(unborn.shape, device=self.ages.device)
        self.unborn = none.masked_fill(unborn, -torch.inf)[:, None, None, :]
        """(R, 1, 1, S), −inf where a row has no token yet."""


class Cohorts:
    """The rows that entered together for themselves: layer → for each cohort (its rows, K, its age or more, D)."""

    def __init__(self, longest: int | None) -> None:
        """``longest``: see ``Level``."""
        self._longest = longest
        self._sizes: list[int] = []
        self._ages: list[int] = []  # of each cohort
        self._keys: dict[int, list[Tensor]] = {}
        self._values: dict[int, list[Tensor]] = {}

    @property
    def ages(self) -> list[int]:
        """See ``Suffixes``."""
        return [age for size, age in zip(self._sizes, self._ages, strict=True) for _ in range(size)]

    def enter(self, count: int) -> None:
        """See ``Suffixes``."""
        if self._ages and self._ages[-1] == 0:
            self._sizes[-1] += count
        else:
            self._sizes.append(count)
            self._ages.append(0)

    def advance(self) -> None:
        """See ``Suffixes``."""
        self._ages = [age + 1 for age in self._ages]

    def leave(self, rows: Collection[int]) -> list[int]:
        """See ``Suffixes``: who is left closes up, so that cohorts stay together."""
        gone = set(rows)
        stores = (*self._keys.values(), *self._values.values())
        start, kept = 0, []
        for place, size in enumerate(self._sizes):
            left = [row for row in range(size) if start + row not in gone]
            if len(left) < size:
                rows_left = torch.tensor(left, dtype=torch.long)
                for held in stores:
                    if place < len(held):
                        held[place] = held[place][rows_left]
            kept.append(len(left))
            start += size
        staying = [place for place, size in enumerate(kept) if size]
        for held in stores:
            held[:] = [held[place] for place in staying if place < len(held)]
        self._sizes, self._ages = [kept[place] for place in staying], [self._ages[place] for place in staying]
        return [row for row in range(start) if row not in gone]

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Part:
        """See ``Suffixes``."""
        stores = (self._keys.setdefault(layer, []), self._values.setdefault(layer, []))
        parts = []
        for place, each in enumerate(zip(*(all_.split(self._sizes) for all_ in (query, key, value)), strict=True)):
            asking, *tokens = each
            keys, values = (self._put(held, place, token) for held, token in zip(stores, tokens, strict=True))
            parts.append(Part.of(asking @ keys.transpose(2, 3), values))
        return Part.beside(parts, 0)

    def _put(self, held: list[Tensor], place: int, token: Tensor) -> Tensor:
        age = self._ages[place]
        if place == len(held):
            rows, heads, _, width = token.shape
            held.append(token.new_zeros(rows, heads, min(_GROWTH, self._longest or _GROWTH), width))
        if more := _growth(held[place].shape[2], age, self._longest):
            held[place] = pad(held[place], (0, 0, 0, more))
        held[place][:, :, age] = token[:, :, 0]
        return held[place][:, :, : age + 1]


def _growth(room: int, age: int, longest: int | None) -> int:
    """Tokens by which a buffer must grow for one at the place ``age``: it doubles, up to the longest completion."""
    if age < room:
        return 0
    return room if longest is None else min(room, longest - room)
